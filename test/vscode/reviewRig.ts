import assert from 'node:assert/strict';
import type { ApprovalListener } from '../../extension/core/approvals.ts';
import type { ApprovalRequest, Decision } from '../../extension/core/approver.ts';
import type { FileChange } from '../../extension/core/tool.ts';
import type { StepRecord } from '../../extension/shared/chat.ts';
import type { Step } from '../../extension/shared/event.ts';
import { type FakeDocument, opened } from '../fakes/vscodeDocuments.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createReview } = await loadWithVscode(() => import('../../extension/vscode/review.ts'));
const { createAnswers } = await loadWithVscode(() => import('../../extension/vscode/answers.ts'));

export const stepOf = (id: string, tool = 'edit_file'): Step => ({
  id,
  sessionId: 'session',
  messageId: 'message',
  callId: `call ${id}`,
  tool,
  input: { path: 'src/a.ts', note: 'x'.repeat(300) },
  title: 'src/a.ts',
  effect: 'write',
  targets: ['src/a.ts'],
});

export const requestOf = (id: string, changes: readonly FileChange[], groupId?: string): ApprovalRequest => ({
  jobId: 'job',
  agentName: 'Agent',
  step: stepOf(id),
  prompt: {
    title: 'Edit src/a.ts?',
    detail: 'src/a.ts: +1 -1',
    diffs: [],
    offers: [],
    reason: 'no rule covers it',
    isCautioned: false,
    ...(groupId === undefined ? {} : { groupId }),
  },
  changes,
});

export const change = (path: string, before: string | undefined, after: string | undefined): FileChange => ({
  path,
  file: `/folder/${path}`,
  before,
  after,
});

export const approve: Decision = { approved: true, scope: 'once', by: 'user', surface: 'command' };

const made: { dispose(): void }[] = [];

/** For `afterEach`. */
export const disposeReviews = (): void => {
  for (const review of made.splice(0)) review.dispose();
};

/** A review of what waits, on VS Code's fake. */
export const createReviewRig = (
  requests: readonly ApprovalRequest[],
  others: {
    readonly saveDelay?: number;
    readonly elsewhere?: readonly StepRecord[];
    readonly record?: StepRecord;
  } = {},
) => {
  const waiting = [...requests];
  const decisions: Decision[] = [];
  let listener: ApprovalListener = {};
  const errors: unknown[] = [];
  const approvals = {
    pending: () => waiting.map((request, index) => ({ request, position: index + 1 })),
    listen: (given: ApprovalListener) => {
      listener = given;
      return () => undefined;
    },
    answer: (stepId: string, decision: Decision) => {
      const index = waiting.findIndex(({ step }) => step.id === stepId);
      const [request] = index === -1 ? [] : waiting.splice(index, 1);
      if (request === undefined) return 'unknown' as const;
      decisions.push(decision);
      listener.onAnswered?.(request, decision);
      return 'accepted' as const;
    },
  };
  const review = createReview({
    approvals,
    elsewhere: { waiting: () => others.elsewhere ?? [], onWaiting: () => () => undefined },
    findStep: async () => others.record,
    logError: (error) => errors.push(error),
    ...(others.saveDelay === undefined ? {} : { saveDelay: others.saveDelay }),
  });
  made.push(review);
  const decide = createAnswers({
    jobs: { cancel: async () => false },
    approvals,
    elsewhere: { stop: async () => 'unknown', decide: async () => 'unknown' },
    review,
  }).decide;
  return { review, decide, decisions, errors, waiting };
};

export const sides = (): FakeDocument[] => opened.documents;
export const right = (): FakeDocument => {
  const last = opened.documents.at(-1);
  assert.ok(last);
  return last;
};
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const reviewing = (): unknown[] =>
  ['anycowork.isReviewing', 'anycowork.isReviewEditable'].map((key) => opened.contexts.get(key));

/** Mocha's timeout ends a wait in vain. */
export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
};
