/** For how long a waiting step can be approved: what its question does not offer is refused, and approves nothing. */
import { InputError } from '../core/agents.ts';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { DecisionScope } from '../core/approver.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { ApprovalPrompt } from '../shared/event.ts';

interface Ports {
  readonly approvals: Pick<ApprovalBroker, 'pending'>;
  readonly elsewhere: Pick<Elsewhere, 'waiting' | 'list'>;
}

const promptOf = ({ approvals, elsewhere }: Ports, stepId: string): ApprovalPrompt | undefined =>
  approvals.pending().find(({ request }) => request.step.id === stepId)?.request.prompt ??
  elsewhere.waiting().find(({ step }) => step.id === stepId)?.prompt;

/** A step that does not wait passes: its answer says that it comes too late. @throws InputError */
export const checkOffered = async (ports: Ports, stepId: string, scope: DecisionScope): Promise<void> => {
  if (scope === 'once') return;
  const prompt = promptOf(ports, stepId);
  if (prompt === undefined) {
    const isElsewhere = (await ports.elsewhere.list()).some(({ waitingSteps }) =>
      waitingSteps.includes(stepId),
    );
    if (!isElsewhere) return;
    throw new InputError(
      'This step waits in another window, and what it can be widened to is not known here. Nothing was approved. Open its chat in this window first, or approve it once.',
    );
  }
  if (prompt.offers.some(({ duration }) => duration === scope)) return;
  const offers = prompt.offers.map(({ duration, label }) => `“${duration}” (${label})`);
  throw new InputError(
    `This step cannot be approved with the scope “${scope}”. Nothing was approved. It offers: ${['“once”', ...offers].join(', ')}.`,
  );
};
