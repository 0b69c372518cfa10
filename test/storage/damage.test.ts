import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../extension/core/store.ts';
import { headerBytes } from '../../extension/storage/journalFormat.ts';
import {
  diskWith,
  noteMigrations,
  openDatabase,
  quickDisk,
  systemError,
  temporaryFolder,
} from './support.ts';

const image = 'anycowork.db';
const journal = 'anycowork.journal';

/** Every file with its bytes. */
const contents = (where: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(where)
      .sort()
      .map((name) => [name, readFileSync(path.join(where, name), 'latin1')]),
  );

describe('damage', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const copyOf = (where: string): string => {
    const copy = folder();
    for (const name of readdirSync(where)) copyFileSync(path.join(where, name), path.join(copy, name));
    return copy;
  };

  const open = (where: string) => openDatabase(where, { disk: quickDisk });

  /** Notes one to three before the first snapshot, four before the second, five and six since. */
  const store = async (): Promise<string> => {
    const where = folder();
    const { database, add } = await open(where);
    for (const text of ['one', 'two', 'three']) await add(text);
    await database.snapshot();
    await add('four');
    await database.snapshot();
    await add('five');
    await add('six');
    return where;
  };
  const all = ['one', 'two', 'three', 'four', 'five', 'six'];

  const flip = (file: string, at: number): void => {
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    writeFileSync(file, bytes);
  };

  /** It can be written to again, and nobody speaks of damage any more. */
  const isWellAgain = async (where: string, notes: readonly string[]): Promise<void> => {
    const once = await open(where);
    assert.deepEqual(once.problems, []);
    await once.add('later');
    await once.database.close();
    const again = await open(where);
    assert.deepEqual(await again.notes(), [...notes, 'later']);
    assert.deepEqual(again.problems, []);
  };

  const keptAside = (where: string, name: string): readonly string[] =>
    readdirSync(where).filter((each) => each.startsWith(`${name}.corrupt-`));

  const untouched = async (where: string, reason: RegExp): Promise<void> => {
    const before = contents(where);
    await assert.rejects(open(where), (error) => error instanceof StoreError && reason.test(error.message));
    assert.deepEqual(contents(where), before);
  };

  it('anywhere in the journal costs at most what stands behind it, is kept aside and told', async () => {
    const where = folder();
    const first = await open(where);
    const size = (): number => readFileSync(path.join(where, journal)).length;
    const [begin, ends] = [size(), [] as number[]];
    for (const text of ['one', 'two', 'three']) {
      await first.add(text);
      ends.push(size());
    }
    const [, secondEnd = 0, lastEnd = 0] = ends;
    for (let at = 0; at < lastEnd; at += at < headerBytes ? 5 : 13) {
      const damaged = copyOf(where);
      flip(path.join(damaged, journal), at);
      const bytes = readFileSync(path.join(damaged, journal));
      if (at >= headerBytes && at < begin) {
        // Of the first transaction of all, which made the tables, nothing can be made without it.
        await untouched(damaged, /cannot be opened/);
        continue;
      }
      const opened = await open(damaged);
      const notes = await opened.notes();
      const intact = at < headerBytes ? 3 : ends.filter((end) => end <= at).length;
      assert.deepEqual(notes, ['one', 'two', 'three'].slice(0, intact), `at ${at}`);
      if (at >= secondEnd) {
        // What a crash in the middle of the last write leaves looks the same.
        assert.deepEqual(opened.problems, [], `at ${at}`);
      } else {
        assert.equal(opened.problems.length, 1, `at ${at}`);
        const [aside] = keptAside(damaged, journal);
        assert.match(opened.problems[0] ?? '', /journal was damaged/);
        assert.ok(aside !== undefined && opened.problems[0]?.includes(aside), `at ${at}`);
        assert.ok(readFileSync(path.join(damaged, aside)).equals(bytes));
      }
      await isWellAgain(damaged, notes);
    }
  });

  it('in the middle of the journal is found too when a window has it open', async () => {
    const where = await store();
    const watching = await open(where);
    const writing = await open(where);
    const begin = readFileSync(path.join(where, journal)).length;
    await writing.add('seven');
    await writing.add('eight');
    flip(path.join(where, journal), begin + 40);
    assert.deepEqual(await watching.notes(), all);
    assert.match(watching.problems.join(), /journal was damaged.*2 later changes could not be/);
    await watching.add('nine');
    assert.deepEqual(await (await open(where)).notes(), [...all, 'nine']);
  });

  for (const [what, spoil] of [
    ['a changed byte in the middle', (bytes: Buffer) => bytes.fill(bytes[5_000] === 7 ? 8 : 7, 5_000, 5_001)],
    ['a changed byte of a number in its header', (bytes: Buffer) => bytes.fill(99, 60, 61)],
    ['no beginning', (bytes: Buffer) => bytes.fill(0, 0, 20)],
    ['half of it', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['nothing in it', (bytes: Buffer) => bytes.subarray(0, 0)],
    ['other content', () => Buffer.from('not a database')],
  ] as const) {
    it(`of the snapshot (${what}) is mended from the one before, without any loss`, async () => {
      const where = await store();
      const file = path.join(where, image);
      const spoiled = spoil(readFileSync(file));
      writeFileSync(file, spoiled);
      const opened = await open(where);
      assert.deepEqual(await opened.notes(), all);
      const [aside] = keptAside(where, image);
      assert.ok(aside !== undefined);
      assert.ok(readFileSync(path.join(where, aside)).equals(spoiled));
      assert.equal(opened.problems.length, 1);
      assert.match(opened.problems[0] ?? '', /history file was damaged.*restored completely/);
      assert.ok(opened.problems[0]?.includes(aside));
      await isWellAgain(where, all);
    });
  }

  it('of the snapshot is not met twice: the one that was mended is the one before from then on', async () => {
    const where = await store();
    flip(path.join(where, image), 5_000);
    await (await open(where)).database.close();
    flip(path.join(where, image), 5_000);
    const opened = await open(where);
    assert.deepEqual(await opened.notes(), all);
  });

  it('of a snapshot that belongs to no journal is found by looking through it', async () => {
    const where = await store();
    // Mending writes a snapshot whose checksum no journal has.
    flip(path.join(where, image), 5_000);
    const mended = await open(where);
    await mended.add('seven');
    const bytes = readFileSync(path.join(where, image));
    writeFileSync(path.join(where, image), bytes.fill(0xff, 8_192, 12_288));
    const opened = await open(where);
    assert.deepEqual(await opened.notes(), [...all, 'seven']);
    assert.match(opened.problems.join(), /history file was damaged/);
  });

  it('by which the snapshot is gone is mended from the one before', async () => {
    const where = await store();
    rmSync(path.join(where, image));
    const opened = await open(where);
    assert.deepEqual(await opened.notes(), all);
    assert.match(opened.problems.join(), /history file was missing.*restored completely/);
    await isWellAgain(where, all);
  });

  it('by which the journal is gone leaves what the snapshot has, and is told', async () => {
    const where = await store();
    rmSync(path.join(where, journal));
    rmSync(path.join(where, `${journal}.1`));
    const opened = await open(where);
    assert.deepEqual(await opened.notes(), all.slice(0, 4));
    assert.match(opened.problems.join(), /journal was missing.*last snapshot was restored/);
    await isWellAgain(where, all.slice(0, 4));
  });

  it('of everything that could replace it changes nothing: never empty in place of a history', async () => {
    const spoil = (where: string, names: readonly string[]): void => {
      for (const name of names) writeFileSync(path.join(where, name), 'spoiled beyond repair');
    };
    const both = await store();
    spoil(both, [image, `${image}.1`]);
    await untouched(both, /the snapshot is damaged, and the one before it is damaged/);
    const gone = await store();
    rmSync(path.join(gone, image));
    rmSync(path.join(gone, `${image}.1`));
    await untouched(gone, /the snapshot is missing, and the one before it is missing/);
    const alone = folder();
    spoil(alone, [image]);
    await untouched(alone, /the snapshot is damaged/);
    const nothingElse = folder();
    spoil(nothingElse, [journal]);
    await untouched(nothingElse, /cannot be opened/);
  });

  it('in a folder that cannot be written is mended in memory only', async () => {
    const where = await store();
    flip(path.join(where, image), 5_000);
    const before = contents(where);
    const refuse = () => {
      throw systemError('EROFS');
    };
    const disk = diskWith({
      createExclusive: refuse,
      openAppend: refuse,
      writeFile: refuse,
      copy: refuse,
      rename: refuse,
      remove: refuse,
      truncate: refuse,
      touch: refuse,
    });
    const opened = await openDatabase(where, { disk });
    assert.deepEqual(await opened.notes(), all);
    assert.match(opened.problems.join(), /history file was damaged/);
    await assert.rejects(opened.add('x'), /cannot be written to/);
    assert.deepEqual(contents(where), before);
  });
});

describe('what a newer version wrote', function () {
  const folder = temporaryFolder(this);

  it('is read, and not touched, whether it is in the snapshot or in the journal', async () => {
    for (const withSnapshot of [true, false]) {
      const where = folder();
      const newer = [...noteMigrations, { version: 9, statements: () => [] }];
      const young = await openDatabase(where, { disk: quickDisk, migrations: newer });
      await young.add('from the future');
      if (withSnapshot) await young.database.snapshot();
      await young.database.close();
      const before = contents(where);
      const old = await openDatabase(where, { disk: quickDisk });
      assert.deepEqual(await old.notes(), ['from the future']);
      assert.match(old.problems.join(), /newer version of AnyCowork \(format 9; this window knows 1\)/);
      await assert.rejects(old.add('x'), /Update AnyCowork/);
      await old.database.snapshot();
      await old.database.close();
      assert.deepEqual(contents(where), before);
    }
  });

  it('is refused, and not touched, where even the journal has another layout', async () => {
    const where = folder();
    await (await openDatabase(where, { disk: quickDisk })).add('x');
    const file = path.join(where, journal);
    writeFileSync(file, readFileSync(file, 'latin1').replace('ACWJRNL1', 'ACWJRNL2'), 'latin1');
    const before = contents(where);
    await assert.rejects(
      openDatabase(where, { disk: quickDisk }),
      (error) => error instanceof StoreError && /a newer version of AnyCowork wrote it/.test(error.message),
    );
    assert.deepEqual(contents(where), before);
  });
});
