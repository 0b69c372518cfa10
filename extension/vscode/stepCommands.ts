/** Commands that answer waiting steps and stop jobs. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Chats } from '../core/chats.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import type { Answers } from './answers.ts';
import { parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { type Review, stepIdOf } from './review.ts';
import { withoutIcons } from './words.ts';

const scopeSchema = z
  .object({ scope: z.enum(['once', 'session']).default('once') })
  .default({ scope: 'once' });
const reasonSchema = z.object({ reason: z.string().optional() }).default({});

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

  const pickStep = async (title: string, given: unknown): Promise<string | undefined> => {
    const fromEditor = stepIdOf(given);
    if (fromEditor !== undefined) return fromEditor;
    if (typeof given === 'string') return given;
    const here = approvals.pending().map(({ request }) => ({ ...request, from: request.agentName }));
    const there = elsewhere
      .waiting()
      .flatMap(({ step, prompt }) =>
        prompt === undefined ? [] : [{ step, prompt, from: 'in another window' }],
      );
    const waiting = [...here, ...there];
    if (waiting.length === 0) {
      vscode.window.showInformationMessage('No step is waiting for an answer.');
      return undefined;
    }
    // Also where there is only one: it need not be the one that was just seen.
    const items = waiting.map(({ step, prompt, from }) => ({
      label: withoutIcons(prompt.title),
      description: withoutIcons(from),
      detail: withoutIcons(prompt.detail.split('\n', 1)[0] ?? ''),
      stepId: step.id,
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
    return answers.decide(stepId, { ...decision, by: 'user', surface: 'command' });
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
      return target === undefined ? false : answers.stop(target);
    },
  };
};
