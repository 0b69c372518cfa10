import type { ApprovalPrompt, DecidedBy, Step } from '../shared/event.ts';
import type { RuleDuration } from '../shared/rule.ts';
import type { FileChange } from './tool.ts';

export interface ApprovalRequest {
  readonly jobId: string;
  readonly agentName: string;
  readonly step: Step;
  readonly prompt: ApprovalPrompt;
  readonly changes: readonly FileChange[];
}

/** Once, or for as long as the offer of that duration says. */
export type DecisionScope = 'once' | RuleDuration;

/** The text of one file as the person left it in the review. */
export interface AcceptedText {
  /** As `FileChange.file`. */
  readonly file: string;
  readonly text: string;
}

export interface Decision {
  readonly approved: boolean;
  readonly scope: DecisionScope;
  readonly by: DecidedBy;
  /** Where it was answered (`dialog`, `chat`, `command`), or why nobody could (`chat closed`). Shown on the step. */
  readonly surface: string;
  /** What the person wrote when rejecting; the model reads it. */
  readonly reason?: string;
  /** What is to be written in the place of what was proposed. Only the window of the job can have it. */
  readonly accepted?: readonly AcceptedText[];
  /** Nobody answered in time: the job ends, and can be continued. */
  readonly isExpired?: boolean;
}

/** Whoever can say yes. A throw counts as no. */
export interface Approver {
  ask(request: ApprovalRequest, signal: AbortSignal): Promise<Decision>;
}

/** The reason with which the signal of a question aborts that a rule has come to cover meanwhile; this is its answer. */
export class CoveredByRule extends Error {
  override readonly name = 'CoveredByRule';
  readonly decision: Decision;

  /** @param because of the rule, as the policy says it */
  constructor(because: string) {
    super(because);
    this.decision = { approved: true, scope: 'once', by: 'rule', surface: because };
  }
}
