/** Commands that answer waiting steps and stop jobs. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { ApprovalRequest, DecisionScope } from '../core/approver.ts';
import type { Chats } from '../core/chats.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import type { Answers } from './answers.ts';
import { askInDialog } from './askInDialog.ts';
import { decisionOf } from './asking.ts';
import { parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { checkOffered } from './offered.ts';
import { type Review, stepIdOf } from './review.ts';
import { withoutIcons } from './words.ts';

const scopeSchema = z
  .object({ scope: z.enum(['once', 'session', 'workspace']).default('once') })
  .default({ scope: 'once' });
const reasonSchema = z.object({ reason: z.string().optional() }).default({});

/** A menu of the editor passes what it shows, which of several files is no step's, and arguments of its own behind. */
const isFromEditor = (step: unknown): boolean => step !== undefined && typeof step !== 'string';

export const createStepCommands = (ports: {
  readonly chats: Chats;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  readonly elsewhere: Pick<Elsewhere, 'waiting' | 'list'>;
  readonly answers: Answers;
  readonly current: CurrentChat;
  readonly review: Review;
}) => {
  const { chats, jobs, approvals, elsewhere, answers, current, review } = ports;

  /**
   * By code the step it names; from an editor or a key what the active tab reviews, all steps of a group together; else
   * none: the person has to say which.
   */
  const namedSteps = (given: unknown): readonly string[] => {
    if (typeof given === 'string') return [given];
    const fromEditor = stepIdOf(given);
    const reviewed = review.activeSteps();
    if (fromEditor !== undefined) return reviewed.includes(fromEditor) ? reviewed : [fromEditor];
    return reviewed;
  };

  const pickWaiting = async (title: string): Promise<ApprovalRequest | undefined> => {
    const here = approvals.pending().map(({ request }) => ({ request, from: request.agentName }));
    const there = elsewhere.waiting().flatMap(({ step, prompt }) => {
      if (prompt === undefined) return [];
      const request = { jobId: '', agentName: 'In another window', step, prompt, changes: [] };
      return [{ request, from: 'in another window' }];
    });
    const waiting = [...here, ...there];
    if (waiting.length === 0) {
      vscode.window.showInformationMessage('No step is waiting for an answer.');
      return undefined;
    }
    // Also where there is only one: it need not be the one that was just seen.
    const items = waiting.map(({ request, from }) => ({
      label: withoutIcons(request.prompt.title),
      description: withoutIcons(from),
      detail: withoutIcons(request.prompt.detail.split('\n', 1)[0] ?? ''),
      request,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a step' }))?.request;
  };

  /** A list shows a line of each step, which is not enough to approve it: the whole question follows. */
  const approvePicked = async (): Promise<boolean> => {
    const request = await pickWaiting('Approve');
    if (request === undefined) return false;
    const stepId = request.step.id;
    const others = approvals.pending().filter((each) => each.request.step.id !== stepId).length;
    const pick = await askInDialog({ requests: [request] }, others);
    if (pick === 'review') await review.open(stepId);
    // Whoever closes the question takes the command back; the step goes on waiting.
    if (pick === 'review' || pick === undefined) return false;
    return answers.decide(stepId, decisionOf(pick, 'command'));
  };

  /** @returns undefined when the person thought better of it */
  const askReason = async (): Promise<string | undefined> =>
    await vscode.window.showInputBox({
      title: 'Reject the step',
      prompt: 'Optional: tell the agent why, or what to do instead',
    });

  /** @returns whether these were the answers that count */
  const answer = async (
    stepIds: readonly string[],
    decision: { approved: boolean; scope: DecisionScope; reason?: string },
  ): Promise<boolean> => {
    const counted = await Promise.all(
      stepIds.map((stepId) => answers.decide(stepId, { ...decision, by: 'user', surface: 'command' })),
    );
    return counted.length > 0 && counted.every(Boolean);
  };

  /** The job of the chat that is shown; else the person says which. */
  const pickJob = async (): Promise<string | undefined> => {
    const shown = current.sessionId();
    const own = shown === undefined ? undefined : jobs.runningIn(shown);
    if (own !== undefined) return own;
    const others = (await elsewhere.list()).map((job) => ({ ...job, place: 'in another window' }));
    const there = others.find(({ sessionId }) => sessionId === shown);
    if (there !== undefined) return there.jobId;
    const running = [...jobs.running().map((job) => ({ ...job, place: '' })), ...others];
    if (running.length === 0) {
      vscode.window.showInformationMessage('No agent is working.');
      return undefined;
    }
    const items = await Promise.all(
      running.map(async ({ jobId, sessionId, place }) => ({
        label: withoutIcons((await chats.get(sessionId))?.title ?? 'A chat'),
        description: place,
        jobId,
      })),
    );
    const options = { title: 'Stop an agent', placeHolder: 'Choose the chat in which it works' };
    return (await vscode.window.showQuickPick(items, options))?.jobId;
  };

  return {
    approveAction: async (step?: unknown, options?: unknown) => {
      const { scope } = parse(scopeSchema, isFromEditor(step) ? undefined : options);
      const stepIds = namedSteps(step);
      if (stepIds.length === 0) return approvePicked();
      // Before any of them is answered.
      for (const stepId of stepIds) await checkOffered(ports, stepId, scope);
      return answer(stepIds, { approved: true, scope });
    },
    rejectAction: async (step?: unknown, options?: unknown) => {
      const isByCode = !isFromEditor(step) && (step !== undefined || options !== undefined);
      const given = isByCode ? parse(reasonSchema, options) : undefined;
      const named = namedSteps(step);
      const stepIds = named.length > 0 ? named : [(await pickWaiting('Reject'))?.step.id ?? ''];
      if (stepIds.includes('')) return false;
      const reason = given === undefined ? await askReason() : given.reason;
      if (reason === undefined && !isByCode) return false;
      const isGiven = reason !== undefined && reason.trim() !== '';
      return answer(stepIds, {
        approved: false,
        scope: 'once',
        ...(isGiven ? { reason } : {}),
      });
    },
    reviewAction: async (step?: unknown) => {
      const named = typeof step === 'string' ? step : stepIdOf(step);
      const stepId = named ?? (await pickWaiting('Review'))?.step.id;
      if (stepId !== undefined) await review.open(stepId);
    },
    rejectChange: () => review.rejectChange(),
    cancelJob: async (jobId?: unknown) => {
      const target = typeof jobId === 'string' ? jobId : await pickJob();
      return target === undefined ? false : answers.stop(target);
    },
  };
};
