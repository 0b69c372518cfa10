/** How the windows of one store tell each other of their jobs. A port; the store's folder is what they share. */
import type { AgentEvent } from '../shared/event.ts';
import type { AnswerResult } from './approvals.ts';
import type { Decision } from './approver.ts';

/** What one window may ask of a job that runs in another. */
export type Ask =
  | { readonly type: 'stop' }
  | { readonly type: 'decide'; readonly stepId: string; readonly decision: Decision };

/** Milliseconds until a window that does not answer is given up. */
export const askPatience = 5_000;

/**
 * `unknown`: the job has ended, or the step is none of its. `silent`: its window did not answer in time, and will not do
 * it later either.
 */
export type AskResult = AnswerResult | 'silent';

export interface Following {
  /** What is open in the window where the job runs, as people call it; empty without a folder. */
  readonly place: string;
  /** Resolves once everything that has been written by now was told. */
  read(): Promise<void>;
  close(): void;
}

export interface FollowListener {
  /** Every event of the job from its first on, in order. */
  onEvent(event: AgentEvent): void;
  /** The job's end was not told, and nothing more will be: what is told of it is gone, or cannot be understood. */
  onLost(): void;
}

export interface Relay {
  /** Tells the other windows what happens in a job of this one. Neither waits nor throws. */
  tell(event: AgentEvent, sessionId: string): void;
  /** Who answers what other windows ask of the jobs of this one. */
  onAsk(answer: (jobId: string, ask: Ask) => AnswerResult): void;
  /** @returns once everything that has been told by now has come; undefined where the job cannot be followed */
  follow(jobId: string, listener: FollowListener): Promise<Following | undefined>;
  /** Does not throw. */
  ask(jobId: string, ask: Ask): Promise<AskResult>;
  /** A job whose window died has been closed: removes what it told. */
  forget(jobId: string): Promise<void>;
  /** Removes what crashes have left behind, other than of these jobs. */
  sweep(runningJobIds: ReadonlySet<string>): Promise<void>;
  /** After the store: who follows then finds it closed. */
  close(): Promise<void>;
}
