import assert from 'node:assert/strict';
import { StoreError } from '../../extension/core/store.ts';
import { type Agent, defaultExecution } from '../../extension/shared/agent.ts';
import type { SessionStatus } from '../../extension/shared/session.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import {
  model,
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const agent = (id: string, changes: Partial<Agent> = {}): Agent => ({
  id,
  name: `Agent ${id}`,
  instructions: 'Say "no"; -- é\0\ud800',
  model,
  tools: ['read_file'],
  execution: defaultExecution,
  createdAt: 1,
  updatedAt: 1,
  ...changes,
});

describe('stored rows', function () {
  const folder = temporaryFolder(this);

  const open = (where = folder(), ownerId = uniqueName()) =>
    openService(where, { disk: quickDisk, ownerId }).then((opened) => ({
      ...opened,
      where,
      save: (id: string, changes = {}) => opened.service.saveSession(uniqueName(), session(id, changes)),
      ids: async (limit = 100) => (await opened.service.listSessions('', limit)).map(({ id }) => id),
    }));

  it('of agents come back as they were, oldest first, changed and deleted ones too', async () => {
    const { service, where } = await open();
    const second = agent('second', { createdAt: 2, tools: 'all' });
    await service.saveAgent(uniqueName(), second);
    await service.saveAgent(uniqueName(), agent('first'));
    await service.saveAgent(uniqueName(), agent('gone'));
    await service.deleteAgent(uniqueName(), 'gone');
    const changed = agent('first', {
      name: 'Other',
      model: { provider: 'openai', model: 'm' },
      updatedAt: 9,
    });
    await service.saveAgent(uniqueName(), changed);
    assert.deepEqual(await service.listAgents(''), [changed, second]);
    assert.deepEqual(await (await open(where)).service.listAgents(''), [changed, second]);
  });

  it('of chats come back newest first, as many as asked for', async () => {
    const { service, save, ids, where } = await open();
    const whole = session('b', { title: 'Ein Titel 😀', folder: '/a "b"', createdAt: 5, updatedAt: 7 });
    await service.saveSession(uniqueName(), whole);
    await save('a', { updatedAt: 9 });
    await save('c', { updatedAt: 8 });
    assert.deepEqual(await ids(), ['a', 'c', 'b']);
    assert.deepEqual(await ids(2), ['a', 'c']);
    assert.deepEqual(await service.getSession('', 'b'), { ...whole, status: 'idle' });
    assert.equal(await service.getSession('', 'none'), undefined);
    const again = await open(where);
    assert.deepEqual(await again.ids(), ['a', 'c', 'b']);
    assert.deepEqual(await again.service.getSession('', 'b'), { ...whole, status: 'idle' });
  });

  it('of a chat change, but its time never goes back', async () => {
    const { service, save, record } = await open();
    await save('a', { updatedAt: 5 });
    await record({ type: 'JobStarted', sessionId: 'a', agentId: 'agent', jobId: 'j', at: 50 });
    await save('a', { title: 'New title', agentId: 'other', updatedAt: 6, createdAt: 99 });
    const found = await service.getSession('', 'a');
    assert.equal(found?.title, 'New title');
    assert.equal(found.agentId, 'other');
    assert.equal(found.updatedAt, 50);
    assert.equal(found.createdAt, 1);
  });

  it('of a title keep all that SQLite can hold', async () => {
    const { service, save } = await open();
    await save('a', { title: 'before\0after, cut \ud83d' });
    assert.equal((await service.getSession('', 'a'))?.title, 'beforeafter, cut \ufffd');
  });

  it('tell how the last job of a chat stands', async () => {
    const { service, save, record } = await open();
    await save('a');
    const status = async (): Promise<SessionStatus | undefined> =>
      (await service.getSession('', 'a'))?.status;
    assert.equal(await status(), 'idle');
    const first = jobEvents('a', 'first');
    await record(first.started());
    assert.equal(await status(), 'running');
    await record(first.said('I will'));
    await record(first.asked());
    assert.equal(await status(), 'waiting');
    await record(first.approved());
    assert.equal(await status(), 'running');
    await record(first.stepDone('out'));
    await record(first.failed());
    assert.equal(await status(), 'failed');
    for (const end of ['completed', 'cancelled'] as const) {
      const next = jobEvents('a', end);
      await record(next.started());
      assert.equal(await status(), 'running');
      await record(next[end]());
      assert.equal(await status(), 'idle');
    }
  });

  it('of a deleted chat are all gone, and those of others stay', async () => {
    const { service, save, record, items, ids, where } = await open();
    for (const id of ['a', 'b']) {
      await save(id);
      const job = jobEvents(id, `job-${id}`);
      await record(job.started());
      await service.saveDraft(uniqueName(), `job-${id}`, 'so far');
      await record(job.said('I will'));
      await record(job.asked());
      await service.saveDraft(uniqueName(), `job-${id}`, 'and then');
      const usage = { input: 3, output: 1, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
      await record({ type: 'Usage', usage, jobId: `job-${id}`, at: 9 });
    }
    const kept = await items('b');
    assert.equal(kept.length, 3);
    await service.deleteSession(uniqueName(), 'a');
    assert.deepEqual(await ids(), ['b']);
    assert.deepEqual(await items('a'), []);
    assert.equal((await service.sessionUsage('', 'a')).total.input, 0);
    assert.deepEqual(await items('b'), kept);
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const left = await database.read((query) =>
      query("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%session_id%'").map(
        ({ name }) => ({
          name,
          a: query(`SELECT 1 FROM ${name} WHERE session_id = 'a'`).length,
          b: query(`SELECT 1 FROM ${name} WHERE session_id = 'b'`).length,
        }),
      ),
    );
    assert.deepEqual(
      left.filter(({ a }) => a > 0),
      [],
    );
    // Each of them had some, or this would say nothing; long texts are another test's.
    assert.deepEqual(
      left.filter(({ b }) => b === 0).map(({ name }) => name),
      ['blob_refs'],
    );
    assert.equal((await service.sessionUsage('', 'b')).total.input, 3);
    const again = await open(where);
    assert.deepEqual(await again.ids(), ['b']);
    // Deleted by its id, whatever the chat has: a new one of that id starts with nothing.
    await again.save('a');
    assert.deepEqual(await again.items('a'), []);
    assert.equal((await again.service.getSession('', 'a'))?.status, 'idle');
  });

  it('take nothing more of a job whose chat was deleted, and refuse a new one there', async () => {
    const { service, save, record, items } = await open();
    await save('a');
    const job = jobEvents('a', 'job');
    await record(job.started());
    await service.deleteSession(uniqueName(), 'a');
    for (const event of [job.said('too late'), job.asked(), job.completed()]) {
      await assert.rejects(record(event), /has been deleted, so nothing more is kept/);
    }
    await service.saveDraft(uniqueName(), 'job', 'too late');
    assert.deepEqual(await items('a'), []);
    await assert.rejects(
      record(jobEvents('a', 'next').started()),
      (error) => error instanceof StoreError && /has been deleted.*new chat/.test(error.message),
    );
  });

  it('cannot hold a finished step without its result', async () => {
    const where = folder();
    const { save, record } = await open(where);
    await save('a');
    const job = jobEvents('a', 'job');
    await record(job.started());
    await record(job.approved());
    const { database } = await openDatabase(where, { migrations });
    const finish = { sql: "UPDATE steps SET status = 'completed'", params: [] };
    await assert.rejects(
      database.transact(uniqueName(), () => [finish]),
      StoreError,
    );
  });
});
