import assert from 'node:assert/strict';
import { type SessionQuery, StoreError } from '../../extension/core/store.ts';
import { type Agent, defaultExecution } from '../../extension/shared/agent.ts';
import type { ModelRef } from '../../extension/shared/message.ts';
import type { SessionChange, SessionStatus } from '../../extension/shared/session.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import { decision, rule, version } from './consentSupport.ts';
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
  skills: 'all',
  mcpServers: 'all',
  execution: defaultExecution,
  createdAt: 1,
  updatedAt: 1,
  ...changes,
});

const everyActive: SessionQuery = { shelf: 'active', limit: 100, folderFirst: '' };

describe('stored rows', function () {
  const folder = temporaryFolder(this);

  const open = (where = folder(), ownerId = uniqueName()) =>
    openService(where, { disk: quickDisk, ownerId }).then((opened) => ({
      ...opened,
      where,
      save: (id: string, changes = {}) => opened.service.saveSession(uniqueName(), session(id, changes)),
      ids: async (query: Partial<SessionQuery> = {}) => {
        const page = await opened.service.listSessions('', { ...everyActive, ...query });
        return page.sessions.map(({ id }) => id);
      },
      change: (id: string, change: SessionChange, at = 1) =>
        opened.service.updateSession(uniqueName(), id, change, at),
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
    assert.deepEqual(await ids({ limit: 2 }), ['a', 'c']);
    assert.deepEqual(await service.getSession('', 'b'), {
      ...whole,
      status: 'idle',
      shelf: 'active',
      isPinned: false,
    });
    assert.equal(await service.getSession('', 'none'), undefined);
    const again = await open(where);
    assert.deepEqual(await again.ids(), ['a', 'c', 'b']);
    assert.deepEqual(await again.service.getSession('', 'b'), {
      ...whole,
      status: 'idle',
      shelf: 'active',
      isPinned: false,
    });
  });

  it('of a chat change, but its time never goes back', async () => {
    const { service, save, change, record } = await open();
    await save('a', { updatedAt: 5 });
    await record({ type: 'JobStarted', sessionId: 'a', agentId: 'agent', jobId: 'j', at: 50 });
    const other: ModelRef = { provider: 'openai', model: 'm' };
    await change('a', { agentId: 'other', model: other });
    await change('a', { title: { text: 'New title', by: 'person' }, isPinned: true });
    await record({ type: 'JobCompleted', message: '', jobId: 'j', at: 51 });
    await record({ type: 'JobStarted', sessionId: 'a', agentId: 'agent', jobId: 'k', at: 40 });
    assert.deepEqual(await service.getSession('', 'a'), {
      ...session('a', {
        title: 'New title',
        titleBy: 'person',
        agentId: 'other',
        model: other,
        updatedAt: 50,
      }),
      status: 'running',
      shelf: 'active',
      isPinned: true,
    });
  });

  it("of a title by the model take the place of the first message's, and of no person's", async () => {
    const { service, save, change } = await open();
    await save('a');
    const title = async (): Promise<string | undefined> => (await service.getSession('', 'a'))?.title;
    await change('a', { title: { text: 'By the model', by: 'model' } });
    assert.equal(await title(), 'By the model');
    await change('a', { title: { text: 'By a person', by: 'person' } });
    await change('a', { title: { text: 'By the model again', by: 'model' } });
    assert.equal(await title(), 'By a person');
  });

  it('of chats come back by shelf: pinned ones, those of the folder, the others', async () => {
    const { service, save, change, ids } = await open();
    for (const [id, folder, updatedAt] of [
      ['other', '/other', 9],
      ['older', '/here', 3],
      ['newer', '/here', 4],
      ['pinned', '/other', 1],
      ['put away', '/here', 8],
    ] as const) {
      await save(id, { folder, updatedAt });
    }
    await change('pinned', { isPinned: true });
    await change('put away', { shelf: 'archived' });
    assert.deepEqual(await ids({ folderFirst: '/here' }), ['pinned', 'newer', 'older', 'other']);
    assert.deepEqual(await ids({ shelf: 'archived' }), ['put away']);
    assert.deepEqual(await ids({ shelf: 'deleted' }), []);
    const page = (limit: number) => service.listSessions('', { ...everyActive, limit });
    assert.deepEqual([(await page(3)).hasMore, (await page(4)).hasMore], [true, false]);
    await change('put away', { shelf: 'active' });
    assert.deepEqual(await ids({ limit: 2 }), ['pinned', 'other']);
  });

  for (const shelf of ['archived', 'deleted'] as const) {
    it(`of a chat that is ${shelf} come back into the list with the next message`, async () => {
      const where = folder();
      const { service, save, change, record, ids } = await open(where);
      await save('a');
      await change('a', { shelf, isPinned: true }, 5);
      assert.deepEqual(await ids(), []);
      await record(jobEvents('a', 'job').started());
      assert.deepEqual(await ids(), ['a']);
      const found = await service.getSession('', 'a');
      assert.deepEqual([found?.shelf, found?.isPinned], ['active', true]);
      const { database } = await openDatabase(where, { disk: quickDisk, migrations });
      assert.deepEqual(await database.read((query) => query('SELECT shelved_at FROM sessions')), [
        { shelved_at: null },
      ]);
    });
  }

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
    for (const id of ['a', 'b']) {
      await service.saveRule(uniqueName(), rule(`rule-${id}`, { duration: 'session', sessionId: id }));
      await service.keepVersions(uniqueName(), [version(`job-${id}-step`, id)]);
      await service.audit(uniqueName(), { ...decision, sessionId: id });
      const thread = { configId: 'bot', chatId: id.charCodeAt(0), topicId: 0 };
      await service.telegramSaveBinding(uniqueName(), { ...thread, sessionId: id });
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
      left.filter(({ a }) => a > 0).map(({ name }) => name),
      // What was decided was decided.
      ['decisions'],
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

  it('of a job that begins are kept only where the chat still ends as the job knows it', async () => {
    const { service, save, record, items } = await open();
    await save('a');
    const start = (id: string, lastRow: number) =>
      service.record(uniqueName(), jobEvents('a', id).started(), lastRow);
    await start('first', 0);
    await record(jobEvents('a', 'first').completed());
    const before = await items('a');
    await assert.rejects(
      start('second', 0),
      (error) =>
        error instanceof StoreError && /changed in another window. Nothing was sent/.test(error.message),
    );
    assert.deepEqual(await items('a'), before);
    assert.equal((await service.getSession('', 'a'))?.status, 'idle');
    const last = before.at(-1)?.row ?? -1;
    await start('second', last);
    assert.equal((await items('a')).length, before.length + 1);
    await record(jobEvents('a', 'second').failed());
    // What it ended with was taken out meanwhile.
    await service.rewindSession(uniqueName(), {
      sessionId: 'a',
      fromRow: last + 1,
      earlier: session('earlier'),
      at: 2,
    });
    await assert.rejects(start('third', last + 1), /changed in another window/);
    await start('third', last);
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
