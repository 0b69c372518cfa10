import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mock } from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import { deletedForMs, type SessionStatus, type Shelf } from '../../extension/shared/session.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import type { Disk } from '../../extension/storage/disk.ts';
import {
  formatOwner,
  leaseFile,
  leaseRenewalMs,
  type Owner,
  renewLease,
  thisOwner,
} from '../../extension/storage/owner.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { deleteSession } from '../../extension/storage/sessions.ts';
import type { ServiceOptions } from '../../extension/storage/storeService.ts';
import { jobEvents } from './chatEvents.ts';
import {
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const deadOwner = (): Owner => ({ ...thisOwner(uniqueName()), start: '1' });

/** A disk that is full as long as it is said to be. */
const fillingDisk = (): { readonly disk: Disk; isFull: boolean } => {
  const filling = {
    isFull: false,
    disk: {
      ...quickDisk,
      append: (descriptor: number, bytes: Uint8Array) => {
        if (filling.isFull) throw systemError('ENOSPC');
        quickDisk.append(descriptor, bytes);
      },
    },
  };
  return filling;
};

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let round = 0; round < 200; round += 1) {
    if (await isSo()) return;
    await tick();
  }
  assert.fail('it never came to be so');
};

describe('what the store does on its own account', function () {
  const folder = temporaryFolder(this);
  afterEach(() => mock.timers.reset());

  const open = async (where: string, options: Partial<ServiceOptions> = {}) => {
    let changes = 0;
    const opened = await openService(where, { disk: quickDisk, onChange: () => (changes += 1), ...options });
    return {
      ...opened,
      where,
      changes: () => changes,
      save: (id: string) => opened.service.saveSession(uniqueName(), session(id)),
      shelve: (id: string, shelf: Shelf, at: number) =>
        opened.service.updateSession(uniqueName(), id, { shelf }, at),
      status: async (id: string): Promise<SessionStatus | undefined> =>
        (await opened.service.getSession('', id))?.status,
      isThere: async (id: string): Promise<boolean> =>
        (await opened.service.getSession('', id)) !== undefined,
      kinds: async (id: string): Promise<readonly string[]> =>
        (await opened.items(id)).map(({ kind }) => kind),
    };
  };
  type Opened = Awaited<ReturnType<typeof open>>;

  const blobFiles = (where: string): readonly string[] =>
    existsSync(path.join(where, 'blobs'))
      ? readdirSync(path.join(where, 'blobs'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];

  const long = (letter: string): string => letter.repeat(blobThreshold + 1);

  describe('deletes for good', () => {
    const day = 24 * 60 * 60 * 1_000;
    const deletedAt = 1_000 * day;
    const later = deletedAt + deletedForMs + 1;

    const withReply = async ({ save, record }: Opened, id: string): Promise<void> => {
      await save(id);
      const job = jobEvents(id, `job-${id}`);
      for (const event of [job.started(), job.said(long(id)), job.completed()]) await record(event);
    };

    it('what was deleted a week ago, with its files, and nothing else', async () => {
      const first = await open(folder());
      for (const id of ['a', 'b', 'c', 'd', 'e']) await withReply(first, id);
      await first.shelve('a', 'deleted', deletedAt);
      await first.shelve('b', 'deleted', deletedAt + day);
      await first.shelve('c', 'archived', deletedAt);
      await first.shelve('d', 'deleted', deletedAt);
      await first.shelve('d', 'active', deletedAt + day);
      await open(first.where, { now: () => deletedAt + deletedForMs });
      assert.ok(await first.isThere('a'), 'not before its time');
      await open(first.where, { now: () => later });
      const left = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(first.isThere));
      assert.deepEqual(left, [false, true, true, true, true]);
      assert.deepEqual(await first.items('a'), []);
      assert.equal(blobFiles(first.where).length, 4);
    });

    it('that week being over while a window is open, and says that something has changed', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      let now = deletedAt;
      const window = await open(folder(), { now: () => now });
      await withReply(window, 'a');
      await window.shelve('a', 'deleted', deletedAt);
      now = later;
      const before = window.changes();
      mock.timers.tick(leaseRenewalMs);
      await until(async () => !(await window.isThere('a')));
      await until(() => window.changes() > before && blobFiles(window.where).length === 0);
    });

    it('nothing in which an agent still works', async () => {
      const first = await open(folder());
      await first.save('a');
      const job = jobEvents('a', 'job');
      await first.record(job.started());
      await first.shelve('a', 'deleted', deletedAt);
      await open(first.where, { now: () => later });
      assert.ok(await first.isThere('a'));
      await first.record(job.completed());
      await open(first.where, { now: () => later });
      assert.ok(!(await first.isThere('a')));
    });
  });

  describe('removes leases', () => {
    it('of windows that were killed, unless a job there is still to be closed', async () => {
      const where = folder();
      const [idle, working, living, filling] = [deadOwner(), deadOwner(), thisOwner('living'), fillingDisk()];
      const window = await open(where, { owner: working });
      await window.save('a');
      await window.record(jobEvents('a', 'job').started());
      for (const owner of [idle, living]) renewLease(quickDisk, where, owner, Date.now());
      const lease = (name: string): string => path.join(where, 'owners', name);
      for (const [name, age] of [
        ['fresh.json', 10],
        ['old.json', 100],
      ] as const) {
        // Its window died, or is just being born, between making the file and writing it.
        writeFileSync(lease(name), '');
        const at = Date.now() / 1_000 - age;
        utimesSync(lease(name), at, at);
      }
      const remaining = (): readonly boolean[] =>
        [idle, working, living].map((owner) => existsSync(leaseFile(where, owner)));
      filling.isFull = true;
      const own = thisOwner(uniqueName());
      await open(where, { owner: own, disk: filling.disk });
      assert.deepEqual(remaining(), [false, true, true]);
      assert.ok(existsSync(leaseFile(where, own)));
      assert.deepEqual([existsSync(lease('fresh.json')), existsSync(lease('old.json'))], [true, false]);
      filling.isFull = false;
      const next = await open(where);
      assert.equal(await next.status('a'), 'interrupted');
      assert.deepEqual(remaining(), [false, false, true]);
    });

    it('and nothing that is not in their folder', async () => {
      const where = folder();
      mkdirSync(path.join(where, 'owners'), { recursive: true });
      writeFileSync(path.join(where, 'beside.json'), formatOwner(deadOwner()));
      await open(where);
      assert.ok(existsSync(path.join(where, 'beside.json')));
    });
  });

  describe('writes the end of a job that could not be written', () => {
    /** A window whose job has ended while the disk was full. */
    const endOnFullDisk = async (end: 'completed' | 'failed' | 'cancelled') => {
      const filling = fillingDisk();
      const window = await open(folder(), { disk: filling.disk });
      await window.save('a');
      const job = jobEvents('a', 'job');
      await window.record(job.started());
      await window.record(job.said('I will'));
      await window.record(job.asked());
      filling.isFull = true;
      await assert.rejects(window.record(job[end]()), /disk is full/);
      assert.equal(await window.status('a'), 'waiting');
      return { ...window, filling };
    };

    for (const [end, status, kinds] of [
      ['completed', 'idle', ['user', 'assistant', 'step']],
      ['failed', 'failed', ['user', 'assistant', 'step', 'notice']],
      ['cancelled', 'idle', ['user', 'assistant', 'step', 'notice']],
    ] as const) {
      it(`with the next one that can (${end})`, async () => {
        const window = await endOnFullDisk(end);
        await assert.rejects(window.save('b'), /disk is full/);
        assert.equal(await window.status('a'), 'waiting');
        window.filling.isFull = false;
        const before = window.changes();
        await window.save('c');
        assert.equal(await window.status('a'), status);
        assert.deepEqual(await window.kinds('a'), kinds);
        const [step] = (await window.items('a')).filter((item) => item.kind === 'step');
        assert.equal(step?.record.status, 'interrupted');
        assert.equal(window.changes(), before + 1);
        // Once.
        await window.save('d');
        assert.equal(window.changes(), before + 1);
        assert.deepEqual(await (await open(window.where)).kinds('a'), kinds);
      });
    }

    it('when it looks around', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      const window = await endOnFullDisk('failed');
      mock.timers.tick(leaseRenewalMs);
      await tick();
      window.filling.isFull = false;
      assert.equal(await window.status('a'), 'waiting');
      mock.timers.tick(leaseRenewalMs);
      await until(async () => (await window.status('a')) === 'failed');
    });

    it('before the next message of the chat', async () => {
      const window = await endOnFullDisk('failed');
      window.filling.isFull = false;
      await window.record(jobEvents('a', 'next').started('Again'));
      assert.deepEqual(await window.kinds('a'), ['user', 'assistant', 'step', 'notice', 'user']);
      assert.equal(await window.status('a'), 'running');
    });

    for (const end of ['failed', 'cancelled'] as const) {
      it(`(${end}) and does not take that for a change by others: the job that was to follow begins`, async () => {
        const window = await endOnFullDisk(end);
        const lastRow = (await window.items('a')).at(-1)?.row;
        window.filling.isFull = false;
        const again = jobEvents('a', 'next').started('Again');
        await window.service.record(uniqueName(), again, lastRow);
        assert.deepEqual(await window.kinds('a'), ['user', 'assistant', 'step', 'notice', 'user']);
        assert.equal(await window.status('a'), 'running');
      });
    }

    it('when the window closes; else the next one says that it was cut off', async () => {
      const closed = await endOnFullDisk('completed');
      closed.filling.isFull = false;
      await closed.service.close('');
      assert.equal(await (await open(closed.where)).status('a'), 'idle');
      const full = await endOnFullDisk('completed');
      await full.service.close('');
      assert.equal(await (await open(full.where)).status('a'), 'interrupted');
    });

    it('unless the chat has been deleted', async () => {
      const window = await endOnFullDisk('failed');
      window.filling.isFull = false;
      const { database } = await openDatabase(window.where, { disk: quickDisk, migrations });
      await database.transact(uniqueName(), () => deleteSession('a'));
      const before = window.changes();
      for (const id of ['b', 'c']) await window.save(id);
      // Told once: it is not tried for ever.
      assert.equal(window.changes(), before + 2);
      assert.equal(await window.status('a'), undefined);
      assert.deepEqual(await window.items('a'), []);
      assert.deepEqual(window.problems, []);
    });
  });

  describe('removes the files of what could not be written', () => {
    it('once something can be, and only those that nothing needs', async () => {
      const filling = fillingDisk();
      const { record, save, where, items } = await open(folder(), { disk: filling.disk });
      await save('a');
      await save('b');
      const [a, b] = [jobEvents('a', 'job-a'), jobEvents('b', 'job-b')];
      for (const event of [a.started(), b.started(), a.said(long('a'))]) await record(event);
      filling.isFull = true;
      for (const letter of ['a', 'lost', 'kept']) {
        await assert.rejects(record(b.said(long(letter))), /disk is full/);
      }
      assert.equal(blobFiles(where).length, 3);
      filling.isFull = false;
      await record(b.said(long('kept')));
      await until(() => blobFiles(where).length === 2);
      for (const [id, letter] of [
        ['a', 'a'],
        ['b', 'kept'],
      ] as const) {
        assert.ok(JSON.stringify(await items(id)).includes(long(letter)));
      }
    });

    it('also of a message that was refused', async () => {
      const { record, save, where } = await open(folder());
      await assert.rejects(record(jobEvents('none', 'job').started(long('x'))), /has been deleted/);
      assert.equal(blobFiles(where).length, 1);
      await save('a');
      await until(() => blobFiles(where).length === 0);
    });
  });
});
