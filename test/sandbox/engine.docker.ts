import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { type EngineInfo, type ImageProgress, SandboxError } from '../../extension/core/sandbox.ts';
import { defaultImages } from '../../extension/core/skills.ts';
import { createEngineFinder } from '../../extension/sandbox/engineFinder.ts';
import { createFolderProbe, type FolderProbe } from '../../extension/sandbox/folderProbe.ts';
import { parseImageName } from '../../extension/sandbox/imageName.ts';
import { buildImage, hasImage, pullImage } from '../../extension/sandbox/images.ts';
import { oneFileTar } from '../../extension/sandbox/oneFileTar.ts';
import { containerLabels, reap } from '../../extension/sandbox/reaper.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';

const image = defaultImages.shell;
const never = new AbortController().signal;

describe('a real engine', () => {
  let docker: Docker;
  let engine: EngineInfo;
  let probe: FolderProbe;
  const folders: string[] = [];
  const newFolder = async (): Promise<string> => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'acw-probe-')));
    folders.push(folder);
    return folder;
  };
  const idsOf = async (filter: string): Promise<string[]> => {
    const found = await docker.listContainers({ all: true, filters: { label: [filter] } });
    return found.map(({ Id }) => Id);
  };

  before(async function () {
    const host = dockerHostOrSkip(this);
    const found = await createEngineFinder({
      setting: () => '',
      environment: { ...process.env, DOCKER_HOST: host },
      home: tmpdir(),
      platform: process.platform,
      now: Date.now,
    }).find();
    assert.ok(found.kind === 'ready', found.kind === 'unavailable' ? found.message : '');
    ({ docker, engine } = found);
    probe = createFolderProbe({ owner: `probe-${randomUUID()}`, now: Date.now });
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  it('is found, and described', () => {
    assert.match(engine.name, /^(?:Docker|Podman) \d+\.\d+$/);
    assert.equal(engine.foundBy, 'DOCKER_HOST');
    assert.ok(engine.memoryBytes > 100e6 && engine.cpus >= 1);
  });

  it('sees a folder of this computer, also one that only its owner reads, and nothing is left there', async () => {
    const plain = await newFolder();
    const withGit = await newFolder();
    await mkdir(path.join(withGit, '.git'));
    for (const folder of [plain, withGit])
      assert.equal(await probe.look(docker, engine, folder, [image]), 'seen');
    assert.deepEqual(await readdir(plain), []);
    assert.deepEqual(await readdir(path.join(withGit, '.git')), []);
  });

  it('does not see a folder that it would look for on another computer', async () => {
    // As an engine behind a socket that was passed on: it takes the path, and has another folder there, or none.
    const folder = await newFolder();
    const elsewhere = async (source: string): Promise<string> => {
      const other = Object.create(docker, {
        createContainer: {
          value: (options: Docker.ContainerCreateOptions) =>
            docker.createContainer({
              ...options,
              HostConfig: {
                ...options.HostConfig,
                Mounts: [{ Type: 'bind', Source: source, Target: '/probe', ReadOnly: true }],
              },
            }),
        },
      });
      probe.forget();
      return probe.look(other, engine, folder, [image]);
    };
    assert.equal(await elsewhere(await newFolder()), 'unseen');
    assert.equal(await elsewhere(path.join(folder, 'not-there')), 'unseen');
    assert.equal(await elsewhere(folder), 'seen');
    assert.deepEqual(await readdir(folder), []);
  });

  it('leaves no container of a probe behind', async () => {
    const owner = `probe-${randomUUID()}`;
    const mine = createFolderProbe({ owner, now: Date.now });
    assert.equal(await mine.look(docker, engine, await newFolder(), [image]), 'seen');
    assert.deepEqual(await idsOf(`anycowork.owner=${owner}`), []);
  });

  it('tries another image where one cannot read files', async () => {
    const empty = `anycowork-test/empty-${process.pid}:1`;
    const { name: repo, version: tag } = parseImageName(empty);
    const archive = Readable.from([oneFileTar('a', 'a')]);
    const answer = await docker.importImage(archive, { repo, tag });
    await finished(answer.resume());
    try {
      assert.equal(await hasImage(docker, empty), true);
      assert.equal(await probe.look(docker, engine, await newFolder(), [empty, image]), 'seen');
    } finally {
      await docker.getImage(empty).remove({ force: true });
    }
  });

  it('says why an image cannot be fetched', async () => {
    // Nobody listens at port 1: the same answer with and without a network.
    await assert.rejects(
      pullImage(docker, 'localhost:1/anycowork/none:1', () => undefined, never),
      (error) => {
        assert.ok(error instanceof SandboxError);
        assert.equal(error.kind, 'pullFailed');
        assert.match(
          error.message,
          /^The image localhost:1\/anycowork\/none:1 was not fetched: .*try again\.$/,
        );
        return true;
      },
    );
  });

  it('makes an image, tells how far it is, and says what is wrong with a recipe', async () => {
    const name = `anycowork-test/made-${process.pid}:1`;
    const seen: ImageProgress[] = [];
    try {
      const recipe = { name, base: image, packages: [] };
      await buildImage(docker, recipe, (progress) => seen.push(progress), never);
      assert.equal(await hasImage(docker, name), true);
      assert.equal(seen[0]?.text, 'step 1 of 1');
    } finally {
      await docker.getImage(name).remove({ force: true });
    }
    const wrong = { name, base: image, packages: ['anycowork-no-such-package'] };
    await assert.rejects(
      buildImage(docker, wrong, () => undefined, never),
      { kind: 'buildFailed' },
    );
    assert.equal(await hasImage(docker, name), false);
  });

  it('stops a build that is cancelled', async () => {
    const name = `anycowork-test/cancelled-${process.pid}:1`;
    const controller = new AbortController();
    const reason = new Error('enough');
    const recipe = { name, base: image, packages: ['anycowork-never'] };
    const build = buildImage(docker, recipe, () => controller.abort(reason), controller.signal);
    await assert.rejects(build, (error) => error === reason);
    assert.equal(await hasImage(docker, name), false);
  });

  it('loses what dead windows left behind, and nothing else', async () => {
    const test = randomUUID();
    const make = async (labels: Record<string, string>): Promise<string> => {
      const Labels = { ...labels, 'anycowork-test': test };
      const container = await docker.createContainer({
        Image: image,
        Cmd: ['sleep', '60'],
        Labels,
        HostConfig: { NetworkMode: 'none' },
      });
      await container.start();
      return container.id;
    };
    const later = Date.now() + 600_000;
    const owned = (owner: string, expiresAt = later) => containerLabels({ owner, run: 'r', expiresAt });
    try {
      await make(owned(`dead-${test}`));
      await make(owned(`living-${test}`, Date.now() - 1));
      const living = await make(owned(`living-${test}`));
      const stranger = await make({ 'somebody.else': '1' });
      const removed = await reap(docker, {
        // Of other tests at the same engine nothing is known.
        isOwnerAlive: async (owner) => owner !== `dead-${test}`,
        now: Date.now,
      });
      assert.ok(removed >= 2);
      assert.deepEqual((await idsOf(`anycowork-test=${test}`)).sort(), [living, stranger].sort());
    } finally {
      for (const id of await idsOf(`anycowork-test=${test}`))
        await docker.getContainer(id).remove({ force: true });
    }
  });
});
