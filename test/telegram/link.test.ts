import assert from 'node:assert/strict';
import { StoreError } from '../../extension/core/store.ts';
import { linkRig, token } from './linkRig.ts';

type Rig = Awaited<ReturnType<typeof linkRig>>;

describe('the link of a bot', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await linkRig();
  });
  afterEach(() => rig.close());

  it('runs after its first poll, and hands updates on in order', async () => {
    const { telegram } = rig;
    telegram.say(5, 5, 'waited');
    const { link, states, texts } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    assert.deepEqual(states, [{ kind: 'connecting' }, { kind: 'running' }]);
    for (const text of ['one', 'two', 'three']) telegram.say(5, 5, text);
    await telegram.until(() => texts.length === 4 && telegram.pending().length === 0);
    assert.deepEqual(texts, ['waited', 'one', 'two', 'three']);
    assert.deepEqual(telegram.calls('getUpdates')[0]?.fields.allowed_updates, [
      'message',
      'edited_message',
      'callback_query',
    ]);
    const timeouts = telegram.calls('getUpdates').map((call) => call.fields.timeout);
    assert.deepEqual([timeouts[0], timeouts.at(-1)], [0, 25]);
  });

  it('confirms at its stop what was handled, and nothing else', async () => {
    const { telegram } = rig;
    let release = (): void => undefined;
    const { link } = rig.open({
      onUpdate: (update) =>
        update.message?.text === 'slow'
          ? new Promise((resolve) => {
              release = resolve;
            })
          : Promise.resolve(),
    });
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    const done = telegram.say(5, 5, 'done');
    await telegram.until(() => telegram.pending().length === 0);
    const slow = telegram.say(5, 5, 'slow');
    await telegram.until(() => telegram.polls() === 0);
    const after = telegram.say(5, 5, 'after');
    await link.stop();
    assert.equal(telegram.committed(), done.updateId + 1);
    assert.deepEqual(telegram.pending(), [slow.updateId, after.updateId]);
    release();
    assert.equal(rig.timers(), 0);
  });

  it('confirms the last one at a stop that comes with it', async () => {
    const { telegram } = rig;
    const { link, texts } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    telegram.hang('getUpdates');
    const { updateId } = telegram.say(5, 5, 'last');
    await telegram.until(() => texts.length === 1);
    // The poll that would have confirmed it hangs.
    assert.deepEqual(telegram.pending(), [updateId]);
    await rig.close();
    rig = await linkRig();
  });

  it('loses nothing when it ends without a stop: another one gets what was not confirmed', async () => {
    const { telegram } = rig;
    const first = rig.open({ onUpdate: () => new Promise(() => undefined) });
    first.link.start();
    telegram.say(5, 5, 'one');
    await telegram.until(() => telegram.calls('getUpdates').length > 0 && telegram.polls() === 0);
    await first.link.stop();
    const second = rig.open();
    second.link.start();
    await telegram.until(() => second.texts.length === 1);
    assert.deepEqual(second.texts, ['one']);
  });

  it('takes a handler that fails as not kept, and skips an update after the fifth time', async () => {
    const { telegram } = rig;
    const seen: string[] = [];
    const { link, errors, is } = rig.open({
      onUpdate: async (update) => {
        const text = update.message?.text ?? '';
        seen.push(text);
        if (text === 'bad' || (text === 'shaky' && seen.length < 4))
          throw new Error(`No, at https://x/bot${token}/getMe`);
      },
    });
    for (const text of ['good', 'shaky', 'bad', 'last']) telegram.say(5, 5, text);
    link.start();
    for (const pause of [1_000, 2_000, 1_000, 2_000, 4_000, 8_000]) {
      await rig.untilPause(pause);
      rig.pass(pause);
    }
    await telegram.until(() => seen.includes('last') && telegram.pending().length === 0);
    assert.deepEqual(seen, ['good', 'shaky', 'shaky', 'shaky', 'bad', 'bad', 'bad', 'bad', 'bad', 'last']);
    assert.match(String(errors.at(-1)), /failed 5 times and was skipped/);
    assert.ok(is('running')());
    assert.ok(!errors.some((error) => String(error).includes(token)));
  });

  it('does not skip what could not be stored, and says so as long as that lasts', async () => {
    const { telegram } = rig;
    const seen: string[] = [];
    let isFull = true;
    const { link, errors, states, is } = rig.open({
      onUpdate: async (update) => {
        if (isFull) throw new StoreError('The disk is full.');
        seen.push(update.message?.text ?? '');
      },
    });
    telegram.say(5, 5, 'kept');
    link.start();
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await rig.untilPause(pause);
      const state = states.at(-1);
      assert.ok(state?.kind === 'connecting');
      assert.match(
        state.message ?? '',
        /cannot be stored here.*The disk is full\..*kept by Telegram for a day/,
      );
      rig.pass(pause);
    }
    await rig.untilPause(30_000);
    isFull = false;
    rig.pass(30_000);
    await telegram.until(() => seen.length === 1 && is('running')());
    assert.equal(errors.length, 1);
    await telegram.until(() => telegram.pending().length === 0);
  });

  it('does not confirm new numbers with an old offset', async () => {
    const { telegram } = rig;
    const { link, texts } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    telegram.say(5, 5, 'high');
    await telegram.until(() => telegram.pending().length === 0 && telegram.polls() === 1);
    // A poll that ends without news; Telegram ends it by itself after 25 s.
    telegram.endPolls();
    await telegram.until(() => telegram.polls() === 1);
    assert.equal(telegram.calls('getUpdates').at(-1)?.fields.offset, undefined);
    telegram.update({ update_id: 3, message: { message_id: 1, text: 'low' } });
    await telegram.until(() => texts.length === 2);
    assert.deepEqual(texts, ['high', 'low']);
  });

  it('waits as long as Telegram asks', async () => {
    const { telegram } = rig;
    telegram.failNext('getUpdates', { status: 429, retryAfter: 37 });
    const { link, states, is } = rig.open();
    link.start();
    await rig.untilPause(37_000);
    assert.match(JSON.stringify(states.at(-1)), /Telegram asks to wait for 37 s/);
    rig.pass(36_000);
    assert.equal(telegram.calls('getUpdates').length, 1);
    rig.pass(1_000);
    await telegram.until(is('running'));
  });

  it('tries again through errors of Telegram and of the network, ever more slowly', async () => {
    const { telegram } = rig;
    telegram.failNext('getUpdates', { status: 502, count: 2 });
    telegram.failNext('getUpdates', { count: 5 });
    const { link, states, is } = rig.open();
    link.start();
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await rig.untilPause(pause);
      assert.equal(states.at(-1)?.kind, 'connecting');
      rig.pass(pause);
    }
    await telegram.until(is('running'));
    const told = states.map((state) => ('message' in state ? state.message : ''));
    assert.match(told[1] ?? '', /Telegram has a problem of its own \(502\)/);
    assert.match(told[2] ?? '', /cannot be reached \(ECONNRESET\)/);
    assert.ok(!told.join().includes(token));
  });

  it('is not upset by one connection that breaks', async () => {
    const { telegram } = rig;
    const { link, states, texts } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    await telegram.disconnect();
    await rig.untilPause(1_000);
    assert.equal(states.at(-1)?.kind, 'running');
    rig.pass(1_000);
    await rig.untilPause(2_000);
    assert.equal(states.at(-1)?.kind, 'connecting');
    assert.match(JSON.stringify(states.at(-1)), /ECONNREFUSED/);
    await telegram.reconnect();
    telegram.say(5, 5, 'meanwhile');
    rig.pass(2_000);
    await telegram.until(() => texts.length === 1);
    assert.equal(states.at(-1)?.kind, 'running');
  });

  it('ends with a token that is refused', async () => {
    const { telegram } = rig;
    const { link, states, is } = rig.open();
    link.start();
    await telegram.until(() => telegram.polls() === 1);
    telegram.revoke();
    telegram.say(5, 5, 'x');
    await telegram.until(is('rejected'));
    assert.match(JSON.stringify(states.at(-1)), /does not accept the token.*BotFather/);
    const { length } = telegram.calls();
    rig.pass(600_000);
    await link.stop();
    assert.deepEqual([telegram.calls().length, rig.timers()], [length, 0]);
  });
});
