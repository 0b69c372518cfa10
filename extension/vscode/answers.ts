/** What a person decides about an agent's work, wherever it runs; says when that changed nothing. */
import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Decision } from '../core/approver.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import type { Review } from './review.ts';

export interface Answers {
  /** @returns whether there was such a job, and it stops */
  stop(jobId: string): Promise<boolean>;
  /** @returns whether this was the answer that counts */
  decide(stepId: string, decision: Decision): Promise<boolean>;
}

const silent =
  'The window in which the agent works did not answer within 5 seconds; it may hang. Nothing was changed. Try again, or look at that window.';

const tooLate = {
  alreadyAnswered: 'This step had already been answered. Your choice changed nothing.',
  unknown: 'This step is not waiting any more. Your choice changed nothing.',
  silent,
} as const;

/** Whoever approves approves what is to be seen: an edit as it was left in the review. */
const asReviewed = (
  review: Pick<Review, 'accepted' | 'leavesNothing'>,
  stepId: string,
  decision: Decision,
): Decision => {
  const accepted = decision.approved ? review.accepted(stepId) : undefined;
  if (accepted === undefined) return decision;
  if (!review.leavesNothing(stepId)) return { ...decision, accepted };
  const reason = 'Every change of it was left out in the review.';
  return { ...decision, approved: false, scope: 'once', reason };
};

export const createAnswers = (ports: {
  readonly jobs: Pick<Jobs, 'cancel'>;
  readonly approvals: Pick<ApprovalBroker, 'answer'>;
  readonly elsewhere: Pick<Elsewhere, 'stop' | 'decide'>;
  readonly review: Pick<Review, 'accepted' | 'leavesNothing'>;
}): Answers => {
  const { jobs, approvals, elsewhere, review } = ports;
  return {
    stop: async (jobId) => {
      if (await jobs.cancel(jobId)) return true;
      const result = await elsewhere.stop(jobId);
      if (result === 'silent') void vscode.window.showWarningMessage(silent);
      return result === 'accepted';
    },
    decide: async (stepId, decision) => {
      const here = approvals.answer(stepId, asReviewed(review, stepId, decision));
      const result = here === 'unknown' ? await elsewhere.decide(stepId, decision) : here;
      if (result === 'silent') void vscode.window.showWarningMessage(silent);
      else if (result !== 'accepted') void vscode.window.showInformationMessage(tooLate[result]);
      return result === 'accepted';
    },
  };
};
