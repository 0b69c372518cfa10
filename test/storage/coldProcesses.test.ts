import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { coldNames, openSmall, until } from './coldSupport.ts';
import { temporaryFolder, uniqueName } from './support.ts';

const itemsOfChat = 6;

describe('old chats and several processes', function () {
  const folder = temporaryFolder(this);
  this.timeout(300_000);
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  const start = (where: string, name: string, count: number) => {
    const script = path.join(import.meta.dirname, 'coldWriter.ts');
    const child = spawn(process.execPath, [script, where, name, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(line));
    return { child, lines, ended: Promise.all([once(child, 'exit'), once(reader, 'close')]) };
  };

  /** Every chat that was said to be written is there whole. */
  const checkAll = async (where: string, lines: readonly string[]): Promise<void> => {
    assert.deepEqual(
      lines.filter((line) => line !== 'done' && !line.endsWith(` has ${itemsOfChat} `)),
      [],
    );
    const opened = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
    for (const line of lines.filter((each) => each !== 'done')) {
      const [id = ''] = line.split(' ');
      assert.equal((await opened.items(id)).length, itemsOfChat, id);
    }
    const { findings } = await opened.service.check('');
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'problem'),
      [],
    );
    assert.deepEqual(opened.problems, []);
    await opened.service.close('');
  };

  it('that are killed while they put them away lose none', async () => {
    const where = folder();
    const lines: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const writer = start(where, `r${round}`, 100_000);
      const filesBefore = coldNames(where).length;
      // A file has just come, or is being written.
      await until(() => coldNames(where).length > filesBefore && writer.lines.length > 3, 'a new file');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      writer.child.kill('SIGKILL');
      await writer.ended;
      lines.push(...writer.lines);
      await checkAll(where, lines);
    }
    assert.ok(coldNames(where).length > 3);
  });

  it('that write, read and put away at once see all of each other', async () => {
    const where = folder();
    const writers = ['a', 'b'].map((name) => start(where, name, 25));
    await Promise.all(writers.map(({ ended }) => ended));
    const lines = writers.flatMap((writer) => writer.lines);
    assert.equal(lines.length, 52);
    await checkAll(where, lines);
    const opened = await openSmall(where);
    assert.ok(
      (await opened.service.use('')).parts.some(({ kind, files }) => kind === 'oldChats' && files > 2),
    );
    await opened.service.repair(uniqueName(), 'orphans');
    assert.deepEqual(opened.problems, []);
  });
});
