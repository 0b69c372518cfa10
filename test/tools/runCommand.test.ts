import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuTime, stopwatch } from '../support/clocks.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, textOfOutput, toolError } from './rig.ts';

const isRunning = (id: number): boolean => {
  try {
    process.kill(id, 0);
    // A zombie is dead.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch (error) {
    return (
      error instanceof Error && 'code' in error && error.code === 'ENOENT' && process.platform !== 'linux'
    );
  }
};

const until = async (condition: () => boolean, withinMs = 30_000): Promise<void> => {
  const last = Date.now() + withinMs;
  while (!condition()) {
    assert.ok(Date.now() < last, 'it did not come about in time');
    await delay(10);
  }
};

describe('run_command', () => {
  before(function () {
    if (process.platform === 'win32') skipBecause(this, 'the commands are written for a POSIX shell');
  });
  afterEach(removeTemporaryFolders);

  it('asks with the whole command line and the folder', async () => {
    const rig = createToolRig({ 'app/x': '' });
    const command = `echo ${'x'.repeat(300)}\necho second && rm -rf "$HOME"`;
    const step = await rig.prepare('run_command', { command, folder: 'app', timeout_seconds: 60 });
    assert.equal(step.effect, 'execute');
    assert.deepEqual(step.targets, [command]);
    assert.ok(step.title.length <= 80);
    const folder = path.join(rig.root, 'app');
    const lines = `│ echo ${'x'.repeat(300)}\n│ echo second && rm -rf "$HOME"`;
    assert.equal(step.approval?.detail, `${lines}\n\nFolder: ${folder}\nDeadline: 60 s`);
    assert.deepEqual(step.access, {
      paths: [],
      command: { line: command, folder: 'app', root: rig.root, below: 'app', isSandboxed: false },
    });
    const short = await rig.prepare('run_command', { command: 'npm test' });
    assert.equal(short.title, 'npm test');
    assert.equal(short.approval?.title, 'Run npm test?');
    assert.equal(short.approval?.detail, `npm test\n\nFolder: ${rig.root}`);
  });

  it('says that others may speak in the output of what reads the network', async () => {
    const rig = createToolRig({});
    const fetched = await rig.run('run_command', { command: 'curl --version; true' });
    assert.equal(fetched.taint, 'a command that reads the network (curl)');
    assert.equal((await rig.run('run_command', { command: 'echo hello' })).taint, undefined);
  });

  it('refuses characters that could hide what is run', async () => {
    const rig = createToolRig({});
    for (const command of ['ls\r rm -rf .', 'ls\u2028rm', 'echo \u202e mr', 'printf \u001b[2J', 'a\u0000b']) {
      await assert.rejects(rig.prepare('run_command', { command }), toolError(/invisible character U\+/));
    }
    await rig.prepare('run_command', { command: 'git commit -m "👨‍👩‍👧"\nls\t-l' });
  });

  it('reports output and exit code, standard error in its place', async () => {
    const rig = createToolRig({});
    const output = await rig.run('run_command', { command: 'echo out; echo err >&2; echo again; exit 3' });
    assert.equal(textOfOutput(output), 'out\nerr\nagain\n\n[exit code 3]');
    assert.equal(output.isError, true);
    assert.equal(output.summary, 'exit code 3');
    const good = await rig.run('run_command', { command: 'true' });
    assert.equal(textOfOutput(good), '(no output)\n\n[exit code 0]');
    assert.equal(good.isError, false);
    const killed = await rig.run('run_command', { command: 'kill -SEGV $$' });
    assert.equal(killed.summary, 'ended by SIGSEGV');
    assert.match(
      await rig.text('run_command', { command: 'no-such-program' }),
      /not found\n\n\[exit code 127\]/,
    );
  });

  it('runs in the folder, without input or terminal', async () => {
    const rig = createToolRig({ 'app/x': '' });
    assert.match(await rig.text('run_command', { command: 'pwd', folder: 'app' }), /\/work\/app\n/);
    assert.match(await rig.text('run_command', { command: 'pwd' }), /\/work\n/);
    assert.match(await rig.text('run_command', { command: 'cat; echo read nothing' }), /^read nothing/);
    assert.match(
      await rig.text('run_command', { command: 'tty; test -t 1 || echo no terminal' }),
      /no terminal/,
    );
    await assert.rejects(
      rig.prepare('run_command', { command: 'ls', folder: 'app/x' }),
      toolError(/not a folder/),
    );
    await assert.rejects(
      rig.prepare('run_command', { command: 'ls', folder: 'nope' }),
      toolError(/not exist/),
    );
  });

  it('shows the command no key', async () => {
    process.env.OPENAI_API_KEY = 'sk-planted';
    try {
      const rig = createToolRig({});
      const text = await rig.text('run_command', {
        command: 'env; tr "\\0" "\\n" < /proc/$PPID/cmdline || true',
      });
      assert.match(text, /TERM=dumb/);
      assert.doesNotMatch(text, /planted|OPENAI/);
    } finally {
      delete process.env.OPENAI_API_KEY;
    }
  });

  it('takes out terminal codes and overwritten progress', async () => {
    const rig = createToolRig({});
    const command =
      "printf '\\033[31mred\\033[0m \\033]0;title\\007ok\\n10%%\\r50%%\\r100%%\\r\\ndone\\b\\n'";
    assert.equal(await rig.text('run_command', { command }), 'red ok\n100%\ndone\n\n[exit code 0]');
  });

  it('shows output while it runs, in few pieces', async () => {
    const rig = createToolRig({});
    const pieces: string[] = [];
    const command =
      'for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; while [ ! -e go ]; do sleep 0.02; done; echo end';
    const step = await rig.prepare('run_command', { command });
    const running = step.run(never, (text) => pieces.push(text));
    await until(() => pieces.join('').includes('line 9'));
    fill(rig.root, { go: '' });
    await running;
    assert.match(pieces.join(''), /^line 1\n.*line 9\nend\n$/s);
    assert.ok(pieces.length <= 4, `${pieces.length}`);
  });

  it('keeps little of 50 MB in memory, and all of it in a file', async function () {
    this.timeout(60_000);
    const rig = createToolRig({});
    let shown = 0;
    const command =
      'echo first; yes 0123456789012345678901234567890123456789012345678 | head -c 50000000; echo; echo last';
    const step = await rig.prepare('run_command', { command });
    global.gc?.();
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 20);
    const began = cpuTime();
    const output = await step.run(never, (text) => {
      shown += text.length;
    });
    const seconds = (cpuTime() - began) / 1_000;
    clearInterval(watch);
    const text = textOfOutput(output);
    assert.ok(text.length < 66_000, `${text.length}`);
    assert.match(text, /^first\n0123/);
    assert.match(text, /\n\nlast\n\n\[exit code 0\]$/);
    const file = /\[49\.9 MB left out here; the whole output is in (\S+), which read_file can read\]/.exec(
      text,
    )?.[1];
    assert.ok(file, text.slice(15_900, 16_300));
    assert.equal(statSync(file).size, 50_000_012);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(await rig.text('read_file', { path: file, start_line: 1_000_000 }), /^1000000\t0123/);
    assert.ok(shown < 2_000_000, `${shown} characters shown live`);
    assert.ok(most - before < 100_000_000, `${(most - before) / 1e6} MB more`);
    assert.ok(seconds < 10, `${seconds} s`);
  });

  it('does not cut characters in two', async () => {
    const rig = createToolRig({});
    const text = await rig.text('run_command', { command: 'printf a; yes äöü€😀 | head -c 200000' });
    assert.doesNotMatch(text.replace(/\n[^\n]*\n\n\[exit code 0\]$/, ''), /\ufffd/);
  });

  it('makes no file for short output', async () => {
    const rig = createToolRig({});
    await rig.run('run_command', { command: 'echo short' });
    assert.ok(!existsSync(path.join(rig.base, 'output')));
  });

  it('goes on without the file when it cannot be made', async () => {
    const rig = createToolRig({}, { spillFolder: '/dev/null/output' });
    const text = await rig.text('run_command', { command: 'yes | head -c 200000' });
    assert.match(text, /could not be kept \(/);
    assert.match(text, /\[exit code 0\]$/);
  });

  it('ends everything the command started when it is cancelled', async () => {
    const rig = createToolRig({});
    const stopping = new AbortController();
    // One grandchild in the group, one that left it, and one that does not mind SIGTERM.
    const command = [
      'sleep 300 & echo $! > plain',
      'setsid sleep 300 & echo $! > session',
      '(trap "" TERM; echo $BASHPID > stubborn; while :; do sleep 1; done) &',
      'wait',
    ].join('\n');
    const step = await rig.prepare('run_command', { command });
    const running = step.run(stopping.signal, () => {});
    const names = ['plain', 'session', 'stubborn'];
    const idOf = (name: string): number => Number(readFileSync(path.join(rig.root, name), 'utf8'));
    await until(() => names.every((name) => existsSync(path.join(rig.root, name)) && idOf(name) > 0));
    const ids = names.map(idOf);
    assert.deepEqual(ids.map(isRunning), [true, true, true]);
    const began = performance.now();
    stopping.abort(new Error('cancelled by the person'));
    await assert.rejects(running, /cancelled by the person/);
    await until(() => !ids.some(isRunning));
    const ms = performance.now() - began;
    assert.ok(ms > 1_900 && ms < 20_000, `${ms} ms: SIGKILL comes after 2 s`);
  });

  it('is quick to cancel what ends by itself', async () => {
    const rig = createToolRig({});
    const stopping = new AbortController();
    const step = await rig.prepare('run_command', { command: 'sleep 300 | cat' });
    const running = step.run(stopping.signal, () => {});
    await delay(50);
    const took = stopwatch();
    stopping.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    const milliseconds = took();
    assert.ok(milliseconds < 1_900, `${milliseconds} ms: SIGKILL comes after 2 s`);
  });

  it('ends at the deadline, with what was printed by then', async () => {
    const rig = createToolRig({}, { commandTimeoutMs: 2_500 });
    const output = await rig.run('run_command', { command: 'echo begun; sleep 300; echo never' });
    assert.equal(textOfOutput(output), 'begun\n\n[deadline of 2.5 s passed]');
    assert.equal(output.isError, true);
    const hurried = createToolRig({}, { commandTimeoutMs: 150 });
    const command = 'sleep 0.3; echo in time';
    const longer = await hurried.run('run_command', { command, timeout_seconds: 30 });
    assert.match(textOfOutput(longer), /^in time/);
    assert.match(rig.spec('run_command').description, /timeout_seconds \(up to 3600\)/);
    await rig.prepare('run_command', { command: 'ls', timeout_seconds: 3_600 });
    await assert.rejects(
      rig.prepare('run_command', { command: 'ls', timeout_seconds: 3_601 }),
      toolError(/timeout_seconds/),
    );
  });

  it('does not wait for what stays in the background and holds the pipe', async () => {
    const rig = createToolRig({});
    const began = performance.now();
    const text = await rig.text('run_command', { command: 'sleep 300 & echo $! > id; echo started' });
    assert.ok(performance.now() - began < 20_000);
    const id = Number(readFileSync(path.join(rig.root, 'id'), 'utf8'));
    assert.match(
      text,
      /^started\n\n\[exit code 0; something it started still runs in the background \(process group \d+\), at most until this window closes; its further output is not kept\]$/,
    );
    assert.ok(isRunning(id));
    await rig.leftProcesses.end();
    assert.ok(!isRunning(id));
    const quiet = await rig.text('run_command', { command: 'sleep 0.1 & wait' });
    assert.equal(quiet, '(no output)\n\n[exit code 0]');
  });

  it('lets what stays in the background go on printing, until the window closes', async () => {
    const rig = createToolRig({});
    const began = performance.now();
    // A server that tells of each request, and what it started in a session of its own.
    const command = [
      '(setsid sleep 300 & echo $! > session',
      'i=0; while :; do i=$((i + 1)); echo "request $i, a line of its log"; echo $i > count; sleep 0.02; done) &',
      'echo $! > server; sleep 0.1; echo asked',
    ].join('\n');
    const pieces: string[] = [];
    const step = await rig.prepare('run_command', { command });
    const output = await step.run(never, (text) => pieces.push(text));
    assert.ok(performance.now() - began < 20_000);
    assert.match(textOfOutput(output), /request 1[\s\S]*\[exit code 0; something it started still runs/);
    const read = (name: string): number => Number(readFileSync(path.join(rig.root, name), 'utf8'));
    const told = pieces.length;
    const count = read('count');
    await until(() => read('count') > count + 10);
    // What it prints by now belongs to nothing any more.
    assert.equal(pieces.length, told);
    const ids = ['server', 'session'].map(read);
    assert.deepEqual(ids.map(isRunning), [true, true]);
    await rig.leftProcesses.end();
    assert.deepEqual(ids.map(isRunning), [false, false]);
  });

  it('keeps what was printed right before the end', async () => {
    const rig = createToolRig({});
    const text = await rig.text('run_command', {
      command: 'head -c 60000 /dev/zero | tr "\\0" x; echo; echo the end',
    });
    assert.match(text, /x\nthe end\n\n\[exit code 0\]$/);
  });

  it('closes the file of a cancelled command before it answers', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'only Linux shows which files a process holds open');
    const rig = createToolRig({});
    const folder = path.join(rig.base, 'output');
    const targetOf = (descriptor: string): string => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`);
      } catch {
        // Closed since the listing.
        return '';
      }
    };
    const openThere = (): readonly string[] =>
      readdirSync('/proc/self/fd')
        .map(targetOf)
        .filter((file) => file.startsWith(folder));
    const stopping = new AbortController();
    const step = await rig.prepare('run_command', { command: 'yes' });
    const running = step.run(stopping.signal, () => {});
    await until(() => openThere().length > 0);
    const [file] = openThere();
    stopping.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    assert.deepEqual(openThere(), []);
    assert.ok(file);
    const { size } = statSync(file);
    await delay(50);
    assert.equal(statSync(file).size, size);
  });
});
