import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';

/** An engine that a test may stop, with one image of a shell. It has no network. */
export interface OwnEngine {
  readonly host: string;
  readonly image: string;
  start(): Promise<void>;
  /** The engine only, as when it crashes (SIGKILL) or is shut down (SIGTERM). */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** It is there and answers nothing. */
  freeze(isFrozen: boolean): void;
  remove(): Promise<void>;
}

/** Why there can be no such engine here, or undefined. */
export const noOwnEngineBecause = (): string | undefined => {
  if (process.platform !== 'linux') return 'an engine of its own needs Linux';
  if (process.getuid?.() !== 0) return 'an engine of its own needs root';
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => existsSync(path.join(folder, 'dockerd')))
    ? undefined
    : 'dockerd is not installed';
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A shell and what these tests need, as they are on this computer, with their libraries. */
const shellTar = (): Buffer => {
  const programs = ['/bin/sh', '/bin/sleep', '/bin/cat'];
  const libraries = programs.flatMap((program) => {
    const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
    return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  });
  const files = [...new Set([...programs, ...libraries])].map((file) => file.slice(1));
  return execFileSync('tar', ['-ch', ...files], {
    cwd: '/',
    maxBuffer: 100_000_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
};

/** Ids of the processes that were started with a path in a folder. */
const processesIn = (folder: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => {
      try {
        return id !== process.pid && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    });

export const makeOwnEngine = (): OwnEngine => {
  // The path of a socket can only be short.
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'acw-')));
  const socket = path.join(folder, 'd.sock');
  const docker = new Docker({ socketPath: socket, host: undefined });
  const image = 'anycowork-test/shell:1';
  let child: ChildProcess | undefined;
  let hasImage = false;

  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const ending = child;
    if (ending === undefined) return;
    child = undefined;
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    ending.kill(signal);
    await ended;
    // Its containerd would be in the way of the next one; the containers go on without both.
    const second = path.join(folder, 'exec', 'containerd', 'containerd.pid');
    if (existsSync(second)) {
      for (const id of processesIn(folder)) {
        if (id === Number(readFileSync(second, 'utf8'))) process.kill(id, 'SIGKILL');
      }
      rmSync(second);
    }
  };

  const start = async (): Promise<void> => {
    const log = openSync(path.join(folder, 'log'), 'a');
    const parameters = [
      ...['--host', `unix://${socket}`, '--data-root', path.join(folder, 'data')],
      ...['--exec-root', path.join(folder, 'exec'), '--pidfile', path.join(folder, 'pid')],
      ...['--bridge', 'none', '--iptables=false', '--ip-masq=false'],
    ];
    // In a network of its own: without a bridge it would take away that of the computer's engine. The process id stays.
    const started = spawn('unshare', ['--net', 'dockerd', ...parameters], { stdio: ['ignore', log, log] });
    child = started;
    for (let tries = 0; ; tries += 1) {
      const answers = await docker.ping().then(
        () => true,
        () => false,
      );
      if (answers) break;
      if (started.exitCode !== null || tries > 150) {
        throw new Error(
          `dockerd did not start:\n${readFileSync(path.join(folder, 'log'), 'utf8').slice(-2_000)}`,
        );
      }
      await pause(200);
    }
    if (hasImage) return;
    hasImage = true;
    const { Readable } = process.getBuiltinModule('node:stream');
    const progress = await docker.importImage(Readable.from([shellTar()]), {
      repo: 'anycowork-test/shell',
      tag: '1',
    });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  };

  return {
    host: `unix://${socket}`,
    image,
    start,
    end,
    freeze: (isFrozen) => {
      child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
    },
    remove: async () => {
      child?.kill('SIGCONT');
      await end('SIGTERM');
      // What a killed engine left running.
      for (const id of processesIn(folder)) {
        try {
          process.kill(id, 'SIGKILL');
        } catch {
          // Already gone.
        }
      }
      const mounts = readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '')
        .filter((place) => place.startsWith(`${folder}/`));
      for (const place of mounts.reverse()) execFileSync('umount', ['-l', place]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
