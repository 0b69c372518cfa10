import assert from 'node:assert/strict';
import type { Lease, Leases } from '../../extension/telegram/lease.ts';
import type { Link, LinkState } from '../../extension/telegram/link.ts';
import { type Connected, runBot } from '../../extension/telegram/runningBot.ts';
import { atRest } from '../fakes/clock.ts';
import { botConfig } from '../fakes/telegramBots.ts';
import { stopwatch } from '../support/clocks.ts';
import { eventually } from './botsRig.ts';

/** A lease that is lost, and stopped, when the test says so. */
const fakeLeases = () => {
  const tell = { lost: (): void => undefined, stop: (): void => undefined };
  const said: string[] = [];
  const state = { isStopped: false, place: undefined as string | undefined };
  const lease: Lease = {
    onLost: (listener) => {
      tell.lost = listener;
    },
    onStopRequested: (listener) => {
      tell.stop = listener;
    },
    release: async () => void said.push('released'),
  };
  const leases: Pick<Leases, 'take' | 'isStopped'> = {
    isStopped: async () => state.isStopped,
    take: async () => {
      if (state.place !== undefined) return { place: state.place };
      said.push('taken');
      return { lease };
    },
  };
  return { leases, tell, said, state };
};

/** Nobody waits here for two seconds. */
const soon = (run: () => void): (() => void) => {
  const timer = setTimeout(run, 5);
  return () => clearTimeout(timer);
};

const never = (): Promise<void> => new Promise(() => undefined);

describe('a bot that is to run', () => {
  const rig = (
    more: {
      readonly recover?: () => Promise<void>;
      readonly endService?: () => Promise<void>;
      readonly endLink?: () => Promise<void>;
      readonly connect?: () => Promise<void>;
    } = {},
  ) => {
    const { leases, tell, said, state } = fakeLeases();
    const errors: unknown[] = [];
    let changes = 0;
    let onState = (_state: LinkState): void => undefined;
    const bot = runBot({
      config: () => botConfig('shop'),
      leases,
      connect: async (handlers) => {
        await more.connect?.();
        onState = handlers.onState;
        said.push('connected');
        const link: Pick<Link, 'start' | 'stop'> = {
          start: () => void said.push('polls'),
          stop: async () => {
            said.push('link ends');
            await more.endLink?.();
          },
        };
        const service = {
          recover: more.recover ?? (async () => undefined),
          close: async () => {
            said.push('service ends');
            await more.endService?.();
          },
        };
        return { link, service } as unknown as Connected;
      },
      onChange: () => {
        changes += 1;
      },
      onStopped: () => void said.push('stopped by a person'),
      log: () => undefined,
      now: Date.now,
      setTimer: soon,
      logError: (error) => errors.push(error),
    });
    return {
      bot,
      said,
      state,
      tell,
      errors,
      say: (next: LinkState) => onState(next),
      changes: () => changes,
    };
  };

  it('takes its lease, recovers, polls, and gives the lease back', async () => {
    const { bot, said, say } = rig();
    await eventually('polls', () => said.includes('polls'));
    say({ kind: 'running' });
    assert.equal(bot.status().kind, 'running');
    await bot.stop();
    assert.equal(bot.status().kind, 'stopped');
    assert.deepEqual(said, ['taken', 'connected', 'polls', 'link ends', 'service ends', 'released']);
  });

  it('begins from the start where what waits could not be read, and does not stay deaf', async () => {
    let times = 0;
    const { bot, said, errors } = rig({
      recover: async () => {
        times += 1;
        if (times < 3) throw new Error('The disk is full');
      },
    });
    await eventually('the failure to be told', () => errors.length > 0);
    const status = bot.status();
    assert.equal(
      status.kind === 'connecting' && status.message,
      'The disk is full. It is tried again every few seconds.',
    );
    assert.deepEqual(said.slice(0, 4), ['taken', 'connected', 'link ends', 'service ends']);
    await eventually('polls', () => said.includes('polls'));
    assert.equal(times, 3);
    // The same error again and again would fill the log.
    assert.equal(errors.length, 1);
    assert.equal(said.filter((line) => line === 'taken').length, 1);
    await bot.stop();
  });

  it('stops within 3 s, whatever hangs, and does not begin afterwards', async function () {
    this.timeout(60_000);
    const hanging = rig({ endService: never, endLink: never });
    const { promise, resolve } = Promise.withResolvers<void>();
    const early = rig({ connect: () => promise });
    await eventually('polls', () => hanging.said.includes('polls') && early.said.includes('taken'));
    const took = stopwatch();
    await Promise.all([hanging.bot.stop(), early.bot.stop()]);
    const milliseconds = took();
    assert.ok(milliseconds < 3_100, `${milliseconds} ms`);
    assert.equal(hanging.said.at(-1), 'released');
    resolve();
    await atRest();
    await atRest();
    assert.deepEqual(early.said, ['taken', 'released', 'connected', 'link ends', 'service ends']);
    assert.equal(early.bot.service(), undefined);
  });

  it('gives a lease back that it got after its stop', async () => {
    const { promise, resolve } = Promise.withResolvers<{ lease: Lease }>();
    let released = 0;
    let asked = 0;
    const bot = runBot({
      config: () => botConfig('shop'),
      leases: {
        isStopped: async () => false,
        take: () => {
          asked += 1;
          return promise;
        },
      },
      connect: async () => assert.fail('It was to stop'),
      onChange: () => undefined,
      onStopped: () => undefined,
      log: () => undefined,
      now: Date.now,
      setTimer: soon,
      logError: (error) => assert.fail(String(error)),
    });
    await eventually('the question', () => asked > 0);
    const stopping = bot.stop();
    resolve({
      lease: {
        onLost: () => undefined,
        onStopRequested: () => undefined,
        release: async () => {
          released += 1;
        },
      },
    });
    await stopping;
    assert.equal(released, 1);
  });

  it('waits for the window that has the lease, and takes over', async () => {
    const { leases, said, state } = fakeLeases();
    state.place = 'shop';
    let isConnected = false;
    const bot = runBot({
      config: () => botConfig('shop'),
      leases,
      connect: async () => {
        isConnected = true;
        throw new Error('enough');
      },
      onChange: () => undefined,
      onStopped: () => undefined,
      log: () => undefined,
      now: Date.now,
      setTimer: soon,
      logError: () => undefined,
    });
    await eventually('the other window', () => bot.status().kind === 'elsewhere');
    assert.deepEqual(said, []);
    state.place = undefined;
    await eventually('the takeover', () => isConnected);
    await bot.stop();
  });

  it('ends what is connected when the lease is lost, and does not say that it runs', async () => {
    const { bot, said, say, tell, state } = rig();
    await eventually('polls', () => said.includes('polls'));
    say({ kind: 'running' });
    state.place = 'another window';
    tell.lost();
    await eventually('the end', () => said.includes('service ends'));
    assert.notEqual(bot.status().kind, 'running');
    assert.equal(bot.service(), undefined);
    await eventually('the other window', () => bot.status().kind === 'elsewhere');
    await bot.stop();
    // It is not this window's any more.
    assert.ok(!said.includes('released'));
  });

  it('tells of a stop in another window, before it begins and while it runs', async () => {
    const { bot, said, tell } = rig();
    await eventually('polls', () => said.includes('polls'));
    tell.stop();
    assert.equal(said.at(-1), 'stopped by a person');
    await bot.stop();
  });
});
