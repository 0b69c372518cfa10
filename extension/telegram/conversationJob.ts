/** Runs one job for a message: begins it, shows how it goes, and tells how it ended. */
import type { JobOrigin } from '../core/jobOrigin.ts';
import type { StartedJob } from '../core/jobs.ts';
import { type ChatItem, type ChatState, emptyChat } from '../shared/chat.ts';
import type { AgentEvent } from '../shared/event.ts';
import type { Session } from '../shared/session.ts';
import type { EntryBook } from './conversationBook.ts';
import type { FollowedJob, Followers } from './conversationFollow.ts';
import { chatOf, firstWorkAt, lastWorkAt } from './conversationHistory.ts';
import type { ConversationTools } from './conversationTools.ts';
import type { Turn } from './conversationTurn.ts';
import { sentence, whoSent } from './conversationWords.ts';
import { continueButton } from './replyWords.ts';
import { endText, statusText } from './statusText.ts';
import type { Outgoing } from './types.ts';

/** The chat that a job works in. */
export type JobSession = Pick<Session, 'id' | 'agentId' | 'model'>;

export interface JobRun {
  /**
   * Returns once the job has ended and what follows from that is kept.
   * @throws what `launch` throws: nothing was sent then
   */
  start(
    turn: Turn,
    session: JobSession,
    queued: () => number,
    launch: (origin: JobOrigin) => Promise<StartedJob>,
  ): Promise<void>;
  /** The same, for a job that runs already. To be called in the tick in which that was seen. */
  join(turn: Turn, jobId: string, session: JobSession, queued: () => number): Promise<void>;
  /** Tells of a job that has failed or was stopped. @param items of its chat */
  conclude(
    turn: Turn,
    jobId: string,
    items: readonly ChatItem[],
    session: JobSession,
    queued: () => number,
  ): Promise<void>;
}

/** Resolves when it aborts. */
const aborted = (signal: AbortSignal): { readonly promise: Promise<undefined>; release(): void } => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const done = (): void => resolve(undefined);
  signal.addEventListener('abort', done, { once: true });
  if (signal.aborted) done();
  return { promise, release: () => signal.removeEventListener('abort', done) };
};

/** A press says which job is to be gone on with: later ones may have come meanwhile. */
const withJob = (message: Outgoing, jobId: string): Outgoing => ({
  ...message,
  ...(message.buttons === undefined
    ? {}
    : {
        buttons: message.buttons.map((row) =>
          row.map((button) =>
            button.data === continueButton.data ? { ...button, data: `${button.data}:${jobId}` } : button,
          ),
        ),
      }),
});

export const createJobRun = (tools: ConversationTools, book: EntryBook, followers: Followers): JobRun => {
  const { context } = tools;

  const follow = (
    turn: Turn,
    jobId: string,
    { agentId, model }: JobSession,
    job?: ChatState['job'],
  ): FollowedJob => {
    turn.jobId = jobId;
    const state = { ...emptyChat(agentId, model), ...(job === undefined ? {} : { job }) };
    return followers.follow(jobId, state, () => turn.display.refresh());
  };

  const conclude: JobRun['conclude'] = async ({ updateId, display }, jobId, items, session, queued) => {
    const now = lastWorkAt(items, [jobId]) ?? context.now();
    const startedAt = firstWorkAt(items, jobId) ?? now;
    const text = endText(chatOf(items, [jobId], session), { queued: queued(), startedAt, now, jobId });
    if ((await display.end(withJob(text, jobId))) === 'unsent') return;
    await book.change(updateId, { state: 'done' });
  };

  /** @returns undefined when the bot is closed, or nobody waits any more */
  const endOf = async (
    turn: Turn,
    job: FollowedJob,
    queued: () => number,
  ): Promise<AgentEvent | undefined> => {
    const stopShowing = turn.display.work(job, queued);
    const closed = aborted(tools.closing);
    const abandoned = aborted(turn.abandon.signal);
    turn.activity = () =>
      statusText(job.state(), { queued: 0, startedAt: turn.startedAt, now: context.now() }).plain;
    try {
      return await Promise.race([job.ended, closed.promise, abandoned.promise]);
    } finally {
      stopShowing();
      closed.release();
      abandoned.release();
    }
  };

  const see = async (
    turn: Turn,
    job: FollowedJob,
    session: JobSession,
    queued: () => number,
  ): Promise<void> => {
    const { updateId, display } = turn;
    const end = await endOf(turn, job, queued);
    delete turn.jobId;
    if (end?.type === 'JobCompleted') {
      await book.change(updateId, { state: 'answering', jobId: job.jobId });
    } else if (end !== undefined) {
      await conclude(turn, job.jobId, job.state().items, session, queued);
    } else if (!tools.closing.aborted) {
      followers.forget(job.jobId);
      await book.change(updateId, { state: 'done' });
      await display.end(
        sentence('It was told to stop, and has not ended yet. I do not wait for it any more.'),
      );
    }
  };

  return {
    conclude,
    join: (turn, jobId, session, queued) => {
      // Nobody tells again that it has started.
      const job = { id: jobId, startedAt: turn.startedAt, isElsewhere: false };
      return see(turn, follow(turn, jobId, session, job), session, queued);
    },
    start: async (turn, session, queued, launch) => {
      const { updateId } = turn;
      const entry = book.get(updateId);
      if (entry === undefined) return;
      const origin = context.origin(whoSent(entry));
      let job: FollowedJob | undefined;
      try {
        await launch({
          ...origin,
          onStart: async (jobId) => {
            // A new chat is taken back where this throws: the entry must not name its job then, if the window ends.
            tools.closing.throwIfAborted();
            // Before anything of the job is kept: whoever finds the entry knows by the chat whether it was sent.
            job = follow(turn, jobId, session);
            const { jobIds = [], attempts = 0 } = book.get(updateId) ?? {};
            await book.change(updateId, { jobId, jobIds: [...jobIds, jobId], attempts: attempts + 1 });
            turn.stop.signal.throwIfAborted();
            tools.closing.throwIfAborted();
            await origin.onStart(jobId);
          },
        });
      } catch (error) {
        delete turn.jobId;
        if (job !== undefined) {
          followers.forget(job.jobId);
          await forgetLost(updateId, job.jobId, session.id);
        }
        if (turn.stop.signal.aborted) return;
        throw error;
      }
      if (job !== undefined) await see(turn, job, session, queued);
    },
  };

  /** A new chat is taken back where its job could not begin; nobody has deleted it. */
  async function forgetLost(updateId: number, lostId: string, sessionId: string): Promise<void> {
    if ((await context.history.getSession(sessionId)) !== undefined) return;
    const jobIds = (book.get(updateId)?.jobIds ?? []).filter((id) => id !== lostId);
    await book.change(updateId, { jobIds });
  }
};
