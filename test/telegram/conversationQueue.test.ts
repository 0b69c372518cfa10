import assert from 'node:assert/strict';
import { createRig, type Rig, thread } from './conversationRig.ts';

const sentTexts = (rig: Rig): readonly string[] => rig.world.sent.map(({ text }) => text);
const openStates = async (rig: Rig): Promise<readonly string[]> =>
  (await rig.store.openEntries('bot')).map(({ state }) => state);

describe('the queue of a conversation', () => {
  it('does one message after the other, and says how many are ahead', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.clock.advance(3_000);
    await rig.say('two');
    await rig.clock.advance(3_000);
    await rig.say('three');
    rig.find('Queued, 2 ahead');
    assert.deepEqual(sentTexts(rig), ['one']);
    for (const text of ['one', 'two', 'three']) {
      rig.world.complete(rig.world.job(), `answer ${text}`);
      await rig.clock.advance(5_000);
    }
    assert.deepEqual(sentTexts(rig), ['one', 'two', 'three']);
    const answers = rig.texts().filter((text) => text.startsWith('answer'));
    assert.deepEqual(answers, ['answer one', 'answer two', 'answer three']);
    // The note has become the status message.
    assert.ok(!rig.texts().some((text) => text.startsWith('Queued')));
  });

  for (const [name, change] of [
    ['is not let in any more', { allowedUsers: [] }],
    ['has lost the chat', { allowedChats: [] }],
  ] as const) {
    it(`who ${name} has nothing more done, and gets no answer`, async () => {
      const rig = createRig();
      await rig.say('one');
      await rig.clock.advance(3_000);
      await rig.say('two');
      const before = rig.texts().length;
      rig.config = { ...rig.config, ...change };
      rig.world.complete(rig.world.job(), 'answer one');
      await rig.clock.advance(10_000);
      assert.deepEqual(sentTexts(rig), ['one']);
      assert.equal(rig.texts().length, before);
      assert.deepEqual(await openStates(rig), []);
    });
  }

  it('has topics of a group worked on beside each other', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.say('elsewhere', { topicId: 9 });
    assert.deepEqual(sentTexts(rig), ['one', 'elsewhere']);
  });

  it('sends one now: what runs is stopped, the others wait', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.clock.advance(3_000);
    await rig.say('two');
    await rig.clock.advance(3_000);
    await rig.say('three');
    const note = rig.find('Queued, 2 ahead');
    assert.equal(await rig.press(note, 'Send now'), 'It comes next.');
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['one', 'three']);
    rig.find('Stopped after');
    rig.world.complete(rig.world.job(), 'answer three');
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['one', 'three', 'two']);
  });

  it('stops the work and drops what waits, once and for all', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.clock.advance(3_000);
    await rig.say('two');
    // Not even joined yet.
    await rig.conversations.receive(rig.message('three', { sentAt: rig.clock.now() + 10_000 }));
    assert.equal(
      await rig.conversations.stop(thread),
      'Stopped. What was done so far was kept. 2 messages that waited were dropped.',
    );
    await rig.clock.advance(10_000);
    assert.deepEqual(rig.world.jobs.running(), []);
    assert.deepEqual(await openStates(rig), []);
    assert.equal(await rig.conversations.stop(thread), 'Nothing was running.');
    assert.equal(await rig.conversations.status(thread), 'Nothing is running here.');
    await rig.say('four');
    assert.deepEqual(sentTexts(rig), ['one', 'four']);
    await rig.restart();
    assert.ok(!sentTexts(rig).includes('two'));
  });

  it('does not wait for ever for a job that does not end', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.isWedged = true;
    const stopping = rig.conversations.stop(thread);
    await rig.clock.advance(6_000);
    assert.match(await stopping, /has not ended yet/);
    await rig.clock.advance(60_000);
    assert.deepEqual(await openStates(rig), []);
    // No typing goes on.
    const { length } = rig.courier.typings;
    await rig.clock.advance(60_000);
    assert.equal(rig.courier.typings.length, length);
  });

  it('stops what has not begun yet: a message whose files are being fetched', async () => {
    const rig = createRig();
    let signal: AbortSignal | undefined;
    rig.context.attachments.take = (_entry, _model, given) => {
      signal = given;
      return new Promise((_, reject) => given.addEventListener('abort', () => reject(given.reason)));
    };
    await rig.say('look', { files: [{ kind: 'document', fileId: 'f' }] });
    await rig.conversations.stop(thread);
    await rig.clock.advance(10_000);
    assert.equal(signal?.aborted, true);
    assert.equal(rig.world.sent.length, 0);
    assert.deepEqual(await openStates(rig), []);
  });

  it('takes the button of work that has ended for no stop of what came later', async () => {
    const rig = createRig();
    await rig.say('one');
    const status = rig.courier.last(5);
    const stopButton = rig.courier.buttonsOf(status);
    assert.deepEqual(
      stopButton.map(({ text }) => text),
      ['Stop'],
    );
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(5_000);
    await rig.say('two');
    status.text = { ...status.text, buttons: [stopButton] };
    assert.equal(await rig.press(status, 'Stop'), 'That has ended already.');
    assert.equal(rig.world.jobs.running().length, 1);
    await rig.press(rig.courier.last(5), 'Stop');
    assert.equal(rig.world.jobs.running().length, 0);
  });

  it('takes an edit of what waits, and asks about one of what was read', async () => {
    const rig = createRig();
    const first = await rig.say('one');
    await rig.clock.advance(3_000);
    const second = await rig.say('two');
    const edit = (message: typeof first, text: string) =>
      rig.say(text, { kind: 'edited', messageId: message.messageId });
    await edit(second, 'two, better');
    rig.find('I take the new text');
    // Telegram tells of it again, without any change.
    await edit(second, 'two, better');
    // An earlier one comes a second time.
    await rig.say('two, worse', { kind: 'edited', messageId: second.messageId, updateId: 1 });
    await edit(first, 'one, better');
    const asked = rig.find('as it was');
    rig.world.complete(rig.world.job(), 'answer one');
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['one', 'two, better']);
    await rig.press(asked, 'Answer the new text');
    rig.find('I answer the new text');
    rig.world.complete(rig.world.job(), 'answer two');
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['one', 'two, better', 'one, better']);
  });

  it('asks about old messages first, and announces younger ones', async () => {
    const rig = createRig();
    const old = rig.clock.now() - 20 * 60_000;
    await rig.say('old', { sentAt: old });
    await rig.say('older', { sentAt: old - 60_000 });
    await rig.say('young', { sentAt: rig.clock.now() - 5 * 60_000 });
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['young']);
    rig.find('1 message waited while I could not be reached. I answer now.');
    const question = rig.find('2 messages waited');
    assert.match(question.text.plain, /• old\n• older\n/);
    rig.world.complete(rig.world.job(), 'answer young');
    await rig.clock.advance(5_000);
    await rig.restart();
    // It stands there still.
    assert.equal(rig.texts().filter((text) => text.includes('2 messages waited')).length, 1);
    assert.equal(await rig.press(question, 'Answer them'), 'I answer 2 messages.');
    assert.deepEqual(rig.courier.buttonsOf(question), []);
    assert.deepEqual(sentTexts(rig), ['young', 'old']);
    rig.world.complete(rig.world.job(), 'answer old');
    await rig.clock.advance(5_000);
    assert.deepEqual(sentTexts(rig), ['young', 'old', 'older']);
  });

  it('drops old messages when told to', async () => {
    const rig = createRig();
    await rig.say('old', { sentAt: rig.clock.now() - 20 * 60_000 });
    await rig.clock.advance(5_000);
    await rig.press(rig.find('1 message waited'), 'Drop');
    await rig.restart();
    assert.deepEqual(sentTexts(rig), []);
    assert.deepEqual(await openStates(rig), []);
  });

  it('takes scheduled work once', async () => {
    const rig = createRig();
    const message = rig.message('look at the news');
    const entry = {
      ...{ ...thread, updateId: -7, messageId: 0, userId: 0, userName: 'a schedule', text: message.text },
      ...{ files: [], isForwarded: false, sentAt: 0, receivedAt: rig.clock.now(), state: 'waiting' as const },
      ...{ attempts: 0, sentParts: 0, isSending: false },
    };
    assert.equal(await rig.conversations.enqueue(entry), true);
    assert.equal(await rig.conversations.enqueue(entry), false);
    await rig.settle();
    assert.equal(rig.world.origins[0]?.via, 'a schedule');
    rig.world.complete(rig.world.job(), 'the news');
    await rig.settle();
    assert.equal(rig.find('the news').replyTo, undefined);
  });

  it('follows a group to its new id', async () => {
    const rig = createRig();
    await rig.say('one', { chatId: -3 });
    await rig.store.moveChat('bot', -3, -1003);
    rig.conversations.moved(-3, -1003);
    rig.world.complete(rig.world.job(), 'answer one');
    await rig.settle();
    assert.ok(rig.courier.inChat(-1003).some(({ text }) => text.plain === 'answer one'));
  });
});
