import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openService, temporaryFolder } from './support.ts';
import { entry, telegramOf } from './telegramSupport.ts';

describe('updates that several processes take', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  /** @param untilLine it is killed once it has written so many lines; else it ends by itself. @returns its lines */
  const take = async (where: string, from: number, count: number, untilLine?: number) => {
    const script = path.join(import.meta.dirname, 'telegramTaker.ts');
    const child = spawn(process.execPath, [script, where, String(from), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => {
      lines.push(line);
      if (lines.length === untilLine) child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'exit'), once(reader, 'close')]);
    return lines;
  };

  it('and that are killed meanwhile, are lost by none once they are acknowledged, and taken twice by none', async () => {
    const where = folder();
    const acknowledged = (await take(where, 1, 100_000, 30)).map(Number);
    assert.ok(acknowledged.length >= 30 && acknowledged.length < 100_000);
    const { service, problems } = await openService(where);
    const telegram = telegramOf(service);
    const open = await telegram.openEntries('a');
    // At most the one that it was writing besides.
    assert.ok(open.length - acknowledged.length <= 1, `${open.length} of ${acknowledged.length}`);
    assert.deepEqual(
      open.slice(0, acknowledged.length),
      acknowledged.map((updateId) => entry('a', updateId)),
    );
    for (const { updateId } of open) {
      assert.equal(await telegram.takeUpdate('a', updateId, 1_000, entry('a', updateId)), false);
    }
    assert.deepEqual(problems, []);
  });

  it('at once, are taken by one of them each', async () => {
    const where = folder();
    const count = 150;
    const both = await Promise.all([take(where, 1, count), take(where, 1, count)]);
    const taken = both.flat().filter((line) => line !== 'done');
    assert.equal(taken.length, count);
    assert.equal(new Set(taken).size, count);
    const { service } = await openService(where);
    assert.equal((await telegramOf(service).openEntries('a')).length, count);
  });
});
