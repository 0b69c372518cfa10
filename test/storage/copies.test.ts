import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { anyEvents, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import { anywhere, blobFiles, endOfRunning } from './chatCopies.ts';
import { jobEvents } from './chatEvents.ts';
import {
  type OpenedService,
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/** As a copy has it, in which nothing goes on. */
const ended = (items: readonly ChatItem[], at: number): readonly ChatItem[] =>
  items.map((item) =>
    item.kind === 'step' && ['waiting', 'running'].includes(item.record.status)
      ? { ...item, record: { ...item.record, status: 'interrupted', endedAt: at } }
      : item,
  );

describe('copies of chats', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const open = async (where = folder()) => {
    const opened = await openService(where, { disk: quickDisk });
    const { service } = opened;
    return {
      ...opened,
      where,
      fork: (from: string, to: string, throughRow?: number) =>
        service.copySession(uniqueName(), {
          from,
          to: session(to, { title: `Fork ${to}`, updatedAt: 5_000 }),
          ...(throughRow === undefined ? {} : { throughRow }),
        }),
      rewind: (sessionId: string, fromRow: number, earlier: string, at = 9_500) =>
        service.rewindSession(uniqueName(), {
          sessionId,
          fromRow,
          earlier: session(earlier, { title: 'Earlier' }),
          at,
        }),
      get: (id: string) => service.getSession('', id),
      remove: (id: string) => service.deleteSession(uniqueName(), id),
    };
  };
  type Opened = Awaited<ReturnType<typeof open>>;

  /** A chat of some finished jobs, each of a question, a reply, a step and, where it failed, a notice. */
  const chat = async (
    { service, record }: OpenedService,
    id: string,
    ends: readonly ('completed' | 'failed' | 'cancelled')[],
    reply = 'I will',
  ): Promise<void> => {
    await service.saveSession(uniqueName(), session(id));
    for (const [index, end] of ends.entries()) {
      const job = jobEvents(id, `${id}-${index}`);
      const events = [
        job.started(),
        job.said(reply),
        job.asked(),
        job.approved(),
        job.stepDone('out'),
        job[end](),
      ];
      for (const event of events) await record(event);
    }
  };

  const rowsOf = async ({ items }: Opened, id: string): Promise<readonly number[]> =>
    (await items(id)).map(({ row }) => row ?? 0);

  it('have every item, and neither forks nor rewinding lose one, whatever was said', async () => {
    let copied = 0;
    await fc.assert(
      fc.asyncProperty(anyEvents, fc.nat(1_000), fc.nat(1_000), async (events, forkAt, rewindAt) => {
        const opened = await open();
        const { items, where, record, service } = opened;
        for (const id of sessionIds) await service.saveSession(uniqueName(), session(id));
        for (const event of events) await record(event);
        const [chatId] = sessionIds;
        const before = await items(chatId);
        const throughRow = before[forkAt % Math.max(1, before.length)]?.row ?? 0;
        const upTo = before.filter(({ row = 0 }) => row <= throughRow);
        copied += upTo.length;
        await opened.fork(chatId, 'part', throughRow);
        await opened.fork(chatId, 'all');
        assert.deepEqual(await items(chatId), before, 'the original is as it was');
        for (const [id, expected] of [
          ['part', upTo],
          ['all', before],
        ] as const) {
          const found = await items(id);
          assert.deepEqual(anywhere(found), anywhere(ended(expected, 5_000)), id);
          for (const item of found) assert.ok(item.kind !== 'step' || item.record.step.sessionId === id);
          assert.equal((await opened.get(id))?.status, 'idle');
          assert.deepEqual((await service.sessionUsage('', id)).total.input, 0);
        }

        for (const event of endOfRunning(events)) await record(event);
        const whole = await items(chatId);
        const usage = await service.sessionUsage('', chatId);
        const fromRow = whole[rewindAt % Math.max(1, whole.length)]?.row;
        if (fromRow !== undefined) {
          await opened.rewind(chatId, fromRow, 'earlier');
          assert.deepEqual(anywhere(await items('earlier')), anywhere(whole), 'the chat before');
          assert.equal((await opened.get('earlier'))?.shelf, 'archived');
          const kept = whole.filter(({ row = 0 }) => row < fromRow);
          assert.deepEqual(await items(chatId), kept, 'what stands before stays');
          assert.deepEqual(await service.sessionUsage('', chatId), usage, 'what was spent stays spent');
        }

        // Another window reads the same, from the journal.
        const other = await open(where);
        const ids = [chatId, 'part', 'all', ...(fromRow === undefined ? [] : ['earlier'])];
        for (const id of ids) assert.deepEqual(await other.items(id), await items(id));
        // Each chat has its files, and no file is left without a chat.
        for (const id of [...ids, sessionIds[1]]) {
          for (const each of ids) assert.ok(!JSON.stringify(await items(each)).includes('which is gone'));
          await opened.remove(id);
          ids.shift();
        }
        assert.deepEqual(blobFiles(where), []);
        assert.deepEqual([...opened.problems, ...other.problems], []);
        for (const each of [opened, other]) await each.service.close('');
      }),
      { numRuns: 25, reporter: reportBriefly },
    );
    assert.ok(copied > 50, `${copied} items were copied`);
  });

  it('are made by SQLite: the journal does not grow with the chat', async () => {
    const opened = await open();
    await chat(opened, 'a', ['completed', 'completed'], 'x'.repeat(15_000));
    const size = (): number => statSync(path.join(opened.where, 'anycowork.journal')).size;
    const before = size();
    await opened.fork('a', 'b', 1_000_000);
    const [row = 0] = await rowsOf(opened, 'b');
    await opened.rewind('b', row, 'c');
    assert.ok(size() - before < 6_000, `${size() - before} bytes`);
    assert.equal((await opened.items('c')).length, 6);
    assert.equal((await opened.items('b')).length, 0);
  });

  it('can be gone on in, without touching each other', async () => {
    const opened = await open();
    await chat(opened, 'a', ['completed', 'failed']);
    const rows = await rowsOf(opened, 'a');
    await opened.fork('a', 'b', rows[2]);
    const [a, b] = [await opened.items('a'), await opened.items('b')];
    assert.deepEqual([a.length, b.length], [7, 3]);
    const next = jobEvents('b', 'b-next');
    for (const event of [next.started(), next.said('Yes'), next.asked(), next.approved()]) {
      await opened.record(event);
    }
    assert.deepEqual(await opened.items('a'), a);
    assert.deepEqual((await opened.items('b')).slice(0, 3), b);
    assert.deepEqual(
      [(await opened.get('a'))?.status, (await opened.get('b'))?.status],
      ['failed', 'running'],
    );
    await opened.record(next.completed());
    await opened.remove('a');
    assert.equal((await opened.items('b')).length, 6);
  });

  it('of a chat that was deleted are refused, with the reason', async () => {
    const opened = await open();
    for (const attempt of [opened.fork('none', 'b'), opened.rewind('none', 1, 'b')]) {
      await assert.rejects(
        attempt,
        (error) => error instanceof StoreError && /has been deleted/.test(error.message),
      );
    }
    assert.equal(await opened.get('b'), undefined);
  });

  it('keep the long texts that they show, and only those', async () => {
    const opened = await open();
    const { where, service, record } = opened;
    await service.saveSession(uniqueName(), session('a'));
    for (const letter of ['x', 'y', 'z']) {
      const job = jobEvents('a', `job-${letter}`);
      const long = letter.repeat(blobThreshold + 1);
      for (const event of [job.started(), job.said(long), job.completed()]) await record(event);
    }
    const rows = await rowsOf(opened, 'a');
    await opened.fork('a', 'fork', rows[1]);
    await opened.rewind('a', rows[2] ?? 0, 'earlier');
    await opened.remove('earlier');
    assert.equal(blobFiles(where).length, 1);
    await opened.remove('a');
    assert.equal(blobFiles(where).length, 1);
    assert.ok(JSON.stringify(await opened.items('fork')).includes('xxxx'));
    await opened.remove('fork');
    assert.equal(blobFiles(where).length, 0);
  });

  describe('when a chat is rewound', () => {
    it('its status is that of the last job it still shows whole', async () => {
      for (const [ends, fromItem, expected] of [
        // The failure that is taken out is not shown any more; nor is one of which only a part is left.
        [['completed', 'failed'], 3, 'idle'],
        [['failed'], 0, 'idle'],
        [['completed', 'failed'], 4, 'idle'],
        // One before it still stands in the chat.
        [['failed', 'completed'], 4, 'failed'],
      ] as const) {
        const opened = await open();
        await chat(opened, 'a', ends);
        const rows = await rowsOf(opened, 'a');
        await opened.rewind('a', rows[fromItem] ?? 0, 'earlier', 77);
        const found = await opened.get('a');
        assert.equal(found?.status, expected, `${ends.join()} from ${fromItem}`);
        assert.equal(found.updatedAt, 77);
        await opened.service.close('');
      }
    });

    it('the status of the chat that it was copied from says nothing', async () => {
      const opened = await open();
      await chat(opened, 'a', ['failed', 'completed']);
      const rows = await rowsOf(opened, 'a');
      await opened.fork('a', 'b');
      const copied = await rowsOf(opened, 'b');
      await opened.rewind('b', copied[4] ?? 0, 'earlier');
      assert.equal((await opened.get('b'))?.status, 'idle');
      assert.equal(rows.length, copied.length);
    });

    it('who was asked goes with the steps', async () => {
      const opened = await open();
      await chat(opened, 'a', ['completed', 'completed']);
      const rows = await rowsOf(opened, 'a');
      await opened.rewind('a', rows[3] ?? 0, 'earlier');
      const { database } = await openDatabase(opened.where, { disk: quickDisk, migrations });
      const approvals = await database.read((query) =>
        query('SELECT session_id, step_id FROM approvals ORDER BY id'),
      );
      assert.deepEqual(approvals, [
        { session_id: 'a', step_id: 'a-0-step' },
        { session_id: 'earlier', step_id: 'a-1-step' },
      ]);
    });

    it('nothing may run in it, here or in another window', async () => {
      const opened = await open();
      const other = await open(opened.where);
      await chat(opened, 'a', ['completed']);
      const [row = 0] = await rowsOf(opened, 'a');
      const job = jobEvents('a', 'running');
      await opened.record(job.started());
      for (const each of [opened, other]) {
        await assert.rejects(
          each.rewind('a', row, 'earlier'),
          /still working in this chat\. Nothing was changed/,
        );
      }
      assert.equal(await opened.get('earlier'), undefined);
      assert.equal((await opened.items('a')).length, 4);
      await opened.record(job.completed());
      await other.rewind('a', row, 'earlier');
    });

    it('by two windows at once, it is rewound once', async () => {
      const opened = await open();
      const other = await open(opened.where);
      await chat(opened, 'a', ['completed', 'completed']);
      const rows = await rowsOf(opened, 'a');
      const outcomes = await Promise.allSettled([
        opened.rewind('a', rows[3] ?? 0, 'one'),
        other.rewind('a', rows[3] ?? 0, 'two'),
      ]);
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const kept = await Promise.all(['one', 'two'].map(opened.get));
      assert.equal(kept.filter((each) => each !== undefined).length, 1);
      assert.equal((await opened.items('a')).length, 3);
    });
  });
});
