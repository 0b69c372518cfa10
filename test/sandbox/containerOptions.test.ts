import assert from 'node:assert/strict';
import { type EngineInfo, SandboxError } from '../../extension/core/sandbox.ts';
import { defaultLimits } from '../../extension/core/skills.ts';
import { type ContainerPlan, containerOptions } from '../../extension/sandbox/containerOptions.ts';
import { containerUser, type HostUser } from '../../extension/sandbox/containerUser.ts';

const engine: EngineInfo = {
  name: 'Docker 28.2',
  address: 'unix:///run/docker.sock',
  foundBy: 'known socket',
  kind: 'rootful',
  memoryBytes: 8e9,
  cpus: 2,
};

type Change = Partial<Omit<ContainerPlan, 'spec'>> & { readonly spec?: Partial<ContainerPlan['spec']> };

const planOf = ({ spec, ...rest }: Change = {}): ContainerPlan => ({
  engine,
  user: { User: '1000:1000' },
  owner: 'window-1',
  run: 'run-1',
  expiresAt: 123_456,
  readOnly: [],
  imageVolumes: [],
  ...rest,
  spec: {
    argv: ['python3', '/skill/a.py'],
    input: '',
    workspace: '/home/user/work',
    below: '.',
    limits: defaultLimits,
    environment: {},
    ...spec,
  },
});

describe('containerOptions', () => {
  it('sets every limit', () => {
    assert.deepEqual(containerOptions(planOf()), {
      name: 'anycowork-run-1',
      Image: 'debian:bookworm-slim',
      Entrypoint: ['python3'],
      Cmd: ['/skill/a.py'],
      User: '1000:1000',
      WorkingDir: '/workspace',
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Env: [
        'HOME=/tmp',
        'LANG=C.UTF-8',
        'PYTHONDONTWRITEBYTECODE=1',
        'PYTHONPYCACHEPREFIX=/tmp/pycache',
        'PYTHONUNBUFFERED=1',
        'MPLBACKEND=Agg',
        'MPLCONFIGDIR=/tmp/matplotlib',
        'OMP_NUM_THREADS=1',
        'OPENBLAS_NUM_THREADS=1',
      ],
      StopTimeout: 2,
      StopSignal: 'SIGTERM',
      Healthcheck: { Test: ['NONE'] },
      Labels: {
        'anycowork.managed': '1',
        'anycowork.owner': 'window-1',
        'anycowork.run': 'run-1',
        'anycowork.expires': '123456',
      },
      HostConfig: {
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        PidsLimit: 64,
        Memory: 536_870_912,
        MemorySwap: 536_870_912,
        NanoCpus: 1e9,
        Init: true,
        IpcMode: 'private',
        AutoRemove: false,
        RestartPolicy: { Name: 'no' },
        Ulimits: [
          { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
        LogConfig: { Type: 'none', Config: {} },
        Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
        Mounts: [{ Type: 'bind', Source: '/home/user/work', Target: '/workspace', ReadOnly: false }],
      },
    });
  });

  const table: readonly [
    string,
    Change,
    (options: ReturnType<typeof containerOptions>) => unknown,
    unknown,
  ][] = [
    [
      'network is a grant',
      { spec: { limits: { ...defaultLimits, network: true } } },
      (o) => o.HostConfig?.NetworkMode,
      'bridge',
    ],
    [
      'exec of /tmp is a grant',
      { spec: { limits: { ...defaultLimits, execTmp: true } } },
      (o) => o.HostConfig?.Tmpfs,
      { '/tmp': 'rw,exec,nosuid,nodev,size=64m,mode=1777' },
    ],
    [
      'no more processors than there are',
      { spec: { limits: { ...defaultLimits, cpus: 16 } } },
      (o) => o.HostConfig?.NanoCpus,
      2e9,
    ],
    [
      'a part of a processor',
      { spec: { limits: { ...defaultLimits, cpus: 0.5 } } },
      (o) => [o.HostConfig?.NanoCpus, o.Env?.at(-1)],
      [5e8, 'OPENBLAS_NUM_THREADS=1'],
    ],
    [
      'memory without swap',
      { spec: { limits: { ...defaultLimits, memoryMb: 64 } } },
      (o) => [o.HostConfig?.Memory, o.HostConfig?.MemorySwap],
      [67_108_864, 67_108_864],
    ],
    [
      'standard input where there is some',
      { spec: { input: 'x' } },
      (o) => [o.OpenStdin, o.StdinOnce, o.AttachStdin],
      [true, true, true],
    ],
    ['where it starts', { spec: { below: 'a/b' } }, (o) => o.WorkingDir, '/workspace/a/b'],
    [
      'variables on top',
      { spec: { environment: { A: 'b=c', HOME: '/workspace' } } },
      (o) => [o.Env?.[0], o.Env?.at(-1)],
      ['HOME=/workspace', 'A=b=c'],
    ],
    [
      'another map of users',
      { user: { User: '5:6', UsernsMode: 'keep-id' } },
      (o) => [o.User, o.HostConfig?.UsernsMode],
      ['5:6', 'keep-id'],
    ],
    [
      'volumes of the image',
      { imageVolumes: ['/data'] },
      (o) => o.HostConfig?.Tmpfs?.['/data'],
      'rw,noexec,nosuid,nodev,size=16m,mode=1777',
    ],
    [
      'no volumes of the image where something lies already',
      { imageVolumes: ['/tmp', '/workspace/', '//skill', '/workspace/data'] },
      (o) => Object.keys(o.HostConfig?.Tmpfs ?? {}),
      ['/tmp', '/workspace/data'],
    ],
    [
      'a program that looks like an option',
      { spec: { argv: ['--privileged', '-v', '$(x)', '; y'] } },
      (o) => [o.Entrypoint, o.Cmd],
      [['--privileged'], ['-v', '$(x)', '; y']],
    ],
    [
      'protected places and the skill, read-only',
      { readOnly: ['.git', 'a/.vscode'], spec: { skillFolder: '/home/user/.claude/skills/x' } },
      (o) => o.HostConfig?.Mounts,
      [
        { Type: 'bind', Source: '/home/user/work', Target: '/workspace', ReadOnly: false },
        { Type: 'bind', Source: '/home/user/work/.git', Target: '/workspace/.git', ReadOnly: true },
        { Type: 'bind', Source: '/home/user/work/a/.vscode', Target: '/workspace/a/.vscode', ReadOnly: true },
        { Type: 'bind', Source: '/home/user/.claude/skills/x', Target: '/skill', ReadOnly: true },
      ],
    ],
    [
      'a workspace to read only',
      { readOnly: ['.git'], spec: { limits: { ...defaultLimits, workspace: 'ro' } } },
      (o) => o.HostConfig?.Mounts,
      [{ Type: 'bind', Source: '/home/user/work', Target: '/workspace', ReadOnly: true }],
    ],
  ];
  for (const [name, change, pick, expected] of table) {
    it(name, () => assert.deepEqual(pick(containerOptions(planOf(change))), expected));
  }

  it('refuses what cannot be run', () => {
    const specs: readonly Partial<ContainerPlan['spec']>[] = [
      { argv: [] },
      { argv: ['', 'a'] },
      { argv: ['a', 'b\0c'] },
      { environment: { 'A=B': 'c' } },
      { environment: { A: 'b\0' } },
      { environment: { '': 'b' } },
    ];
    for (const spec of specs) {
      assert.throws(
        () => containerOptions(planOf({ spec })),
        (error) => error instanceof SandboxError && error.kind === 'refused',
      );
    }
  });
});

describe('containerUser', () => {
  const person: HostUser = { uid: 1_001, gid: 1_002 };
  const root: HostUser = { uid: 0, gid: 0 };
  const other: HostUser = { uid: 7, gid: 8 };
  const table: readonly [
    EngineInfo['kind'],
    HostUser | undefined,
    HostUser,
    'rw' | 'ro',
    object | 'refused',
  ][] = [
    ['rootful', person, person, 'rw', { User: '1001:1002' }],
    ['rootful', person, root, 'rw', { User: '1001:1002' }],
    ['rootful', root, other, 'rw', { User: '7:8' }],
    ['rootful', root, root, 'ro', { User: '65534:65534' }],
    ['rootful', root, root, 'rw', 'refused'],
    ['rootful', undefined, root, 'rw', { User: '1000:1000' }],
    ['rootless', person, person, 'rw', { User: '0:0' }],
    ['rootless', root, root, 'rw', { User: '0:0' }],
    ['usernsRemap', person, person, 'rw', { User: '1001:1002', UsernsMode: 'host' }],
    ['usernsRemap', root, root, 'rw', 'refused'],
    ['podmanRootless', person, person, 'rw', { User: '1001:1002', UsernsMode: 'keep-id' }],
    ['desktop', person, person, 'rw', { User: '1001:1002' }],
    ['desktop', undefined, root, 'rw', { User: '1000:1000' }],
    ['desktop', root, root, 'rw', { User: '1000:1000' }],
  ];
  for (const [kind, host, owner, workspace, expected] of table) {
    it(`${kind}, user ${host?.uid}, owner ${owner.uid}, ${workspace}`, () => {
      if (expected !== 'refused') {
        assert.deepEqual(containerUser(kind, host, owner, workspace), expected);
        return;
      }
      assert.throws(
        () => containerUser(kind, host, owner, workspace),
        (error) => error instanceof SandboxError && error.kind === 'refused' && /chown/.test(error.message),
      );
    });
  }
});
