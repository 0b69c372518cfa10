import assert from 'node:assert/strict';
import { telegramDefaults } from '../../extension/shared/telegram.ts';
import { migrations } from '../../extension/storage/schema.ts';
import {
  openDatabase,
  openService,
  openStore,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';
import { bot, card, entry, nasty, schedule, supergroup, telegramOf } from './telegramSupport.ts';

describe('what bots keep', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => {
    const { service, problems } = await openService(where, { disk: quickDisk });
    return { service, problems, where, telegram: telegramOf(service) };
  };
  const ids = (found: readonly { readonly id: string }[]): readonly string[] => found.map(({ id }) => id);

  describe('of a bot', () => {
    it('comes back as it was, oldest first, also in another window and after a restart', async () => {
      const { telegram, service, where, problems } = await open();
      const bots = [
        bot('b', { name: nasty, dailyBudget: { usd: 1.5, tokens: 1_000 }, mode: 'autopilot' }),
        bot('a', {
          createdAt: 2,
          allowedChats: [{ chatId: supergroup, kind: 'group', title: nasty }],
          allowedUsers: [{ userId: 5_123_456_789, name: nasty, isApprover: true }],
        }),
      ];
      for (const each of bots.toReversed()) await telegram.saveBot(each);
      const other = await open(where);
      assert.deepEqual(await other.telegram.listBots(), bots);
      await other.telegram.saveBot(bot('b', { mode: 'ask' }));
      assert.deepEqual(await telegram.listBots(), [bot('b', { mode: 'ask' }), bots[1]]);
      await service.close('');
      await other.service.close('');
      assert.deepEqual(await (await open(where)).telegram.listBots(), [bot('b', { mode: 'ask' }), bots[1]]);
      assert.deepEqual(problems, []);
    });

    it('has what bots have got since it was written, and no wider mode than it knows', async () => {
      const { telegram, where } = await open();
      const { autoStart: _, notices: __, messagesPerHour: ___, ...old } = bot('a');
      const { database } = await openDatabase(where, { disk: quickDisk, migrations });
      const body = JSON.stringify({ ...old, mode: 'anything goes', notices: { failed: true } });
      await database.transact(uniqueName(), () => [
        { sql: 'INSERT INTO telegram_bots VALUES (?, ?, 1)', params: ['a', body] },
      ]);
      await database.close();
      assert.deepEqual(await telegram.listBots(), [
        bot('a', { mode: 'ask', notices: { ...telegramDefaults.notices, failed: true } }),
      ]);
    });

    it('is gone with everything when it is deleted, and nothing of others is', async () => {
      const { telegram, where } = await open();
      for (const id of ['a', 'b']) {
        await telegram.saveBot(bot(id));
        await telegram.takeUpdate(id, 1, 1_000, entry(id, 1));
        await telegram.saveBinding({ configId: id, chatId: 100, topicId: 0, sessionId: 'chat' });
        await telegram.saveCard(card(`card-${id}`, id));
        await telegram.countJob(id, `job-${id}`, 1_000);
        await telegram.saveSchedule(schedule(id, { telegram: { configId: id, chatId: 100 } }));
      }
      await telegram.deleteBot('a');
      await telegram.deleteBot('none');
      assert.deepEqual(await telegram.listSchedules(), [
        schedule('a', { isEnabled: false }),
        schedule('b', { telegram: { configId: 'b', chatId: 100 } }),
      ]);
      const { database } = await openDatabase(where, { disk: quickDisk, migrations });
      for (const table of ['updates', 'entries', 'bindings', 'cards', 'jobs']) {
        const rows = await database.read((query) => query(`SELECT config_id FROM telegram_${table}`));
        assert.deepEqual(rows, [{ config_id: 'b' }], table);
      }
      assert.deepEqual(ids(await telegram.listBots()), ['b']);
    });
  });

  describe('of its conversations', () => {
    const thread = { configId: 'a', chatId: supergroup, topicId: 3 };

    it('says which chat goes on where', async () => {
      const { telegram } = await open();
      assert.deepEqual(await telegram.getBinding(thread), thread);
      await telegram.saveBinding({ ...thread, sessionId: 'chat', agentId: 'other' });
      await telegram.saveBinding({ ...thread, topicId: 0, agentId: 'other' });
      await telegram.saveBinding({ ...thread, configId: 'b', sessionId: 'chat' });
      assert.deepEqual(await telegram.getBinding(thread), { ...thread, sessionId: 'chat', agentId: 'other' });
      assert.deepEqual(await telegram.bindingsOf('chat'), [
        { ...thread, sessionId: 'chat', agentId: 'other' },
        { ...thread, configId: 'b', sessionId: 'chat' },
      ]);
      await telegram.saveBinding(thread);
      assert.deepEqual(await telegram.getBinding(thread), thread);
    });

    it('begins a new one where its chat was deleted for good', async () => {
      const { telegram, service } = await open();
      await service.saveSession(uniqueName(), session('chat'));
      await telegram.saveBinding({ ...thread, sessionId: 'chat', agentId: 'other' });
      await telegram.saveBinding({ ...thread, topicId: 1, sessionId: 'kept' });
      await service.deleteSession(uniqueName(), 'chat');
      assert.deepEqual(await telegram.getBinding(thread), { ...thread, agentId: 'other' });
      assert.deepEqual(await telegram.bindingsOf('chat'), []);
      assert.equal((await telegram.bindingsOf('kept')).length, 1);
    });

    it('moves with a group to its new id, in all that is kept of it', async () => {
      const { telegram } = await open();
      const chats = [
        { chatId: -50, kind: 'group', title: 'Team' },
        { chatId: 100, kind: 'private', title: 'Ann' },
      ] as const;
      for (const id of ['a', 'b']) {
        await telegram.saveBot(bot(id, { allowedChats: chats }));
        await telegram.takeUpdate(id, 1, 1_000, entry(id, 1, { chatId: -50 }));
        await telegram.takeUpdate(id, 2, 1_000, entry(id, 2));
        await telegram.saveBinding({ configId: id, chatId: -50, topicId: 0, sessionId: `chat-${id}` });
        await telegram.saveCard(card(`card-${id}`, id, { chatId: -50 }));
        await telegram.saveSchedule(schedule(id, { telegram: { configId: id, chatId: -50 } }));
      }
      const moved = { configId: 'a', chatId: supergroup, topicId: 0 };
      // Something came under the new id before it was known for one.
      await telegram.saveBinding({ ...moved, sessionId: 'hasty' });
      await telegram.moveChat('a', -50, supergroup);
      await telegram.moveChat('a', -50, supergroup);
      const look = async (id: string) => [
        (await telegram.listBots()).find((each) => each.id === id)?.allowedChats.map(({ chatId }) => chatId),
        (await telegram.openEntries(id)).map(({ chatId }) => chatId),
        (await telegram.bindingsOf(`chat-${id}`)).map(({ chatId }) => chatId),
        (await telegram.listCards(id)).map(({ chatId }) => chatId),
        (await telegram.listSchedules()).find((each) => each.id === id)?.telegram?.chatId,
      ];
      assert.deepEqual(await look('a'), [
        [supergroup, 100],
        [supergroup, 100],
        [supergroup],
        [supergroup],
        supergroup,
      ]);
      assert.deepEqual(await look('b'), [[-50, 100], [-50, 100], [-50], [-50], -50]);
      assert.deepEqual(await telegram.getBinding({ ...moved, chatId: -50 }), { ...moved, chatId: -50 });
      assert.deepEqual(await telegram.bindingsOf('hasty'), []);
    });

    it('allows a chat once that is there under both ids', async () => {
      const { telegram } = await open();
      const [old, young] = [-50, supergroup].map((chatId) => ({ chatId, kind: 'group', title: '' }) as const);
      assert.ok(old !== undefined && young !== undefined);
      await telegram.saveBot(bot('a', { allowedChats: [old, young] }));
      await telegram.moveChat('a', -50, supergroup);
      assert.deepEqual((await telegram.listBots())[0]?.allowedChats, [young]);
    });
  });

  it('of its questions is there until it is taken away', async () => {
    const { telegram, where, service } = await open();
    const cards = [card('y', 'a', { approvers: [1, 5_123_456_789] }), card('x', 'a', { expiresAt: 3_000 })];
    for (const each of [...cards.toReversed(), card('z', 'b')]) await telegram.saveCard(each);
    await telegram.saveCard(card('x', 'a', { expiresAt: 3_000, messageId: 9 }));
    await service.close('');
    const again = await open(where);
    assert.deepEqual(await again.telegram.listCards('a'), [
      cards[0],
      card('x', 'a', { expiresAt: 3_000, messageId: 9 }),
    ]);
    await again.telegram.deleteCard('y');
    await again.telegram.deleteCard('none');
    assert.deepEqual(ids(await again.telegram.listCards('a')), ['x']);
    assert.deepEqual(ids(await again.telegram.listCards('b')), ['z']);
  });

  it('is all there through the storage thread', async () => {
    const where = folder();
    const { telegram, ...store } = openStore(where);
    await telegram.saveBot(bot('a'));
    assert.equal(await telegram.takeUpdate('a', 1, 1_000, entry('a', 1)), true);
    assert.equal(await telegram.takeUpdate('a', 1, 1_000), false);
    await telegram.saveEntry(entry('a', 1, { attempts: 1 }));
    await telegram.saveBinding({ configId: 'a', chatId: 100, topicId: 0, sessionId: 'chat' });
    await telegram.saveCard(card('x', 'a'));
    await telegram.saveCard(card('y', 'a'));
    await telegram.deleteCard('y');
    await telegram.countJob('a', 'job', 1_000);
    await telegram.saveSchedule(schedule('a', { telegram: { configId: 'a', chatId: 100 } }));
    await telegram.saveSchedule(schedule('b'));
    await telegram.deleteSchedule('b');
    assert.equal(await telegram.claimSchedule('a', 1_000, 2_000), true);
    await telegram.moveChat('a', 100, 101);
    await store.close();
    const again = openStore(where);
    const kept = again.telegram;
    assert.deepEqual(await kept.openEntries('a'), [entry('a', 1, { attempts: 1, chatId: 101 })]);
    assert.equal(await kept.countEntries('a', 100, 0), 1);
    assert.equal((await kept.getBinding({ configId: 'a', chatId: 101, topicId: 0 })).sessionId, 'chat');
    assert.equal((await kept.bindingsOf('chat'))[0]?.chatId, 101);
    assert.deepEqual(await kept.listCards('a'), [card('x', 'a', { chatId: 101 })]);
    assert.equal((await kept.botSpending('a', 0)).requests, 0);
    assert.deepEqual(await kept.listSchedules(), [
      schedule('a', { telegram: { configId: 'a', chatId: 101 }, doneThrough: 2_000 }),
    ]);
    assert.deepEqual(await kept.listBots(), [bot('a')]);
    await kept.deleteBot('a');
    assert.deepEqual(await kept.listBots(), []);
    await again.close();
  });
});
