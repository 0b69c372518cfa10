import assert from 'node:assert/strict';
import type { TelegramEntry } from '../../extension/core/telegramStore.ts';
import { createRig, type Rig, thread } from './conversationRig.ts';
import { saidIn } from './conversationWorld.ts';

const entries = (rig: Rig): Promise<readonly TelegramEntry[]> => rig.store.openEntries('bot');
const onlyState = async (rig: Rig): Promise<string | undefined> => {
  const [entry, ...more] = await entries(rig);
  assert.equal(more.length, 0);
  return entry?.state;
};
const answers = (rig: Rig, text = 'answer'): number => rig.texts().filter((each) => each === text).length;

describe('a conversation after an interruption', () => {
  it('works on what was only kept', async () => {
    const rig = createRig();
    await rig.conversations.receive(rig.message('one'));
    await rig.restart();
    assert.equal(rig.world.sent.length, 1);
  });

  it('sends again what its chat knows nothing of', async () => {
    const rig = createRig();
    rig.world.moment = () => new Promise(() => undefined);
    await rig.say('one');
    assert.equal(await onlyState(rig), 'working');
    rig.world.moment = () => Promise.resolve();
    await rig.restart();
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.equal(answers(rig), 1);
    assert.deepEqual(
      [...rig.world.sessions.values()].flatMap(({ state }) => saidIn(state)),
      ['one'],
    );
  });

  it('does not send again what its chat has, and goes on by itself', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.restart();
    rig.find('Waiting for the model');
    assert.equal(rig.world.sent.length, 1);
    assert.equal(rig.world.origins.length, 2);
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.equal(answers(rig), 1);
  });

  it('asks when that happens again and again', async () => {
    const rig = createRig();
    await rig.say('one');
    for (let times = 0; times < 3; times += 1) await rig.restart();
    assert.equal(await onlyState(rig), 'asked');
    const question = rig.find('Should I go on?');
    await rig.restart();
    assert.equal(rig.texts().filter((text) => text.includes('Should I go on?')).length, 1);
    assert.equal(await rig.press(question, 'Continue'), 'Going on.');
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.equal(answers(rig), 1);
  });

  it('asks when it was long ago, and drops it when told to', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.clock.advance(60_000);
    rig.world.kill();
    await rig.conversations.close();
    await rig.clock.advance(20 * 60_000);
    await rig.restart();
    const question = rig.find('Should I go on?');
    assert.equal(await rig.press(question, 'Drop'), 'Dropped.');
    assert.equal(await onlyState(rig), undefined);
  });

  it('sends the answer of a job that had ended', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.conversations.close();
    rig.world.complete(rig.world.job(), 'answer');
    await rig.restart();
    assert.equal(answers(rig), 1);
    assert.equal(await onlyState(rig), undefined);
  });

  it('follows a job that runs on while its bot is stopped and started', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.conversations.close();
    const jobId = rig.world.job();
    await rig.restart(false);
    assert.equal(rig.world.job(), jobId);
    assert.equal(rig.conversations.entryOf(jobId)?.text, 'one');
    rig.world.complete(jobId, 'answer');
    await rig.settle();
    assert.equal(answers(rig), 1);
  });

  it('waits for a job that runs in another window', async () => {
    const rig = createRig();
    await rig.say('one');
    const jobId = rig.world.job();
    await rig.conversations.close();
    const { runningIn } = rig.world.jobs;
    rig.context.jobs.runningIn = () => undefined;
    await rig.restart(false);
    rig.find('another window');
    assert.equal(rig.world.sent.length, 1);
    rig.world.complete(jobId, 'answer');
    rig.context.jobs.runningIn = runningIn;
    await rig.clock.advance(10_000);
    assert.equal(answers(rig), 1);
  });

  it('goes on with the part that is missing', async () => {
    const rig = createRig();
    const long = Array.from({ length: 3 }, (_, index) => `${index} ${'word '.repeat(700)}`).join('\n\n');
    await rig.say('one');
    let sends = 0;
    rig.courier.before = (method) => {
      if (method === 'send') sends += 1;
      // Died before the second part is begun: it is kept that the first one has arrived.
      return undefined;
    };
    const save = rig.store.saveEntry;
    rig.store.saveEntry = async (entry) => {
      if (entry.sentParts === 1 && entry.isSending) await new Promise(() => undefined);
      await save(entry);
    };
    rig.world.complete(rig.world.job(), long);
    await rig.settle();
    rig.store.saveEntry = save;
    assert.equal(sends, 1);
    await rig.restart();
    const parts = rig.texts().filter((text) => /^\d word/.test(text));
    assert.deepEqual(
      parts.map((text) => text[0]),
      ['0', '1', '2'],
    );
  });

  it('tries again what did not arrive, for as long as it takes', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.courier.failNext('send', 'unsent', { times: 5 });
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.equal(answers(rig), 0);
    const [entry] = await entries(rig);
    assert.deepEqual([entry?.state, entry?.isSending], ['answering', false]);
    await rig.clock.advance(60 * 60_000);
    assert.equal(answers(rig), 1);
    assert.equal(await onlyState(rig), undefined);
  });

  it('leaves out what Telegram refuses, and says so', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.courier.failNext('send', 'refused');
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.equal(await onlyState(rig), undefined);
    rig.find('Telegram refused a part of the answer.');
  });

  for (const arrives of [true, false]) {
    it(`asks about an answer of which it is not known whether it arrived, and it ${arrives ? 'did' : 'did not'}`, async () => {
      const rig = createRig();
      await rig.say('one');
      rig.courier.failNext('send', 'unsure', { arrives });
      rig.world.complete(rig.world.job(), 'answer');
      await rig.clock.advance(5_000);
      assert.equal(await onlyState(rig), 'unsure');
      await rig.restart();
      assert.equal(answers(rig), arrives ? 1 : 0);
      const question = rig.find('If it is not below');
      assert.equal(rig.texts().filter((text) => text.includes('If it is not below')).length, 1);
      await rig.press(question, arrives ? 'It is there' : 'Show it');
      await rig.clock.advance(5_000);
      assert.equal(answers(rig), 1);
      assert.equal(await onlyState(rig), undefined);
      assert.deepEqual(rig.courier.buttonsOf(question), []);
    });
  }

  it('asks as well when the window died while it was on its way', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.courier.before = (method, text) =>
      method === 'send' && text === 'answer' ? new Promise(() => undefined) : undefined;
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    rig.courier.before = () => undefined;
    await rig.restart();
    rig.find('If it is not below');
    assert.equal(answers(rig), 0);
  });

  it('does not press twice', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.courier.failNext('send', 'unsure');
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(5_000);
    const question = rig.find('If it is not below');
    await Promise.all([rig.press(question, 'Show it'), rig.press(question, 'Show it')]);
    assert.equal(answers(rig), 1);
    assert.ok(rig.courier.acknowledged.some(({ text }) => text === 'This has been dealt with already.'));
  });

  it('tells once more of a failure that may not have been told', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.conversations.close();
    rig.world.fail(rig.world.job(), 'The server is away.');
    await rig.restart();
    rig.find('server is away');
    assert.equal(await onlyState(rig), undefined);
  });

  it('says so when the chat was deleted meanwhile', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.kill();
    rig.world.sessions.clear();
    await rig.restart();
    rig.find('was deleted in VS Code');
    assert.equal(rig.world.sent.length, 1);
    assert.equal(await onlyState(rig), undefined);
  });

  it('is closed soon while an answer hangs, and what hangs is not lost', async () => {
    const rig = createRig();
    await rig.say('one');
    const { promise: hanging, resolve } = Promise.withResolvers<void>();
    rig.courier.before = (method, text) => (method === 'send' && text === 'answer' ? hanging : undefined);
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    let isClosed = false;
    const closing = rig.conversations.close().then(() => {
      isClosed = true;
    });
    await rig.clock.advance(1_900);
    assert.equal(isClosed, false);
    await rig.clock.advance(700);
    await closing;
    // The signal has ended it: it is known not to have arrived.
    resolve();
    await rig.settle();
    const [entry] = await entries(rig);
    assert.deepEqual([entry?.state, entry?.isSending], ['answering', false]);
    await rig.restart();
    assert.equal(answers(rig), 1);
    assert.equal(await rig.conversations.status(thread), 'Nothing is running here.');
  });
});
