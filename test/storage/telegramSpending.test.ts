import assert from 'node:assert/strict';
import { noSpending } from '../../extension/shared/budget.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, chatIds, coldNames, openSmall, until } from './coldSupport.ts';
import { openDatabase, openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';
import { bot, card, entry, schedule, telegramOf } from './telegramSupport.ts';

const midnight = 1_700_000_000_000;
const now = () => midnight + 10;

const usage = (jobId: string, at: number, changes: object = {}): AgentEvent => ({
  type: 'Usage',
  jobId,
  at,
  usage: { input: 100, output: 20, cachedInput: 50, cacheWrite: 0, reasoning: 5 },
  ...changes,
});

describe('what a bot has spent', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);
  const open = async (where = folder()) => {
    const opened = await openService(where, { disk: quickDisk, now });
    return { ...opened, where, telegram: telegramOf(opened.service) };
  };

  it('is the sum of the jobs that count for it, since a time, whatever chat they are in', async () => {
    const { telegram, service, record } = await open();
    for (const chat of ['a', 'b']) await service.saveSession(uniqueName(), session(chat));
    for (const [jobId, chat] of [
      ['a-1', 'a'],
      ['b-1', 'b'],
      ['b-2', 'b'],
    ] as const) {
      // Before anything is sent for it.
      if (jobId !== 'b-2') await telegram.countJob('bot', jobId, midnight);
      const job = jobEvents(chat, jobId);
      await record(job.started());
      await record(usage(jobId, midnight - 1, { costUsd: 7 }));
      await record(usage(jobId, midnight, { costUsd: 0.5, workMs: 30_000 }));
      await record(usage(jobId, midnight + 1, { workMs: 30_000, isAside: true }));
      await record(job.completed());
    }
    assert.deepEqual(await telegram.botSpending('bot', midnight), {
      requests: 4,
      tokens: 480,
      minutes: 2,
      usd: 1,
      unpriced: 2,
    });
    assert.deepEqual(await telegram.botSpending('bot', midnight + 2), noSpending);
    assert.deepEqual(await telegram.botSpending('other', 0), noSpending);
  });

  it('stays spent when the chat is deleted, also for good, and after a restart', async () => {
    const { telegram, service, record, where } = await open();
    await service.saveSession(uniqueName(), session('a'));
    await telegram.countJob('bot', 'a-1', midnight);
    const job = jobEvents('a', 'a-1');
    await record(job.started());
    await record(usage('a-1', midnight, { costUsd: 0.5 }));
    await record(job.completed());
    const before = await telegram.botSpending('bot', midnight);
    assert.equal(before.usd, 0.5);
    await service.deleteSession(uniqueName(), 'a');
    assert.deepEqual(await telegram.botSpending('bot', midnight), before);
    await service.close('');
    assert.deepEqual(await (await open(where)).telegram.botSpending('bot', midnight), before);
  });

  it('is known for a month, and the jobs are then forgotten too', async () => {
    const { telegram, where, service } = await open();
    await telegram.countJob('bot', 'old', midnight - 32 * 24 * 60 * 60_000);
    await telegram.countJob('bot', 'young', midnight);
    await service.close('');
    await (await open(where)).service.close('');
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const rows = await database.read((query) => query('SELECT job_id FROM telegram_jobs'));
    assert.deepEqual(rows, [{ job_id: 'young' }]);
  });

  it('and all else that it keeps is as it was once its chats are put away, and nothing is amiss', async () => {
    const where = folder();
    const opened = await openSmall(where);
    const telegram = telegramOf(opened.service);
    const ids = chatIds(24);
    const [oldest = ''] = ids;
    const thread = { configId: 'bot', chatId: 100, topicId: 0 };
    await telegram.saveBot(bot('bot'));
    await telegram.takeUpdate('bot', 1, 1_000, entry('bot', 1, { sessionId: oldest, state: 'working' }));
    await telegram.saveBinding({ ...thread, sessionId: oldest });
    await telegram.saveCard(card('card', 'bot'));
    await telegram.saveSchedule(schedule('daily', { telegram: { configId: 'bot', chatId: 100 } }));
    // As addChat calls them.
    for (const id of ids) await telegram.countJob('bot', `${id}-0`, Date.now());
    for (const id of ids) await addChat(opened, id);
    const look = async () => [
      await telegram.listBots(),
      await telegram.openEntries('bot'),
      await telegram.getBinding(thread),
      await telegram.listCards('bot'),
      await telegram.listSchedules(),
    ];
    const before = await look();
    await until(() => coldNames(where).length > 0, 'old chats are put away');
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.deepEqual(await look(), before);
    const { findings } = await opened.service.check('');
    assert.deepEqual(findings, []);
    for (const kind of ['orphans', 'searchIndex', 'snapshot'] as const) {
      await opened.service.repair(uniqueName(), kind);
    }
    assert.deepEqual(await look(), before);
    await opened.service.close('');
    assert.deepEqual(opened.problems, []);
  });

  it('counts the same day when the chat is put away meanwhile', async () => {
    const where = folder();
    const opened = await openSmall(where);
    const telegram = telegramOf(opened.service);
    const [first = '', ...others] = chatIds(24);
    const today = Date.now();
    await telegram.countJob('bot', 'of-bot', today);
    await addChat(opened, first);
    const job = jobEvents(first, 'of-bot');
    await opened.record(job.started());
    await opened.record(usage('of-bot', today, { costUsd: 0.5 }));
    await opened.record(job.completed());
    const spending = await telegram.botSpending('bot', today);
    assert.equal(spending.usd, 0.5);
    for (const id of others) await addChat(opened, id);
    const isCold = async (): Promise<boolean> => {
      const { database } = await openDatabase(where, { disk: quickDisk, migrations });
      const rows = await database.read((query) =>
        query('SELECT cold_file FROM sessions WHERE id = ? AND cold_file IS NOT NULL', [first]),
      );
      await database.close();
      return rows.length > 0;
    };
    await until(isCold, 'the chat is put away');
    assert.deepEqual(await telegram.botSpending('bot', today), spending);
    await opened.service.close('');
  });
});
