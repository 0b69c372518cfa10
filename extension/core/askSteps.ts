/** Asks for one step, or for several that are alike, and goes on with each as it was answered. */
import type { ApprovalPrompt } from '../shared/event.ts';
import type { RuleOffer } from '../shared/rule.ts';
import { CoveredByRule, type Decision } from './approver.ts';
import { decideOn, type ReadyCall } from './considerCall.ts';
import { reasonOf } from './reasonOf.ts';
import type { EventBody } from './runJob.ts';
import { type Approval, keepBefore, reject, runApproved } from './runStep.ts';
import { type PreparedStep, type StepQuestion, ToolError } from './tool.ts';
import type { StepEnd, Turn } from './turn.ts';

/** A call that waits for an answer. */
export interface AskingCall extends ReadyCall {
  readonly question: StepQuestion;
  readonly verdict: Extract<ReadyCall['verdict'], { action: 'ask' }>;
}

/** One that has been asked. */
interface AskedCall {
  readonly call: AskingCall;
  readonly prompt: ApprovalPrompt;
  readonly answer: Promise<Decision>;
  /** Takes the question back. */
  readonly withdraw: AbortController;
  /** The rules that have come to cover it while it waited. */
  ruleIds: readonly string[];
}

export const denial = (surface: string): Decision => ({
  approved: false,
  scope: 'once',
  by: 'rule',
  surface,
});

/** Fails closed: an approver that throws has not approved. */
const ask = async (
  { job, setUp }: Turn,
  { step, prepared: { changes } }: AskingCall,
  prompt: ApprovalPrompt,
  signal: AbortSignal,
): Promise<Decision> => {
  try {
    return await setUp.approver.ask(
      { jobId: job.id, agentName: job.agentName, step, prompt, changes },
      signal,
    );
  } catch (error) {
    setUp.logError(error);
    return denial('the question could not be shown');
  }
};

/** The step as the person left it in the review. @throws ToolError when nothing is left of it */
const asAccepted = (prepared: PreparedStep, { by, accepted = [] }: Decision): PreparedStep => {
  if (accepted.length === 0) return prepared;
  if (by !== 'user' || prepared.amend === undefined) {
    throw new ToolError('what was accepted is not what was proposed, and it cannot be changed');
  }
  return prepared.amend(accepted);
};

/** Makes the rule that the answer asks for; without it the step runs this once. */
const keepRule = async (
  { setUp }: Turn,
  { step, prepared }: AskingCall,
  offer: RuleOffer | undefined,
  decision: Decision,
): Promise<Pick<Approval, 'ruleIds'> & { readonly note: string }> => {
  if (offer === undefined) return { ruleIds: [], note: '' };
  try {
    return {
      ruleIds: await setUp.allow(step, offer, decision, prepared),
      note: `, always allow ${offer.label}`,
    };
  } catch (error) {
    setUp.logError(error);
    return { ruleIds: [], note: ', only this once: the rule could not be kept' };
  }
};

/** The other questions need no answer any more where the new rule covers them too. */
const withdrawCovered = async (turn: Turn, others: readonly AskedCall[]): Promise<void> => {
  for (const other of others) {
    const { step, prepared } = other.call;
    const verdict = await decideOn(turn, step, prepared);
    if (verdict.action !== 'run' || verdict.mustBeUndoable) continue;
    other.ruleIds = verdict.ruleIds;
    other.withdraw.abort(new CoveredByRule(verdict.reason));
  }
};

async function* goOn(
  turn: Turn,
  asked: AskedCall,
  decision: Decision,
  others: readonly AskedCall[],
  waited: number,
): AsyncGenerator<EventBody, StepEnd> {
  const { call, prompt } = asked;
  const { step } = call;
  if (!decision.approved || turn.signal.aborted) return yield* reject(turn, step, decision, waited);
  let prepared: PreparedStep;
  try {
    prepared = asAccepted(call.prepared, decision);
  } catch (error) {
    if (!(error instanceof ToolError)) turn.setUp.logError(error);
    return yield* reject(turn, step, { ...decision, approved: false, reason: reasonOf(error) });
  }
  const { surface, by, scope } = decision;
  const changed = prepared === call.prepared ? '' : ', as changed in the review';
  if (by === 'rule') {
    const approval = { by, reason: surface, ruleIds: asked.ruleIds };
    return yield* runApproved(turn, step, prepared, approval, await keepBefore(turn, step, prepared));
  }
  if (call.verdict.action === 'ask' && call.verdict.namesEdit === true) turn.unchecked.isKnown = true;
  const offer = prompt.offers.find(({ duration }) => duration === scope);
  const { ruleIds, note } = await keepRule(turn, call, offer, decision);
  if (ruleIds.length > 0) await withdrawCovered(turn, others);
  const approval = { by, reason: `${surface}${changed}${note}`, ruleIds };
  return yield* runApproved(turn, step, prepared, approval, await keepBefore(turn, step, prepared));
}

/** All are asked at once; then each goes on in its turn. Calls `onEnd` with what came of each. */
export async function* askAndRun(
  turn: Turn,
  calls: readonly AskingCall[],
  onEnd: (end: StepEnd) => void,
): AsyncGenerator<EventBody, void> {
  const { setUp } = turn;
  const expiry = setUp.approvalExpiry();
  const common = {
    ...(calls.length < 2 ? {} : { groupId: setUp.newId() }),
    ...(expiry === undefined ? {} : { expiresAt: setUp.now() + expiry }),
  };
  const prompts = calls.map(({ question, verdict }): ApprovalPrompt => {
    const { offers, reason, isCautioned } = verdict;
    return { ...question, offers, reason, isCautioned, ...common };
  });
  for (const [index, { step }] of calls.entries()) {
    const prompt = prompts[index];
    if (prompt !== undefined) yield { type: 'ApprovalRequired', step, prompt };
  }
  const asked = calls.flatMap((call, index): AskedCall[] => {
    const prompt = prompts[index];
    if (prompt === undefined) return [];
    const withdraw = new AbortController();
    const answer = ask(turn, call, prompt, AbortSignal.any([turn.signal, withdraw.signal]));
    return [{ call, prompt, answer, withdraw, ruleIds: [] }];
  });
  try {
    let hasEnded = false;
    for (const [index, each] of asked.entries()) {
      if (hasEnded) {
        each.withdraw.abort();
        onEnd(yield* reject(turn, each.call.step, denial('the work had ended before it')));
        continue;
      }
      const decision = await turn.clock.waiting(each.answer);
      const end = yield* goOn(turn, each, decision, asked.slice(index + 1), expiry ?? 0);
      onEnd(end);
      // Those that nobody answered in time have all expired by then, and say so themselves.
      hasEnded = end.error !== undefined && decision.isExpired !== true;
    }
  } finally {
    // Where one of them ended the job, nobody is to be asked about the others.
    for (const { withdraw } of asked) withdraw.abort();
  }
}
