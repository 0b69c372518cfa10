/** The PATH that the person has in a terminal: an editor started from the dock or a menu has a shorter one. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { reasonOf } from '../core/reasonOf.ts';
import { pathOf } from './minimalEnvironment.ts';

export interface LoginPathPorts {
  /** The person's environment, without keys and the editor's internals. */
  environment(): Readonly<Record<string, string>>;
  /** Ends a process with all it has started. */
  killTree(pid: number): Promise<void>;
  /** Why the shell's PATH is not known. */
  log(text: string): void;
  /** As of process.platform. */
  readonly platform?: string;
  /** 5 s where it is absent. */
  readonly timeoutMs?: number;
}

export interface LoginPath {
  /**
   * The login shell's PATH, then what the editor's has besides. Asked for once; where the shell did not tell, again by
   * the next two who want to know. Never rejects; within 5 s.
   */
  get(): Promise<string>;
  /** Ends the shell if it still runs. */
  close(): Promise<void>;
}

const defaultTimeoutMs = 5_000;
/** A shell that has told its PATH ends by itself; where it does not, it is ended. */
const lingerMs = 1_000;
const mostOutput = 1_000_000;
/** One that is slow when the computer has just been started may be quick later. */
const mostTries = 3;

/** Every absolute folder once: those of the first, then what only the others have. */
export const mergePaths = (...paths: readonly string[]): string => {
  const folders = paths.flatMap((each) => each.split(path.delimiter));
  // Relative ones, and empty ones, would name whatever folder a server starts in.
  return [...new Set(folders.filter((folder) => path.isAbsolute(folder)))].join(path.delimiter);
};

/** How a shell is told to run a command as one where the person logs in. */
export const loginArguments = (shell: string): readonly string[] => {
  const name = path.basename(shell);
  if (/^pwsh(?:-preview)?$/.test(name)) return ['-Login', '-Command'];
  // They take no other option beside -l.
  if (name === 'tcsh' || name === 'csh') return ['-ic'];
  // With -i it would wait for a terminal.
  if (name === 'nu') return ['-l', '-c'];
  return ['-ilc'];
};

const shellOf = (environment: Readonly<Record<string, string>>): string | undefined => {
  const named = environment.SHELL;
  if (named !== undefined && path.isAbsolute(named)) return named;
  try {
    const { shell } = userInfo();
    return shell !== null && path.isAbsolute(shell) ? shell : undefined;
  } catch {
    // The system knows no such user.
    return undefined;
  }
};

interface Asking {
  readonly answer: Promise<string>;
  /** When nothing of it runs any more. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** `answer` rejects with why there is none. */
const ask = (
  shell: string,
  environment: Readonly<Record<string, string>>,
  timeoutMs: number,
  killTree: (pid: number) => Promise<void>,
): Asking => {
  // What a shell prints of its own stands around it.
  const mark = `_${randomBytes(12).toString('hex')}_`;
  // Shells differ in how they write variables, but all of them hand PATH on to what they run.
  const command = `/bin/sh -c 'printf "%s" "${mark}\${PATH}${mark}"'`;
  const child = spawn(shell, [...loginArguments(shell), command], {
    cwd: '/',
    // A shell that updates itself, or begins a screen of its own, would not come to the command.
    env: { ...environment, TERM: 'dumb', DISABLE_AUTO_UPDATE: 'true', ZSH_TMUX_AUTOSTART: 'false' },
    stdio: ['ignore', 'pipe', 'ignore'],
    // Without the terminal: nothing can be asked there, and the shell does not try to take it.
    detached: true,
  });
  const { promise: answer, resolve, reject } = Promise.withResolvers<string>();
  const { promise: exited, resolve: hasExited } = Promise.withResolvers<void>();
  let killing: Promise<void> | undefined;
  const stop = (): void => {
    reject(new Error('it was stopped'));
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      killing ??= killTree(child.pid).catch(() => undefined);
    }
  };
  const timer = setTimeout(() => {
    reject(new Error(`it did not answer within ${timeoutMs / 1_000} s`));
    stop();
  }, timeoutMs);
  child.once('error', (error) => {
    reject(error);
    hasExited();
  });
  let output = '';
  // Where the system has no room for more pipes there is none, whatever its type says.
  const stdout: Readable | undefined = child.stdout;
  stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const [, told] = output.split(mark, 3);
    if (told !== undefined && output.split(mark, 3).length === 3) {
      resolve(told);
      clearTimeout(timer);
      setTimeout(stop, lingerMs).unref();
      output = '';
    } else if (output.length > mostOutput) {
      reject(new Error('it printed too much'));
      stop();
    }
  });
  child.once('exit', (code, signal) => {
    hasExited();
    // Its output may come after it; what it left in the background may hold the pipe.
    setTimeout(() => {
      reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`));
      stdout?.destroy();
    }, 200);
  });
  const ended = exited.then(() => {
    clearTimeout(timer);
    return killing;
  });
  return { answer, ended, stop };
};

export const createLoginPath = (ports: LoginPathPorts): LoginPath => {
  const platform = ports.platform ?? process.platform;
  let asking: Asking | undefined;
  let isClosed = false;
  let tries = 0;

  const find = async (): Promise<string> => {
    const environment = ports.environment();
    const own = pathOf(environment, platform) ?? '';
    const shell = platform === 'win32' ? undefined : shellOf(environment);
    if (shell === undefined || isClosed) return mergePaths(own);
    try {
      asking = ask(shell, environment, ports.timeoutMs ?? defaultTimeoutMs, ports.killTree);
      return mergePaths(await asking.answer, own);
    } catch (error) {
      tries += 1;
      if (tries < mostTries) found = undefined;
      if (!isClosed) {
        ports.log(
          `The PATH of your shell (${shell}) is not known: ${reasonOf(error)}. MCP servers are looked for in the PATH of VS Code instead.`,
        );
      }
      return mergePaths(own);
    }
  };

  let found: Promise<string> | undefined;
  return {
    get: () => {
      found ??= find();
      return found;
    },
    close: async () => {
      isClosed = true;
      asking?.stop();
      await asking?.ended;
    },
  };
};
