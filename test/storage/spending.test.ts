import assert from 'node:assert/strict';
import { noSpending } from '../../extension/shared/budget.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import { openSmall } from './coldSupport.ts';
import {
  type OpenedService,
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const midnight = 1_700_000_000_000;

const usage = (jobId: string, at: number, changes: object = {}): AgentEvent => ({
  type: 'Usage',
  jobId,
  at,
  usage: { input: 100, output: 20, cachedInput: 50, cacheWrite: 0, reasoning: 5 },
  ...changes,
});

describe('what was spent', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => ({
    ...(await openService(where, { disk: quickDisk, now: () => midnight + 10 })),
    where,
  });

  const start = async (
    { service, record }: OpenedService,
    chat: string,
    jobId: string,
    agentId = 'agent',
  ) => {
    if ((await service.getSession('', chat)) === undefined) {
      await service.saveSession(uniqueName(), session(chat, { agentId }));
    }
    const started = { ...jobEvents(chat, jobId).started(), agentId } as AgentEvent;
    await record(started);
    return jobEvents(chat, jobId);
  };
  const spent = ({ service }: OpenedService, jobId: string, sessionId: string, agentId = 'agent') =>
    service.spent('', { jobId, sessionId, agentId, since: midnight });

  it('is summed by job, chat, agent and day', async () => {
    const opened = await open();
    const { record } = opened;
    const yesterday = await start(opened, 'a', 'a-1');
    await record(usage('a-1', midnight - 1, { costUsd: 0.5, workMs: 60_000 }));
    await record(yesterday.completed());
    await start(opened, 'a', 'a-2');
    await record(usage('a-2', midnight, { costUsd: 0.25, workMs: 30_000 }));
    await record(usage('a-2', midnight + 5, { workMs: 15_000 }));
    await start(opened, 'b', 'b-1', 'other');
    await record(usage('b-1', midnight + 1, { costUsd: 2 }));
    const all = await spent(opened, 'a-2', 'a');
    assert.deepEqual(all, {
      job: { spending: { requests: 2, tokens: 240, minutes: 0.75, usd: 0.25, unpriced: 1 }, raised: 0 },
      chat: { spending: { requests: 3, tokens: 360, minutes: 1.75, usd: 0.75, unpriced: 1 }, raised: 0 },
      agent: { spending: { requests: 2, tokens: 240, minutes: 0.75, usd: 0.25, unpriced: 1 }, raised: 0 },
      day: { spending: { requests: 3, tokens: 360, minutes: 0.75, usd: 2.25, unpriced: 1 }, raised: 0 },
    });
    const { costUsd, unpriced } = await opened.service.sessionUsage('', 'a');
    assert.deepEqual([costUsd, unpriced], [0.75, 1]);
    const before = await opened.service.sessionUsage('', 'a', 'a-2');
    assert.deepEqual([before.costUsd, before.unpriced, before.total.input], [0.5, 0, 100]);
  });

  it('is nothing where nothing was', async () => {
    const opened = await open();
    const none = { spending: noSpending, raised: 0 };
    assert.deepEqual(await spent(opened, 'x', 'y'), { job: none, chat: none, agent: none, day: none });
  });

  it('today stays spent when the chat is deleted, also for good, and after a restart', async () => {
    const opened = await open();
    const { service, record, where } = opened;
    const job = await start(opened, 'a', 'a-1');
    await record(usage('a-1', midnight + 1, { costUsd: 1 }));
    await record(job.completed());
    await service.raiseBudget(uniqueName(), 'chat', 'a', midnight);
    await service.raiseBudget(uniqueName(), 'job', 'a-1', midnight);
    const { agent, day } = await spent(opened, 'a-1', 'a');
    assert.equal(day.spending.usd, 1);
    await service.deleteSession(uniqueName(), 'a');
    await service.free(uniqueName(), 'deletedChats');
    const check = async (of: OpenedService): Promise<void> => {
      const after = await spent(of, 'a-1', 'a');
      assert.deepEqual([after.agent, after.day], [agent, day]);
      const none = { spending: noSpending, raised: 0 };
      assert.deepEqual([after.job, after.chat], [none, none]);
    };
    await check(opened);
    await service.close('');
    await check(await open(where));
  });

  it('beside the conversation counts for all but the job and the context', async () => {
    const opened = await open();
    await start(opened, 'a', 'a-1');
    await opened.record(usage('a-1', midnight, { costUsd: 1 }));
    const aside = { input: 7, output: 3, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
    await opened.record(usage('a-1', midnight + 1, { usage: aside, costUsd: 0.5, isAside: true }));
    const { job, chat, agent, day } = await spent(opened, 'a-1', 'a');
    assert.deepEqual(
      [job, chat, agent, day].map(({ spending }) => [spending.requests, spending.tokens, spending.usd]),
      [
        [1, 120, 1],
        [2, 130, 1.5],
        [2, 130, 1.5],
        [2, 130, 1.5],
      ],
    );
    const { total, lastRequest } = await opened.service.sessionUsage('', 'a');
    assert.deepEqual([total.input, lastRequest.input], [107, 100]);
    assert.equal((await opened.service.sessionUsage('', 'a', 'a-1')).total.input, 7);
  });

  it('goes neither into copies nor out of a chat that is rewound', async () => {
    const opened = await open();
    const { service, record, items } = opened;
    const job = await start(opened, 'a', 'a-1');
    await record(usage('a-1', midnight + 1, { costUsd: 1 }));
    await record(job.completed());
    const [first] = await items('a');
    await service.copySession(uniqueName(), { from: 'a', to: session('fork') });
    const earlier = session('earlier');
    await service.rewindSession(uniqueName(), { sessionId: 'a', fromRow: first?.row ?? 0, earlier, at: 9 });
    const usd = async (id: string) => (await spent(opened, 'a-1', id)).chat.spending.usd;
    assert.deepEqual([await usd('a'), await usd('fork'), await usd('earlier')], [1, 0, 0]);
  });

  it('is known of chats that lie in a file, whose day counts too', async () => {
    const where = folder();
    const small = await openSmall(where, { liveBytes: 10_000 });
    const job = await start(small, 'a', 'a-1');
    // It went on past midnight, long after it was begun.
    await small.record(usage('a-1', midnight + 1, { costUsd: 1, workMs: 60_000 }));
    await small.record(job.said('lorem ipsum '.repeat(1_000)));
    await small.record(job.completed());
    const before = await spent(small, 'a-1', 'a');
    const usageBefore = await small.service.sessionUsage('', 'a');
    await small.service.free(uniqueName(), 'deletedChats');
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const isCold = await database.read((query) =>
      query('SELECT cold_file IS NOT NULL AS cold FROM sessions'),
    );
    assert.deepEqual(isCold, [{ cold: 1 }]);
    assert.deepEqual(await spent(small, 'a-1', 'a'), before);
    assert.equal(before.day.spending.usd, 1);
    assert.deepEqual(await small.service.sessionUsage('', 'a'), usageBefore);
    // Brought back it is not counted twice.
    await small.record(jobEvents('a', 'a-2').started());
    const { chat, day } = await spent(small, 'a-1', 'a');
    assert.deepEqual([chat, day], [before.chat, before.day]);
  });

  it('is counted against limits that were raised: of a job and a chat ever, else today', async () => {
    const opened = await open();
    const { service } = opened;
    await start(opened, 'a', 'a-1');
    const raises = [
      ['job', 'a-1'],
      ['chat', 'a'],
      ['agent', 'agent'],
      ['day', ''],
    ] as const;
    for (const [scope, key] of raises) {
      await service.raiseBudget(uniqueName(), scope, key, midnight - 1);
      await service.raiseBudget(uniqueName(), scope, key, midnight);
      await service.raiseBudget(uniqueName(), scope, key, midnight + 7);
    }
    const raised = async (...of: readonly [string, string, string]) => {
      const { job, chat, agent, day } = await spent(opened, ...of);
      return [job, chat, agent, day].map((scope) => scope.raised);
    };
    assert.deepEqual(await raised('a-1', 'a', 'agent'), [3, 3, 2, 2]);
    assert.deepEqual(await raised('a-2', 'b', 'other'), [0, 0, 0, 2]);
  });

  it('is counted against each kind of limit as often as that one was raised', async () => {
    const opened = await open();
    const { service } = opened;
    await start(opened, 'a', 'a-1');
    for (const [scope, key] of [
      ['chat', 'a#usd'],
      ['chat', 'a#usd'],
      ['chat', 'a#tokens'],
      ['chat', 'b#usd'],
      ['job', 'a-1#usd'],
      ['day', 'day#minutes'],
    ] as const) {
      await service.raiseBudget(uniqueName(), scope, key, midnight);
    }
    const { chat, day, agent } = await spent(opened, 'a-1', 'a');
    assert.deepEqual([chat.raised, chat.raisedBy], [3, { usd: 2, tokens: 1 }]);
    assert.deepEqual([day.raisedBy, agent.raisedBy], [{ minutes: 1 }, undefined]);
    // Gone with its chat, and no other one's.
    await opened.record(jobEvents('a', 'a-1').completed());
    await service.deleteSession(uniqueName(), 'a');
    const after = await spent(opened, 'a-1', 'b');
    assert.deepEqual([after.job.raised, after.chat.raised, after.day.raised], [0, 1, 1]);
    assert.equal((await spent(opened, 'a-1', 'a')).chat.raised, 0);
  });

  it('long ago is forgotten by the sums of a day, and by nothing else', async () => {
    const opened = await open();
    const { record, where } = opened;
    const job = await start(opened, 'a', 'a-1');
    await record(usage('a-1', midnight, { costUsd: 1 }));
    await record(job.completed());
    const countsAfter = async (days: number) => {
      const now = midnight + days * 24 * 60 * 60_000;
      const window = await openService(where, { disk: quickDisk, now: () => now });
      const { chat, day } = await spent(window, 'a-1', 'a');
      return [chat.spending.requests, day.spending.requests];
    };
    assert.deepEqual(await countsAfter(30), [1, 1]);
    assert.deepEqual(await countsAfter(32), [1, 0]);
  });
});
