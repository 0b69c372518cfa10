import type { ApprovalPrompt, DecidedBy, Step } from '../shared/event.ts';
import type { FileChange } from './tool.ts';

export interface ApprovalRequest {
  readonly jobId: string;
  readonly agentName: string;
  readonly step: Step;
  readonly prompt: ApprovalPrompt;
  readonly changes: readonly FileChange[];
}

export type DecisionScope = 'once' | 'session';

export interface Decision {
  readonly approved: boolean;
  readonly scope: DecisionScope;
  readonly by: DecidedBy;
  /** Where it was answered (`dialog`, `chat`, `command`), or why nobody could (`chat closed`). Shown on the step. */
  readonly surface: string;
  /** What the person wrote when rejecting; the model reads it. */
  readonly reason?: string;
}

/** Whoever can say yes. A throw counts as no. */
export interface Approver {
  ask(request: ApprovalRequest, signal: AbortSignal): Promise<Decision>;
}
