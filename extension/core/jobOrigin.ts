/** Where a job was started from, where that is not this window's own chat. */
import type { JobError } from '../shared/event.ts';
import type { ApprovalMode } from '../shared/rule.ts';

export interface JobOrigin {
  /** The bot's config; empty for a schedule whose answers stay in the editor. */
  readonly configId: string;
  /** As the chat shows it on the message: `Ann, on Telegram`; `a schedule`. */
  readonly via: string;
  /** Nothing runs in a wider mode, whatever the chat's and the agent's are. Asked at each step. */
  mode(): ApprovalMode;
  /** Asked before each model request, beside the budgets of agent, chat and day. @returns why it must not be sent */
  checkBudget(): Promise<JobError | undefined>;
  /** Called with the new job's id before anything is sent to the model, and awaited: it counts from here on. */
  onStart(jobId: string): Promise<void>;
}
