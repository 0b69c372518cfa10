import assert from 'node:assert/strict';
import { ProviderError } from '../../extension/core/provider.ts';
import { held } from '../core/house.ts';
import { ann, groupId, tom } from './cardHouse.ts';
import { commandRig } from './commandRig.ts';

const lengthOf = (data: string): number => Buffer.byteLength(data);

describe('/new', () => {
  it('lets the next message begin a chat, and keeps a chosen agent', async () => {
    const { say, store, thread, chat } = commandRig();
    const sessionId = await chat('hello', thread());
    await store.telegram.saveBinding({ ...thread(), sessionId, agentId: 'chosen' });
    assert.match(await say('/new'), /begins a new chat[\s\S]*is kept/);
    assert.deepEqual(await store.telegram.getBinding(thread()), { ...thread(), agentId: 'chosen' });
  });

  it('takes the agent that is named', async () => {
    const { say, agents, store, thread, commands, message } = commandRig();
    await agents.list();
    const { id } = await agents.create({ name: 'Tester two' });
    await say('/new tester');
    assert.equal((await store.telegram.getBinding(thread())).agentId, id);
    await assert.rejects(commands.run(message('/new nobody')), /no agent called “nobody”.*Coder, Tester two/);
  });

  it('tells that the work before goes on', async () => {
    const { reply, release } = held();
    const { say, chats, store, thread, ended } = commandRig({ replies: [reply] });
    const { sessionId, jobId } = await chats.send({ text: 'long' });
    await store.telegram.saveBinding({ ...thread(), sessionId });
    assert.match(await say('/new'), /works to its end/);
    release();
    await ended(jobId);
  });
});

describe('/agent', () => {
  it('counts for the chat that goes on and for new ones', async () => {
    const { say, press, agents, chats, store, thread, chat, courier } = commandRig();
    const sessionId = await chat('hello', thread());
    const { id } = await agents.create({ name: 'Writer', model: { provider: 'openai', model: 'gpt' } });
    assert.match(await say('/agent'), /Agent: Coder/);
    await press('Writer');
    const session = await chats.get(sessionId);
    assert.deepEqual([session?.agentId, session?.model.model], [id, 'gpt']);
    assert.equal((await store.telegram.getBinding(thread())).agentId, id);
    assert.match(courier.acknowledged.at(-1)?.text ?? '', /Writer works here/);
    assert.match(courier.last(ann.userId).text.plain, /Writer works here/);
    assert.equal(courier.buttonsOf(courier.last(ann.userId)).length, 0);
  });

  it('does not change in the middle of work', async () => {
    const { reply, release } = held();
    const { say, press, agents, chats, store, thread, ended } = commandRig({ replies: [reply] });
    const { sessionId, jobId } = await chats.send({ text: 'long' });
    await store.telegram.saveBinding({ ...thread(), sessionId });
    await agents.create({ name: 'Writer' });
    await say('/agent');
    await assert.rejects(press('Writer'), /still working/);
    assert.equal((await store.telegram.getBinding(thread())).agentId, undefined);
    release();
    await ended(jobId);
    await press('Writer');
  });

  it('is chosen by approvers only: agents differ in what they may do', async () => {
    const { say, press, agents, store, thread, commands, message, buttons } = commandRig();
    await agents.list();
    const { id } = await agents.create({ name: 'Writer' });
    await say('/agent', tom.userId, groupId);
    await assert.rejects(press('Writer', tom.userId, groupId), /Only approvers/);
    await assert.rejects(commands.run(message('/new writer', tom.userId, groupId)), /Only approvers/);
    assert.equal((await store.telegram.getBinding(thread(groupId))).agentId, undefined);
    await press('Writer', ann.userId, groupId);
    assert.equal((await store.telegram.getBinding(thread(groupId))).agentId, id);
    // Alone with the bot, too: the owner chose the agent that others talk to.
    assert.match(await say('/agent', tom.userId), /Approvers choose who works here/);
    assert.deepEqual(buttons(tom.userId), []);
    await assert.rejects(press(`c1:agent:${id}`, tom.userId), /Only approvers/);
    for (const text of ['/agent Writer', '/new Writer']) {
      await assert.rejects(commands.run(message(text, tom.userId)), /Only approvers/);
    }
    assert.equal((await store.telegram.getBinding(thread(tom.userId))).agentId, undefined);
    assert.match(await say('/new', tom.userId), /begins a new chat/);
  });

  it('says that an agent is gone', async () => {
    const { press, say } = commandRig();
    await say('/agent');
    await assert.rejects(press('c1:agent:gone'), /not there any more/);
  });
});

describe('/model', () => {
  const long = `vendor/${'x'.repeat(120)}`;
  const models = [
    ...Array.from({ length: 18 }, (_, index) => ({ id: `model-${index}`, name: `Model ${index}` })),
    { id: long, name: 'Long name' },
  ];

  it('turns pages without asking the provider again, and chooses', async () => {
    const { say, press, buttons, chats, thread, chat, listings } = commandRig({ models });
    const sessionId = await chat('hello', thread());
    await say('/model');
    assert.ok(buttons().some(({ text }) => text === '1 of 3'));
    await press('More');
    await press('More');
    assert.ok(buttons().some(({ text }) => text === '3 of 3'));
    for (const { data } of buttons()) assert.ok(lengthOf(data) <= 64, data);
    await press('Long name');
    assert.equal((await chats.get(sessionId))?.model.model, long);
    assert.equal(listings(), 1);
  });

  it('takes a name, and marks what is chosen', async () => {
    const { say, buttons, chats, thread, chat, commands, message } = commandRig({ models });
    const sessionId = await chat('hello', thread());
    await say('/model MODEL-17');
    assert.equal((await chats.get(sessionId))?.model.model, 'model-17');
    await say('/model');
    assert.ok(buttons().some(({ text }) => text === '✓ Model 17'));
    await assert.rejects(commands.run(message('/model model')), /several/);
    await assert.rejects(commands.run(message('/model other')), /lists no model/);
  });

  it('needs a chat, somebody who may, and a provider that answers', async () => {
    const { commands, message, thread, chat } = commandRig({
      models,
      context: {
        listModels: async () => {
          throw new ProviderError('auth', 'There is no key.');
        },
      },
    });
    await assert.rejects(commands.run(message('/model')), /Send a message first/);
    await chat('hello', thread());
    await assert.rejects(commands.run(message('/model')), {
      name: 'InputError',
      message: 'There is no key.',
    });
    const group = commandRig({ models });
    await group.chat('hello', group.thread(groupId));
    await group.say('/model', tom.userId, groupId);
    await assert.rejects(group.press('Model 3', tom.userId, groupId), /only approvers/);
  });
});

describe('/chats', () => {
  it('goes on with a chat of the desk', async () => {
    const { say, press, buttons, store, thread, chat, courier } = commandRig({});
    for (let index = 0; index < 10; index += 1) await chat(`chat ${index}`);
    await say('/chats');
    const titles = buttons().map(({ text }) => text);
    assert.deepEqual(
      titles,
      [9, 8, 7, 6, 5, 4, 3, 2].map((index) => `chat ${index}`),
    );
    for (const { data } of buttons()) assert.ok(lengthOf(data) <= 64);
    await press('chat 5');
    const { sessionId } = await store.telegram.getBinding(thread());
    assert.equal((await store.getSession(sessionId ?? ''))?.title, 'chat 5');
    assert.match(courier.last(ann.userId).text.plain, /^chat 5\n\nok\n\nWhat you write here goes on/);
  });

  it('lists and opens only chats of its folder, for approvers', async () => {
    const { say, press, store, state, thread, chat, commands, message } = commandRig();
    const other = await chat('other folder');
    const mine = await store.getSession(other);
    assert.ok(mine);
    await store.saveSession({ ...mine, id: 'elsewhere', folder: '/private' });
    await say('/chats');
    await assert.rejects(press('c1:bind:elsewhere'), /not there any more/);
    await assert.rejects(press('c1:bind:none'), /not there any more/);
    await assert.rejects(commands.run(message('/chats', tom.userId)), /Only approvers/);
    await assert.rejects(press(`c1:bind:${other}`, tom.userId, ann.userId), /Only approvers/);
    assert.equal((await store.telegram.getBinding(thread())).sessionId, undefined);
    state.config = { ...state.config, folder: '/empty' };
    assert.match(await say('/chats'), /no chats/);
  });
});
