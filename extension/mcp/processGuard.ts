/** Sees to it that servers end when this process does, also when it is killed or crashes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { reasonOf } from '../core/reasonOf.ts';
import { minimalEnvironment } from './minimalEnvironment.ts';
import { startOf } from './processTable.ts';

export interface ProcessGuardPorts {
  /** Absolute path of the built `guardProcess.ts`. */
  readonly file: string;
  /** The person's, without keys. */
  environment(): Readonly<Record<string, string>>;
  /** What went wrong with the guard itself; servers run on without it. */
  log(text: string): void;
}

export interface ProcessGuard {
  /**
   * @param pid of a process that leads a group of its own
   * @returns takes it off the list, once it has ended. Never rejects
   */
  watch(pid: number): Promise<() => void>;
  /** Ends what is still on the list, and the guard; within 3 s. Never rejects. */
  close(): Promise<void>;
}

const mostFailures = 5;
const steadyMs = 30_000;
const closeMs = 2_500;

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  tell(line: string): void;
  /** It ends what is on its list, and itself. */
  dismiss(): void;
}

const run = ({ file, environment }: ProcessGuardPorts, onEnd: (how: string) => void): Running => {
  const child = spawn(process.execPath, [file], {
    // Not the folder of a workspace, which could then not be removed on Windows.
    cwd: path.dirname(process.execPath),
    // The editor's own program is Electron.
    env: { ...minimalEnvironment(environment(), process.platform), ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['pipe', 'ignore', 'ignore'],
    // In the group of the window it would be ended along with it.
    detached: true,
    windowsHide: true,
  });
  const exited = new Promise<void>((resolve) => {
    const finish = (how: string): void => {
      resolve();
      onEnd(how);
    };
    child.once('error', (error) => finish(reasonOf(error)));
    child.once('exit', (code, signal) => finish(signal ?? `exit code ${code}`));
  });
  // Where the system has no room for more pipes there is none, whatever its type says.
  const stdin: Writable | undefined = child.stdin;
  // It has ended; that is told above.
  stdin?.on('error', () => undefined);
  if (stdin instanceof Socket) stdin.unref();
  child.unref();
  return {
    child,
    exited,
    tell: (line) => void stdin?.write(`${line}\n`),
    dismiss: () => void stdin?.end(),
  };
};

/** One guard for a window; it runs as long as there is anything to watch. */
export const createProcessGuard = (ports: ProcessGuardPorts): ProcessGuard => {
  const watched = new Map<number, { readonly line: string }>();
  /** Told to end, and not gone yet. */
  const leaving = new Set<Running>();
  let guard: Running | undefined;
  let restart: NodeJS.Timeout | undefined;
  let failures = 0;
  let isClosed = false;

  const start = (): void => {
    if (guard !== undefined || isClosed || watched.size === 0) return;
    clearTimeout(restart);
    restart = undefined;
    const startedAt = performance.now();
    let hasEnded = false;
    const onEnd = (how: string): void => {
      if (hasEnded || guard !== begun) return;
      hasEnded = true;
      guard = undefined;
      failures = performance.now() - startedAt > steadyMs ? 1 : failures + 1;
      if (failures >= mostFailures) {
        failures = 0;
        ports.log(
          `The guard of MCP servers ended ${mostFailures} times (${how}) and is not started again until the next server is. Until then servers may stay behind when this window crashes.`,
        );
        return;
      }
      ports.log(`The guard of MCP servers has ended (${how}), and is started again.`);
      restart = setTimeout(startSafely, 25 * 2 ** failures).unref();
    };
    const begun = run(ports, onEnd);
    guard = begun;
    for (const { line } of watched.values()) begun.tell(line);
  };

  const dismiss = (): void => {
    clearTimeout(restart);
    const last = guard;
    guard = undefined;
    if (last === undefined) return;
    leaving.add(last);
    void last.exited.then(() => leaving.delete(last));
    last.dismiss();
  };

  const startSafely = (): void => {
    try {
      start();
    } catch (error) {
      ports.log(`MCP servers are not guarded: ${reasonOf(error)}`);
    }
  };

  return {
    watch: async (pid) => {
      const started = await startOf(pid).catch(() => undefined);
      // It has ended already.
      const isGone = started === undefined && process.platform !== 'win32';
      if (isGone || isClosed) return () => undefined;
      const entry = { line: started === undefined ? `+${pid}` : `+${pid} ${started}` };
      watched.set(pid, entry);
      if (guard === undefined) startSafely();
      else guard.tell(entry.line);
      return () => {
        if (watched.get(pid) !== entry) return;
        watched.delete(pid);
        guard?.tell(`-${pid}`);
        if (watched.size === 0) dismiss();
      };
    },
    close: async () => {
      isClosed = true;
      watched.clear();
      dismiss();
      const last = [...leaving];
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        for (const { child } of last) child.kill('SIGKILL');
        resolve();
      }, closeMs);
      await Promise.race([Promise.all(last.map(({ exited }) => exited)), late]);
      clearTimeout(timer);
    },
  };
};
