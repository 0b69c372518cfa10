/** Follows the jobs of a bot, event by event, to their end. */
import type { Jobs } from '../core/jobs.ts';
import { type ChatState, reduceChat } from '../shared/chat.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';

export interface FollowedJob {
  readonly jobId: string;
  /** As far as it was seen. */
  state(): ChatState;
  /** When something was heard of it last. */
  heardAt(): number;
  /** It asks somebody, and waits for the answer. */
  isAsking(): boolean;
  /** What it told last. Never rejects; stays open for a job that is not heard of again. */
  readonly ended: Promise<AgentEvent>;
}

export interface Followers {
  /** In the tick in which it is known to run, or before its first event. */
  follow(jobId: string, state: ChatState, onChange: () => void): FollowedJob;
  forget(jobId: string): void;
  close(): void;
}

export const createFollowers = (jobs: Pick<Jobs, 'onEvent'>, now: () => number): Followers => {
  interface Seen {
    state: ChatState;
    heardAt: number;
    readonly onChange: () => void;
    readonly end: (event: AgentEvent) => void;
  }
  const followed = new Map<string, Seen>();

  const unlisten = jobs.onEvent((event) => {
    const seen = followed.get(event.jobId);
    if (seen === undefined) return;
    seen.state = reduceChat(seen.state, event);
    seen.heardAt = now();
    if (!endsJob(event)) {
      seen.onChange();
      return;
    }
    followed.delete(event.jobId);
    seen.end(event);
  });

  return {
    follow: (jobId, state, onChange) => {
      const { promise, resolve } = Promise.withResolvers<AgentEvent>();
      const seen: Seen = { state, heardAt: now(), onChange, end: resolve };
      followed.set(jobId, seen);
      return {
        jobId,
        state: () => seen.state,
        heardAt: () => seen.heardAt,
        isAsking: () =>
          seen.state.items.some((item) => item.kind === 'step' && item.record.status === 'waiting'),
        ended: promise,
      };
    },
    forget: (jobId) => void followed.delete(jobId),
    close: () => {
      unlisten();
      followed.clear();
    },
  };
};
