import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createProcessGuard, type ProcessGuard } from '../../extension/mcp/processGuard.ts';
import { startOf } from '../../extension/mcp/processTable.ts';
import { listProcesses } from '../support/processes.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { idsIn, isAlive } from './servers/bad.ts';
import { endLimit, livingOf, until } from './stdioRig.ts';

const file = path.resolve(import.meta.dirname, '../../extension/mcp/guardProcess.ts');

/** The guards among the children of a process. */
const guardsOf = (parent: number): readonly number[] =>
  listProcesses()
    .filter((each) => each.parent === parent && each.command.includes('guardProcess.ts'))
    .map(({ pid }) => pid);

const started: ChildProcess[] = [];

/** A process that leads its group and stays. */
const staying = (script = ''): number => {
  const child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1_000)`], {
    stdio: 'ignore',
    detached: true,
  });
  started.push(child);
  assert.ok(child.pid !== undefined);
  return child.pid;
};

const isGone = (pid: number) => (): boolean => !isAlive(pid);

describe('the guard of servers', function () {
  this.timeout(60_000);
  const log: string[] = [];
  const guards: ProcessGuard[] = [];
  const guard = (more: { file?: string } = {}): ProcessGuard => {
    const made = createProcessGuard({
      file,
      environment: () => ({ PATH: process.env.PATH ?? '' }),
      log: (text) => void log.push(text),
      ...more,
    });
    guards.push(made);
    return made;
  };

  before(function () {
    if (process.platform === 'win32') skipBecause(this, 'these processes are told apart by their groups');
  });

  afterEach(async () => {
    log.length = 0;
    await Promise.all(guards.splice(0).map((each) => each.close()));
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  it('ends servers within 3 s when the window is killed', async () => {
    const window = spawn(process.execPath, [path.join(import.meta.dirname, 'guardRig.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(window);
    let said = '';
    window.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(() => said.includes('\n'), 'the ids of its servers');
    const ids = idsIn(said);
    assert.equal(livingOf(ids).length, 4);
    const ofWindow = guardsOf(window.pid ?? 0);
    assert.equal(ofWindow.length, 1);
    window.kill('SIGKILL');
    await until(() => livingOf(ids).length === 0, 'the end of its servers', endLimit());
    await until(() => livingOf(ofWindow).length === 0, 'the end of the guard');
  });

  it('runs as long as there is anything to watch, one for all', async () => {
    const one = guard();
    const [first, second] = [staying(), staying()];
    const ends = [await one.watch(first), await one.watch(second)];
    const [id = 0, ...others] = guardsOf(process.pid);
    assert.deepEqual(others, []);
    ends[0]?.();
    ends[0]?.();
    assert.ok(isAlive(id));
    ends[1]?.();
    await until(isGone(id), 'its end');
    // It leaves those alone that it has been told to.
    assert.equal(livingOf([first, second]).length, 2);
    const end = await one.watch(first);
    assert.equal(guardsOf(process.pid).length, 1);
    end();
    assert.deepEqual(log, []);
  });

  it('ends what is left when it is closed', async () => {
    const one = guard();
    const pid = staying();
    await one.watch(pid);
    await one.close();
    assert.deepEqual(livingOf([pid]), []);
    assert.deepEqual(guardsOf(process.pid), []);
    const later = staying();
    (await one.watch(later))();
    assert.deepEqual(guardsOf(process.pid), []);
  });

  it('is started again with its list when it dies', async () => {
    const one = guard();
    const pid = staying("process.on('SIGTERM', () => {})");
    await one.watch(pid);
    const [first = 0] = guardsOf(process.pid);
    process.kill(first, 'SIGKILL');
    await until(() => guardsOf(process.pid).some((id) => id !== first), 'another guard');
    assert.match(log.join('\n'), /SIGKILL.*started again/);
    assert.ok(isAlive(pid));
    await one.close();
    assert.deepEqual(livingOf([pid]), []);
  });

  it('is given up when it cannot run, and tried again with the next server', async () => {
    const one = guard({ file: '/no/such/guard.js' });
    const pid = staying();
    const end = await one.watch(pid);
    await until(() => /ended 5 times \(exit code 1\)/.test(log.join('\n')), 'that it is told');
    const told = log.length;
    end();
    await one.watch(pid);
    await until(() => log.length > told, 'another try');
    assert.ok(isAlive(pid));
  });

  it('leaves alone who got the id of a server that has ended', async () => {
    const child = spawn(process.execPath, [file], { stdio: ['pipe', 'ignore', 'inherit'] });
    started.push(child);
    const [same, other, forgotten] = [staying(), staying(), staying()];
    const begun = await startOf(same);
    assert.ok(begun !== undefined);
    const lines = [
      `+${same} ${begun}`,
      `+${other} 1`,
      `+${forgotten} ${await startOf(forgotten)}`,
      `-${forgotten}`,
    ];
    child.stdin.end(`${lines.join('\n')}\nrubbish\n+\n`);
    await until(() => child.exitCode === 0, 'its end');
    assert.deepEqual(livingOf([same, other, forgotten]), [other, forgotten]);
  });

  it('does not watch who is gone already', async () => {
    const one = guard();
    const pid = staying();
    process.kill(pid, 'SIGKILL');
    await until(isGone(pid), 'its end');
    (await one.watch(pid))();
    assert.deepEqual(guardsOf(process.pid), []);
  });
});
