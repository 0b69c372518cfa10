import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../extension/core/store.ts';
import { type Disk, realDisk } from '../../extension/storage/disk.ts';
import { FileLock } from '../../extension/storage/fileLock.ts';
import {
  decodePayload,
  encodeRecord,
  headerBytes,
  scanRecords,
} from '../../extension/storage/journalFormat.ts';
import { type Owner, processState, thisOwner } from '../../extension/storage/owner.ts';
import {
  addNote,
  diskWith,
  openDatabase,
  quickDisk,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/** When a process started, as `thisOwner` tells it of its own. */
const startOf = (pid: number): string => {
  if (process.platform !== 'linux') return '';
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

/** A transaction of another window, with the number of the given one. */
const insteadOf = (bytes: Uint8Array, text: string): Uint8Array => {
  const [record] = scanRecords(Buffer.from(bytes), 0).records;
  assert.ok(record !== undefined && decodePayload(record.payload).statements.length > 0);
  return encodeRecord(record.sequence, { call: uniqueName(), statements: [addNote(text)] });
};

/** A transaction of another window, behind those of a journal. */
const behind = (journal: Buffer, text: string): Uint8Array => {
  const last = scanRecords(journal, headerBytes).records.at(-1)?.sequence ?? 0;
  return encodeRecord(last + 1, { call: uniqueName(), statements: [addNote(text)] });
};

describe('FileLock', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const place = (): string => path.join(folder(), 'x.lock');
  const lockOf = (file: string, owner = thisOwner(uniqueName()), incarnation = '1', disk: Disk = realDisk) =>
    new FileLock(disk, file, owner, incarnation);
  const heldBy = (file: string, owner: Owner): void =>
    writeFileSync(file, JSON.stringify({ ...owner, incarnation: '1' }));
  /** For a while: longer than the tries until a lock is looked at. */
  const isStillWaiting = async (waiting: Promise<void>): Promise<boolean> =>
    Promise.race([waiting.then(() => false), delay(300, true)]);
  /** Sooner than a holder that cannot be asked is given up, and than a waiter gives up; on a slow disk, too. */
  const isSoon = async (waiting: Promise<void>): Promise<boolean> =>
    Promise.race([waiting.then(() => true), delay(20_000, false, { ref: false })]);
  const aged = (file: string, seconds: number): void => {
    const then = Date.now() / 1_000 - seconds;
    utimesSync(file, then, then);
  };

  it('is held by one at a time, of many', async () => {
    const file = place();
    let holders = 0;
    let rounds = 0;
    const work = async (): Promise<void> => {
      const lock = lockOf(file);
      for (let round = 0; round < 10; round += 1) {
        await lock.acquire();
        holders += 1;
        assert.equal(holders, 1);
        await delay(Math.random());
        holders -= 1;
        rounds += 1;
        lock.release();
        await delay(Math.random());
      }
    };
    await Promise.all(Array.from({ length: 5 }, work));
    assert.equal(rounds, 50);
    assert.ok(!existsSync(file));
  });

  it('goes to who waits, though its holder takes it over and over', async () => {
    const file = place();
    const busy = lockOf(file);
    let turns = 0;
    let isOver = false;
    const keepTaking = async (): Promise<void> => {
      for (; !isOver && turns < 200; turns += 1) {
        await busy.acquire();
        // Whoever waits tries in here, in vain.
        await delay(3);
        busy.release();
      }
    };
    const taking = keepTaking();
    const waiting = lockOf(file);
    await waiting.acquire();
    const turnsBefore = turns;
    waiting.release();
    isOver = true;
    await taking;
    assert.ok(turnsBefore < 20, `after ${turnsBefore} turns`);
    assert.deepEqual(readdirSync(path.dirname(file)), []);
  });

  it('of a living process is waited for, however old it is', async () => {
    const file = place();
    const holder = lockOf(file);
    await holder.acquire();
    aged(file, 3_600);
    const waiting = lockOf(file).acquire();
    assert.equal(await isStillWaiting(waiting), true);
    holder.release();
    assert.equal(await isSoon(waiting), true);
  });

  it('of a killed process is broken at once', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    const running = { ...thisOwner('it'), pid, start: startOf(pid) };
    if (process.platform === 'linux') assert.equal(processState(running), 'alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(processState(running), 'dead');
    const file = place();
    heldBy(file, running);
    const lock = lockOf(file);
    assert.equal(await isSoon(lock.acquire()), true);
    lock.release();
    assert.deepEqual(readdirSync(path.dirname(file)), []);
  });

  it('of an earlier thread of the same window is broken at once', async () => {
    const file = place();
    const owner = thisOwner(uniqueName());
    await lockOf(file, owner, '1').acquire();
    const later = lockOf(file, owner, '2');
    assert.equal(await isSoon(later.acquire()), true);
    // The earlier one, should it still end properly, releases only its own.
    lockOf(file, owner, '1').release();
    assert.ok(existsSync(file));
    later.release();
    assert.ok(!existsSync(file));
  });

  it('whose holder cannot be asked is broken after a minute', async () => {
    const file = place();
    heldBy(file, { ...thisOwner('far'), machine: 'another computer' });
    aged(file, 50);
    const waiting = lockOf(file).acquire();
    assert.equal(await isStillWaiting(waiting), true);
    aged(file, 61);
    assert.equal(await isSoon(waiting), true);
  });

  it('that names nobody, since its holder died over it, is broken after 2 s', async () => {
    const file = place();
    writeFileSync(file, '');
    const waiting = lockOf(file).acquire();
    assert.equal(await isStillWaiting(waiting), true);
    aged(file, 3);
    assert.equal(await isSoon(waiting), true);
  });

  it('that another has broken and taken meanwhile is given back', async () => {
    const file = place();
    heldBy(file, { ...thisOwner('dead'), start: '1' });
    const taken = JSON.stringify({ ...thisOwner('quicker'), incarnation: '1' });
    // The quicker one comes between the look at the dead holder and the renaming.
    let isFirst = true;
    const disk = diskWith({
      rename: (from, to) => {
        if (isFirst) writeFileSync(from, taken);
        isFirst = false;
        realDisk.rename(from, to);
      },
    });
    const waiting = lockOf(file, thisOwner(uniqueName()), '1', disk).acquire();
    assert.equal(await isStillWaiting(waiting), true);
    assert.equal(readFileSync(file, 'utf8'), taken);
    realDisk.remove(file);
    await waiting;
    assert.deepEqual(readdirSync(path.dirname(file)), [path.basename(file)]);
  });

  it("that is given back after its owner has released it is nobody's", async () => {
    const file = place();
    heldBy(file, { ...thisOwner('dead'), start: '1' });
    const owner = thisOwner(uniqueName());
    const quicker = lockOf(file, owner);
    let isFirst = true;
    const disk = diskWith({
      rename: (from, to) => {
        // Between the look at the dead holder and the renaming another breaks the lock and takes it...
        if (isFirst) heldBy(from, owner);
        realDisk.rename(from, to);
      },
      readFile: (name) => {
        const bytes = realDisk.readFile(name);
        // ...and is done with it before it is given back.
        if (isFirst && name !== file) {
          isFirst = false;
          quicker.release();
        }
        return bytes;
      },
    });
    const waiting = lockOf(file, thisOwner(uniqueName()), '1', disk);
    assert.equal(await isSoon(waiting.acquire()), true);
    waiting.release();
    assert.deepEqual(readdirSync(path.dirname(file)), []);
  });

  it('that is not to be had for a minute and a half is given up, with the reason', async () => {
    const file = place();
    await lockOf(file).acquire();
    const now = performance.now.bind(performance);
    const waiting = lockOf(file).acquire();
    let passed = 0;
    performance.now = () => {
      passed += 900;
      return now() + passed;
    };
    try {
      await assert.rejects(
        waiting,
        (error) => error instanceof StoreError && /Another window has been busy/.test(error.message),
      );
    } finally {
      performance.now = now;
    }
  });

  it('is still waited for by a process that was suspended for minutes', async () => {
    const file = place();
    const holder = lockOf(file);
    await holder.acquire();
    const now = performance.now.bind(performance);
    const waiting = lockOf(file).acquire();
    performance.now = () => now() + 600_000;
    try {
      assert.equal(await isStillWaiting(waiting), true);
      holder.release();
      await waiting;
    } finally {
      performance.now = now;
    }
  });

  it('passes on why it cannot be made', async () => {
    const disk = diskWith({
      createExclusive: () => {
        throw systemError('ENOSPC');
      },
    });
    await assert.rejects(lockOf(place(), thisOwner('x'), '1', disk).acquire(), /ENOSPC/);
  });
});

describe('a lock that failed', function () {
  const folder = temporaryFolder(this);

  /** A database that believes it has the lock, whoever else has it too. */
  const careless = (where: string, changes: Partial<Disk> = {}) =>
    openDatabase(where, { disk: { ...quickDisk, createExclusive: () => true, ...changes } });

  it('lets nobody lose a write: who comes second notices and begins again', async () => {
    const where = folder();
    const other = await careless(where);
    let isMet = false;
    const first = await careless(where, {
      // Both have looked at the journal, and the other one is first with its write.
      append: (descriptor, bytes) => {
        if (!isMet) {
          isMet = true;
          const journal = path.join(where, 'anycowork.journal');
          writeFileSync(journal, Buffer.concat([readFileSync(journal), insteadOf(bytes, 'theirs')]));
        }
        realDisk.append(descriptor, bytes);
      },
    });
    await first.add('mine');
    assert.deepEqual(await first.notes(), ['theirs', 'mine']);
    assert.deepEqual(await other.notes(), ['theirs', 'mine']);
    assert.deepEqual(await (await careless(where)).notes(), ['theirs', 'mine']);
  });

  it('lets no write be lost in a snapshot that another makes of less', async () => {
    const where = folder();
    const writing = await careless(where);
    await writing.add('one');
    let isMet = false;
    const compacting = await careless(where, {
      // It has written its image, and now comes a write that is not in it.
      rename: (from, to) => {
        if (!isMet && from.endsWith('.journal')) {
          isMet = true;
          const bytes = readFileSync(from);
          writeFileSync(from, Buffer.concat([bytes, behind(bytes, 'late')]));
        }
        realDisk.rename(from, to);
      },
    });
    await compacting.database.snapshot();
    assert.ok(isMet);
    assert.deepEqual(await compacting.notes(), ['one', 'late']);
    assert.deepEqual(await writing.notes(), ['one', 'late']);
    assert.deepEqual(await (await careless(where)).notes(), ['one', 'late']);
  });
});
