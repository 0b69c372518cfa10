// Engines that hang, or say what makes no sense, before and beside the run of a program.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mock } from 'node:test';
import type { EngineInfo } from '../../extension/core/sandbox.ts';
import { cancelGraceMs } from '../../extension/sandbox/containerRun.ts';
import { createFolderProbe } from '../../extension/sandbox/folderProbe.ts';
import { hasImage } from '../../extension/sandbox/images.ts';
import { reap } from '../../extension/sandbox/reaper.ts';
import { engineDeadlines } from '../../extension/sandbox/stop.ts';
import { type FakeEngine, json, silence, startFakeEngine } from './fakeEngine.ts';
import { makeFolders, makeSandbox, runIn, type TestFolders } from './sandboxSupport.ts';

const engineInfo: EngineInfo = {
  name: 'Docker 28.2',
  address: 'unix:///nowhere',
  foundBy: 'setting',
  kind: 'rootful',
  memoryBytes: 8e9,
  cpus: 4,
};

describe('faults of an engine', () => {
  let engine: FakeEngine;
  let folders: TestFolders;
  beforeEach(() => {
    folders = makeFolders();
  });
  afterEach(async () => {
    mock.timers.reset();
    await engine.close();
    folders.remove();
  });

  const untilAsked = async (request: string): Promise<void> => {
    while (!engine.requests.includes(request)) await new Promise((resolve) => setImmediate(resolve));
  };

  const hangs: readonly [name: string, request: string, ask: () => Promise<unknown>][] = [
    ['whether an image is there', 'GET /images/a:1/json', () => hasImage(engine.docker, 'a:1')],
    [
      'which containers are left',
      'GET /containers/json',
      () => reap(engine.docker, { isOwnerAlive: async () => true, now: Date.now }),
    ],
    [
      'which images there are to probe with',
      'GET /images/json',
      () =>
        createFolderProbe({ owner: 'x', now: Date.now }).look(
          engine.docker,
          engineInfo,
          folders.workspace,
          [],
        ),
    ],
  ];
  for (const [name, request, ask] of hangs) {
    it(`does not wait for ever to hear ${name}`, async () => {
      engine = await startFakeEngine({ [request]: silence });
      mock.timers.enable({ apis: ['setTimeout'] });
      const answer = assert.rejects(ask(), {
        name: 'SandboxError',
        kind: 'engineLost',
        message: /does not answer/,
      });
      await untilAsked(request);
      mock.timers.tick(engineDeadlines.inspect);
      await answer;
    });
  }

  it('can be cancelled while the engine does not say whether it sees the folder', async () => {
    engine = await startFakeEngine({ 'GET /images/a:1/json': json({}), 'GET /images/json': silence });
    const { sandbox } = makeSandbox(`unix://${engine.socket}`, folders.quarantine);
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const options = { limits: { image: 'a:1', workspace: 'ro' as const }, signal: controller.signal };
    const running = runIn(sandbox, folders.workspace, ['true'], options);
    running.catch(() => undefined);
    await untilAsked('GET /images/json');
    mock.timers.enable({ apis: ['setTimeout'] });
    controller.abort(reason);
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(cancelGraceMs);
    await assert.rejects(running, (error) => error === reason);
    await sandbox.close();
  });

  it('says that nothing ran where the engine goes away before', async () => {
    engine = await startFakeEngine({
      'GET /images/a:1/json': (request) => request.socket.destroy(),
      'GET /images/json': json([]),
    });
    const { sandbox } = makeSandbox(`unix://${engine.socket}`, folders.quarantine);
    await assert.rejects(
      runIn(sandbox, folders.workspace, ['true'], { limits: { image: 'a:1' } }),
      (error) => error instanceof Error && !/while the program ran/.test(error.message),
    );
  });

  it('removes what probes of killed windows left, and nothing newer', async () => {
    engine = await startFakeEngine({ 'GET /images/json': json([{ Id: 'x', RepoTags: ['a:1'] }]) });
    const [old, young] = ['.anycowork-probe-old', '.anycowork-probe-young'].map((name) =>
      path.join(folders.workspace, name),
    );
    assert.ok(old !== undefined && young !== undefined);
    for (const file of [old, young]) writeFileSync(file, '');
    utimesSync(old, 1_000, 1_000);
    const probe = createFolderProbe({ owner: 'x', now: Date.now });
    assert.equal(await probe.look(engine.docker, engineInfo, folders.workspace, []), 'unknown');
    assert.deepEqual([existsSync(old), existsSync(young)], [false, true]);
    assert.deepEqual(readdirSync(folders.workspace), ['.anycowork-probe-young']);
  });
});
