import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { ImageProgress } from '../../extension/core/sandbox.ts';
import { parseImageName } from '../../extension/sandbox/imageName.ts';
import { buildImage, dockerfileOf, hasImage, pullImage } from '../../extension/sandbox/images.ts';
import { oneFileTar } from '../../extension/sandbox/oneFileTar.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { events, type FakeEngine, json, startFakeEngine } from './fakeEngine.ts';

const never = new AbortController().signal;
const digest = `sha256:${'a1'.repeat(32)}`;

describe('images', () => {
  let engine: FakeEngine;
  const start = async (routes: Parameters<typeof startFakeEngine>[0]): Promise<FakeEngine> => {
    engine = await startFakeEngine(routes);
    return engine;
  };
  afterEach(() => engine?.close());

  const pulling = async (...values: unknown[]): Promise<ImageProgress[]> => {
    const { docker } = await start({ 'POST /images/create': events(...values) });
    const seen: ImageProgress[] = [];
    await pullImage(docker, 'debian:bookworm-slim', (progress) => seen.push(progress), never);
    return seen;
  };

  it('takes names that mean one version, and refuses the others', () => {
    assert.deepEqual(parseImageName('python:3.12-slim'), { name: 'python', version: '3.12-slim' });
    assert.deepEqual(parseImageName(`localhost:5000/team/a_b:1@${digest}`), {
      name: 'localhost:5000/team/a_b',
      version: digest,
    });
    const refused = [
      'debian',
      'debian:latest',
      'localhost:5000/debian',
      'A:1',
      '',
      'a b:1',
      '-a:1',
      'a:1 b',
      'a@sha256:1',
    ];
    for (const image of refused)
      assert.throws(() => parseImageName(image), { name: 'SandboxError', kind: 'refused' }, image);
  });

  it('knows what is there', async () => {
    const { docker } = await start({ 'GET /images/debian:1/json': json({ Id: 'x' }) });
    assert.equal(await hasImage(docker, 'debian:1'), true);
    assert.equal(await hasImage(docker, 'debian:2'), false);
    await engine.close();
    await assert.rejects(hasImage(docker, 'debian:1'), { kind: 'engineLost' });
  });

  it('asks for a name and a tag, or for the digest', async () => {
    const asked: string[] = [];
    const { docker } = await start({
      'POST /images/create': (request, response) => {
        asked.push(new URL(`http://engine${request.url}`).search);
        response.end();
      },
    });
    await pullImage(docker, 'a.b:5000/c:1', () => undefined, never);
    await pullImage(docker, `c:1@${digest}`, () => undefined, never);
    assert.deepEqual(asked, [
      '?fromImage=a.b%3A5000%2Fc&tag=1',
      `?fromImage=c&tag=${digest.replace(':', '%3A')}`,
    ]);
  });

  it('tells of a fetch in words, and never backwards', async () => {
    const layer = (id: string, status: string, current?: number, total?: number) => ({
      id,
      status,
      progressDetail: current === undefined ? {} : { current, total },
    });
    const seen = await pulling(
      { id: 'bookworm-slim', status: 'Pulling from library/debian' },
      layer('a', 'Pulling fs layer'),
      layer('a', 'Downloading', 5_000_000, 20_000_000),
      layer('a', 'Downloading', 20_000_000, 20_000_000),
      layer('a', 'Verifying Checksum'),
      layer('b', 'Pulling fs layer'),
      layer('b', 'Downloading', 1_000_000, 4_000_000),
      layer('b', 'Download complete'),
      layer('a', 'Extracting', 10, 20),
      layer('a', 'Pull complete'),
      layer('b', 'Already exists'),
      { status: 'Status: Downloaded newer image' },
    );
    assert.deepEqual(
      seen.map(({ text }) => text),
      [
        'downloading 5.0 of 20 MB',
        'downloading 20 of 20 MB',
        'downloading 21 of 24 MB',
        'extracting layer 1 of 2',
        '1 of 2 layers done',
        '2 of 2 layers done',
      ],
    );
    const parts = seen.map(({ part }) => part ?? -1);
    assert.deepEqual(
      parts,
      [...parts].sort((a, b) => a - b),
    );
    assert.equal(parts.at(-1), 1);
  });

  const failures: [words: string, message: RegExp][] = [
    ['manifest for debian:nope not found: manifest unknown', /There is no image debian:bookworm-slim/],
    ['pull access denied for x, repository does not exist', /There is no image|not for everybody/],
    ['Get "https://registry/v2/": dial tcp: lookup registry: no such host', /cannot reach its registry/],
    ['toomanyrequests: You have reached your pull rate limit', /Try again later/],
    ['write /data/x: no space left on device', /disk is full/],
    ['something else', /was not fetched: something else/],
  ];
  for (const [words, message] of failures) {
    it(`says what to do about “${words}”`, async () => {
      // Among the events of a request that succeeded, and as a refusal of the request.
      await assert.rejects(
        pulling({ status: 'Pulling' }, { error: words, errorDetail: { message: words } }),
        {
          kind: 'pullFailed',
          message,
        },
      );
      await engine.close();
      const { docker } = await start({ 'POST /images/create': json({ message: words }, 500) });
      await assert.rejects(
        pullImage(docker, 'debian:bookworm-slim', () => undefined, never),
        {
          kind: 'pullFailed',
          message,
        },
      );
    });
  }

  it('reads events that come in pieces, and lines that are none', async () => {
    const { docker } = await start({
      'POST /images/create': (_, response) => {
        const text = Buffer.from('{"id":"ä","status":"Pull complete"}\r\nno json\n\n[]\n{"error":"Gemüse"}');
        const cut = text.indexOf(0xc3, 20) + 1;
        response.write(text.subarray(0, 8));
        setImmediate(() => {
          response.write(text.subarray(8, cut));
          setImmediate(() => response.end(text.subarray(cut)));
        });
      },
    });
    await assert.rejects(
      pullImage(docker, 'a:1', () => undefined, never),
      { message: /Gemüse/ },
    );
  });

  it('ends when it is cancelled, at the engine too, and when the engine goes', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { docker } = await start({
      'POST /images/create': (_, response) => {
        response.on('close', closed.resolve);
        response.write(`${JSON.stringify({ id: 'a', status: 'Pull complete' })}\n`);
      },
    });
    const reason = new Error('the person said so');
    await assert.rejects(
      pullImage(docker, 'a:1', () => controller.abort(reason), controller.signal),
      (error) => error === reason,
    );
    await closed.promise;

    await assert.rejects(
      pullImage(docker, 'a:1', () => void engine.close(), never),
      { kind: 'engineLost' },
    );
  });

  it('writes recipes that can mean nothing else', () => {
    const recipe = {
      name: 'anycowork/x:1',
      base: 'debian:bookworm-slim',
      packages: ['git', 'g++', 'lib.a-1'],
    };
    assert.match(dockerfileOf(recipe), /^FROM debian:bookworm-slim\nRUN apt-get update .*install -y/s);
    assert.match(dockerfileOf(recipe), / git g\+\+ lib\.a-1 \\\n/);
    assert.equal(dockerfileOf({ ...recipe, packages: [] }), 'FROM debian:bookworm-slim\n');
    for (const bad of ['-y', 'a b', 'a;b', 'a\nRUN b', '$(a)', 'A', 'a=1', '']) {
      assert.throws(() => dockerfileOf({ ...recipe, packages: [bad] }), { kind: 'refused' }, bad);
    }
    assert.throws(() => dockerfileOf({ ...recipe, base: 'debian\nRUN x:1' }), { kind: 'refused' });
  });

  it('says what a build does, and why it failed', async () => {
    const build = async (...lines: unknown[]): Promise<string[]> => {
      const { docker } = await start({
        'GET /images/debian:12/json': json({ Id: 'x' }),
        'POST /build': events(...lines),
      });
      const seen: string[] = [];
      const recipe = { name: 'anycowork/x:1', base: 'debian:12', packages: ['git'] };
      await buildImage(docker, recipe, ({ text, part }) => seen.push(`${text} ${part ?? ''}`.trim()), never);
      return seen;
    };
    const log = [
      'Step 1/2 : FROM debian:12\n',
      'Step 2/2 : RUN apt-get\n',
      'Get:1 http://mirror/ Packages\n',
      '0 upgraded, 1 newly installed, 0 to remove\n',
      'Get:2 http://mirror/ git\n',
      'Unpacking git (1:2) ...\n',
      'Setting up git (1:2) ...\n',
    ].map((stream) => ({ stream }));
    assert.deepEqual(await build(...log), [
      'step 1 of 2',
      'step 2 of 2',
      'downloading package lists',
      'downloading packages 0',
      'unpacking git 0.5',
      'setting up git 1',
    ]);
    await engine.close();
    const failed = { error: 'The command returned a non-zero code: 100' };
    await assert.rejects(build({ stream: '\u001b[91mE: Unable to locate package git\n\u001b[0m' }, failed), {
      kind: 'buildFailed',
      message: /no Debian package git/,
    });
    await engine.close();
    await assert.rejects(build({ stream: 'W: Failed to fetch http://mirror/x\n' }, failed), {
      kind: 'buildFailed',
      message: /could not be fetched/,
    });
  });

  it('makes archives that tar reads', function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows may have no tar of this kind');
    for (const text of ['', 'FROM a:1\n', 'x'.repeat(512), `${'x'.repeat(510)}äöü`]) {
      const { stdout } = spawnSync('tar', ['-xO', 'Dockerfile'], { input: oneFileTar('Dockerfile', text) });
      assert.equal(stdout.toString('utf8'), text);
    }
  });
});
