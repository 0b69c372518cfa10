import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { migrations } from '../../extension/storage/schema.ts';
import { isWell, keptAside } from './journalSupport.ts';
import {
  diskWith,
  type OpenedDatabase,
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const image = 'anycowork.db';
const journal = 'anycowork.journal';
const leaveOut = /If another program cleans up or syncs that folder, leave it out there\.$/;

describe('a journal that goes missing while a window is open', function () {
  const folder = temporaryFolder(this);

  /** One note is in the snapshot, two in the journal. */
  const store = async () => {
    const where = folder();
    const window = await openDatabase(where, { disk: quickDisk });
    await window.add('one');
    await window.database.snapshot();
    const file = path.join(where, journal);
    const older = readFileSync(file);
    await window.add('two');
    await window.add('three');
    return { where, window, file, older };
  };
  const all = ['one', 'two', 'three'];
  type Store = Awaited<ReturnType<typeof store>>;

  const losses: readonly (readonly [what: string, lose: (at: Store) => void, words: RegExp])[] = [
    ['deleted', ({ file }) => rmSync(file), /was gone while/],
    ['emptied', ({ file }) => truncateSync(file), /was empty while/],
    ['cut', ({ file }) => truncateSync(file, readFileSync(file).length - 20), /was cut short, or replaced/],
    ['overwritten', ({ file }) => writeFileSync(file, 'x'.repeat(50)), /was damaged while/],
    [
      'replaced by a damaged one',
      ({ file }) => {
        const bytes = readFileSync(file);
        rmSync(file);
        writeFileSync(file, bytes.fill(7, 60, 70));
      },
      /was damaged while/,
    ],
    [
      'replaced by an older one',
      ({ file, older }) => {
        rmSync(file);
        writeFileSync(file, older);
      },
      /was cut short, or replaced/,
    ],
    [
      'deleted with all the rest',
      ({ where }) => {
        for (const name of readdirSync(where)) rmSync(path.join(where, name), { recursive: true });
      },
      /was gone while/,
    ],
    [
      'deleted, and the snapshots damaged',
      ({ where, file }) => {
        rmSync(file);
        writeFileSync(path.join(where, image), 'spoiled');
        writeFileSync(path.join(where, `${image}.1`), 'spoiled');
      },
      /was gone while/,
    ],
  ];

  for (const [what, lose, words] of losses) {
    it(`(${what}) is written anew from memory, and told`, async () => {
      const at = await store();
      const { where, window } = at;
      lose(at);
      const spoiled = existsSync(at.file) ? readFileSync(at.file) : Buffer.alloc(0);
      assert.deepEqual(await window.notes(), all);
      assert.equal(window.problems.length, 1);
      const [problem = ''] = window.problems;
      assert.match(problem, words);
      assert.match(problem, /All that was saved was still in memory here and has been written anew/);
      assert.match(problem, leaveOut);
      for (const name of keptAside(where)) assert.ok(problem.includes(name), name);
      const aside = keptAside(where).filter((name) => name.includes(`${journal}.corrupt-`));
      assert.equal(aside.length, spoiled.length > 0 ? 1 : 0);
      if (aside[0] !== undefined) assert.ok(readFileSync(aside[0]).equals(spoiled));
      await isWell(where, all);
      await window.add('four');
      await isWell(where, [...all, 'four']);
      assert.equal(window.problems.length, 1);
    });

    it(`(${what}) is written anew before the next write`, async () => {
      const at = await store();
      lose(at);
      await at.window.add('four');
      await isWell(at.where, [...all, 'four']);
      assert.equal(at.window.problems.length, 1);
    });
  }

  it('loses nothing that another window has just written', async () => {
    const { where, window, file } = await store();
    const other = await openDatabase(where, { disk: quickDisk });
    await other.add('four');
    rmSync(file);
    assert.deepEqual(await window.notes(), [...all, 'four']);
    assert.deepEqual(await other.notes(), [...all, 'four']);
    await other.add('five');
    assert.deepEqual(await window.notes(), [...all, 'four', 'five']);
    // One of them has told it.
    assert.equal(window.problems.length, 1);
    assert.deepEqual(other.problems, []);
  });

  it('in the middle of a write keeps what came before, and the write', async () => {
    const { where, file } = await store();
    let isDue = false;
    const disk = {
      ...quickDisk,
      append: (descriptor: number, bytes: Uint8Array) => {
        quickDisk.append(descriptor, bytes);
        if (isDue) rmSync(file);
        isDue = false;
      },
    };
    const window = await openDatabase(where, { disk });
    isDue = true;
    await window.add('four');
    assert.deepEqual(await window.notes(), [...all, 'four']);
    assert.match(window.problems.join(), /was gone while/);
    await isWell(where, [...all, 'four']);
  });

  it('and comes back is taken as it is', async () => {
    const { where, window, file } = await store();
    const copy = path.join(folder(), 'copy');
    copyFileSync(file, copy);
    rmSync(file);
    copyFileSync(copy, file);
    assert.deepEqual(await window.notes(), all);
    assert.deepEqual(window.problems, []);
    await window.add('four');
    await isWell(where, [...all, 'four']);
  });

  it('behind the last snapshot is begun anew: nothing was in it', async () => {
    const { where, window, file } = await store();
    await window.database.snapshot();
    rmSync(file);
    assert.deepEqual(await window.notes(), all);
    assert.equal(window.problems.length, 1);
    assert.match(window.problems[0] ?? '', /journal was missing\. It was repaired, and nothing was lost\.$/);
    await isWell(where, all);
  });

  describe('is not all there is', () => {
    /** Another window has begun with what was left, and has written to it. */
    const forked = async (
      texts: readonly string[],
      lose: (file: string) => void = (file) => rmSync(file),
    ) => {
      const { where, window, file } = await store();
      lose(file);
      const other = await openDatabase(where, { disk: quickDisk });
      for (const text of texts) await other.add(text);
      return { where, window, other };
    };
    const isBoth = async (
      { where, window, other }: { where: string; window: OpenedDatabase; other: OpenedDatabase },
      texts: readonly string[],
    ): Promise<void> => {
      const both = [...all, ...texts];
      assert.deepEqual(await window.notes(), both);
      assert.match(window.problems.join(), /written anew/);
      assert.doesNotMatch(window.problems.join(), /could not be taken over/);
      assert.deepEqual(await other.notes(), both);
      await other.add('last');
      assert.deepEqual(await window.notes(), [...both, 'last']);
      assert.equal(window.problems.length, 1);
      await isWell(where, [...both, 'last']);
    };

    it('where another window has begun with less, and has written less', async () => {
      const at = await forked(['other']);
      assert.deepEqual(await at.other.notes(), ['one', 'other']);
      assert.match(at.other.problems.join(), /journal was missing.*changes after it/);
      await isBoth(at, ['other']);
    });

    it('where it has written more than was lost', async () => {
      await isBoth(await forked(['a', 'b', 'c', 'd']), ['a', 'b', 'c', 'd']);
    });

    it('where it has written a snapshot as well', async () => {
      const at = await forked(['a']);
      await at.other.database.snapshot();
      await at.other.add('b');
      await isBoth(at, ['a', 'b']);
    });

    it('where it had found damage and mended that', async () => {
      const damage = (file: string): void => writeFileSync(file, readFileSync(file).fill(7, 60, 70));
      const at = await forked(['other'], damage);
      assert.match(at.other.problems.join(), /2 later changes could not be/);
      await isBoth(at, ['other']);
    });

    it('but for what does not fit any more, which is told and kept', async () => {
      const at = await forked(['other']);
      await at.other.database.transact(uniqueName(), () => [
        { sql: "INSERT INTO notes (row, text) VALUES (3, 'in the way')", params: [] },
      ]);
      assert.deepEqual(await at.window.notes(), [...all, 'other']);
      const [problem = ''] = at.window.problems;
      assert.match(problem, /1 change of another window could not be taken over/);
      const [aside = ''] = keptAside(at.where);
      assert.ok(problem.includes(aside));
      assert.ok(readFileSync(aside).includes('in the way'));
    });
  });

  describe('and cannot be written anew', () => {
    const stuck = async (code: string) => {
      const { where } = await store();
      let isDenied = false;
      const disk = diskWith({
        ...quickDisk,
        writeFile: (file, parts) => {
          if (isDenied) throw systemError(code);
          quickDisk.writeFile(file, parts);
        },
        createExclusive: (file, text) => {
          if (isDenied && code !== 'ENOSPC') throw systemError(code);
          return quickDisk.createExclusive(file, text);
        },
      });
      const window = await openDatabase(where, { disk });
      isDenied = true;
      copyFileSync(path.join(where, journal), path.join(where, 'copy'));
      rmSync(path.join(where, journal));
      return {
        where,
        window,
        free: () => {
          isDenied = false;
        },
      };
    };

    for (const [code, words] of [
      ['ENOSPC', /The disk is full.*Free some space/],
      ['EROFS', /cannot be written to.*permissions/],
      ['EIO', /EIO/],
    ] as const) {
      it(`(${code}) is kept in memory, is told, and is written with the next write that can be`, async () => {
        const { where, window, free } = await stuck(code);
        assert.deepEqual(await window.notes(), all);
        assert.equal(window.problems.length, 1);
        assert.match(window.problems[0] ?? '', /was gone.*still in memory here: keep this window open/);
        assert.match(window.problems[0] ?? '', words);
        await assert.rejects(window.add('x'), words);
        await assert.rejects(window.add('x'), words);
        assert.deepEqual(await window.notes(), all);
        assert.equal(window.problems.length, 1);
        free();
        await window.add('four');
        assert.deepEqual(await window.notes(), [...all, 'four']);
        assert.match(window.problems[1] ?? '', /has been written anew/);
        await isWell(where, [...all, 'four']);
      });
    }

    it('is told to be there again, where another window has written it', async () => {
      const { where, window } = await stuck('ENOSPC');
      assert.deepEqual(await window.notes(), all);
      copyFileSync(path.join(where, 'copy'), path.join(where, journal));
      assert.deepEqual(await window.notes(), all);
      assert.equal(window.problems.length, 2);
      assert.match(window.problems[1] ?? '', /has been written, with all that was saved/);
    });

    it('is written when the window closes', async () => {
      const { where, window, free } = await stuck('ENOSPC');
      assert.deepEqual(await window.notes(), all);
      free();
      await window.database.close();
      await isWell(where, all);
    });

    it('is written once something has been read after a while', async () => {
      const { where, window, free } = await stuck('ENOSPC');
      assert.deepEqual(await window.notes(), all);
      free();
      const { now } = performance;
      try {
        performance.now = () => now.call(performance) + 21_000;
        assert.deepEqual(await window.notes(), all);
      } finally {
        performance.now = now;
      }
      await isWell(where, all);
    });
  });

  it('is no loss of chats', async () => {
    const where = folder();
    const { service, problems } = await openService(where, { disk: quickDisk });
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const save = (id: string) => service.saveSession(uniqueName(), session(id));
    const ids = async (): Promise<readonly string[]> => {
      const page = await service.listSessions('', { shelf: 'active', limit: 10, folderFirst: '' });
      return page.sessions.map(({ id }) => id).sort();
    };
    await save('a');
    await database.snapshot();
    await database.close();
    await save('b');
    await save('c');
    rmSync(path.join(where, journal));
    assert.deepEqual(await ids(), ['a', 'b', 'c']);
    const { findings } = await service.check('');
    assert.deepEqual(findings, []);
    assert.match(problems.join(), /was gone while.*written anew/);
  });
});
