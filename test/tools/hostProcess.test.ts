import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createHostProcess } from '../../extension/tools/hostProcess.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { never } from './rig.ts';

const host = createHostProcess();

type Program = Parameters<typeof host.run>[0];

/** A program of node, with what it printed. */
const program = (script: string, more: Partial<Program> = {}) => {
  const pieces: Buffer[] = [];
  return {
    text: () => Buffer.concat(pieces).toString('utf8'),
    argv: [process.execPath, '-e', script],
    folder: temporaryFolder(),
    environment: { PATH: process.env.PATH ?? '' },
    input: '',
    timeoutMs: 20_000,
    onOutput: async (chunk: Buffer) => void pieces.push(chunk),
    ...more,
  };
};

const until = async (condition: () => boolean): Promise<void> => {
  const last = Date.now() + 30_000;
  while (!condition()) {
    assert.ok(Date.now() < last, 'it did not come about in time');
    await delay(10);
  }
};

const isGone = (id: number): boolean => {
  try {
    process.kill(id, 0);
    return process.platform === 'linux' && /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return true;
  }
};

/** It has a child that stays for ever; the ids of both are in a file. */
const twoThatStay = `
  const fs = require('node:fs');
  const stay = 'setInterval(() => {}, 1000)';
  const child = require('node:child_process').spawn(process.execPath, ['-e', stay], { stdio: 'inherit' });
  fs.writeFileSync('ids', process.pid + ' ' + child.pid);
`;

/** Empty where it was ended before it came so far. */
const idsIn = (folder: string): number[] => {
  const file = path.join(folder, 'ids');
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').map(Number) : [];
};

describe('a program on this computer', () => {
  afterEach(removeTemporaryFolders);

  it('gets its arguments as they are, in its folder, with this environment and nothing else', async () => {
    const odd = ['$HOME', '; echo x', 'a b', '"', '*', 'é'];
    const script =
      'console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env.A, process.env.HOME]))';
    const run = program(script);
    const argv = [...run.argv, '--', ...odd];
    const environment = { PATH: process.env.PATH ?? '', A: '1' };
    assert.deepEqual(await host.run({ ...run, argv, environment }, never), { exitCode: 0, timedOut: false });
    const [given, folder, a, home] = JSON.parse(run.text());
    assert.deepEqual([given, a, home], [odd, '1', null]);
    assert.equal(path.basename(folder), path.basename(run.folder));
  });

  it('reads its input to the end', async () => {
    const input = JSON.stringify({ text: 'ü'.repeat(300_000) });
    const run = program(
      "let n = ''; process.stdin.setEncoding('utf8').on('data', (d) => n += d).on('end', () => console.log(JSON.parse(n).text.length))",
      { input },
    );
    assert.equal((await host.run(run, never)).exitCode, 0);
    assert.equal(run.text(), '300000\n');
  });

  it('may end without reading it', async () => {
    const run = program('process.stdin.destroy(); console.log("done"); process.exitCode = 3', {
      input: 'x'.repeat(5_000_000),
    });
    assert.deepEqual(await host.run(run, never), { exitCode: 3, timedOut: false });
    assert.equal(run.text(), 'done\n');
  });

  it('is held back while nobody takes its output, and loses none of it', async () => {
    let bytes = 0;
    const run = program("process.stdout.write('x'.repeat(2_000_000)); process.stderr.write('y'.repeat(10))", {
      onOutput: async (chunk) => {
        await delay(1);
        bytes += chunk.length;
      },
    });
    assert.equal((await host.run(run, never)).exitCode, 0);
    assert.equal(bytes, 2_000_010);
  });

  it('ends at its deadline with all that it started', async () => {
    const run = program(`${twoThatStay} setInterval(() => {}, 1000)`, { timeoutMs: 1_500 });
    const { timedOut } = await host.run(run, never);
    assert.equal(timedOut, true);
    await until(() => idsIn(run.folder).every(isGone));
  });

  it('ends with all that it started when it is cancelled, and says why', async () => {
    const run = program(`${twoThatStay} setInterval(() => {}, 1000)`);
    const cancel = new AbortController();
    const running = host.run(run, cancel.signal);
    await until(() => idsIn(run.folder).length === 2);
    const reason = new Error('stopped');
    cancel.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    await until(() => idsIn(run.folder).every(isGone));
    await assert.rejects(host.run(run, cancel.signal), (error) => error === reason);
  });

  it('takes what it started with it when it ends', async function () {
    if (process.platform === 'win32') skipBecause(this, 'there are no process groups');
    const run = program(`${twoThatStay} process.exit(0)`);
    assert.deepEqual(await host.run(run, never), { exitCode: 0, timedOut: false });
    assert.equal(idsIn(run.folder).length, 2);
    await until(() => idsIn(run.folder).every(isGone));
  });

  it('says no code of one that was ended by something else', async function () {
    if (process.platform === 'win32') skipBecause(this, 'processes there end with a code');
    const run = program("process.kill(process.pid, 'SIGKILL')");
    assert.deepEqual(await host.run(run, never), { exitCode: undefined, timedOut: false });
  });

  it('tells what the system says where there is no such program, or nothing to run', async () => {
    const run = program('', { input: 'x' });
    await assert.rejects(host.run({ ...run, argv: ['./no-such-program'] }, never), { code: 'ENOENT' });
    await assert.rejects(host.run({ ...run, argv: [] }, never), /no program/);
  });
});
