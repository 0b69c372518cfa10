import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../extension/core/store.ts';
import { realDisk } from '../../extension/storage/disk.ts';
import { addNote, diskWith, noteMigrations, openDatabase, systemError, temporaryFolder } from './support.ts';

describe('Database', function () {
  const folder = temporaryFolder(this);

  it('keeps what was acknowledged when it is opened again without having been closed', async () => {
    const where = folder();
    const first = await openDatabase(where);
    await first.add('one');
    await first.add('two');
    const second = await openDatabase(where);
    assert.deepEqual(await second.notes(), ['one', 'two']);
    assert.deepEqual(second.problems, []);
  });

  it('keeps bytes, numbers, null and any text', async () => {
    const where = folder();
    const first = await openDatabase(where);
    const bytes = new Uint8Array([0, 1, 250, 255]);
    await first.database.transact('values', () => [
      { sql: 'CREATE TABLE kept (a, b, c, d)', params: [] },
      { sql: 'INSERT INTO kept VALUES (?, ?, ?, ?)', params: [bytes, 1.5, null, 'ä\u{1f600}"'] },
    ]);
    const read = async (opened: typeof first) => {
      const [row] = await opened.database.read((query) => query('SELECT * FROM kept'));
      return [...Object.values(row ?? {})].map((value) => (value instanceof Uint8Array ? [...value] : value));
    };
    const expected = [[0, 1, 250, 255], 1.5, null, 'ä\u{1f600}"'];
    assert.deepEqual(await read(first), expected);
    assert.deepEqual(await read(await openDatabase(where)), expected);
  });

  it('lets each window see what the other wrote, before reads and before writes', async () => {
    const where = folder();
    const [a, b] = [await openDatabase(where), await openDatabase(where)];
    await a.add('from a');
    assert.deepEqual(await b.notes(), ['from a']);
    await b.add('from b');
    await a.database.transact('look', (query) => {
      assert.equal(query('SELECT * FROM notes').length, 2);
      return [addNote('a again')];
    });
    assert.deepEqual(await a.notes(), ['from a', 'from b', 'a again']);
    assert.deepEqual(await b.notes(), await a.notes());
  });

  it('tells when another window changed something, and not for its own writes', async () => {
    const where = folder();
    let changes = 0;
    const a = await openDatabase(where, { onForeignChange: () => (changes += 1) });
    await a.add('own');
    assert.equal(changes, 0);
    const b = await openDatabase(where);
    await b.add('foreign');
    await a.database.refresh();
    assert.equal(changes, 1);
  });

  it('rolls back a transaction that throws, alone among those that share a lock, and appends nothing', async () => {
    const where = folder();
    const { database, add, notes } = await openDatabase(where);
    const results = await Promise.allSettled([
      add('before'),
      database.transact('broken', () => [
        addNote('half'),
        { sql: 'INSERT INTO nowhere VALUES (1)', params: [] },
      ]),
      database.transact('refused', () => {
        throw new StoreError('No.');
      }),
      add('after'),
    ]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    assert.equal(results[2]?.status === 'rejected' && results[2].reason.message, 'No.');
    assert.deepEqual(await notes(), ['before', 'after']);
    assert.deepEqual(await (await openDatabase(where)).notes(), ['before', 'after']);
    assert.equal(database.wasSaved('broken'), false);
  });

  it('finds a saved transaction by its name, before and after a snapshot', async () => {
    const { database } = await openDatabase(folder());
    await database.transact('known', () => [addNote('x')]);
    assert.equal(database.wasSaved('known'), true);
    assert.equal(database.wasSaved('unknown'), false);
    await database.snapshot();
    assert.equal(database.wasSaved('known'), true);
  });

  for (const code of ['ENOSPC', 'EACCES', 'EIO']) {
    it(`undoes a write whose append fails with ${code}, and says so`, async () => {
      const where = folder();
      let isFull = false;
      const disk = diskWith({
        append(descriptor, bytes) {
          if (!isFull) return realDisk.append(descriptor, bytes);
          realDisk.append(descriptor, bytes.subarray(0, 10));
          throw systemError(code);
        },
      });
      const { add, notes } = await openDatabase(where, { disk });
      await add('before');
      isFull = true;
      const words = { ENOSPC: /disk is full/, EACCES: /cannot be written to/, EIO: /could not be saved/ }[
        code
      ];
      await assert.rejects(
        add('lost'),
        (error) => error instanceof StoreError && words?.test(error.message) === true,
      );
      assert.deepEqual(await notes(), ['before']);
      assert.deepEqual(await (await openDatabase(where)).notes(), ['before']);
      isFull = false;
      await add('after');
      assert.deepEqual(await notes(), ['before', 'after']);
      const again = await openDatabase(where);
      assert.deepEqual(await again.notes(), ['before', 'after']);
      assert.deepEqual(again.problems, []);
    });
  }

  it('undoes a write whose fdatasync fails', async () => {
    const where = folder();
    let isBroken = true;
    const disk = diskWith({
      syncData(descriptor) {
        if (isBroken) {
          isBroken = false;
          throw systemError('EIO');
        }
        realDisk.syncData(descriptor);
      },
    });
    const opened = await openDatabase(where);
    const other = await openDatabase(where, { disk });
    await assert.rejects(other.add('lost'), StoreError);
    await opened.add('kept');
    assert.deepEqual(await other.notes(), ['kept']);
  });

  it('waits for the disk once for all transactions that waited for the lock together', async () => {
    let syncs = 0;
    const disk = diskWith({
      syncData(descriptor) {
        syncs += 1;
        realDisk.syncData(descriptor);
      },
    });
    const { add, notes } = await openDatabase(folder(), { disk });
    syncs = 0;
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(String(index))));
    assert.equal(syncs, 1);
    assert.equal((await notes()).length, 20);
  });

  it('opens a folder that cannot be written for reading, and refuses writes with the reason', async () => {
    const where = folder();
    await (await openDatabase(where)).add('old');
    const refuse = () => {
      throw systemError('EROFS');
    };
    const disk = diskWith({
      createExclusive: refuse,
      openAppend: refuse,
      truncate: refuse,
      writeFile: refuse,
    });
    const opened = await openDatabase(where, { disk });
    assert.deepEqual(await opened.notes(), ['old']);
    assert.match(opened.problems[0] ?? '', /cannot be written to/);
    await assert.rejects(opened.add('new'), /cannot be written to/);
    assert.deepEqual(await opened.notes(), ['old']);
    await (await openDatabase(where)).add('by another window');
    assert.deepEqual(await opened.notes(), ['old', 'by another window']);
  });

  it('begins a history on a full disk in memory, and says why nothing can be saved', async () => {
    const where = folder();
    let isFull = true;
    const disk = diskWith({
      writeFile(file, parts) {
        if (isFull) throw systemError('ENOSPC');
        realDisk.writeFile(file, parts);
      },
    });
    const { add, notes, problems } = await openDatabase(where, { disk });
    assert.deepEqual(await notes(), []);
    await assert.rejects(add('refused'), /^StoreError: The disk is full/);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /^The disk is full/);
    isFull = false;
    await add('kept');
    assert.deepEqual(await notes(), ['kept']);
    assert.deepEqual(await (await openDatabase(where)).notes(), ['kept']);
  });

  it('goes on writing once the folder can be written again', async () => {
    const where = folder();
    let isDenied = true;
    const disk = diskWith({
      createExclusive(file, text) {
        if (isDenied) throw systemError('EACCES');
        return realDisk.createExclusive(file, text);
      },
    });
    const opened = await openDatabase(where, { disk });
    assert.deepEqual(await opened.notes(), []);
    await assert.rejects(opened.add('refused'), StoreError);
    isDenied = false;
    await opened.add('kept');
    assert.deepEqual(await opened.notes(), ['kept']);
  });

  it('says that a file is in the place of the folder', async () => {
    const file = path.join(folder(), 'in-the-way');
    realDisk.writeFile(file, []);
    await assert.rejects(
      openDatabase(file),
      (error) => error instanceof StoreError && /not a folder/.test(error.message),
    );
  });

  it('opens a newer schema for reading only, also when another window brings it while this one is open', async () => {
    const where = folder();
    const old = await openDatabase(where);
    await old.add('old');
    const newer = [...noteMigrations, { version: 7, statements: () => [addNote('from the future')] }];
    const young = await openDatabase(where, { migrations: newer });
    assert.deepEqual(await old.notes(), ['old', 'from the future']);
    await assert.rejects(old.add('x'), /newer version of AnyCowork.*Update AnyCowork/);
    const later = await openDatabase(where);
    assert.deepEqual(await later.notes(), ['old', 'from the future']);
    assert.match(later.problems[0] ?? '', /newer version/);
    await assert.rejects(later.add('x'), /newer version/);
    await young.add('fine here');
    assert.equal((await later.notes()).length, 3);
  });

  it('migrates from version 1 after a backup, and leaves everything as it was when a migration fails', async () => {
    const where = folder();
    const first = await openDatabase(where);
    await first.add('kept');
    await first.database.close();
    const failing = [
      ...noteMigrations,
      { version: 2, statements: () => [addNote('half'), { sql: 'CREATE TABLE notes (x)', params: [] }] },
    ];
    await assert.rejects(openDatabase(where, { migrations: failing }), StoreError);
    assert.deepEqual(await (await openDatabase(where)).notes(), ['kept']);

    const column = { sql: "ALTER TABLE notes ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'", params: [] };
    const second = { version: 2, statements: () => [column] };
    const third = { version: 3, statements: () => [addNote('added by three')] };
    const { database, notes } = await openDatabase(where, { migrations: [...noteMigrations, second, third] });
    assert.deepEqual(await notes(), ['kept', 'added by three']);
    assert.equal(await database.read((query) => query('PRAGMA user_version')[0]?.user_version), 3);
    assert.equal(await database.read((query) => query('SELECT mood FROM notes')[0]?.mood), 'calm');
    assert.deepEqual(
      readdirSync(where).filter((name) => name.includes('.version-')),
      ['anycowork.db.version-1'],
    );
  });

  it('compacts when the journal has grown, and does not when nothing is new', async () => {
    const where = folder();
    const { database, add, notes } = await openDatabase(where, { snapshotBytes: 4_000 });
    for (let index = 0; index < 200; index += 1) await add('x'.repeat(100));
    assert.ok(statSync(path.join(where, 'anycowork.journal')).size < 20_000);
    assert.equal((await notes()).length, 200);
    await database.snapshot();
    const written = statSync(path.join(where, 'anycowork.db')).mtimeMs;
    await database.snapshot();
    assert.equal(statSync(path.join(where, 'anycowork.db')).mtimeMs, written);
    assert.equal((await (await openDatabase(where)).notes()).length, 200);
  });

  it('goes on where a snapshot fails, tells it, and makes it later', async () => {
    const where = folder();
    let isFull = false;
    const disk = diskWith({
      writeFile(file, parts) {
        if (isFull && file.endsWith('.db.tmp')) {
          realDisk.writeFile(file, [Buffer.concat(parts).subarray(0, 100)]);
          throw systemError('ENOSPC');
        }
        realDisk.writeFile(file, parts);
      },
    });
    const { add, notes, problems } = await openDatabase(where, { disk, snapshotBytes: 2_000 });
    isFull = true;
    for (let index = 0; index < 60; index += 1) await add('x'.repeat(100));
    assert.match(problems.join(), /could not be compacted\. The disk is full.*New messages are still saved/);
    // Not at every write: a full disk is not asked again and again.
    assert.ok(problems.length < 10, `${problems.length} times`);
    assert.deepEqual(
      readdirSync(where).filter((name) => name.endsWith('.tmp')),
      [],
    );
    assert.equal((await (await openDatabase(where)).notes()).length, 60);
    isFull = false;
    const journal = (): number => statSync(path.join(where, 'anycowork.journal')).size;
    const before = journal();
    let more = 0;
    for (; more < 300 && journal() >= before; more += 1) await add('x'.repeat(100));
    assert.ok(journal() < before, 'no snapshot was made');
    assert.equal((await notes()).length, 60 + more);
  });

  it('does not mind a file that cannot be closed', async () => {
    const where = folder();
    const disk = diskWith({
      close(descriptor) {
        realDisk.close(descriptor);
        throw systemError('EIO');
      },
    });
    const { database, add, notes } = await openDatabase(where, { disk });
    await add('one');
    await database.snapshot();
    await add('two');
    assert.deepEqual(await notes(), ['one', 'two']);
    await database.close();
    assert.deepEqual(await (await openDatabase(where)).notes(), ['one', 'two']);
  });

  it('is closed when it is closed', async () => {
    const { database, add } = await openDatabase(folder());
    await add('x');
    await database.close();
    await assert.rejects(add('y'), /closed/);
    await assert.rejects(database.refresh(), /closed/);
    // Its thread is ended next, which must not happen to one that has the lock.
    await assert.rejects(database.snapshot(), /closed/);
    await assert.rejects(database.snapshot(true), /closed/);
  });
});
