/** Commands that answer waiting steps and stop jobs. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Chats } from '../core/chats.ts';
import type { Jobs } from '../core/jobs.ts';
import { parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { type Review, stepIdOf } from './review.ts';

const scopeSchema = z
  .object({ scope: z.enum(['once', 'session']).default('once') })
  .default({ scope: 'once' });
const reasonSchema = z.object({ reason: z.string().optional() }).default({});

/** Why an answer did not count. */
export const tooLate = {
  alreadyAnswered: 'This step had already been answered. Your choice changed nothing.',
  unknown: 'This step is not waiting in this window any more. Your choice changed nothing.',
} as const;

export const createStepCommands = (ports: {
  readonly chats: Chats;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  readonly current: CurrentChat;
  readonly review: Review;
}) => {
  const { chats, jobs, approvals, current, review } = ports;

  const pickStep = async (title: string, given: unknown): Promise<string | undefined> => {
    const fromEditor = stepIdOf(given);
    if (fromEditor !== undefined) return fromEditor;
    if (typeof given === 'string') return given;
    const waiting = approvals.pending();
    if (waiting.length === 0) {
      vscode.window.showInformationMessage('No step is waiting for an answer.');
      return undefined;
    }
    // Also where there is only one: it need not be the one that was just seen.
    const items = waiting.map(({ request }) => ({
      label: request.prompt.title,
      description: request.agentName,
      detail: request.prompt.detail.split('\n', 1)[0] ?? '',
      stepId: request.step.id,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a step' }))?.stepId;
  };

  /** @returns undefined when the person thought better of it */
  const askReason = async (): Promise<string | undefined> =>
    await vscode.window.showInputBox({
      title: 'Reject the step',
      prompt: 'Optional: tell the agent why, or what to do instead',
    });

  const answer = async (
    title: string,
    step: unknown,
    decision: { approved: boolean; scope: 'once' | 'session'; reason?: string },
  ): Promise<boolean> => {
    const stepId = await pickStep(title, step);
    if (stepId === undefined) return false;
    const result = approvals.answer(stepId, { ...decision, by: 'user', surface: 'command' });
    if (result !== 'accepted') vscode.window.showInformationMessage(tooLate[result]);
    return result === 'accepted';
  };

  /** The job of the chat that is shown; else the person says which. */
  const pickJob = async (): Promise<string | undefined> => {
    const shown = current.sessionId();
    const own = shown === undefined ? undefined : jobs.runningIn(shown);
    if (own !== undefined) return own;
    const running = jobs.running();
    if (running.length === 0) {
      vscode.window.showInformationMessage('No agent is working.');
      return undefined;
    }
    const items = await Promise.all(
      running.map(async ({ jobId, sessionId }) => ({
        label: (await chats.get(sessionId))?.title ?? 'A chat',
        jobId,
      })),
    );
    const options = { title: 'Stop an agent', placeHolder: 'Choose the chat in which it works' };
    return (await vscode.window.showQuickPick(items, options))?.jobId;
  };

  return {
    approveAction: async (step?: unknown, options?: unknown) => {
      // A menu of the editor passes arguments of its own behind the document.
      const { scope } = parse(scopeSchema, stepIdOf(step) === undefined ? options : undefined);
      return answer('Approve', step, { approved: true, scope });
    },
    rejectAction: async (step?: unknown, options?: unknown) => {
      const isByCode = stepIdOf(step) === undefined && (step !== undefined || options !== undefined);
      const given = isByCode ? parse(reasonSchema, options) : undefined;
      const stepId = await pickStep('Reject', step);
      if (stepId === undefined) return false;
      const reason = given === undefined ? await askReason() : given.reason;
      if (reason === undefined && !isByCode) return false;
      const isGiven = reason !== undefined && reason.trim() !== '';
      return answer('Reject', stepId, {
        approved: false,
        scope: 'once',
        ...(isGiven ? { reason } : {}),
      });
    },
    reviewAction: async (step?: unknown) => {
      const stepId = await pickStep('Review', step);
      if (stepId !== undefined) await review.open(stepId);
    },
    cancelJob: async (jobId?: unknown) => {
      const target = typeof jobId === 'string' ? jobId : await pickJob();
      return target === undefined ? false : jobs.cancel(target);
    },
  };
};
