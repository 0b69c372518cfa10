import assert from 'node:assert/strict';
import path from 'node:path';
import {
  type EngineState,
  SandboxError,
  type SandboxResult,
  type SandboxSpec,
} from '../../extension/core/sandbox.ts';
import type { ExecutionMode } from '../../extension/shared/skill.ts';
import { type CommandPlacePorts, createCommandPlaces } from '../../extension/tools/commandPlace.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, textOfOutput, toolError } from './rig.ts';

const ready: EngineState = {
  kind: 'ready',
  engine: {
    name: 'Docker 28.2',
    address: 'unix:///x',
    foundBy: 'setting',
    kind: 'rootful',
    memoryBytes: 1e9,
    cpus: 2,
  },
};
const stopped: EngineState = {
  kind: 'unavailable',
  problem: 'stopped',
  message: 'Docker is stopped.',
  tried: [],
};
const ended: SandboxResult = {
  exitCode: 0,
  timedOut: false,
  outOfMemory: 'no',
  isFlooding: false,
  protectedChanges: [],
  firstOutputMs: 1,
};

interface Setting {
  readonly mode?: ExecutionMode;
  readonly image?: string;
  readonly engine?: EngineState;
  readonly images?: readonly string[];
  readonly isTrusted?: boolean;
  readonly memoryMb?: number;
  readonly cpus?: number;
  run?(spec: SandboxSpec, signal: AbortSignal): Promise<Partial<SandboxResult>>;
  hasImage?(): Promise<boolean>;
}

/** A window whose engine is a fake. */
const rigOf = (setting: Setting, content: Record<string, string> = {}) => {
  const specs: SandboxSpec[] = [];
  const asked: (string | undefined)[] = [];
  const missing: string[] = [];
  const {
    mode = 'sandbox',
    image = '',
    engine = ready,
    images = ['debian:bookworm-slim', 'tools:1'],
  } = setting;
  const ports: CommandPlacePorts = {
    sandbox: {
      state: async (folder) => {
        asked.push(folder);
        return engine;
      },
      hasImage: setting.hasImage ?? (async (each) => images.includes(each)),
      run: async (spec, signal) => {
        specs.push(spec);
        return { ...ended, ...(await setting.run?.(spec, signal)) };
      },
    },
    execution: { sandbox: mode, memoryMb: setting.memoryMb ?? 4_096, cpus: setting.cpus ?? 4 },
    isTrusted: () => setting.isTrusted ?? true,
    commandImage: () => image,
    imageMissing: (each) => missing.push(each),
  };
  const commandPlaces = createCommandPlaces(ports);
  return { ...createToolRig(content, { commandPlaces }), commandPlaces, specs, asked, missing };
};

type Rig = ReturnType<typeof rigOf>;
const placeOf = async ({ files, commandPlaces }: Rig) => commandPlaces.place(await files.resolve('.'));

describe('where commands run', () => {
  afterEach(removeTemporaryFolders);

  const cases: [Setting, 'host' | 'sandbox' | 'refused', 'host' | 'sandbox' | 'either'][] = [
    [{ mode: 'sandbox' }, 'sandbox', 'sandbox'],
    [{ mode: 'sandbox', image: 'tools:1' }, 'sandbox', 'sandbox'],
    [{ mode: 'sandbox', engine: stopped }, 'refused', 'sandbox'],
    [{ mode: 'sandbox', isTrusted: false }, 'refused', 'sandbox'],
    [{ mode: 'flexible' }, 'host', 'host'],
    [{ mode: 'flexible', engine: stopped }, 'host', 'host'],
    [{ mode: 'flexible', image: 'tools:1' }, 'sandbox', 'either'],
    [{ mode: 'flexible', image: 'tools:1', engine: stopped }, 'host', 'either'],
    [{ mode: 'flexible', image: 'gone:1' }, 'refused', 'either'],
    [{ mode: 'flexible', isTrusted: false }, 'refused', 'host'],
    [{ mode: 'direct' }, 'host', 'host'],
    [{ mode: 'direct', image: 'tools:1' }, 'host', 'host'],
    [{ mode: 'direct', image: 'tools:1', isTrusted: false }, 'refused', 'host'],
  ];
  for (const [setting, kind, expected] of cases) {
    const { mode, image, engine, isTrusted } = setting;
    const about = [mode, image, engine?.kind, isTrusted === false ? 'not trusted' : undefined].filter(
      Boolean,
    );
    it(`${about.join(', ')}: ${kind}`, async () => {
      const rig = rigOf(setting);
      const place = await placeOf(rig);
      assert.equal(place.kind, kind);
      assert.equal(rig.commandPlaces.expected, expected);
      // No engine is asked where none is wanted.
      assert.deepEqual(rig.asked, expected === 'host' || isTrusted === false ? [] : [rig.root]);
    });
  }

  it('says why the sandbox does not hold it, where that was to be expected', async () => {
    const note = async (setting: Setting) => {
      const place = await placeOf(rigOf(setting));
      return place.kind === 'host' ? place.note : assert.fail(place.kind);
    };
    assert.equal(await note({ mode: 'direct' }), '');
    assert.equal(await note({ mode: 'flexible' }), '');
    assert.match(
      await note({ mode: 'flexible', image: 'tools:1', engine: stopped }),
      /^Not sandboxed: .*Docker is stopped\.$/,
    );
  });

  it('says what to do where it refuses', async () => {
    await assert.rejects(
      rigOf({ engine: stopped }).prepare('run_command', { command: 'ls' }),
      toolError(/only in the sandbox.*Start Docker.*“flexible”.*Docker is stopped\./),
    );
  });

  it('offers the person an image that is missing, and runs nothing', async () => {
    for (const [image, name] of [
      ['gone:1', 'gone:1'],
      ['', 'debian:bookworm-slim'],
    ] as const) {
      const rig = rigOf({ image, images: [] });
      await assert.rejects(
        rig.prepare('run_command', { command: 'ls' }),
        toolError(new RegExp(`The image ${name}.* is not on this computer\\. Nothing was run`)),
      );
      assert.deepEqual([rig.missing, rig.specs], [[name], []]);
    }
  });

  it('tells what the engine says when it cannot tell of its images, and passes bugs on', async () => {
    const broken = (error: Error) => rigOf({ hasImage: () => Promise.reject(error) });
    await assert.rejects(
      broken(new SandboxError('engineLost', 'The engine is gone. Start it.')).prepare('run_command', {
        command: 'ls',
      }),
      toolError(/The engine is gone/),
    );
    const bug = new TypeError('a bug');
    await assert.rejects(broken(bug).prepare('run_command', { command: 'ls' }), (error) => error === bug);
  });
});

describe('run_command in the sandbox', () => {
  afterEach(removeTemporaryFolders);

  it('asks with what it can reach, and with the command and its folder as everywhere', async () => {
    const rig = rigOf({ image: 'tools:1' }, { 'app/x': '' });
    const step = await rig.prepare('run_command', {
      command: 'npm test',
      folder: 'app',
      timeout_seconds: 60,
    });
    assert.equal(
      step.approval?.detail,
      [
        'npm test',
        '',
        `Folder: ${path.join(rig.root, 'app')}`,
        'In the sandbox: no network, of this computer only the workspace folder, as /workspace, at most 512 MB of memory and 1 processor, image tools:1',
        'Deadline: 60 s',
      ].join('\n'),
    );
    assert.equal(step.approval.isSandboxed, true);
    assert.deepEqual(step.access.command, {
      line: 'npm test',
      folder: 'app',
      root: rig.root,
      below: 'app',
      isSandboxed: true,
      hasNetwork: false,
    });
    assert.deepEqual(rig.specs, [], 'nothing has run');
  });

  it('says on this computer that it is not sandboxed, and why where that is news', async () => {
    const down = rigOf({ mode: 'flexible', image: 'tools:1', engine: stopped });
    const step = await down.prepare('run_command', { command: 'ls', timeout_seconds: 5 });
    assert.match(step.approval?.detail ?? '', /\nNot sandboxed: [^\n]+\nDeadline: 5 s$/);
    assert.deepEqual([step.approval?.isSandboxed, step.access.command?.isSandboxed], [false, false]);
    const direct = await rigOf({ mode: 'direct' }).prepare('run_command', { command: 'ls' });
    assert.doesNotMatch(direct.approval?.detail ?? '', /andbox/);
    assert.equal(direct.approval?.isSandboxed, false);
  });

  it('gives the line to sh in the folder below /workspace, with the stricter limits and no environment of ours', async () => {
    const rig = rigOf({ image: 'tools:1', memoryMb: 100, cpus: 0.5 }, { 'app/x': '' });
    const command = 'echo "$HOME" | cat';
    await rig.run('run_command', { command, folder: 'app', timeout_seconds: 7 });
    const [{ onOutput: _, ...spec } = assert.fail('it did not run')] = rig.specs;
    assert.deepEqual(spec, {
      argv: ['/bin/sh', '-c', command],
      input: '',
      workspace: rig.root,
      below: 'app',
      limits: {
        image: 'tools:1',
        memoryMb: 100,
        cpus: 0.5,
        timeoutSeconds: 7,
        network: false,
        execTmp: false,
        workspace: 'rw',
      },
      environment: {
        TERM: 'dumb',
        NO_COLOR: '1',
        PAGER: 'cat',
        GIT_PAGER: 'cat',
        GIT_TERMINAL_PROMPT: '0',
      },
    });
    const roomy = rigOf({ memoryMb: 100_000, cpus: 64 });
    await roomy.run('run_command', { command: 'ls' });
    const { memoryMb, cpus, image, timeoutSeconds } = roomy.specs[0]?.limits ?? assert.fail('it did not run');
    assert.deepEqual([memoryMb, cpus, image, timeoutSeconds], [512, 1, 'debian:bookworm-slim', 10]);
  });

  it('keeps and shows its output as of every command', async () => {
    const rig = rigOf({
      run: async ({ onOutput }) => {
        await onOutput(Buffer.from('\u001b[31mone\u001b[0m\n'), 'stdout');
        await onOutput(Buffer.from('two\n'), 'stderr');
        return { exitCode: 3 };
      },
    });
    const step = await rig.prepare('run_command', { command: 'x' });
    const pieces: string[] = [];
    const output = await step.run(never, (text) => pieces.push(text));
    assert.equal(textOfOutput(output), 'one\ntwo\n\n[exit code 3]');
    assert.equal(pieces.join(''), 'one\ntwo\n');
    assert.deepEqual([output.isError, output.summary], [true, 'exit code 3']);
  });

  const ends: [string, Partial<SandboxResult>, string, boolean][] = [
    ['well', {}, 'exit code 0', false],
    ['with a code', { exitCode: 2 }, 'exit code 2', true],
    ['without one', { exitCode: undefined }, 'exit code unknown', true],
    ['at its deadline', { exitCode: 137, timedOut: true }, 'deadline of 10 s passed', true],
    [
      'without memory',
      { exitCode: 137, outOfMemory: 'certain' },
      'exit code 137, out of memory: more than 512 MB',
      true,
    ],
    [
      'perhaps without memory',
      { exitCode: 137, outOfMemory: 'likely' },
      'exit code 137, likely out of memory: more than 512 MB',
      true,
    ],
    [
      'well, though it had too little memory on the way',
      { outOfMemory: 'certain' },
      'exit code 0, out of memory: more than 512 MB',
      true,
    ],
    ['in a flood', { exitCode: 137, isFlooding: true }, 'ended: it wrote too much', true],
  ];
  for (const [how, result, summary, isError] of ends) {
    it(`says how it ended: ${how}`, async () => {
      const output = await rigOf({ run: async () => result }).run('run_command', { command: 'x' });
      assert.deepEqual([output.summary, output.isError], [summary, isError]);
      assert.equal(textOfOutput(output), `(no output)\n\n[${summary}]`);
    });
  }

  it('tells what it changed of what is protected', async () => {
    const protectedChanges = [
      { path: '.vscode/tasks.json', kind: 'made', answer: 'moved to /kept/1' },
      { path: '.git/hooks', kind: 'changed', answer: 'put back' },
    ] as const;
    const rig = rigOf({ run: async () => ({ protectedChanges }) });
    const output = await rig.run('run_command', { command: 'x' });
    assert.equal(output.summary, 'exit code 0, and it changed what is protected');
    assert.match(
      textOfOutput(output),
      /; \.vscode\/tasks\.json is protected from the sandbox and was made: moved to \/kept\/1; \.git\/hooks .* changed: put back\]$/,
    );
  });

  it('never runs on this computer what was asked as sandboxed', async () => {
    const rig = rigOf({
      mode: 'flexible',
      image: 'tools:1',
      run: () => Promise.reject(new SandboxError('engineLost', 'The engine stopped. Start it again.')),
    });
    await assert.rejects(
      rig.run('run_command', { command: 'echo x > made' }),
      toolError(/The engine stopped\. Start it again\./),
    );
    assert.throws(() => rig.onDisk('made'), { code: 'ENOENT' });
  });

  it('offers an image that went away between the question and the run', async () => {
    const rig = rigOf({ run: () => Promise.reject(new SandboxError('missingImage', 'No such image.')) });
    await assert.rejects(rig.run('run_command', { command: 'x' }), toolError(/is not on this computer/));
    assert.deepEqual(rig.missing, ['debian:bookworm-slim']);
  });

  it('passes a cancel on, and its reason back', async () => {
    const cancel = new AbortController();
    const reason = new Error('stopped');
    const rig = rigOf({
      run: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          cancel.abort(reason);
        }),
    });
    const step = await rig.prepare('run_command', { command: 'x' });
    await assert.rejects(
      step.run(cancel.signal, () => {}),
      (error) => error === reason,
    );
  });

  it('tells the model which shell reads it, and that there is no network', () => {
    const spec = (setting: Setting) => rigOf(setting).spec('run_command');
    for (const [setting, words] of [
      [{ mode: 'sandbox' }, /^Runs a command line in sh in a container: no network/],
      [{ mode: 'flexible', image: 'tools:1' }, /^Runs a command line in sh in a container .*, or /],
    ] as const) {
      assert.match(spec(setting).description, words);
      assert.ok(spec(setting).description.length < 500);
    }
    assert.doesNotMatch(spec({ mode: 'flexible' }).description, /container/);
  });

  it('runs on this computer where it always did', async function () {
    if (process.platform === 'win32') skipBecause(this, 'the command is written for a POSIX shell');
    const rig = rigOf({ mode: 'flexible' });
    assert.equal(await rig.text('run_command', { command: 'echo here' }), 'here\n\n[exit code 0]');
    assert.deepEqual(rig.specs, []);
  });
});
