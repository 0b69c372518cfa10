import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SandboxResult } from '../../extension/core/sandbox.ts';
import { SandboxError } from '../../extension/core/sandbox.ts';
import { createHostProcess } from '../../extension/tools/hostProcess.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { never, toolError } from '../tools/rig.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createRunnerRig, prepareIn, runIn } from './runnerRig.ts';
import { ended, entryOf, limitsOf, noEngine, onePixel, skillOnDisk } from './skillRig.ts';

describe('the runner of skills', () => {
  afterEach(removeTemporaryFolders);

  it('runs a program in the sandbox, its input as JSON, its arguments as they are', async () => {
    const rig = createRunnerRig();
    mkdirSync(rig.workspace);
    const argv = ['--sheet', '; rm -rf /', '$(id)', '-'];
    const output = await runIn(rig, { file: 'a b.csv', rows: 2 }, argv);
    const [spec] = rig.sandboxRuns;
    assert.deepEqual(spec?.argv, ['python3', '/skill/read.py', ...argv]);
    assert.equal(spec?.input, '{"file":"a b.csv","rows":2}');
    assert.equal(spec?.workspace, rig.workspace);
    assert.equal(spec?.below, '.');
    assert.deepEqual(spec?.limits, limitsOf());
    assert.deepEqual(spec?.environment, {});
    assert.deepEqual(rig.hostRuns, []);
    assert.equal(output.text, '(no output)\n\n[exit code 0]');
    assert.deepEqual([output.isError, output.summary], [false, 'exit code 0']);
  });

  it('takes the interpreter that the file asks for', async () => {
    for (const [file, program, image] of [
      ['a.mjs', 'node', 'node:22-slim'],
      ['b.sh', '/bin/sh', 'debian:bookworm-slim'],
      ['c', 'python3', 'python:3.12-slim'],
    ] as const) {
      const rig = createRunnerRig({ entries: [entryOf({ file })] });
      const { source, entries } = rig.skill;
      await runIn({ ...rig, skill: skillOnDisk(source.folder, { [file]: 'x' }, { source, entries }) });
      assert.equal(rig.sandboxRuns[0]?.argv[0], program);
      assert.equal(rig.sandboxRuns[0]?.limits.image, image);
    }
  });

  it('says beforehand where it runs and what it can reach', async () => {
    const rig = createRunnerRig({ sandbox: { network: true, memoryMb: 1_024 } });
    const prepared = await prepareIn(rig, { file: 'x' }, ['a b', '\u202e']);
    assert.equal(prepared.plan.place, 'sandbox');
    assert.deepEqual(prepared.asked, ['network: the whole internet', 'memory: 1024 MB']);
    assert.deepEqual(prepared.facts, [
      'In the sandbox: the whole internet, 1024 MB, 1 processor, 2 minutes, this folder read-write',
      'Image: python:3.12-slim',
      'It asks for more than it was granted: network: the whole internet, memory: 1024 MB. It gets that for this run',
    ]);
    assert.equal(prepared.line, "tables/read 'a b' '\\u{202E}'");
    assert.deepEqual(rig.sandboxRuns, []);
  });

  it('keeps to what the agent takes', async () => {
    const rig = createRunnerRig({ sandbox: { memoryMb: 2_048 }, grants: { memoryMb: 2_048 } });
    const { limits, asked } = await prepareIn(rig, { file: 'x' }, [], { memoryMb: 256, cpus: 0.5 });
    assert.deepEqual([limits.memoryMb, limits.cpus, asked], [256, 0.5, []]);
  });

  it('runs on this computer only by plan, and says so', async () => {
    const rig = createRunnerRig({ sandbox: { network: true } });
    rig.now.engine = noEngine;
    const prepared = await prepareIn(rig);
    assert.equal(prepared.plan.place, 'host');
    assert.equal(prepared.facts[0], 'Not sandboxed: it can do what you can do on this computer');
    assert.match(prepared.facts[1] ?? '', /^No container engine.*Docker is installed but does not run/);
    assert.deepEqual(prepared.asked, []);
    await prepared.run(never, () => {});
    const [call] = rig.hostRuns;
    assert.deepEqual(
      [call?.argv[0], path.basename(call?.argv[1] ?? ''), call?.argv.length],
      ['python3', 'read.py', 2],
    );
    assert.equal(call?.folder, rig.workspace);
    assert.equal(call?.input, '{"file":"a.csv"}');
    assert.equal(call?.timeoutMs, 120_000);
    assert.equal(call?.environment.HOME, '/home/x');
    assert.deepEqual(rig.sandboxRuns, []);
    assert.equal(rig.record().lastRun?.place, 'host');
  });

  it('asks no engine where the agent runs everything on this computer', async () => {
    const rig = createRunnerRig();
    assert.equal((await prepareIn(rig, { file: 'x' }, [], { sandbox: 'direct' })).plan.place, 'host');
    assert.equal(rig.asks.engine, 0);
  });

  it('refuses in words of the plan and of the engine', async () => {
    const rig = createRunnerRig({ requiresSandbox: true });
    rig.now.engine = noEngine;
    await assert.rejects(
      prepareIn(rig),
      toolError(/only in the sandbox.*Docker is installed but does not run/),
    );
    await assert.rejects(
      prepareIn(rig, { file: 'x' }, [], { sandbox: 'direct' }),
      toolError(/this agent runs everything on this computer/),
    );
    rig.now.isTrusted = false;
    await assert.rejects(prepareIn(rig), toolError(/not trusted/));
    rig.now.folder = undefined;
    await assert.rejects(prepareIn(rig), toolError(/No folder is open/));
    assert.deepEqual([rig.sandboxRuns, rig.hostRuns], [[], []]);
  });

  it('checks everything before anybody is asked', async () => {
    const rig = createRunnerRig();
    await assert.rejects(
      prepareIn(rig, {}),
      toolError(/does not fit tables\/read\. file: is missing\. Its schema: \{/),
    );
    await assert.rejects(prepareIn(rig, { file: 1 }), toolError(/file: must be string/));
    await assert.rejects(prepareIn(rig, { file: 'x' }, ['a\0b']), toolError(/NUL/));
    await assert.rejects(prepareIn(rig, { file: 'x' }, Array(101).fill('x')), toolError(/At most 100/));
    await assert.rejects(prepareIn(rig, { file: 'x' }, ['x'.repeat(200_000)]), toolError(/too long/));
    for (const [state, words] of [
      ['changed', /changed since they were reviewed/],
      ['disabled', /turned off/],
      ['broken', /cannot be read/],
    ] as const) {
      await assert.rejects(prepareIn({ ...rig, skill: { ...rig.skill, state } }), toolError(words));
    }
    await assert.rejects(
      prepareIn({ ...rig, skill: { ...rig.skill, entries: [] } }),
      toolError(/has no program "read"/),
    );
    await assert.rejects(
      prepareIn({ ...rig, skill: { ...rig.skill, files: [] } }),
      toolError(/there is no file read\.py/),
    );
    assert.equal(rig.asks.engine, 0);
  });

  it('runs no files but those that were loaded', async () => {
    const rig = createRunnerRig();
    const prepared = await prepareIn(rig);
    rig.now.hash = 'another';
    await assert.rejects(
      prepared.run(never, () => {}),
      toolError(/have changed since it was loaded\. Nothing was run/),
    );
    await assert.rejects(prepareIn(rig), toolError(/have changed/));
    assert.deepEqual(rig.sandboxRuns, []);
  });

  for (const place of ['sandbox', 'host'] as const) {
    it(`runs a copy of what was loaded and of nothing else, in the ${place}`, async () => {
      const rig = createRunnerRig();
      fill(rig.skill.source.folder, { '__pycache__/read.pyc': 'never looked at' });
      const seen: unknown[] = [];
      const lookAt = (folder: string): void => {
        // What happens to the skill's own folder meanwhile is nothing to the program.
        fill(rig.skill.source.folder, { 'read.py': 'print(2)' });
        assert.ok(!folder.startsWith(rig.skill.source.folder));
        seen.push(readdirSync(folder), readFileSync(path.join(folder, 'read.py'), 'utf8'), folder);
      };
      rig.now.inSandbox = async ({ skillFolder = '' }) => {
        lookAt(skillFolder);
        return ended();
      };
      rig.now.onHost = async ({ argv }) => {
        lookAt(path.dirname(argv[1] ?? ''));
        return { exitCode: 0, timedOut: false };
      };
      if (place === 'host') rig.now.engine = noEngine;
      await runIn(rig);
      assert.deepEqual(seen.slice(0, 2), [['read.py'], 'print(1)\n']);
      assert.equal(existsSync(String(seen[2])), false);
      assert.deepEqual(rig.errors, []);
    });
  }

  it('runs nothing where a file is another one by the time that it is copied', async () => {
    const rig = createRunnerRig();
    fill(rig.skill.source.folder, { 'read.py': 'print(2)' });
    await assert.rejects(runIn(rig), toolError(/have changed since it was loaded\. Nothing was run/));
    assert.deepEqual(rig.sandboxRuns, []);
  });

  it('has the person asked for an image that is not there', async () => {
    const rig = createRunnerRig();
    rig.now.hasImage = false;
    await assert.rejects(
      prepareIn(rig),
      toolError(/python:3\.12-slim, which is not on this computer.*has been asked/),
    );
    assert.deepEqual(rig.missing, ['python:3.12-slim for the skill tables']);
    rig.now.hasImage = true;
    rig.now.inSandbox = async () => {
      throw new SandboxError('missingImage', 'no such image');
    };
    await assert.rejects(runIn(rig), toolError(/has been asked/));
    assert.equal(rig.missing.length, 2);
  });

  it('tells standard error by itself, and both as they come', async () => {
    const rig = createRunnerRig();
    rig.now.inSandbox = async ({ onOutput }) => {
      await onOutput(Buffer.from('| a |\n'), 'stdout');
      await onOutput(Buffer.from('warn ```\n'), 'stderr');
      await onOutput(Buffer.from('| b |\n'), 'stdout');
      return ended({ exitCode: 3 });
    };
    const output = await runIn(rig);
    assert.equal(output.text, '| a |\n| b |\n\nStandard error:\n\n````\nwarn ```\n````\n\n[exit code 3]');
    assert.equal(output.live, '| a |\nwarn ```\n| b |\n');
    assert.deepEqual([output.isError, output.summary], [true, 'exit code 3']);
  });

  it('shows text that is no Markdown in a block that it cannot end', async () => {
    const rig = createRunnerRig({ entries: [entryOf({ output: 'text' })] });
    rig.now.inSandbox = async ({ onOutput }) => {
      await onOutput(Buffer.from('```\n# big\n'), 'stdout');
      return ended();
    };
    assert.equal((await runIn(rig)).text, '````\n```\n# big\n````\n\n[exit code 0]');
  });

  it('lists what was written, and shows pictures', async () => {
    const rig = createRunnerRig();
    rig.now.inSandbox = async ({ workspace }) => {
      fill(workspace, { 'out/a b.csv': 'x', 'b.png': onePixel });
      return ended();
    };
    const output = await runIn(rig);
    assert.match(
      output.text,
      /\[exit code 0; files written: \[b\.png\]\(b\.png\), \[out\/a b\.csv\]\(out\/a%20b\.csv\)\]$/,
    );
    assert.deepEqual(
      output.content.map(({ type }) => type),
      ['text', 'image'],
    );
  });

  const endings: readonly (readonly [string, Partial<SandboxResult>, string, RegExp])[] = [
    ['the deadline', { timedOut: true, exitCode: 137 }, 'deadline of 120 s passed', /ended after 2 minutes/],
    ['its memory', { outOfMemory: 'certain', exitCode: 137 }, 'out of memory', /may take 512 MB/],
    ['a likely lack of it', { outOfMemory: 'likely', exitCode: 137 }, 'likely out of memory', /most likely/],
    ['too much output', { isFlooding: true, exitCode: 137 }, 'too much output', /into a file/],
  ];
  for (const [what, result, summary, advice] of endings) {
    it(`tells ${what} with what to do`, async () => {
      const rig = createRunnerRig();
      rig.now.inSandbox = async () => ended(result);
      const output = await runIn(rig);
      assert.deepEqual([output.isError, output.summary], [true, summary]);
      assert.match(output.text, advice);
      assert.ok(output.text.endsWith(`[${summary}]`));
      const { lastRun } = rig.record();
      assert.deepEqual(
        [lastRun?.summary, lastRun?.isError, lastRun?.entry, lastRun?.place],
        [summary, true, 'read', 'sandbox'],
      );
    });
  }

  it('tells what was protected', async () => {
    const rig = createRunnerRig();
    const changes = [{ path: '.git/hooks/x', kind: 'made', answer: 'moved to /q' } as const];
    rig.now.inSandbox = async () => ended({ protectedChanges: changes });
    assert.match(
      (await runIn(rig)).text,
      /touched what is protected.*\n- \.git\/hooks\/x was made: moved to \/q/,
    );
  });

  it('passes on what the engine says, and ends with the person', async () => {
    const rig = createRunnerRig();
    rig.now.inSandbox = async () => {
      throw new SandboxError('engineLost', 'The engine stopped in the middle. Start it.');
    };
    await assert.rejects(runIn(rig), toolError(/^The engine stopped in the middle\. Start it\.$/));
    assert.match(rig.record().lastRun?.summary ?? '', /engine stopped/);

    const stop = new AbortController();
    const reason = new Error('stopped');
    rig.now.inSandbox = async (_spec, signal) => {
      stop.abort(reason);
      signal.throwIfAborted();
      return ended();
    };
    const prepared = await prepareIn(rig);
    await assert.rejects(
      prepared.run(stop.signal, () => {}),
      (error) => error === reason,
    );
    assert.equal(rig.record().lastRun?.summary, 'stopped');
  });

  it('really runs on this computer, where that is planned', async function () {
    if (process.platform === 'win32') skipBecause(this, 'the program is written for a POSIX shell');
    const rig = createRunnerRig({ mode: 'direct', entries: [entryOf({ file: 'hello.sh' })] });
    const files = {
      'hello.sh': 'read -r input; echo "$input $1"; echo oops >&2; echo x > made.txt; exit 4\n',
    };
    mkdirSync(rig.workspace);
    const skill = skillOnDisk(rig.skill.source.folder, files, { entries: rig.skill.entries, mode: 'direct' });
    rig.now.engine = noEngine;
    rig.now.onHost = createHostProcess().run;
    const output = await runIn({ ...rig, skill }, { file: 'a' }, ['$(id); x']);
    assert.equal(
      output.text,
      '{"file":"a"} $(id); x\n\nStandard error:\n\n```\noops\n```\n\n[exit code 4; files written: [made.txt](made.txt)]',
    );
    assert.match(output.live, /oops/);
  });

  it('says which program is missing on this computer', async () => {
    const rig = createRunnerRig({ mode: 'direct' });
    rig.now.engine = noEngine;
    rig.now.onHost = async () => {
      throw Object.assign(new Error('spawn python3 ENOENT'), { code: 'ENOENT', syscall: 'spawn' });
    };
    await assert.rejects(runIn(rig), toolError(/there is no python3 on this computer\. Nothing was run/));
  });

  it('answers also where the run cannot be noted', async () => {
    const failure = new Error('disk full');
    const rig = createRunnerRig({}, { records: { change: () => Promise.reject(failure) } });
    assert.equal((await runIn(rig)).summary, 'exit code 0');
    assert.deepEqual(rig.errors, [failure]);
  });
});
