import assert from 'node:assert/strict';
import type { PairingRequest } from '../../extension/shared/telegram.ts';
import { botConfig } from '../fakes/telegramBots.ts';
import { answers, messages, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { telegramRig } from './telegramRig.ts';

const { showPairings } = await loadWithVscode(() => import('../../extension/vscode/telegramPairing.ts'));
const { PairingItem } = await loadWithVscode(() => import('../../extension/vscode/telegramItems.ts'));

const request = (userId: number, more: Partial<PairingRequest> = {}): PairingRequest => ({
  configId: 'shop',
  userId,
  name: `P${userId}`,
  code: `ABCD234${userId}`,
  expiresAt: 60_000,
  ...more,
});

/** Until nothing more happens by itself. */
const settled = (): Promise<unknown> => new Promise(setImmediate);

/** An answer that comes when the test says so. */
const later = () => Promise.withResolvers<string | undefined>();

const rig = () => {
  const errors: unknown[] = [];
  const { bots, commands } = telegramRig([botConfig('shop')]);
  let time = 1_000;
  const notices = () => showPairings({ bots, now: () => time, logError: (error) => void errors.push(error) });
  const setTime = (at: number): void => {
    time = at;
  };
  return { bots, commands, errors, notices, setTime };
};

beforeEach(resetVscode);

describe('who asks to be let in', () => {
  for (const [button, answer] of [
    ['Allow as Approver', 'approver'],
    ['Talk Only', 'talker'],
    ['Deny', 'deny'],
  ] as const) {
    it(`is asked about here: ${button}`, async () => {
      const { bots, notices } = rig();
      const pairings = notices();
      answers.push(button);
      bots.ask(request(7));
      await settled();
      assert.deepEqual(bots.calls, [['answerPairing', 7, answer]]);
      assert.equal(
        messages[0]?.text,
        'P7 (id 7) wants to talk to @shop_bot. Code ABCD2347 — does it match the phone?',
      );
      assert.deepEqual(messages[0]?.buttons, ['Allow as Approver', 'Talk Only', 'Deny']);
      pairings.dispose();
      assert.equal(bots.listeners(), 0);
    });
  }

  it('stays waiting where nobody answers', async () => {
    const { bots, notices } = rig();
    const pairings = notices();
    bots.ask(request(7));
    await settled();
    assert.deepEqual([bots.calls.length, bots.waiting.length], [0, 1]);
    pairings.dispose();
  });

  it('is asked about one at a time, and not once it was answered elsewhere', async () => {
    const { bots, notices } = rig();
    bots.waiting = [request(1)];
    const [first, third] = [later(), later()];
    answers.push(first.promise, third.promise);
    const pairings = notices();
    bots.ask(request(2));
    bots.ask(request(3));
    await settled();
    assert.equal(messages.length, 1);
    bots.waiting = bots.waiting.filter(({ userId }) => userId !== 2);
    first.resolve('Deny');
    await settled();
    assert.deepEqual(
      messages.map(({ text }) => text.slice(0, 2)),
      ['P1', 'P3'],
    );
    third.resolve(undefined);
    await settled();
    pairings.dispose();
  });

  it('is asked about though the bots cannot be listed, and so are those behind', async () => {
    const { bots, notices, errors } = rig();
    const { list } = bots;
    bots.list = async () => {
      bots.list = list;
      throw new Error('the store is busy');
    };
    const pairings = notices();
    bots.ask(request(1));
    bots.ask(request(2));
    await settled();
    assert.deepEqual(
      messages.map(({ text }) => text.split('.', 1)[0]),
      ['P1 (id 1) wants to talk to a bot', 'P2 (id 2) wants to talk to @shop_bot'],
    );
    assert.equal(errors.length, 1);
    pairings.dispose();
  });

  it('is asked about whenever it comes, also right behind the end of another', async () => {
    for (let steps = 0; steps < 40; steps += 1) {
      resetVscode();
      const { bots, notices } = rig();
      const pairings = notices();
      answers.push('Deny', 'Deny');
      bots.ask(request(1));
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      bots.ask(request(2));
      await settled();
      assert.equal(messages.length, 2, `after ${steps} steps`);
      pairings.dispose();
    }
  });

  it('makes room for the next when it was answered elsewhere, and a late press says so', async () => {
    const { bots, notices } = rig();
    const first = later();
    answers.push(first.promise);
    const pairings = notices();
    bots.ask(request(1));
    bots.ask(request(2));
    await settled();
    bots.waiting = bots.waiting.filter(({ userId }) => userId !== 1);
    bots.change();
    await settled();
    assert.equal(messages.length, 2);
    first.resolve('Allow as Approver');
    await settled();
    assert.deepEqual(bots.calls, []);
    assert.match(told.at(-1) ?? '', /This request is not there any more/);
    pairings.dispose();
  });

  it('cannot make the message run something, or hide who asks', async () => {
    const { bots, notices } = rig();
    const pairings = notices();
    bots.ask(request(7, { name: `[Ann](command:evil)\u202e${'x'.repeat(300)}\nsecond line` }));
    await settled();
    const [message] = messages;
    assert.doesNotMatch(message?.text ?? '', /\]\(|\u202e|\n/);
    assert.match(message?.text ?? '', /\(id 7\)/);
    assert.ok((message?.text.length ?? 0) < 200);
    pairings.dispose();
  });

  it('counts no press after the window has closed', async () => {
    const { bots, notices } = rig();
    const press = later();
    answers.push(press.promise);
    const pairings = notices();
    bots.ask(request(7));
    await settled();
    pairings.dispose();
    press.resolve('Allow as Approver');
    await settled();
    assert.deepEqual(bots.calls, []);
    bots.ask(request(8));
    await settled();
    assert.equal(messages.length, 1);
  });
});

describe('letting in by command', () => {
  it('asks who, then what they may do', async () => {
    const { bots, commands } = rig();
    bots.waiting = [request(7), request(8), request(9, { expiresAt: 1_000 })];
    answers.push('ABCD2348 · P8', 'Talk Only');
    assert.equal(await commands.pairTelegramUser(), true);
    assert.deepEqual(bots.calls, [['answerPairing', 8, 'talker']]);
  });

  it('asks from a row, and by code too', async () => {
    const { bots, commands } = rig();
    const [seven, eight] = [request(7), request(8)];
    bots.waiting = [seven, eight];
    answers.push('Deny');
    assert.equal(await commands.pairTelegramUser(new PairingItem(seven, 0)), false);
    answers.push('ABCD2348 · P8');
    assert.equal(await commands.pairTelegramUser('shop'), false, 'nobody said what they may do');
    assert.deepEqual(bots.calls, [['answerPairing', 7, 'deny']]);
    await assert.rejects(commands.pairTelegramUser(new PairingItem(seven, 0)), /not waiting any more/);
    await assert.rejects(commands.pairTelegramUser('gone'), /no Telegram bot with this id/);
  });

  it('says what to do where nobody waits', async () => {
    const { commands } = rig();
    assert.equal(await commands.pairTelegramUser(), false);
    assert.equal(await commands.pairTelegramUser('shop'), false);
    assert.match(told[0] ?? '', /Nobody waits to be let in\. Send any message to the bot/);
    assert.match(told[1] ?? '', /Send any message to @shop_bot/);
  });
});
