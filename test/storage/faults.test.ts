import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Disk } from '../../extension/storage/disk.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { jobEvents } from './chatEvents.ts';
import {
  type OpenedService,
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/**
 * What a person sees of each fault that a history can meet, in the whole store: what they are told, and that nothing
 * that was acknowledged is lost. Each fault in all its forms is met below it: damage, crash, database, fileLock.
 */
describe('a history that meets', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const open = (where: string, disk: Disk = quickDisk) => openService(where, { disk });

  const chat = async ({ service, record }: OpenedService, id: string): Promise<void> => {
    await service.saveSession(uniqueName(), session(id));
    const job = jobEvents(id, `${id}-job`);
    for (const event of [
      job.started(),
      job.said(`I will, in ${id}. ${'x'.repeat(20_000)}`),
      job.stepDone('out'),
      job.completed(),
    ]) {
      await record(event);
    }
  };

  const ids = ['one', 'two', 'three'];

  /** A chat before the snapshot before the last, one before the last, and one since; its window is gone. */
  const store = async () => {
    const where = folder();
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const owner = { ...thisOwner(uniqueName()), start: '1' };
    const opened = await openService(where, { disk: quickDisk, owner });
    for (const [index, id] of ids.entries()) {
      await chat(opened, id);
      if (index < 2) await database.snapshot();
    }
    const all = new Map<string, readonly ChatItem[]>();
    for (const id of ids) all.set(id, await opened.items(id));
    await database.close();
    return { where, all, file: (name: string): string => path.join(where, name) };
  };
  type Kept = Awaited<ReturnType<typeof store>>;

  /** All chats but those named are there as they were. */
  const isThere = async (opened: OpenedService, { all }: Kept, except: readonly string[] = []) => {
    for (const [id, items] of all) {
      if (!except.includes(id)) assert.deepEqual(await opened.items(id), items, id);
    }
  };

  /** The next message goes through, and a window that is opened then has nothing to say about what was. */
  const goesOn = async (opened: OpenedService, kept: Kept, except: readonly string[] = []): Promise<void> => {
    await chat(opened, 'later');
    const again = await open(kept.where);
    await isThere(again, kept, except);
    assert.equal((await again.items('later')).length, 3);
    assert.deepEqual(again.problems, []);
  };

  const keptAside = (where: string): readonly string[] =>
    readdirSync(where).filter((name) => name.includes('.corrupt-'));

  it('a torn tail: it is cut, without a word', async () => {
    const kept = await store();
    appendFileSync(
      kept.file('anycowork.journal'),
      readFileSync(kept.file('anycowork.journal')).subarray(34, 90),
    );
    const opened = await open(kept.where);
    assert.deepEqual(opened.problems, []);
    await isThere(opened, kept);
    await goesOn(opened, kept);
  });

  it('a torn last write: what came before it is all there', async () => {
    const kept = await store();
    const journal = kept.file('anycowork.journal');
    truncateSync(journal, readFileSync(journal).length - 5);
    const opened = await open(kept.where);
    assert.deepEqual(opened.problems, []);
    await isThere(opened, kept, ['three']);
    // The end of the job was the last write, and nobody had been told that it was kept.
    assert.equal((await opened.items('three')).length, 4);
    assert.equal((await opened.service.getSession('', 'three'))?.status, 'interrupted');
  });

  it('damage in the middle of its journal: told, kept aside, and nothing before it is lost', async () => {
    const kept = await store();
    const journal = kept.file('anycowork.journal');
    const bytes = readFileSync(journal);
    const middle = Math.floor(bytes.length / 2);
    writeFileSync(journal, bytes.fill((bytes[middle] ?? 0) ^ 0x20, middle, middle + 1));
    const opened = await open(kept.where);
    const [aside = ''] = keptAside(kept.where);
    assert.ok(readFileSync(kept.file(aside)).equals(bytes));
    assert.equal(opened.problems.length, 1);
    assert.match(opened.problems[0] ?? '', /journal was damaged\. Everything up to the damage was restored/);
    assert.ok(opened.problems[0]?.includes(aside));
    await isThere(opened, kept, ['three']);
    await goesOn(opened, kept, ['three']);
  });

  for (const [what, spoil, told] of [
    [
      'damage of its snapshot',
      (file: string) => writeFileSync(file, readFileSync(file).fill(7, 5_000, 9_000)),
      /history file was damaged\. It was restored completely/,
    ],
    [
      'the loss of its snapshot',
      (file: string) => rmSync(file),
      /history file was missing\. It was restored/,
    ],
  ] as const) {
    it(`${what}: told, and restored completely`, async () => {
      const kept = await store();
      spoil(kept.file('anycowork.db'));
      const opened = await open(kept.where);
      assert.equal(opened.problems.length, 1);
      assert.match(opened.problems[0] ?? '', told);
      await isThere(opened, kept);
      await goesOn(opened, kept);
    });
  }

  it('damage of all there is: refused, and not touched; put back, it opens', async () => {
    const kept = await store();
    const names = ['anycowork.db', 'anycowork.db.1'];
    const safe = folder();
    for (const name of names) {
      copyFileSync(kept.file(name), path.join(safe, name));
      writeFileSync(kept.file(name), 'spoiled beyond repair');
    }
    await assert.rejects(
      open(kept.where),
      (error) =>
        error instanceof StoreError && /cannot be opened.*Nothing was changed or deleted/.test(error.message),
    );
    for (const name of names) copyFileSync(path.join(safe, name), kept.file(name));
    const opened = await open(kept.where);
    await isThere(opened, kept);
    await goesOn(opened, kept);
  });

  /** The system says no to every change, as long as it is told to. */
  const refusing = (code: string) => {
    const switching = { isOn: true };
    const refuseOr =
      <A extends readonly unknown[], R>(act: (...args: A) => R) =>
      (...args: A): R => {
        if (switching.isOn) throw systemError(code);
        return act(...args);
      };
    const disk: Disk = {
      ...quickDisk,
      createExclusive: refuseOr(quickDisk.createExclusive),
      append: refuseOr(quickDisk.append),
      writeFile: refuseOr(quickDisk.writeFile),
      makeFolder: (where) => existsSync(where) || refuseOr(quickDisk.makeFolder)(where),
      ...(code === 'ENOSPC'
        ? {}
        : {
            openAppend: refuseOr(quickDisk.openAppend),
            copy: refuseOr(quickDisk.copy),
            rename: refuseOr(quickDisk.rename),
            remove: refuseOr(quickDisk.remove),
            truncate: refuseOr(quickDisk.truncate),
            touch: refuseOr(quickDisk.touch),
          }),
    };
    return { disk, switching };
  };

  for (const [what, code, words] of [
    ['a full disk', 'ENOSPC', /^The disk is full.*Everything saved before is intact.*Free some space/],
    ['a folder that can only be read', 'EROFS', /cannot be written to.*can still be read.*permissions/],
  ] as const) {
    it(`${what}: it is read, every write says why it is not kept, and goes through once it can`, async () => {
      const kept = await store();
      const { disk, switching } = refusing(code);
      const opened = await open(kept.where, disk);
      await isThere(opened, kept);
      assert.equal(opened.problems.length, 1);
      assert.match(opened.problems[0] ?? '', words);
      const { service, record } = opened;
      const attempts = [
        () => record(jobEvents('one', 'next').started()),
        () => record(jobEvents('one', 'next').started('x'.repeat(20_000))),
        () => service.saveSession(uniqueName(), session('later')),
        () => service.updateSession(uniqueName(), 'one', { isPinned: true }, 1),
        () => service.copySession(uniqueName(), { from: 'one', to: session('copy') }),
        () => service.deleteSession(uniqueName(), 'one'),
      ];
      for (const attempt of attempts) {
        await assert.rejects(attempt(), (error) => error instanceof StoreError && words.test(error.message));
      }
      await isThere(opened, kept);
      assert.equal(await service.getSession('', 'later'), undefined);
      switching.isOn = false;
      await goesOn(opened, kept);
    });
  }

  it('a full disk in the middle of its work: what was acknowledged stays, and the rest is refused', async () => {
    const kept = await store();
    const { disk, switching } = refusing('ENOSPC');
    switching.isOn = false;
    const opened = await open(kept.where, disk);
    await opened.service.saveSession(uniqueName(), session('four'));
    const job = jobEvents('four', 'four-job');
    await opened.record(job.started());
    await opened.record(job.said('Yes'));
    switching.isOn = true;
    for (const event of [job.asked(), job.approved(), job.stepDone('x'.repeat(20_000)), job.completed()]) {
      await assert.rejects(opened.record(event), /disk is full/);
    }
    assert.equal((await opened.items('four')).length, 2);
    switching.isOn = false;
    await goesOn(opened, kept);
    assert.equal((await opened.items('four')).length, 2);
    assert.equal((await opened.service.getSession('', 'four'))?.status, 'idle');
  });

  it('a newer version of the extension: it is read, nothing is changed, and the person is told to update', async () => {
    const kept = await store();
    const next = { version: migrations.length + 1, statements: () => [] };
    const young = await openDatabase(kept.where, { disk: quickDisk, migrations: [...migrations, next] });
    // What this window would otherwise see to on its own account.
    await young.database.transact(uniqueName(), () => [
      { sql: "UPDATE sessions SET shelf = 'deleted', shelved_at = 1 WHERE id = 'two'", params: [] },
      { sql: "UPDATE jobs SET status = 'running', owner = 'nobody' WHERE id = 'one-job'", params: [] },
    ]);
    await young.database.close();
    const journal = readFileSync(kept.file('anycowork.journal'));
    const opened = await open(kept.where);
    await isThere(opened, kept);
    assert.equal(opened.problems.length, 1);
    assert.match(
      opened.problems[0] ?? '',
      /newer version of AnyCowork.*can be read here but not changed\. Update/,
    );
    for (const attempt of [
      () => opened.record(jobEvents('three', 'next').started()),
      () => opened.service.updateSession(uniqueName(), 'one', { isPinned: true }, 1),
    ]) {
      await assert.rejects(attempt(), /Update AnyCowork/);
    }
    await opened.service.close('');
    assert.ok(readFileSync(kept.file('anycowork.journal')).equals(journal));
    assert.deepEqual(keptAside(kept.where), []);
  });
});
