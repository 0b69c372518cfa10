import assert from 'node:assert/strict';
import { type EngineState, type ImageProgress, SandboxError } from '../../extension/core/sandbox.ts';
import { defaultExecution } from '../../extension/shared/agent.ts';
import { answers, executed, messages, progress, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { entry, skill, skillRig } from './skillRig.ts';

const { createSandboxCommands } = await loadWithVscode(
  () => import('../../extension/vscode/sandboxCommands.ts'),
);
const { createImageConsent, imageText } = await loadWithVscode(
  () => import('../../extension/vscode/imageConsent.ts'),
);
const { neededImages, sandboxReport } = await loadWithVscode(
  () => import('../../extension/vscode/sandboxReport.ts'),
);

const ready: EngineState = {
  kind: 'ready',
  engine: {
    name: 'Docker 28.2',
    address: 'unix:///run/x.sock',
    foundBy: 'context colima',
    kind: 'rootless',
    memoryBytes: 8 * 1024 ** 3,
    cpus: 4,
  },
};
const missing: EngineState = {
  kind: 'unavailable',
  problem: 'stopped',
  message: 'The engine is not running. Start it, then check again.',
  tried: ['unix:///run/x.sock: connection refused'],
};
const recipe = { name: 'anycowork/toolbox:1', base: 'debian:bookworm-slim', packages: ['pandoc', 'git'] };
const charts = skill(
  'charts',
  {
    entries: [entry('draw')],
    sandbox: { image: recipe.name, network: true, memoryMb: 1_024 },
    grants: { memoryMb: 1_024 },
  },
  'bundled',
);

const rig = (
  options: {
    state?: EngineState;
    engine?: () => Promise<EngineState>;
    here?: readonly string[];
    failures?: unknown[];
  } = {},
) => {
  const here = new Set(options.here ?? []);
  const failures = [...(options.failures ?? [])];
  const got: string[] = [];
  const errors: unknown[] = [];
  const gate = { wait: undefined as Promise<void> | undefined };
  const get = async (how: string, image: string, onProgress: (at: ImageProgress) => void): Promise<void> => {
    await gate.wait;
    onProgress({ text: 'layer 1 of 2', part: 0.5 });
    if (failures.length > 0) throw failures.shift();
    got.push(`${how} ${image}`);
    here.add(image);
  };
  const sandbox = {
    state: options.engine ?? (async () => options.state ?? ready),
    hasImage: async (image: string) => here.has(image),
    reap: async () => 2,
    pull: (image: string, onProgress: (at: ImageProgress) => void) => get('pull', image, onProgress),
    build: ({ name }: { readonly name: string }, onProgress: (at: ImageProgress) => void) =>
      get('build', name, onProgress),
  };
  const logError = (error: unknown): void => void errors.push(error);
  const { ports, shown } = skillRig([charts, skill('off', { state: 'disabled', entries: [entry('run')] })]);
  const images = createImageConsent({ sandbox, recipes: () => [recipe], logError });
  const commands = createSandboxCommands({
    ...ports,
    sandbox,
    images,
    recipes: () => [recipe],
    agents: { list: async () => [{ name: 'Coder', execution: defaultExecution }] as never }, // No more is read.
    commandImage: () => '',
    now: () => 0,
    logError,
  });
  return { commands, images, shown, got, errors, gate };
};

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

beforeEach(resetVscode);

describe('checking the sandbox', () => {
  it('says what there is and what it holds', async () => {
    const { commands, shown } = rig({ here: ['debian:bookworm-slim'] });
    const facts = await commands.checkSandbox();
    const text = shown[0]?.report.text ?? '';
    for (const part of [
      '**The sandbox is ready.**',
      '- Engine: Docker 28.2, runs without root',
      '- Address: unix:///run/x.sock, found by: context colima',
      '- It has 8 GB of memory and 4 processors.',
      '- The engine sees /home/me/shop.',
      '- 2 containers of windows that are gone were removed.',
      '- Coder: **Flexible**.',
      'at most 4,096 MB and 4 processors',
      '- charts (~/charts): granted 1,024 MB; asks at each run for Network',
      '- debian:bookworm-slim: **here**. For: commands',
      '- anycowork/toolbox:1 (made on this computer from debian:bookworm-slim): **missing**. For: charts',
    ]) {
      assert.ok(text.includes(part), `${part}\n--\n${text}`);
    }
    assert.equal(facts?.reaped, 2);
    assert.deepEqual(told, ['The sandbox is ready. 1 image is missing; the report says which.']);
  });

  it('says what was tried where there is none, and how to go on', async () => {
    const { commands, shown } = rig({ state: missing });
    answers.push('Open Settings');
    await commands.checkSandbox();
    await settle();
    const text = shown[0]?.report.text ?? '';
    assert.match(text, /\*\*There is no sandbox\.\*\*\n\nThe engine is not running\. Start it/);
    assert.match(text, /- unix:\/\/\/run\/x\.sock: connection refused/);
    assert.match(text, /debian:bookworm-slim: \*\*not known\*\*/);
    assert.doesNotMatch(text, /were removed/);
    assert.deepEqual(executed, [['workbench.action.openSettings', 'anycowork.sandbox']]);
  });

  it('is not waited for when it is cancelled: an engine may never answer', async () => {
    const { commands, shown } = rig({ engine: () => new Promise(() => undefined) });
    const checking = commands.checkSandbox();
    for (const listener of progress.listeners) listener();
    assert.equal(await checking, undefined);
    const getting = commands.getImage();
    for (const listener of progress.listeners) listener();
    assert.equal(await getting, false);
    assert.deepEqual([shown, told, progress.locations], [[], [], [15, 15]]);
  });

  const facts = {
    at: 0,
    state: ready,
    folder: '/home/me/shop',
    isTrusted: true,
    agents: [],
    skills: [],
    images: [],
    commandImage: '',
  };
  const { folder: _, ...withoutFolder } = facts;
  for (const [name, given, part] of [
    ['no folder', withoutFolder, /No folder is open/],
    [
      'a folder that is not trusted',
      { ...facts, isTrusted: false },
      /shop is not trusted: nothing runs in it/,
    ],
    [
      'a folder that the engine does not see',
      { ...facts, state: { ...missing, problem: 'folderUnseen' } },
      /The engine does not see \/home\/me\/shop/,
    ],
    [
      'an image for commands',
      { ...facts, commandImage: 'node:22-slim' },
      /Commands in the sandbox run in the image node:22-slim/,
    ],
  ] as const) {
    it(`says of ${name}`, () => {
      assert.match(sandboxReport(given), part);
    });
  }

  it('needs images of what can run, each once', () => {
    const python = (id: string) => skill(id, { entries: [entry('run')] });
    const words = skill('words');
    assert.deepEqual(neededImages([python('a'), python('b'), words, charts], 'node:22-slim', [recipe]), [
      { name: 'node:22-slim', neededBy: ['commands'] },
      { name: 'python:3.12-slim', neededBy: ['a', 'b'] },
      { name: recipe.name, neededBy: ['charts'], recipe },
    ]);
  });
});

describe('an image that is missing', () => {
  it('is fetched after a click', async () => {
    const { images, got } = rig();
    answers.push('Get Image');
    images.imageMissing('python:3.12-slim', 'the skill pdf');
    await settle();
    assert.deepEqual(got, ['pull python:3.12-slim']);
    assert.deepEqual(told, [
      'The skill pdf needs the image python:3.12-slim, which is not on this computer (about 45 MB to fetch).',
      'The image python:3.12-slim is here. What needed it can run now.',
    ]);
  });

  for (const answer of ['Not Now', undefined]) {
    it(`is not without one: ${answer ?? 'Esc'}`, async () => {
      const { images, got } = rig();
      answers.push(answer);
      images.imageMissing('python:3.12-slim', 'the skill pdf');
      await settle();
      assert.deepEqual([got, progress.locations], [[], []]);
    });
  }

  it('is asked about once at a time', async () => {
    const { images, got } = rig();
    const { promise, resolve } = Promise.withResolvers<string>();
    answers.push(promise);
    images.imageMissing('a:1', 'the skill x');
    images.imageMissing('a:1', 'the skill y');
    images.imageMissing('b:1', 'the skill z');
    assert.equal(messages.length, 2);
    resolve('Not Now');
    await settle();
    images.imageMissing('a:1', 'the skill x');
    assert.deepEqual([messages.length, got], [3, []]);
  });

  it('is made where there is a recipe', async () => {
    const { images, got } = rig();
    assert.equal(await images.get(recipe.name), true);
    assert.deepEqual(got, [`build ${recipe.name}`]);
    assert.match(
      imageText(recipe.name, recipe),
      /made on this computer from debian:bookworm-slim with 2 packages/,
    );
    assert.match(imageText('x:1', undefined), /is not known/);
  });

  it('is fetched once for all that wait', async () => {
    const { images, got, gate } = rig();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.wait = promise;
    const both = Promise.all([images.get('a:1'), images.get('a:1')]);
    resolve();
    assert.deepEqual([await both, got], [[true, true], ['pull a:1']]);
  });

  it('is tried again after a failure, which is told in its words', async () => {
    const failure = new SandboxError('pullFailed', 'There is no image a:1. Check its name.');
    const { images, got, errors } = rig({ failures: [failure] });
    answers.push('Try Again');
    assert.equal(await images.get('a:1'), false);
    await settle();
    assert.deepEqual([messages[0]?.text, got, errors], [failure.message, ['pull a:1'], [failure]]);
  });

  it('is not told of as a failure when it is cancelled', async () => {
    const { images, gate } = rig({ failures: [new Error('aborted')] });
    gate.wait = Promise.resolve().then(() => {
      for (const listener of progress.listeners) listener();
    });
    assert.equal(await images.get('a:1'), false);
    assert.deepEqual(messages, []);
  });
});

describe('getting an image by command', () => {
  it('has what is missing first', async () => {
    const { commands, got } = rig({ here: ['debian:bookworm-slim'] });
    answers.push(recipe.name);
    assert.equal(await commands.getImage(), true);
    assert.deepEqual(got, [`build ${recipe.name}`]);
  });

  it('takes another one by name', async () => {
    const { commands, got } = rig();
    answers.push('$(edit) Another image…', ' ruby:3.4-slim ');
    await commands.getImage();
    answers.push('$(edit) Another image…', '--privileged');
    await assert.rejects(commands.getImage(), /arguments are not right/);
    assert.deepEqual(got, ['pull ruby:3.4-slim']);
  });

  it('by code asks first', async () => {
    const { commands, got } = rig();
    answers.push(undefined);
    assert.equal(await commands.getImage('a:1'), false);
    assert.deepEqual([messages[0]?.isModal, got], [true, []]);
    answers.push('Get Image');
    assert.equal(await commands.getImage('a:1'), true);
  });
});
