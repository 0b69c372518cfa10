import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { headerBytes } from '../../extension/storage/journalFormat.ts';
import { isWell, keptAside } from './journalSupport.ts';
import { openDatabase, quickDisk, systemError, temporaryFolder } from './support.ts';

const journal = 'anycowork.journal';

describe('a journal that is missing when a window is opened', function () {
  const folder = temporaryFolder(this);

  /** One note is in the snapshot before the last, one in the last, two in the journal. */
  const store = async (): Promise<string> => {
    const where = folder();
    const { database, add } = await openDatabase(where, { disk: quickDisk });
    await add('one');
    await database.snapshot();
    await add('two');
    await database.snapshot();
    await add('three');
    await add('four');
    await database.close();
    return where;
  };

  const told = async (where: string, notes: readonly string[], words: RegExp): Promise<void> => {
    const opened = await openDatabase(where, { disk: quickDisk });
    assert.deepEqual(await opened.notes(), notes);
    assert.equal(opened.problems.length, 1);
    assert.match(opened.problems[0] ?? '', words);
    assert.match(
      opened.problems[0] ?? '',
      /If you have a copy of the folder .*, close all windows and put it back/,
    );
    await opened.database.close();
    await isWell(where, notes);
  };

  const snapshotOnly = /The last snapshot was restored; changes after it, if there were any, could not be\./;

  it('is told, whether it is gone or empty', async () => {
    const gone = await store();
    rmSync(path.join(gone, journal));
    await told(gone, ['one', 'two'], new RegExp(`journal was missing\\. ${snapshotOnly.source}`));
    const emptied = await store();
    truncateSync(path.join(emptied, journal));
    await told(emptied, ['one', 'two'], new RegExp(`journal was empty\\. ${snapshotOnly.source}`));
    assert.deepEqual(keptAside(emptied), []);
  });

  it('is told, and kept, where nothing of it can be read', async () => {
    for (const left of [1, headerBytes - 1, headerBytes + 10]) {
      const where = await store();
      const file = path.join(where, journal);
      writeFileSync(file, readFileSync(file).subarray(0, left).fill(7));
      const bytes = readFileSync(file);
      await told(where, ['one', 'two'], new RegExp(`journal was damaged\\. ${snapshotOnly.source}`));
      const [aside = ''] = keptAside(where).filter((name) => name.includes(`${journal}.corrupt-`));
      assert.ok(readFileSync(aside).equals(bytes));
    }
  });

  it('is not missing where another window is just writing a snapshot, and this one may only read', async () => {
    const where = await store();
    const hidden = [path.join(where, journal), path.join(where, `${journal}.hidden`)] as const;
    renameSync(...hidden);
    const refuse = () => {
      throw systemError('EROFS');
    };
    const opened = await openDatabase(where, {
      disk: {
        ...quickDisk,
        createExclusive: refuse,
        readFile: (file) => {
          const bytes = quickDisk.readFile(file);
          if (file.endsWith('.journal.tmp') && existsSync(hidden[1])) renameSync(hidden[1], hidden[0]);
          return bytes;
        },
      },
    });
    assert.deepEqual(await opened.notes(), ['one', 'two', 'three', 'four']);
    assert.equal(opened.problems.length, 1);
    assert.match(opened.problems[0] ?? '', /cannot be written to/);
  });

  it('is told after a snapshot that a crash had cut short, once that was mended', async () => {
    const where = await store();
    const window = await openDatabase(where, {
      disk: {
        ...quickDisk,
        rename: (from, to) => {
          if (path.basename(from) === journal) throw new Error('The process ends here');
          quickDisk.rename(from, to);
        },
      },
    });
    await assert.rejects(window.database.snapshot());
    const next = path.join(where, `${journal}.tmp`);
    assert.ok(existsSync(next));
    const again = await openDatabase(where, { disk: quickDisk });
    await again.add('five');
    assert.deepEqual(again.problems, []);
    assert.ok(!existsSync(next));
    rmSync(path.join(where, journal));
    await told(where, ['one', 'two', 'three', 'four'], snapshotOnly);
  });

  it('is told where there never was a snapshot, by what chats have left', async () => {
    for (const lose of [rmSync, truncateSync]) {
      const where = folder();
      const { database, add } = await openDatabase(where, { disk: quickDisk });
      await add('one');
      await database.close();
      mkdirSync(path.join(where, 'blobs', 'ab'), { recursive: true });
      lose(path.join(where, journal));
      await told(where, [], /There was nothing to restore it from, so it begins anew\./);
    }
    await isWell(folder(), []);
  });
});
