/**
 * The connection of one bot: polls, hands updates on in order, and confirms to Telegram only what has been kept. It goes
 * on by itself through whatever a network does; only a refused token ends it.
 */
import type { Api } from 'grammy';
import type { Update } from 'grammy/types';
import { StoreError } from '../core/store.ts';
import { apiSignal, type BotAddress, createBotClient } from './botClient.ts';
import { linkFailure, redactToken, unstored } from './linkFailure.ts';
import { createLinkTimes, type SetTimer, within } from './linkTimes.ts';

export { checkToken } from './checkToken.ts';

/** Seconds for which Telegram holds a poll. */
const pollSeconds = 25;
/** While another program takes polls away: one that lives this long shows that it has gone. */
const provingSeconds = 10;
/** Milliseconds beyond the poll itself that its answer may take. */
const answerMs = 25_000;
/** Milliseconds without a completed poll, after which everything is made anew. */
const stallMs = 120_000;
const tickMs = 6_000;
/** A tick that is late by this much: the machine has slept. Milliseconds. */
const sleptMs = 15_000;
/** Milliseconds after which a person is told that Telegram does not answer. */
const silentMs = 10_000;
/** Seconds for sending, of large files too. */
const sendSeconds = 120;
/** Times that an update is handed on before it is skipped; one that only cannot be stored is not, or it would be lost. */
const handlings = 5;
/** Milliseconds of a stop: for what is being handled, and for the last call. */
const stopHandlingMs = 1_000;
const stopCallMs = 1_500;

const allowedUpdates = ['message', 'edited_message', 'callback_query'] as const;

export type LinkState =
  | { readonly kind: 'connecting'; readonly message?: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'conflict'; readonly message: string; readonly retryAt: number }
  /** It has stopped by itself. */
  | { readonly kind: 'rejected'; readonly message: string };

export interface Link {
  /** For sending: made anew when the connection is. Works after `stop`, too. */
  readonly api: Api;
  start(): void;
  /** Confirms what was kept. Does not throw, and takes no more than 3 s. */
  stop(): Promise<void>;
}

export interface LinkOptions extends BotAddress {
  /** Only what is new. */
  onState(state: LinkState): void;
  /**
   * One after the other. What it rejects comes again, and is skipped after the fifth time; not for a StoreError, which
   * says nothing of the update. May come again after a stop, when what it resolved could not be confirmed.
   */
  onUpdate(update: Update): Promise<void>;
  /** A poll has completed. */
  onPoll?(): void;
  log(line: string): void;
  logError(error: unknown): void;
  /** Milliseconds since the epoch: a clock that goes on while the machine sleeps. */
  now(): number;
  readonly setTimer?: SetTimer;
  /** From 0 to 1. */
  random?(): number;
}

/** `onUpdate` has rejected. */
class HandlingError extends Error {
  override readonly name = 'HandlingError';
}

export const createLink = (options: LinkOptions): Link => {
  const { now, log, logError, onUpdate } = options;
  const times = createLinkTimes(options);
  let polling = createBotClient(options, pollSeconds * 3);
  let sending = createBotClient(options, sendSeconds);
  let state: LinkState | undefined;
  let offset: number | undefined;
  let handling: Update | undefined;
  let isPolling = false;
  let isOver = false;
  let startedAt = 0;
  let completedAt = 0;
  let failures = 0;
  let conflicts = 0;
  const handled = { updateId: 0, times: 0 };
  /** Nothing can be stored: why, for a person. */
  let stuck: string | undefined;
  /** Ends the poll or the pause that is under way. */
  let round = new AbortController();
  let running: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let stopTicks: (() => void) | undefined;

  const say = (next: LinkState): void => {
    if (isOver || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    tell(() => options.onState(next));
  };

  /** The token must not get into a log, by whatever way it came into an error. */
  const tellError = (error: unknown): void => {
    const text = error instanceof Error ? `${error.stack ?? ''} ${error.message}` : String(error);
    logError(text === redactToken(text) ? error : new Error(redactToken(text)));
  };

  /** A listener that throws is no reason to stop listening to Telegram. */
  const tell = (listener: () => void): void => {
    try {
      listener();
    } catch (error) {
      tellError(error);
    }
  };

  const renew = (): void => {
    polling.destroy();
    polling = createBotClient(options, pollSeconds * 3);
    sending.retire();
    sending = createBotClient(options, sendSeconds);
  };

  /** Everything from the start, at once. */
  const beginAnew = (): void => {
    renew();
    completedAt = now();
    failures = 0;
    round.abort(new Error('The connection is made anew.'));
  };

  const hand = async (update: Update): Promise<void> => {
    handling = update;
    try {
      await onUpdate(update);
    } catch (error) {
      handled.times = handled.updateId === update.update_id ? handled.times + 1 : 1;
      handled.updateId = update.update_id;
      const isUnstored = error instanceof StoreError;
      const reason = isUnstored ? redactToken(error.message) : undefined;
      // The same again every half minute would fill the log.
      if (reason === undefined || reason !== stuck) tellError(error);
      stuck = reason;
      if (isUnstored || handled.times < handlings) {
        offset = Math.max(offset ?? 0, update.update_id);
        throw new HandlingError(`Update ${update.update_id} could not be kept.`);
      }
      tellError(new Error(`Update ${update.update_id} failed ${handlings} times and was skipped.`));
    } finally {
      handling = undefined;
    }
    stuck = undefined;
    offset = Math.max(offset ?? 0, update.update_id + 1);
  };

  const poll = async (signal: AbortSignal): Promise<void> => {
    const isSteady = state?.kind === 'running' && failures === 0;
    // A short one first: its answer shows that all is well, also when nobody writes.
    const timeout = conflicts > 0 ? provingSeconds : isSteady ? pollSeconds : 0;
    isPolling = true;
    const updates = await times
      .within(timeout * 1000 + answerMs, signal, (both) =>
        polling.api.getUpdates(
          {
            limit: 100,
            timeout,
            allowed_updates: allowedUpdates,
            ...(offset === undefined ? {} : { offset }),
          },
          apiSignal(both),
        ),
      )
      .finally(() => {
        isPolling = false;
      });
    if (isOver || signal.aborted) return;
    completedAt = now();
    failures = 0;
    tell(() => options.onPoll?.());
    if (updates.length === 0) conflicts = 0;
    if (conflicts === 0 && (stuck === undefined || updates.length === 0)) say({ kind: 'running' });
    // What an empty answer has confirmed is forgotten there. Numbers begin anew when nobody has written for a week, and
    // an old offset would confirm those.
    if (updates.length === 0) offset = undefined;
    for (const update of updates) {
      if (isOver) return;
      await hand(update);
    }
    if (conflicts === 0) say({ kind: 'running' });
  };

  /** @returns milliseconds until the next poll; undefined: none */
  const afterFailure = (error: unknown): number | undefined => {
    if (error instanceof HandlingError) {
      if (stuck !== undefined) say({ kind: 'connecting', message: unstored(stuck) });
      return times.backoff(handled.times, 1_000, 30_000);
    }
    const failure = linkFailure(error);
    if (failure.kind === 'rejected') {
      say(failure);
      return undefined;
    }
    if (failure.kind === 'wait') {
      log(failure.message);
      if (state?.kind !== 'running') say({ kind: 'connecting', message: failure.message });
      return failure.milliseconds;
    }
    renew();
    if (failure.kind === 'conflict') {
      conflicts += 1;
      const pause = times.backoff(conflicts, 5_000, 60_000);
      say({ kind: 'conflict', message: failure.message, retryAt: now() + pause });
      return pause;
    }
    failures += 1;
    log(failure.message);
    // One that fails is no news: connections break all the time.
    if (state?.kind !== 'running' || failures > 1) say({ kind: 'connecting', message: failure.message });
    return times.backoff(failures, 1_000, 30_000);
  };

  const run = async (): Promise<void> => {
    while (!isOver) {
      round = new AbortController();
      const { signal } = round;
      try {
        await poll(signal);
      } catch (error) {
        if (isOver) return;
        if (signal.aborted) continue;
        const pause = afterFailure(error);
        if (pause === undefined) {
          isOver = true;
          stopTicks?.();
          return;
        }
        await times.sleep(pause, signal);
      }
    }
  };

  const tick = (late: number): void => {
    if (late > sleptMs) {
      log('The machine has slept: the connection is made anew.');
      beginAnew();
      return;
    }
    if (state?.kind === 'connecting' && state.message === undefined && now() - startedAt >= silentMs)
      say({ kind: 'connecting', message: linkFailure(new Error('no answer yet')).message });
    if (now() - completedAt < stallMs) return;
    if (isPolling) {
      log('No poll has completed for two minutes: the connection is made anew.');
      beginAnew();
    } else if (handling !== undefined) {
      completedAt = now();
      log(`Update ${handling.update_id} has been worked on for two minutes.`);
    }
  };

  return {
    get api() {
      return sending.api;
    },
    start: () => {
      if (running !== undefined || isOver) return;
      startedAt = now();
      completedAt = startedAt;
      say({ kind: 'connecting' });
      stopTicks = times.every(tickMs, tick);
      running = run().catch(tellError);
    },
    stop: () => {
      stopping ??= (async () => {
        isOver = true;
        stopTicks?.();
        round.abort(new Error('The bot stops.'));
        await within(stopHandlingMs, running ?? Promise.resolve());
        const confirmed = state?.kind === 'rejected' ? undefined : offset;
        if (confirmed !== undefined) {
          const limit = AbortSignal.timeout(stopCallMs);
          const last = polling.api.getUpdates({ offset: confirmed, limit: 1, timeout: 0 }, apiSignal(limit));
          await within(stopCallMs, last);
        }
        polling.destroy();
        sending.retire();
      })();
      return stopping;
    },
  };
};
