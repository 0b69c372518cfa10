import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openDatabase, openStore, temporaryFolder } from './support.ts';

const fileOf = (script: string): string => path.join(import.meta.dirname, script);

interface Started {
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

  const start = (script: string, ...parameters: readonly string[]): Started => {
    const child = spawn(process.execPath, [fileOf(script), ...parameters], {
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
    for (let round = 0; round < 2; round += 1) {
      const writers = ['a', 'b'].map((name) => start('writer.ts', where, `${name}${round}`, '100000'));
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

  it('that are killed in the middle of a job leave it interrupted, with all it had done and said', async () => {
    const where = folder();
    const { child, saw, ended } = start('runningJob.ts', where);
    await saw(/^running$/);
    const problems: string[] = [];
    const store = openStore(where, problems);
    assert.equal((await store.getSession('a'))?.status, 'running');
    await store.close();
    child.kill('SIGKILL');
    await ended;
    const next = openStore(where, problems);
    assert.equal((await next.getSession('a'))?.status, 'interrupted');
    const items = await next.readAll('a');
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ['user', 'assistant', 'step', 'assistant', 'notice'],
    );
    const [, , step, said] = items;
    assert.ok(step?.kind === 'step' && step.record.status === 'interrupted');
    assert.ok(said?.kind === 'assistant');
    assert.deepEqual(said.message.content, [{ type: 'text', text: 'And then' }]);
    await next.close();
    assert.deepEqual(problems, []);
  });

  it('that write 1,000 rows each at once lose nothing of each other, and each sees all', async () => {
    const where = folder();
    const count = 1_000;
    const watching = await openDatabase(where);
    const writers = ['a', 'b'].map((name) => start('writer.ts', where, name, String(count)));
    for (const { saw } of writers) await saw(/^done$/);
    for (const { child, saw, ended } of writers) {
      child.stdin?.write('look\n');
      assert.equal(await saw(/^sees/), `sees ${2 * count} `);
      await ended;
    }
    // Both wrote all the time, and not one after the other.
    const turns = (await watching.notes()).filter((note, index, all) => note[0] !== all[index - 1]?.[0]);
    assert.ok(turns.length > 20, `${turns.length} turns`);
    for (const notes of [await watching.notes(), await (await openDatabase(where)).notes()]) {
      assert.equal(notes.length, 2 * count);
      for (const name of ['a', 'b']) {
        const own = notes.filter((note) => note.startsWith(`${name}-`));
        assert.deepEqual(
          own,
          Array.from({ length: count }, (_, index) => `${name}-${index}`),
        );
      }
    }
    assert.deepEqual(watching.problems, []);
  });
});
