import assert from 'node:assert/strict';
import { type ModelEvent, ProviderError, type ProviderErrorKind } from '../../extension/core/provider.ts';
import { type RetryClock, withRetry } from '../../extension/providers/withRetry.ts';
import { hear, instantClock, providerErrorOf } from './harness.ts';
import { ask } from './wire.ts';

const request = ask({ provider: 'openai', model: 'gpt-6.1-sol' });
const { signal } = new AbortController();
const hello: ModelEvent = { type: 'text', text: 'hello' };
const done: ModelEvent = { type: 'done', content: [{ type: 'text', text: 'hello' }], stopReason: 'end' };

const failing = (kind: ProviderErrorKind, retryAfterMs?: number): ProviderError =>
  new ProviderError(kind, `It was ${kind}. Do this.`, retryAfterMs === undefined ? {} : { retryAfterMs });

/** Plays one list of events per attempt; an error in it is thrown. */
const playing = (...attempts: (ModelEvent | Error)[][]) => {
  let asked = 0;
  return {
    asked: () => asked,
    stream: async function* () {
      const events = attempts[asked] ?? attempts.at(-1) ?? [];
      asked += 1;
      for (const event of events) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  };
};

describe('withRetry', () => {
  it('passes a good stream through untouched', async () => {
    const played = playing([hello, done]);
    const { events, error } = await hear(withRetry(played.stream, instantClock())(request, signal));
    assert.equal(error, undefined);
    assert.deepEqual(events, [hello, done]);
  });

  for (const kind of ['rateLimit', 'overloaded', 'network'] as const) {
    it(`asks again after ${kind}, telling why and how long before it waits`, async () => {
      const slept: number[] = [];
      const played = playing([failing(kind)], [failing(kind)], [hello, done]);
      const { events } = await hear(withRetry(played.stream, instantClock(slept))(request, signal));
      // Whoever turns a request away has not worked on it.
      const told = { reason: `It was ${kind}.`, ...(kind === 'network' ? { mayHaveCost: true } : {}) };
      assert.deepEqual(events, [
        { type: 'retrying', attempt: 1, delayMs: 500, ...told },
        { type: 'retrying', attempt: 2, delayMs: 1000, ...told },
        hello,
        done,
      ]);
      assert.deepEqual(slept, [500, 1000]);
    });
  }

  for (const kind of ['auth', 'quota', 'contextTooLong', 'refused', 'badRequest', 'emptyReply'] as const) {
    it(`does not ask again after ${kind}`, async () => {
      const played = playing([failing(kind)]);
      const heard = await hear(withRetry(played.stream, instantClock())(request, signal));
      assert.equal(providerErrorOf(heard).kind, kind);
      assert.equal(played.asked(), 1);
    });
  }

  it('never asks again once something was shown', async () => {
    const played = playing([hello, failing('network')], [hello, done]);
    const heard = await hear(withRetry(played.stream, instantClock())(request, signal));
    assert.equal(providerErrorOf(heard).kind, 'network');
    assert.deepEqual(heard.events, [hello]);
    assert.equal(played.asked(), 1);
  });

  it('passes a bug on', async () => {
    const bug = new TypeError('x is undefined');
    const { error } = await hear(withRetry(playing([bug]).stream, instantClock())(request, signal));
    assert.equal(error, bug);
  });

  it('grows its waits up to half a minute, and gives up after five tries', async () => {
    const slept: number[] = [];
    const clock: RetryClock = { ...instantClock(slept), random: () => 0.999999 };
    const heard = await hear(withRetry(playing([failing('overloaded')]).stream, clock)(request, signal));
    assert.deepEqual(slept, [1000, 2000, 4000, 8000]);
    assert.match(providerErrorOf(heard).message, /\(Tried 5 times\.\)$/);
  });

  it('never comes back earlier than it was asked to', async () => {
    const slept: number[] = [];
    const played = playing([failing('rateLimit', 20_000)], [hello, done]);
    await hear(withRetry(played.stream, { ...instantClock(slept), random: () => 0.5 })(request, signal));
    assert.deepEqual(slept, [20_125]);
  });

  it('does not wait for a server that asks for more than two minutes', async () => {
    const slept: number[] = [];
    const heard = await hear(
      withRetry(playing([failing('rateLimit', 121_000)]).stream, instantClock(slept))(request, signal),
    );
    assert.equal(providerErrorOf(heard).retryAfterMs, 121_000);
    assert.deepEqual(slept, []);
  });

  it('gives up when five minutes have gone', async () => {
    let now = 0;
    const played = playing([failing('network')]);
    const clock: RetryClock = { ...instantClock(), now: () => now };
    const stream = withRetry(() => {
      now += 200_000;
      return played.stream();
    }, clock);
    providerErrorOf(await hear(stream(request, signal)));
    assert.equal(played.asked(), 2);
  });

  it('stops waiting the moment it is cancelled', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped');
    const began = performance.now();
    const played = playing([failing('rateLimit', 60_000)]);
    const seen: ModelEvent[] = [];
    // The real clock: only the cancel can end this wait.
    await assert.rejects(async () => {
      for await (const event of withRetry(played.stream)(request, controller.signal)) {
        seen.push(event);
        setTimeout(() => controller.abort(reason), 10);
      }
    }, reason);
    assert.equal(seen.length, 1);
    assert.ok(performance.now() - began < 30_000);
    assert.equal(played.asked(), 1);
  });
});
