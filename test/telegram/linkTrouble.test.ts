import assert from 'node:assert/strict';
import { Api, GrammyError } from 'grammy';
import { stopwatch } from '../support/clocks.ts';
import { linkRig, token } from './linkRig.ts';

type Rig = Awaited<ReturnType<typeof linkRig>>;

describe('the link of a bot in trouble', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await linkRig();
  });
  afterEach(() => rig.close());

  /** Another program with the same token, which takes every poll away until it ends. */
  const rival = () => {
    const { telegram } = rig;
    const end = new AbortController();
    const api = new Api(token, { apiRoot: telegram.url });
    const done = (async () => {
      while (!end.signal.aborted) {
        await Promise.race([
          api.getUpdates({ timeout: 20 }).catch((error: unknown) => {
            if (!(error instanceof GrammyError)) throw error;
          }),
          new Promise((resolve) => end.signal.addEventListener('abort', resolve)),
        ]);
        if (!end.signal.aborted) await telegram.until(() => telegram.polls() === 1);
      }
    })();
    return async () => {
      end.abort();
      await done;
    };
  };

  it('says that another program polls, waits ever longer, and goes on when that has ended', async () => {
    const { telegram } = rig;
    const { link, states, texts, is } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      // It comes while ours hangs, and ends ours.
      const other = new Api(token, { apiRoot: telegram.url }).getUpdates({ timeout: 0 });
      await rig.untilPause(pause);
      await other;
      const state = states.at(-1);
      assert.ok(state?.kind === 'conflict');
      assert.match(state.message, /other computers or in remote folders.*BotFather/);
      const polls = telegram.calls('getUpdates').length;
      rig.pass(pause);
      await telegram.until(() => telegram.calls('getUpdates').length > polls && telegram.polls() === 1);
      assert.ok(is('conflict')(), 'a poll that only hangs shows nothing yet');
    }
    telegram.say(5, 5, 'in between');
    await telegram.until(() => texts.length === 1 && telegram.polls() === 1);
    telegram.endPolls();
    await telegram.until(is('running'));
    const other = new Api(token, { apiRoot: telegram.url }).getUpdates({ timeout: 0 });
    await rig.untilPause(5_000);
    await other;
  });

  it('does not fight with a rival: few polls, all of them told', async () => {
    const { telegram } = rig;
    const { link, states } = rig.open();
    const end = rival();
    await telegram.until(() => telegram.polls() === 1);
    link.start();
    await telegram.until(() => telegram.calls('getUpdates').length >= 3);
    for (let second = 0; second < 60; second += 1) rig.pass(1_000);
    await end();
    assert.ok(states.length <= 12, `${states.length} states`);
  });

  it('leaves the web address of another program alone, and says so', async () => {
    const { telegram } = rig;
    telegram.failNext('getUpdates', {
      status: 409,
      description: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook",
    });
    const { link, states, is } = rig.open();
    link.start();
    await telegram.until(is('conflict'));
    assert.match(JSON.stringify(states.at(-1)), /webhook.*Nothing was changed there/);
    assert.deepEqual(telegram.calls('deleteWebhook'), []);
  });

  it('makes a poll that is never answered anew, and says meanwhile that nothing comes', async () => {
    const { telegram } = rig;
    telegram.say(5, 5, 'here');
    const release = telegram.hang('getUpdates');
    const { link, states, texts } = rig.open();
    link.start();
    await telegram.until(() => telegram.calls('getUpdates').length === 1);
    rig.pass(12_000);
    assert.match(JSON.stringify(states.at(-1)), /connecting.*cannot be reached \(no answer yet\)/);
    rig.pass(13_000);
    await rig.untilPause(1_000);
    release();
    rig.pass(1_000);
    await telegram.until(() => texts.length === 1);
  });

  it('notices that no poll completes, whatever else goes on', async () => {
    const { telegram } = rig;
    const { link, lines, texts } = rig.open({
      // Deadlines of single calls are lost.
      setTimer: (() => {
        const own = rig.timer;
        return (run: () => void, milliseconds: number) =>
          own(milliseconds > 20_000 ? () => undefined : run, milliseconds);
      })(),
    });
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    const release = telegram.hang('getUpdates');
    telegram.endPolls();
    await telegram.until(() => telegram.calls('getUpdates').at(-1)?.status === undefined);
    rig.pass(126_000);
    assert.ok(lines.some((line) => /No poll has completed for two minutes/.test(line)));
    release();
    telegram.say(5, 5, 'again');
    rig.pass(126_000);
    await telegram.until(() => texts.length === 1);
  });

  it('polls at once after the machine has slept, on a new connection', async () => {
    const { telegram } = rig;
    const { link, texts, lines } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    const before = link.api;
    const release = telegram.hang('getUpdates');
    telegram.endPolls();
    const polls = telegram.calls('getUpdates').length + 1;
    await telegram.until(() => telegram.calls('getUpdates').length === polls);
    telegram.say(5, 5, 'overnight');
    release();
    rig.pass(8 * 3_600_000, true);
    await telegram.until(() => texts.length === 1);
    assert.ok(lines.some((line) => line.includes('has slept')));
    assert.notEqual(link.api, before);
    assert.equal((await before.getMe()).id, 7);
  });

  it('does not wait for an answer to what it sends while it polls', async () => {
    const { telegram } = rig;
    const { link } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    const release = telegram.hang('sendMessage');
    const sending = link.api.sendMessage(5, 'x').catch(() => 'cut');
    await telegram.until(() => telegram.calls('sendMessage').length === 1);
    await link.stop();
    release();
    assert.equal(await sending, 'cut');
    // What has to be said at the end can be.
    await link.api.sendMessage(5, 'bye');
    assert.equal(telegram.sent(5).at(-1)?.text, 'bye');
  });

  for (const how of ['hangs', 'refuses', 'resets'] as const) {
    it(`stops within three seconds on a network that ${how}`, async () => {
      const { telegram } = rig;
      const { link, texts } = rig.open();
      link.start();
      await telegram.until(() => telegram.polls() === 1);
      const release = telegram.hang('getUpdates');
      telegram.say(5, 5, 'x');
      await telegram.until(() => texts.length === 1);
      if (how !== 'hangs') await telegram.disconnect(undefined, how === 'refuses' ? 'refuse' : 'reset');
      const took = stopwatch();
      await Promise.all([link.stop(), link.stop()]);
      const milliseconds = took();
      assert.ok(milliseconds < 2_900, `${milliseconds} ms`);
      assert.equal(rig.timers(), 0);
      release();
    });
  }

  it('stops within three seconds while a handler never ends', async () => {
    const { telegram } = rig;
    const { link } = rig.open({ onUpdate: () => new Promise(() => undefined) });
    const { updateId } = telegram.say(5, 5, 'x');
    link.start();
    await telegram.until(() => telegram.calls('getUpdates').length === 1 && telegram.polls() === 0);
    const took = stopwatch();
    await link.stop();
    const milliseconds = took();
    assert.ok(milliseconds < 2_900, `${milliseconds} ms`);
    assert.deepEqual(telegram.pending(), [updateId]);
  });
});
