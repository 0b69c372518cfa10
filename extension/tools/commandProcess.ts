import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { killTree } from './processTree.ts';

export interface CommandRun {
  readonly command: string;
  /** Absolute. */
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly timeoutMs: number;
  /** Standard output and error, in the order of writing. The next chunk waits for the promise. */
  onOutput(chunk: Buffer): Promise<void>;
}

export interface CommandEnd {
  readonly exitCode: number | undefined;
  /** What ended it, when it did not exit by itself. */
  readonly signal: NodeJS.Signals | undefined;
  readonly timedOut: boolean;
  /** Leads the process group that everything the command started belongs to. */
  readonly id: number | undefined;
}

/** Silence after which the output of an ended command counts as complete, though someone still holds the pipe. */
const silenceMs = 150;
/** Someone in the background who never stops writing is not waited for longer than this. */
const mostAfterExitMs = 2_000;

/** What models write is bash more often than the plain shell. */
const posixShell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
export const shellName = process.platform === 'win32' ? 'cmd.exe' : posixShell.slice('/bin/'.length);

const start = ({ command, folder, environment }: CommandRun) => {
  if (process.platform === 'win32') {
    const shell = environment.ComSpec ?? 'cmd.exe';
    return spawn(shell, ['/d', '/s', '/c', `"${command}"`], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      windowsVerbatimArguments: true,
    });
  }
  // One pipe for both, or their order would be lost. The outer shell is replaced by the inner one.
  return spawn('/bin/sh', ['-c', 'exec "$0" -c "$1" 2>&1', posixShell, command], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session and process group of its own, without the terminal: what asks for a password fails at once.
    detached: true,
  });
};

const exitOf = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

/** Without a reader, what is left in the background would end at its next line; with one, it must not keep us. */
const letGo = (stream: NodeJS.ReadableStream): void => {
  if (stream instanceof Socket) stream.unref();
};

/**
 * Runs a command line in a shell. Cancelling, and the deadline, end everything it started; what a command that ended by
 * itself left in the background goes on, and its further output is thrown away.
 * @throws the signal's reason when aborted, once the processes are gone; the system's error when it cannot be started
 */
export const runCommandProcess = async (run: CommandRun, signal: AbortSignal): Promise<CommandEnd> => {
  signal.throwIfAborted();
  const child = start(run);
  const exited = exitOf(child);
  let lastOutput = Date.now();
  let isOver = false;
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const chunk of stream) {
      if (isOver) continue;
      lastOutput = Date.now();
      await run.onOutput(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
      lastOutput = Date.now();
    }
  };
  // A pipe that is torn down below ends the loop with an error that says nothing new.
  const outputs = Promise.all([read(child.stdout), read(child.stderr)]).then(
    () => true,
    () => true,
  );

  let timedOut = false;
  let killing: Promise<void> | undefined;
  const kill = (): void => {
    if (child.pid !== undefined) killing ??= killTree(child.pid);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, run.timeoutMs);
  signal.addEventListener('abort', kill);
  try {
    const { code, signal: endedBy } = await exited;
    lastOutput = Date.now();
    // Whoever was left in the background may hold the pipe for ever: wait for its end, or for silence.
    const last = Date.now() + mostAfterExitMs;
    let isComplete = false;
    while (!isComplete && Date.now() < last && Date.now() - lastOutput < silenceMs) {
      if (killing !== undefined) await killing;
      isComplete = await Promise.race([outputs, pause(silenceMs / 3)]);
    }
    if (killing !== undefined) await killing;
    signal.throwIfAborted();
    return {
      exitCode: code ?? undefined,
      signal: endedBy ?? undefined,
      timedOut,
      id: child.pid,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    isOver = true;
    for (const stream of [child.stdout, child.stderr]) {
      if (killing === undefined) letGo(stream);
      else stream.destroy();
    }
  }
};

const pause = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(resolve, ms, false));
