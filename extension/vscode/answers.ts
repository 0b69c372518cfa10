/** What a person decides about an agent's work, wherever it runs; says when that changed nothing. */
import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Decision } from '../core/approver.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import { askAboutChanged } from './changedInReview.ts';
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

const everythingLeftOut = 'Every change of it was left out in the review.';

interface ReviewPorts {
  readonly approvals: Pick<ApprovalBroker, 'answer' | 'pending'>;
  readonly review: Pick<Review, 'accepted' | 'leavesNothing' | 'activeSteps' | 'open'>;
}

/**
 * Whoever approves approves what is to be seen: an edit as it was left in the review, where that is the active tab;
 * elsewhere they are asked, since the card and the dialog show what was proposed.
 * @returns undefined where nothing is decided yet
 */
const asReviewed = async (
  { approvals, review }: ReviewPorts,
  stepId: string,
  decision: Decision,
): Promise<Decision | undefined> => {
  const accepted = review.accepted(stepId);
  if (accepted === undefined) return decision;
  const leavesNothing = review.leavesNothing(stepId);
  const changed: Decision = leavesNothing
    ? { ...decision, approved: false, scope: 'once', reason: everythingLeftOut }
    : { ...decision, accepted };
  const showsProposal = decision.surface === 'dialog' || decision.surface === 'notification';
  if (!showsProposal && review.activeSteps().includes(stepId)) return changed;
  const request = approvals.pending().find((each) => each.request.step.id === stepId)?.request;
  if (request === undefined) return decision;
  const { prompt, changes } = request;
  const pick = await askAboutChanged({ title: prompt.title, changes, accepted, leavesNothing });
  if (pick === 'review') await review.open(stepId);
  if (pick === 'proposed') return decision;
  return pick === 'changed' ? changed : undefined;
};

export const createAnswers = (
  ports: ReviewPorts & {
    readonly jobs: Pick<Jobs, 'cancel'>;
    readonly elsewhere: Pick<Elsewhere, 'stop' | 'decide'>;
  },
): Answers => {
  const { jobs, approvals, elsewhere } = ports;
  return {
    stop: async (jobId) => {
      if (await jobs.cancel(jobId)) return true;
      const result = await elsewhere.stop(jobId);
      if (result === 'silent') void vscode.window.showWarningMessage(silent);
      return result === 'accepted';
    },
    decide: async (stepId, decision) => {
      const reviewed = decision.approved ? await asReviewed(ports, stepId, decision) : decision;
      if (reviewed === undefined) return false;
      const here = approvals.answer(stepId, reviewed);
      const result = here === 'unknown' ? await elsewhere.decide(stepId, decision) : here;
      if (result === 'silent') void vscode.window.showWarningMessage(silent);
      else if (result !== 'accepted') void vscode.window.showInformationMessage(tooLate[result]);
      return result === 'accepted';
    },
  };
};
