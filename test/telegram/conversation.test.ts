import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import { StoreError } from '../../extension/core/store.ts';
import { config, createRig, type Rig, thread } from './conversationRig.ts';
import { saidIn } from './conversationWorld.ts';

const stateOf = async (rig: Rig): Promise<readonly string[]> =>
  (await rig.store.openEntries('bot')).map(({ state }) => state);

describe('a conversation', () => {
  it('answers a message in a new chat, which goes on with the next one', async () => {
    const rig = createRig();
    const { messageId } = await rig.say('hello');
    assert.deepEqual(await stateOf(rig), ['working']);
    assert.equal(rig.world.sent[0]?.agentId, 'coder');
    assert.equal(rig.world.origins[0]?.via, 'Ann, on Telegram');
    assert.equal(rig.conversations.entryOf(rig.world.job())?.text, 'hello');
    assert.ok(rig.courier.typings.length > 0);
    rig.world.complete(rig.world.job(), '**Hi** Ann');
    await rig.settle();
    const answer = rig.find('Hi Ann');
    assert.equal(answer.replyTo, messageId);
    assert.equal(answer.isSilent, false);
    assert.match(answer.text.html, /<b>Hi<\/b>/);
    assert.deepEqual(await stateOf(rig), []);
    await rig.clock.advance(10_000);
    assert.match(rig.texts()[0] ?? '', /Done in/);

    await rig.say('and now?');
    const { sessionId } = await rig.store.getBinding(thread);
    assert.equal(rig.world.sent[1]?.sessionId, sessionId);
    assert.equal(rig.world.sent[1]?.newSessionId, undefined);
  });

  it('takes an update once', async () => {
    const rig = createRig();
    const message = rig.message('once');
    await Promise.all([rig.conversations.receive(message), rig.conversations.receive(message)]);
    await rig.settle();
    await rig.conversations.receive(message);
    await rig.settle();
    assert.equal(rig.world.sent.length, 1);
  });

  it('does not wait for the job in a handler', async () => {
    const rig = createRig();
    await rig.say('long work');
    await rig.conversations.receive(rig.message('more'));
    assert.match(await rig.conversations.status(thread), /At work for/);
    assert.equal(rig.world.sent.length, 1);
  });

  it('says of forwarded words that they are somebody else’s, and sends what came with a message', async () => {
    const rig = createRig();
    rig.taken = { images: [], text: '[a file]', notes: ['One file was too large.'] };
    await rig.say('look', { isForwarded: true, files: [{ kind: 'document', fileId: 'f' }] });
    assert.equal(rig.world.sent[0]?.taint, 'a forwarded message');
    assert.equal(rig.world.sent[0]?.text, 'look\n\n[a file]');
    rig.find('too large');
  });

  it('makes one turn of a long paste and of an album, and not of what was sent apart', async () => {
    const rig = createRig();
    const now = rig.clock.now();
    await rig.conversations.receive(rig.message('a'.repeat(4_096)));
    await rig.clock.advance(1_200);
    await rig.conversations.receive(rig.message('b'));
    await rig.conversations.receive(rig.message('c', { sentAt: now + 30_000 }));
    await rig.settle();
    assert.equal(rig.world.sent[0]?.text, `${'a'.repeat(4_096)}\nb`);
    assert.equal((await rig.store.openEntries('bot')).length, 2);
    rig.world.complete(rig.world.job(), 'one');
    await rig.settle();
    assert.equal(rig.world.sent[1]?.text, 'c');
    rig.world.complete(rig.world.job(), 'two');
    await rig.settle();

    const photo = (fileId: string) => ({ files: [{ kind: 'photo' as const, fileId }], albumId: 'album' });
    await rig.conversations.receive(rig.message('three', photo('1')));
    await rig.clock.advance(400);
    await rig.conversations.receive(rig.message('', photo('2')));
    await rig.settle();
    const [entry] = await rig.store.openEntries('bot');
    assert.deepEqual(
      entry?.files.map(({ fileId }) => fileId),
      ['1', '2'],
    );
    assert.equal(rig.world.sent.length, 3);
  });

  it('does not make two turns of a paste whose window died when it had been joined', async () => {
    const rig = createRig();
    await rig.conversations.receive(rig.message('one'));
    await rig.conversations.receive(rig.message('two'));
    // Kept as joined, and the second one not kept as done.
    const save = rig.store.saveEntry;
    rig.store.saveEntry = (entry) => (entry.state === 'done' ? new Promise(() => undefined) : save(entry));
    await rig.settle();
    rig.store.saveEntry = save;
    assert.equal(rig.world.sent.length, 0);
    await rig.restart();
    rig.world.complete(rig.world.job(), 'answer');
    await rig.settle();
    assert.deepEqual(
      rig.world.sent.map(({ text }) => text),
      ['one\ntwo'],
    );
  });

  it('sends pictures that the work has made', async () => {
    const rig = createRig();
    await rig.say('draw');
    rig.world.step(rig.world.job(), [{ type: 'image', mediaType: 'image/png', data: 'AAAA', name: 'a.png' }]);
    rig.world.complete(rig.world.job(), 'drawn');
    await rig.settle();
    assert.equal(rig.courier.last(5).upload?.name, 'a.png');
    assert.equal(rig.courier.last(5).upload?.kind, 'photo');
  });

  it('refuses what comes too often, and says so', async () => {
    const rig = createRig();
    rig.config = { ...config, messagesPerHour: 1 };
    await rig.say('one');
    await rig.say('two');
    assert.equal(rig.world.sent.length, 1);
    rig.find('within an hour');
    assert.equal((await rig.store.openEntries('bot')).length, 1);
  });

  it('tells what it cannot take, and is ready for the next message', async () => {
    const rig = createRig();
    rig.world.failure = new InputError('This folder is not trusted.');
    await rig.say('one');
    rig.find('not trusted');
    assert.deepEqual(await stateOf(rig), []);
    await rig.say('');
    rig.find('nothing in this message');
    await rig.say('two');
    assert.equal(rig.world.sent.length, 1);
  });

  it('tries again what the store could not keep, and sends it once', async () => {
    const rig = createRig();
    rig.world.failure = new StoreError('The disk is full.');
    await rig.say('one');
    rig.find('disk is full');
    await rig.clock.advance(10_000);
    assert.equal(rig.world.sent.length, 1);
    assert.deepEqual(await stateOf(rig), ['working']);
  });

  it('takes a chat that could not be begun for no chat that was deleted', async () => {
    const rig = createRig();
    rig.world.moment = () => {
      rig.world.moment = () => Promise.resolve();
      return Promise.reject(new StoreError('The disk is full.'));
    };
    await rig.say('one');
    await rig.clock.advance(10_000);
    assert.equal(rig.world.jobs.running().length, 1);
    assert.ok(!rig.texts().some((text) => text.includes('deleted')));
  });

  it('tells of a failure, and goes on when asked to, unless the chat has gone on', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.fail(rig.world.job(), 'The server is away.');
    await rig.settle();
    const failed = rig.find('server is away');
    assert.deepEqual(await stateOf(rig), []);
    assert.equal(await rig.press(failed, 'Continue'), 'Going on.');
    assert.equal(rig.world.origins.length, 2);
    rig.world.complete(rig.world.job(), 'there it is');
    await rig.settle();
    rig.find('there it is');
    assert.match((await rig.press(failed, 'Continue')) ?? '', /gone on since/);
    const [session] = rig.world.sessions.values();
    assert.deepEqual(session && saidIn(session.state), ['one']);
  });

  it('waits for the desk, and says so once', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.complete(rig.world.job(), 'first');
    await rig.settle();
    const { sessionId = '' } = await rig.store.getBinding(thread);
    const desk = rig.world.startAtDesk(sessionId);
    await rig.say('two');
    await rig.clock.advance(60_000);
    assert.equal(rig.texts().filter((text) => text.includes('Somebody works')).length, 1);
    assert.equal(rig.world.sent.length, 1);
    rig.world.complete(desk, 'at the desk');
    await rig.clock.advance(5_000);
    assert.equal(rig.world.sent.length, 2);
    assert.ok(!rig.texts().some((text) => text.includes('at the desk')));
  });

  it('says a word after long silence, once', async () => {
    const rig = createRig();
    await rig.say('one');
    await rig.clock.advance(20 * 60_000);
    assert.equal(rig.texts().filter((text) => text.startsWith('Nothing new')).length, 1);
  });

  it('begins a new chat where the one it had was deleted', async () => {
    const rig = createRig();
    await rig.say('one');
    rig.world.complete(rig.world.job(), 'first');
    await rig.settle();
    rig.world.sessions.clear();
    await rig.say('two');
    assert.notEqual(rig.world.sent[1]?.newSessionId, undefined);
  });

  it('keeps what comes when it is closed for the next window', async () => {
    const rig = createRig();
    await rig.conversations.close();
    const message = rig.message('late');
    await assert.rejects(rig.conversations.receive(message));
    await rig.restart();
    await rig.conversations.receive(message);
    await rig.settle();
    assert.equal(rig.world.sent.length, 1);
  });
});
