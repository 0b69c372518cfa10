import assert from 'node:assert/strict';
import { createConversations } from '../../extension/telegram/conversation.ts';
import { createRig, type Rig, thread } from './conversationRig.ts';

const answers = (rig: Rig, text = 'answer'): number => rig.texts().filter((each) => each === text).length;

describe('a conversation that another window takes over', () => {
  it('does what the other window has kept after that, and does it once', async () => {
    const rig = createRig();
    const before = rig.conversations;
    await rig.restart(false);
    // The window that has lost the bot does not know it yet.
    const message = rig.message('one');
    await before.receive(message);
    await before.close();
    await rig.clock.advance(15_000);
    assert.deepEqual(
      rig.world.sent.map(({ text }) => text),
      ['one'],
    );
    await rig.conversations.receive(message);
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(15_000);
    assert.equal(answers(rig), 1);
    assert.equal(rig.world.sent.length, 1);
  });

  it('does what was kept without its being heard, when it comes again', async () => {
    const rig = createRig();
    await rig.restart(false);
    await rig.clock.advance(60_000);
    const { takeUpdate } = rig.store;
    rig.store.takeUpdate = async (...args) => {
      await takeUpdate(...args);
      throw new Error('Whether this was saved is not known.');
    };
    const message = rig.message('one');
    await assert.rejects(rig.conversations.receive(message));
    rig.store.takeUpdate = takeUpdate;
    await rig.conversations.receive(message);
    await rig.conversations.receive(message);
    await rig.clock.advance(15_000);
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(15_000);
    assert.equal(answers(rig), 1);
    assert.equal(rig.world.sent.length, 1);
  });

  it('does not take up itself what it is just taking', async () => {
    const rig = createRig();
    const { takeUpdate } = rig.store;
    const held = Promise.withResolvers<void>();
    rig.conversations = createConversations(rig.context, rig.clock.setTimer);
    await rig.conversations.recover();
    rig.store.takeUpdate = async (...args) => {
      const isNew = await takeUpdate(...args);
      await held.promise;
      return isNew;
    };
    const receiving = rig.conversations.receive(rig.message('one'));
    await rig.clock.advance(15_000);
    held.resolve();
    await receiving;
    await rig.clock.advance(15_000);
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(15_000);
    assert.equal(rig.world.sent.length, 1);
    assert.equal(answers(rig), 1);
  });

  it('leaves to the other window what it was about to send when it lost the bot', async () => {
    const rig = createRig();
    await rig.say('one');
    const before = rig.conversations;
    const { saveEntry } = rig.store;
    const held = Promise.withResolvers<void>();
    rig.store.saveEntry = async (entry) => {
      if (entry.isSending) await held.promise;
      await saveEntry(entry);
    };
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(1_000);
    rig.store.saveEntry = saveEntry;
    await rig.restart(false);
    await rig.clock.advance(5_000);
    assert.equal(answers(rig), 1);
    const closing = before.close();
    held.resolve();
    await rig.clock.advance(5_000);
    await closing;
    assert.equal(answers(rig), 1);
    // What it wrote last opens nothing again.
    await rig.restart();
    await rig.clock.advance(15_000);
    assert.equal(answers(rig), 1);
    assert.deepEqual(await rig.store.openEntries('bot'), []);
  });

  for (const arrives of [true, false]) {
    it(`does not send an answer that the other window is sending, which ${arrives ? 'arrives' : 'is never known'}`, async () => {
      const rig = createRig();
      await rig.say('one');
      const before = rig.conversations;
      const held = Promise.withResolvers<void>();
      const { send } = rig.courier;
      rig.courier.send = async (place, message, options) => {
        if (message.plain === 'answer') await held.promise;
        return send(place, message, options);
      };
      // The job runs in the window that has lost the bot.
      const jobs = { ...rig.context.jobs, runningIn: () => undefined };
      rig.conversations = createConversations({ ...rig.context, jobs }, rig.clock.setTimer);
      await rig.conversations.recover();
      await rig.clock.advance(1_000);
      rig.world.complete(rig.world.job(), 'answer');
      if (arrives) held.resolve();
      await rig.clock.advance(4_000);
      await Promise.all([before.close(), rig.clock.advance(3_000)]);
      rig.courier.send = send;
      await rig.clock.advance(30_000);
      assert.equal(answers(rig), arrives ? 1 : 0);
      if (arrives) return;
      await rig.press(rig.find('If it is not below'), 'Show it');
      await rig.clock.advance(5_000);
      assert.equal(answers(rig), 1);
    });
  }

  it('does not say that it stopped what goes on in another window', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.conversations.close();
    rig.context.jobs.runningIn = () => undefined;
    await rig.restart(false);
    const said = rig.conversations.stop(thread);
    await rig.clock.advance(10_000);
    assert.match(await said, /goes on in another window/);
    assert.equal(rig.world.jobs.running().length, 1);
  });

  it('does not say that it stopped what somebody does at the desk', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.complete(rig.world.job(), 'answer');
    await rig.clock.advance(5_000);
    rig.world.startAtDesk([...rig.world.sessions.keys()][0] ?? '');
    await rig.say('two');
    const said = rig.conversations.stop(thread);
    await rig.clock.advance(10_000);
    assert.match(await said, /message was dropped.*goes on in VS Code/);
    assert.ok(rig.texts().every((text) => !text.startsWith('Stopped')));
    assert.equal(rig.world.jobs.running().length, 1);
  });

  it('shows what a job does that it joins', async () => {
    const rig = createRig();
    await rig.say('one');
    const jobId = rig.world.job();
    await rig.conversations.close();
    await rig.restart(false);
    rig.world.step(jobId);
    await rig.clock.advance(5_000);
    rig.find('Run npm test');
  });

  it('knows what is at work in a group that has got another id, and works on nothing beside it', async () => {
    const rig = createRig();
    await rig.say('one', { chatId: -3 });
    await rig.clock.advance(3_000);
    await rig.say('two', { chatId: -3 });
    await rig.store.moveChat('bot', -3, -1003);
    rig.conversations.moved(-3, -1003);
    const there = { ...thread, chatId: -1003 };
    await rig.clock.advance(5_000);
    assert.match(await rig.conversations.status(there), /At work.*\n.*\nWaiting behind it: 1 message/);
    const said = (): readonly string[] =>
      [-3, -1003].flatMap((chatId) => rig.courier.inChat(chatId)).map(({ text }) => text.plain);
    assert.ok(said().every((text) => !text.includes('Somebody works')));
    for (const answer of ['answer one', 'answer two']) {
      rig.world.complete(rig.world.job(), answer);
      await rig.clock.advance(5_000);
    }
    assert.equal(await rig.conversations.status(there), 'Nothing is running here.');
    assert.equal(said().filter((text) => text.startsWith('answer')).length, 2);
  });
});
