import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ModelEvent,
  type ModelRequest,
  mayHaveCost,
  ProviderError,
  type ProviderErrorKind,
} from '../core/provider.ts';

export type StreamReply = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent>;

/** The outside world, for tests. */
export interface RetryClock {
  readonly now: () => number;
  /** Rejects as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
}

const realClock: RetryClock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
  random: Math.random,
};

export const retryLimits = {
  attempts: 5,
  /** A server that asks for more is not waited for; the person decides. */
  longestWaitMs: 120_000,
  /** No new attempt once this much time has gone: a server that is silent for minutes stays so. */
  totalMs: 300_000,
  firstDelayMs: 1_000,
  longestDelayMs: 30_000,
} as const;

const passing: ReadonlySet<ProviderErrorKind> = new Set(['rateLimit', 'overloaded', 'network']);

/** Half fixed, half random, so that many windows do not come back in one wave; never earlier than asked. */
const delayFor = (attempt: number, retryAfterMs: number | undefined, random: number): number => {
  const { firstDelayMs, longestDelayMs } = retryLimits;
  const backoff = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.round(retryAfterMs === undefined ? backoff * (0.5 + random / 2) : retryAfterMs + random * 250);
};

const firstSentence = (message: string): string => /^.*?\.(?=\s|$)/s.exec(message)?.[0] ?? message;

const givenUp = (error: ProviderError, attempts: number): ProviderError =>
  attempts === 1
    ? error
    : new ProviderError(error.kind, `${error.message} (Tried ${attempts} times.)`, {
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        wasReached: error.wasReached,
        cause: error,
      });

/**
 * Sends a request again when it failed in a way that passes, and only while nothing of a reply has been shown: what was
 * streamed cannot be taken back. A loop of its own and not p-retry, because the generator has to tell of each wait
 * before it begins, and p-retry runs one promise to its end.
 */
export const withRetry = (stream: StreamReply, clock: RetryClock = realClock): StreamReply =>
  async function* streamWithRetry(request, signal) {
    const began = clock.now();
    for (let attempt = 1; ; attempt += 1) {
      let delayMs: number;
      let reason: string;
      let cost = {};
      let shown = false;
      try {
        for await (const event of stream(request, signal)) {
          shown ||= event.type !== 'usage';
          yield event;
        }
        return;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof ProviderError) || shown || !passing.has(error.kind)) throw error;
        delayMs = delayFor(attempt, error.retryAfterMs, clock.random());
        const late = clock.now() - began + delayMs > retryLimits.totalMs;
        const tooLong = error.retryAfterMs !== undefined && error.retryAfterMs > retryLimits.longestWaitMs;
        if (attempt >= retryLimits.attempts || late || tooLong) throw givenUp(error, attempt);
        reason = firstSentence(error.message);
        if (mayHaveCost(error)) cost = { mayHaveCost: true };
      }
      yield { type: 'retrying', attempt, delayMs, reason, ...cost };
      try {
        await clock.sleep(delayMs, signal);
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    }
  };
