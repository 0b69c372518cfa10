import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCommand } from '../../extension/telegram/parseCommand.ts';
import { ann, groupId, strangerId, tom } from './cardHouse.ts';
import { commandRig } from './commandRig.ts';

describe('parseCommand', () => {
  it('reads names, arguments and addresses, whatever the case', () => {
    assert.deepEqual(parseCommand('/new', 'house_bot'), { name: 'new', argument: '' });
    assert.deepEqual(parseCommand(' /New@House_Bot  My agent ', 'house_bot'), {
      name: 'new',
      argument: 'My agent',
    });
    assert.deepEqual(parseCommand('/files\na b.txt', 'b'), { name: 'files', argument: 'a b.txt' });
  });

  it('leaves skills, other bots, paths and plain words alone', () => {
    for (const text of ['/new@other_bot', '/new-page x', '/usr/bin', 'do /new', '/', '/neu/', '/new@']) {
      assert.equal(parseCommand(text, 'house_bot'), undefined, text);
    }
  });

  it('never gives a name or an argument that was not written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const parsed = parseCommand(`/${text}`, 'house_bot');
        if (parsed === undefined) return;
        assert.match(parsed.name, /^[a-z0-9_]{1,32}$/);
        assert.ok(text.toLowerCase().startsWith(parsed.name));
        assert.ok(text.endsWith(parsed.argument) || text.trimEnd().endsWith(parsed.argument));
      }),
    );
  });
});

describe('createBotCommands', () => {
  it('takes its own commands only', async () => {
    const { commands, message, courier } = commandRig();
    for (const text of ['/start', '/STOP@house_bot', '/files a.txt'])
      assert.equal(commands.isOwn(text), true, text);
    for (const text of ['/pdf read it', '/schedules', '/constructor', '/__proto__', 'hello', '/stop@x_bot']) {
      assert.equal(commands.isOwn(text), false, text);
      assert.equal(await commands.run(message(text)), false, text);
    }
    assert.equal(courier.arrived.length, 0);
  });

  it('says who it is and what one may do', async () => {
    const { say, state, agents } = commandRig();
    assert.match(await say('/start'), /not there any more: choose one with \/agent/);
    assert.match(await say('/start', tom.userId), /an approver can choose one with \/agent/);
    const [coder] = await agents.list();
    state.config = { ...state.config, agentId: coder?.id ?? '', folder: '/home/ann/project' };
    const toApprover = await say('/start');
    assert.match(toApprover, /House works in the folder project/);
    assert.match(toApprover, /the agent Coder \(fake\)/);
    assert.match(toApprover, /answer what it asks/);
    assert.match(toApprover, /\/stop – /);
    assert.doesNotMatch(toApprover, /\/home\/ann/);
    assert.match(await say('/start', tom.userId), /an approver answers/);
    assert.match(await say('/help'), /\/model – /);
  });

  it('tells the numeric ids', async () => {
    const { say } = commandRig();
    assert.match(await say('/whoami'), /user id: 11[\s\S]*chat: 11[\s\S]*You are an approver/);
    assert.match(await say('/whoami', tom.userId, groupId), /user id: 13[\s\S]*chat: -500[\s\S]*not approve/);
  });

  it('does nothing for whom was taken off the list meanwhile', async () => {
    const { commands, message, courier, press, say } = commandRig();
    assert.equal(await commands.run(message('/stop', strangerId, ann.userId)), true);
    assert.equal(courier.arrived.length, 0);
    await say('/agent');
    await press('Coder', strangerId, ann.userId);
    assert.match(courier.acknowledged.at(-1)?.text ?? '', /does nothing/);
  });

  it('does nothing that was forwarded: somebody else wrote it', async () => {
    const { commands, message, courier, answered, store, thread, chat, files } = commandRig();
    const sessionId = await chat('hello', thread());
    files.set('a.txt', { name: 'a.txt', bytes: new Uint8Array([1]), kind: 'document' });
    for (const text of [
      '/new',
      '/stop',
      '/agent Coder',
      '/files a.txt',
      '/chats',
      '/approve ABC',
      '/deny ABC',
    ]) {
      assert.equal(commands.isOwn(text), true);
      await assert.rejects(
        commands.run({ ...message(text), isForwarded: true }),
        /was forwarded.*nothing was done/,
        text,
      );
    }
    assert.deepEqual([courier.arrived.length, answered], [0, []]);
    assert.deepEqual(await store.telegram.getBinding(thread()), { ...thread(), sessionId });
  });

  it('stops, and answers questions by their ids', async () => {
    const { say, answered, courier } = commandRig();
    assert.equal(await say('/stop'), 'Stopped in 11.');
    assert.match(await say('/stop', tom.userId, groupId), /Stopped in -500/);
    assert.equal(courier.last(groupId).replyTo, 2);
    await say('/approve ABC');
    await say('/deny XYZ');
    assert.match(await say('/approve'), /id of the question/);
    assert.match(await say('/deny a b'), /id of the question/);
    assert.deepEqual(answered, ['ABC true', 'XYZ false']);
  });

  it('says how the bot stands, with the stricter mode and what is left', async () => {
    const { say, state, agents, store, thread, chat } = commandRig();
    await agents.list();
    const { id } = await agents.create({ name: 'Wide', execution: { mode: 'autopilot' } });
    state.config = { ...state.config, agentId: id, mode: 'smart', dailyBudget: { usd: 5, tokens: 1_000 } };
    const before = await say('/status');
    assert.match(before, /Nothing runs\.[\s\S]*none yet/);
    assert.match(before, /Agent: Wide/);
    assert.match(before, /Mode: smart/);
    assert.match(before, /\$5\.00 of \$5\.00, 1,000 tokens of 1,000 tokens/);
    await chat('Fix the date', thread());
    await store.telegram.countJob('bot', 'j', 0);
    store.telegram.record({
      type: 'Usage',
      jobId: 'j',
      at: Date.now(),
      usage: { input: 100, output: 20, cachedInput: 0, cacheWrite: 0, reasoning: 0 },
      costUsd: 1.5,
    });
    const after = await say('/status');
    assert.match(after, /Chat: Fix the date/);
    assert.match(after, /\$3\.50 of \$5\.00, 880 tokens of 1,000 tokens/);
    assert.match(after, /Agent: Coder/);
  });

  it('shows schedules where there can be some', async () => {
    const rig = commandRig({ context: { schedulesText: async () => '**every day** at 9' } });
    assert.equal(rig.commands.isOwn('/schedules'), true);
    assert.equal(await rig.say('/schedules'), 'every day at 9');
  });

  it('shows its menu where it may be used and nowhere else', async () => {
    const { commands, courier, state } = commandRig();
    state.config = {
      ...state.config,
      // Somebody who is not a user any more.
      allowedChats: [...state.config.allowedChats, { chatId: 77, kind: 'private', title: 'Old' }],
    };
    await commands.publish();
    assert.deepEqual(courier.menus.get(undefined), []);
    assert.equal(courier.menus.has(77), false);
    const names = courier.menus.get(groupId)?.map(({ command }) => command) ?? [];
    assert.ok(names.includes('stop') && !names.includes('schedules'));
    for (const { command, description } of courier.menus.get(ann.userId) ?? []) {
      assert.match(command, /^[a-z0-9_]{1,32}$/);
      assert.ok(description.length <= 256);
      assert.equal(commands.isOwn(`/${command}`), true, command);
    }
    state.config = { ...state.config, allowedChats: [] };
    await commands.publish();
    assert.deepEqual(courier.menus.get(groupId), []);
  });
});
