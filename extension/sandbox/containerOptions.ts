import path from 'node:path';
import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import { type EngineInfo, SandboxError, type SandboxSpec } from '../core/sandbox.ts';
import type { ContainerUser } from './containerUser.ts';
import { containerLabels } from './reaper.ts';

export interface ContainerPlan {
  readonly spec: Omit<SandboxSpec, 'onOutput'>;
  readonly engine: EngineInfo;
  readonly user: ContainerUser;
  /** The window that runs it, and the run: letters, digits and `-`. */
  readonly owner: string;
  readonly run: string;
  /** Milliseconds since 1970, after which anybody may remove it. */
  readonly expiresAt: number;
  /** `/`-separated paths below the workspace that are there and not to be written. */
  readonly readOnly: readonly string[];
  /** Absolute paths inside at which the image wants volumes. */
  readonly imageVolumes: readonly string[];
}

const megabyte = 1_048_576;
export const tmpMb = 64;

/** Its name is known before the engine has answered, so that it can be removed even where the answer never comes. */
export const containerName = (run: string): string => `anycowork-${run}`;

const refused = (what: string): SandboxError =>
  new SandboxError('refused', `${what} Nothing ran. Correct the skill or the call, and try again.`);

const checkProgram = ({ argv, environment }: ContainerPlan['spec']): void => {
  if (argv[0] === undefined || argv[0] === '') throw refused('There is no program to run.');
  if (argv.some((part) => part.includes('\0'))) throw refused('An argument holds a NUL character.');
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0')) {
      throw refused(`The environment variable ${JSON.stringify(name)} cannot be set.`);
    }
  }
};

const environmentOf = ({ environment, limits }: ContainerPlan['spec']): string[] => {
  const threads = String(Math.max(1, Math.ceil(limits.cpus)));
  const all = {
    // There is no entry in passwd: without it HOME would be /.
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    // What lies compiled beside a program was not reviewed, and would run in its place.
    PYTHONPYCACHEPREFIX: '/tmp/pycache',
    PYTHONUNBUFFERED: '1',
    MPLBACKEND: 'Agg',
    MPLCONFIGDIR: '/tmp/matplotlib',
    // They count the processors of the computer, and would start more threads than a container may have processes.
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    ...environment,
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
};

const below = (folder: string, relative: string): string =>
  relative === '.' ? folder : path.join(folder, ...relative.split('/'));

const inside = (relative: string): string => path.posix.join('/workspace', relative);

const mountsOf = ({ spec, readOnly }: ContainerPlan): MountSettings[] => {
  const isReadOnly = spec.limits.workspace === 'ro';
  const bind = (Source: string, Target: string, ReadOnly: boolean): MountSettings => ({
    Type: 'bind',
    Source,
    Target,
    ReadOnly,
  });
  return [
    bind(spec.workspace, '/workspace', isReadOnly),
    ...(isReadOnly ? [] : readOnly.map((each) => bind(below(spec.workspace, each), inside(each), true))),
    ...(spec.skillFolder === undefined ? [] : [bind(spec.skillFolder, '/skill', true)]),
  ];
};

/** At these something of ours lies already. */
const isOurs = (volume: string): boolean =>
  ['/workspace', '/skill', '/tmp'].includes(path.posix.normalize(`${volume}/`).slice(0, -1));

/**
 * What createContainer takes. Pure.
 * @throws SandboxError `refused` for a program, an argument or a variable that cannot be
 */
export const containerOptions = (plan: ContainerPlan): ContainerCreateOptions => {
  const { spec, engine, user, owner, run, expiresAt } = plan;
  checkProgram(spec);
  const { limits } = spec;
  const memory = Math.round(limits.memoryMb * megabyte);
  const hasInput = spec.input !== '';
  const [program, ...parameters] = spec.argv;
  const tmp = ['rw', limits.execTmp ? 'exec' : 'noexec', 'nosuid', 'nodev', `size=${tmpMb}m`, 'mode=1777'];
  return {
    name: containerName(run),
    Image: limits.image,
    // In the place of the image's own entry point, which would else be put before the program.
    Entrypoint: [program ?? ''],
    Cmd: parameters,
    User: user.User,
    WorkingDir: inside(spec.below),
    Tty: false,
    OpenStdin: hasInput,
    StdinOnce: hasInput,
    AttachStdin: hasInput,
    AttachStdout: true,
    AttachStderr: true,
    Env: environmentOf(spec),
    StopTimeout: 2,
    StopSignal: 'SIGTERM',
    // An image's own check would run beside the program.
    Healthcheck: { Test: ['NONE'] },
    Labels: containerLabels({ owner, run, expiresAt }),
    HostConfig: {
      NetworkMode: limits.network ? 'bridge' : 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      PidsLimit: 64,
      Memory: memory,
      MemorySwap: memory,
      // More than there are is an error to the engine.
      NanoCpus: Math.round(Math.min(limits.cpus, engine.cpus) * 1e9),
      Init: true,
      IpcMode: 'private',
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      Ulimits: [
        { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: {
        '/tmp': tmp.join(','),
        // Else the engine would make them on its disk, where nothing bounds them.
        ...Object.fromEntries(
          plan.imageVolumes
            .filter((volume) => !isOurs(volume))
            .map((volume) => [volume, 'rw,noexec,nosuid,nodev,size=16m,mode=1777']),
        ),
      },
      Mounts: mountsOf(plan),
      ...(user.UsernsMode === undefined ? {} : { UsernsMode: user.UsernsMode }),
    },
  };
};
