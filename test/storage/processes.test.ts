import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, temporaryFolder } from './support.ts';

const writerFile = path.join(import.meta.dirname, 'writer.ts');

interface Writer {
  readonly child: ChildProcess;
  /** The lines it has written so far. */
  readonly lines: string[];
  /** Resolves at such a line. */
  saw(line: RegExp): Promise<string>;
  /** Resolves when it has ended and all it wrote is in `lines`. */
  readonly ended: Promise<unknown>;
}

describe('several processes', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  const startWriter = (where: string, name: string, count: number): Writer => {
    const child = spawn(process.execPath, [writerFile, where, name, String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    started.push(child);
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(line));
    const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]);
    const saw = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        await Promise.race([
          once(reader, 'line'),
          ended.then(() => assert.fail(`it ended without ${pattern}: ${lines.slice(-3).join()}`)),
        ]);
      }
    };
    return { child, lines, saw, ended };
  };

  it('that are killed while they write lose nothing that was acknowledged', async () => {
    const where = folder();
    const acknowledged: string[] = [];
    let unacknowledged = 0;
    for (let round = 0; round < 4; round += 1) {
      const writers = ['a', 'b'].map((name) => startWriter(where, `${name}${round}`, 100_000));
      for (const { child, saw } of writers) {
        await saw(new RegExp(`-${5 + Math.floor(Math.random() * 30)}$`));
        child.kill('SIGKILL');
      }
      await Promise.all(writers.map(({ ended }) => ended));
      const said = writers.flatMap(({ lines }) => lines);
      assert.ok(said.length >= 12);
      acknowledged.push(...said);

      const opened = await openDatabase(where);
      const notes = new Set(await opened.notes());
      assert.deepEqual(
        acknowledged.filter((note) => !notes.has(note)),
        [],
        'acknowledged and gone',
      );
      // Of each process at most the one note that it was writing.
      unacknowledged = notes.size - acknowledged.length;
      assert.ok(unacknowledged <= 2 * (round + 1), `${unacknowledged} more than acknowledged`);
      const check = await opened.database.read((query) => query('PRAGMA integrity_check'));
      assert.deepEqual(check, [{ integrity_check: 'ok' }]);
      assert.deepEqual(opened.problems, []);
      await opened.database.close();
    }
    assert.deepEqual(
      readdirSync(where).filter((name) => name.includes('corrupt')),
      [],
    );
  });

  it('that write at once lose nothing of each other, and each sees all', async () => {
    const where = folder();
    const count = 200;
    const here = await openDatabase(where, { snapshotBytes: 2_000 });
    const writers = ['a', 'b'].map((name) => startWriter(where, name, count));
    for (let index = 0; index < count; index += 1) await here.add(`c-${index}`);
    for (const { saw } of writers) await saw(/^done$/);
    for (const { child, saw, ended } of writers) {
      child.stdin?.write('look\n');
      assert.equal(await saw(/^sees/), `sees ${3 * count} `);
      await ended;
    }
    for (const notes of [await here.notes(), await (await openDatabase(where)).notes()]) {
      assert.equal(notes.length, 3 * count);
      for (const name of ['a', 'b', 'c']) {
        const own = notes.filter((note) => note.startsWith(`${name}-`));
        assert.deepEqual(
          own,
          Array.from({ length: count }, (_, index) => `${name}-${index}`),
        );
      }
    }
    assert.deepEqual(here.problems, []);
  });
});
