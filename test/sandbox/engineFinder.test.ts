import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import type { EngineOptions } from '../../extension/sandbox/engineAddress.ts';
import { createEngineFinder, type EnginePorts } from '../../extension/sandbox/engineFinder.ts';
import { type FakeEngine, info, json, silence, startFakeEngine } from './fakeEngine.ts';

/** Every way to an engine leads to this error, as it does where the system lets nobody in. */
const failingWith = (code: string) => {
  class FailingAgent extends http.Agent {
    // @types/node says that this answers a stream; the error comes by the stream.
    override createConnection(): net.Socket {
      const socket = new net.Socket();
      socket.destroy(Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' }));
      return socket;
    }
  }
  return (options: EngineOptions): Docker => {
    const withAgent: EngineOptions = { ...options, agent: new FailingAgent() };
    return new Docker(withAgent);
  };
};

describe('engineFinder', () => {
  const closing: (() => Promise<void>)[] = [];
  let home = '';
  const start = async (routes: Parameters<typeof startFakeEngine>[0] = {}): Promise<FakeEngine> => {
    const engine = await startFakeEngine(routes);
    closing.push(engine.close);
    return engine;
  };
  /** Nothing is known but what a test names: the usual places of this machine are not looked at. */
  const finderOf = (setting: string, more: Partial<EnginePorts> = {}) =>
    createEngineFinder({
      setting: () => setting,
      environment: {},
      home,
      platform: 'linux',
      now: () => 0,
      ...more,
    });
  const unavailable = async (setting: string, more: Partial<EnginePorts> = {}) => {
    const found = await finderOf(setting, more).find();
    assert.ok(found.kind === 'unavailable', 'an engine was found');
    return found;
  };
  const ready = async (setting: string, more: Partial<EnginePorts> = {}) => {
    const found = await finderOf(setting, more).find();
    assert.ok(found.kind === 'ready', found.kind === 'unavailable' ? found.message : '');
    return found;
  };

  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'acw-home-'));
    closing.push(() => rm(home, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  it('describes the engine of the setting, as a bare path and as an address', async () => {
    const { socket } = await start();
    for (const setting of [socket, `unix://${socket}`, `  ${socket} `]) {
      const { engine, docker } = await ready(setting);
      assert.deepEqual(engine, {
        name: 'Docker 28.2',
        address: `unix://${socket}`,
        foundBy: 'setting',
        kind: 'rootful',
        memoryBytes: 8_000_000_000,
        cpus: 4,
      });
      assert.equal(String(await docker.ping()), 'OK');
    }
  });

  const podman = { Version: '5.1.2', Components: [{ Name: 'Podman Engine', Version: '5.1.2' }] };
  const kinds: [what: string, info: object, version: object, kind: string, name: string][] = [
    ['rootless Docker', { SecurityOptions: ['name=rootless'] }, {}, 'rootless', 'Docker 28.2'],
    ['user namespaces', { SecurityOptions: ['name=userns'] }, {}, 'usernsRemap', 'Docker 28.2'],
    ['no security options', { SecurityOptions: null }, {}, 'rootful', 'Docker 28.2'],
    ['Docker Desktop', { OperatingSystem: 'Docker Desktop' }, {}, 'desktop', 'Docker 28.2'],
    [
      'Debian’s Docker',
      { ServerVersion: '20.10.24+dfsg1', OperatingSystem: 'Debian' },
      {},
      'rootful',
      'Docker 20.10',
    ],
    [
      'rootless Podman',
      { SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'], ServerVersion: '5.1.2' },
      podman,
      'podmanRootless',
      'Podman 5.1',
    ],
    ['Podman of root', { ServerVersion: '5.1.2' }, podman, 'rootful', 'Podman 5.1'],
  ];
  for (const [what, more, version, kind, name] of kinds) {
    it(`tells ${what}`, async () => {
      const { socket } = await start({
        'GET /info': json(info(more)),
        'GET /version': json({ Version: '28.2.2', ...version }),
      });
      const { engine } = await ready(socket);
      assert.deepEqual({ kind: engine.kind, name: engine.name }, { kind, name });
    });
  }

  it('refuses Windows containers', async () => {
    const { socket } = await start({ 'GET /info': json(info({ OSType: 'windows' })) });
    const found = await unavailable(socket);
    assert.equal(found.problem, 'windowsContainers');
    assert.match(found.message, /Switch to Linux containers/);
  });

  it('says missing, stopped, denied and unreachable apart', async () => {
    const missing = path.join(home, 'none.sock');
    assert.equal((await unavailable(missing)).problem, 'missing');

    // A socket file that nobody listens at any more, as an engine leaves it that was killed.
    const file = path.join(home, 'file.sock');
    await writeFile(file, '');
    assert.equal((await unavailable(file)).problem, 'stopped');

    const denied = await unavailable(file, { open: failingWith('EACCES') });
    assert.equal(denied.problem, 'denied');
    assert.match(denied.message, /usermod -aG docker/);

    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    await new Promise((resolve) => server.close(resolve));
    const unreachable = await unavailable(`tcp://127.0.0.1:${address.port}`);
    assert.equal(unreachable.problem, 'unreachable');
    assert.match(unreachable.message, /connection refused/);
  });

  it('gives up on an engine that does not answer', async () => {
    for (const route of ['GET /_ping', 'GET /info', 'GET /version']) {
      const { socket } = await start({ [route]: silence });
      const found = await unavailable(socket, { deadlineMs: 50 });
      assert.equal(found.problem, 'stopped');
      assert.deepEqual(found.tried, [`unix://${socket} (setting): no answer in time`]);
    }
  });

  it('takes no other server for an engine', async () => {
    const { socket } = await start({ 'GET /info': json('hello'), 'GET /version': json('hello') });
    const found = await unavailable(socket);
    assert.equal(found.problem, 'unreachable');
    assert.match(found.message, /no container engine/);

    const refusing = await start({ 'GET /_ping': json({ message: 'starting' }, 503) });
    assert.equal((await unavailable(refusing.socket)).problem, 'stopped');
    const closed = await start({ 'GET /info': json({ message: 'forbidden by policy' }, 403) });
    assert.equal((await unavailable(closed.socket)).problem, 'denied');
  });

  it('tries nothing else where the setting, DOCKER_HOST or DOCKER_CONTEXT names an engine', async () => {
    const { socket } = await start();
    const environment = { DOCKER_HOST: `unix://${socket}` };
    const bySetting = await unavailable('/no/engine.sock', { environment });
    assert.deepEqual(bySetting.tried, ['unix:///no/engine.sock (setting): no such file']);

    const byHost = await unavailable('', { environment: { DOCKER_HOST: 'unix:///no/other.sock' } });
    assert.deepEqual(byHost.tried, ['unix:///no/other.sock (DOCKER_HOST): no such file']);
    assert.match(byHost.message, /DOCKER_HOST/);

    const byContext = await unavailable('', { environment: { DOCKER_CONTEXT: 'gone' } });
    assert.equal(byContext.tried.length, 1);
    assert.match(byContext.message, /gone is a context that Docker does not know/);

    assert.equal((await ready('', { environment })).engine.foundBy, 'DOCKER_HOST');
  });

  it('refuses SSH with a word about why', async () => {
    const found = await unavailable('', { environment: { DOCKER_HOST: 'ssh://me@server' } });
    assert.equal(found.problem, 'unreachable');
    assert.match(found.message, /over SSH.*cannot see your folders.*DOCKER_HOST/);
  });

  it('is not misled by DOCKER_HOST of its own process', async () => {
    const { socket } = await start();
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
    try {
      assert.equal((await ready(socket)).engine.address, `unix://${socket}`);
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });

  it('finds known sockets below the home folder, and one after a stale context', async () => {
    const { socket } = await start();
    // Through a port: the file is elsewhere, and the connection goes to the fake.
    const open = ({ socketPath, ...options }: EngineOptions): Docker =>
      new Docker({
        ...options,
        socketPath:
          socketPath === path.join(home, '.colima/default/docker.sock') ? socket : '/no/engine.sock',
      });
    const readFile = async (file: string): Promise<string> => {
      if (file === path.join(home, '.docker', 'config.json')) return '{"currentContext":"desktop-linux"}';
      throw new Error('no such file');
    };
    const { engine } = await ready('', { open, readFile });
    assert.deepEqual(
      [engine.foundBy, engine.address],
      ['known socket', `unix://${home}/.colima/default/docker.sock`],
    );
    const nothing = await unavailable('', { open: failingWith('ENOENT') });
    assert.equal(nothing.problem, 'missing');
    assert.match(nothing.message, /^No container engine was found\. Install/);
    assert.ok(nothing.tried.length > 5);
  });

  it('tells of several failures the one that says most', async () => {
    const open = (options: EngineOptions): Docker =>
      failingWith(options.socketPath === '/var/run/docker.sock' ? 'EACCES' : 'ENOENT')(options);
    const found = await unavailable('', { open });
    assert.equal(found.problem, 'denied');
    assert.match(found.message, /\/var\/run\/docker\.sock/);
  });

  it('keeps an answer for seconds, shares a search, and forgets on demand', async () => {
    const engine = await start();
    let now = 0;
    const finder = finderOf(engine.socket, { now: () => now });
    const [first, second] = await Promise.all([finder.find(), finder.find()]);
    assert.equal(first, second);
    assert.equal(engine.requests.length, 3);
    now = 2_000;
    await finder.find();
    assert.equal(engine.requests.length, 3);
    finder.forget();
    await finder.find();
    assert.equal(engine.requests.length, 6);
    now = 6_000;
    await engine.close();
    assert.equal((await finder.find()).kind, 'unavailable');
  });
});
