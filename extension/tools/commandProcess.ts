import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type ChildEnd, watchChild } from './watchChild.ts';

export interface CommandRun {
  readonly command: string;
  /** Absolute. */
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly timeoutMs: number;
  /** Standard output and error, in the order of writing. The next chunk waits for the promise. */
  onOutput(chunk: Buffer): Promise<void>;
}

export interface CommandEnd extends ChildEnd {
  /** Leads the process group that everything the command started belongs to. */
  readonly id: number | undefined;
}

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

/**
 * Runs a command line in a shell. Cancelling, and the deadline, end everything it started; what a command that ended by
 * itself left in the background goes on, and its further output is thrown away.
 * @throws the signal's reason when aborted, once the processes are gone; the system's error when it cannot be started
 */
export const runCommandProcess = async (run: CommandRun, signal: AbortSignal): Promise<CommandEnd> => {
  signal.throwIfAborted();
  const child = start(run);
  return { ...(await watchChild(child, run, signal)), id: child.pid };
};
