import assert from 'node:assert/strict';
import https from 'node:https';
import * as fc from 'fast-check';
import { dockerOptionsOf, parseAddress } from '../../extension/sandbox/engineAddress.ts';
import { knownSockets } from '../../extension/sandbox/knownSockets.ts';

const tcp = (host: string, port: number, isTls = false) => ({ kind: 'tcp', host, port, isTls });

describe('engineAddress', () => {
  const cases: [text: string, expected: object][] = [
    ['unix:///var/run/docker.sock', { kind: 'socket', path: '/var/run/docker.sock' }],
    [
      ' /run/a b/docker.sock',
      { kind: 'socket', path: '/run/a b/docker.sock', address: 'unix:///run/a b/docker.sock' },
    ],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }],
    ['\\\\.\\pipe\\docker_engine', { kind: 'socket', address: 'npipe:////./pipe/docker_engine' }],
    ['tcp://10.0.0.5:2375', tcp('10.0.0.5', 2375)],
    ['tcp://10.0.0.5', tcp('10.0.0.5', 2375)],
    ['tcp://10.0.0.5:2376', tcp('10.0.0.5', 2376, true)],
    ['https://10.0.0.5', tcp('10.0.0.5', 2376, true)],
    ['http://10.0.0.5:80', tcp('10.0.0.5', 80)],
    ['localhost:2375', tcp('localhost', 2375)],
    ['tcp://:2375', tcp('127.0.0.1', 2375)],
    ['tcp://[::1]:2375', tcp('[::1]', 2375)],
    ['ssh://me@server', { kind: 'refused' }],
    ['fd://', { kind: 'refused' }],
    ['unix://docker.sock', { kind: 'refused' }],
    ['tcp://a b', { kind: 'refused' }],
  ];
  for (const [text, expected] of cases) {
    it(`understands ${text}`, () => assert.partialDeepStrictEqual(parseAddress(text), expected));
  }

  it('wants TLS where that is asked for, whatever the port', () => {
    assert.partialDeepStrictEqual(parseAddress('tcp://a:2375', true), tcp('a', 2375, true));
    assert.partialDeepStrictEqual(parseAddress('tcp://a', true), tcp('a', 2376, true));
  });

  it('never throws, and refuses with a predicate', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const target = parseAddress(text);
        if (target.kind === 'refused') assert.match(target.reason, /^(?:is|begins) /);
      }),
    );
  });

  it('leaves docker-modem nothing to take from its own environment', () => {
    const target = parseAddress('/var/run/docker.sock');
    assert.ok(target.kind === 'socket');
    const options = dockerOptionsOf(target);
    for (const name of ['host', 'port', 'ca', 'cert', 'key', 'timeout'])
      assert.ok(name in options && options[name as keyof typeof options] === undefined, name);
  });

  it('gives certificates to TLS only, and trusts blindly only where the context says so', () => {
    const certificates = { ca: 'A', cert: 'B', key: 'C' };
    const plain = parseAddress('tcp://a:2375');
    const safe = parseAddress('tcp://a:2376');
    assert.ok(plain.kind === 'tcp' && safe.kind === 'tcp');
    assert.partialDeepStrictEqual(dockerOptionsOf(safe, certificates), {
      ...certificates,
      protocol: 'https',
    });
    assert.equal(dockerOptionsOf(plain, certificates).key, undefined);
    assert.equal(dockerOptionsOf(safe, certificates).agent, undefined);
    const { agent } = dockerOptionsOf(safe, { skipsVerify: true });
    assert.ok(agent instanceof https.Agent && agent.options.rejectUnauthorized === false);
  });
});

describe('knownSockets', () => {
  const of = (platform: NodeJS.Platform, more: object = {}) =>
    knownSockets({ platform, home: '/home/me', environment: {}, ...more });

  it('looks at Docker before Podman, and in the runtime folder', () => {
    const found = of('linux', { environment: { XDG_RUNTIME_DIR: '/run/user/7' } });
    assert.deepEqual(found.slice(0, 2), ['/var/run/docker.sock', '/run/user/7/docker.sock']);
    assert.deepEqual(found.slice(-2), ['/run/user/7/podman/podman.sock', '/run/podman/podman.sock']);
    assert.ok(of('linux', { userId: 1000 }).includes('/run/user/1000/docker.sock'));
    assert.ok(!of('linux').some((file) => file.includes('/run/user')));
  });

  it('knows pipes on Windows and desktop programs on macOS', () => {
    assert.ok(of('win32').includes('//./pipe/docker_engine'));
    assert.equal(of('darwin')[0], '/home/me/.docker/run/docker.sock');
    assert.ok(of('darwin').includes('/home/me/.orbstack/run/docker.sock'));
  });
});
