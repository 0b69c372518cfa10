/** Servers that misbehave, as commands, and whether a process still lives. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export type BadMode =
  /** Behaves: one tool `echo`. */
  | 'well'
  /** Never answers anything; ends when its standard input does. */
  | 'hang'
  /** Its tool `wait` never answers. */
  | 'hangCall'
  /** Writes NUMBER (8) MB of junk and 500 log notifications for each of them, at once and when its tool `flood` is called. */
  | 'flood'
  /** Ends at once with exit code 3 and two lines on standard error. */
  | 'die'
  /** Its tool `die` ends it with exit code 7. */
  | 'dieInCall'
  /** What is no JSON before its first answer; tools `twice`, `wrongId`, `notAResult`, and `huge`, a line of 11 MB. */
  | 'rubbish'
  /** Tools `steady` and `moving`, whose description changes after the first list, and at each SIGUSR2. */
  | 'changing'
  /** Ignores the end of standard input and SIGTERM, as do two children, one in a group of its own; prints `pids A B C`. */
  | 'stubborn'
  /** Ends with its standard input, and leaves such children behind; prints `pids A B C`. */
  | 'leaves'
  /** Answers `initialize` after NUMBER (2,000) ms. */
  | 'slowStart'
  /** Its tool `work` reports progress every 100 ms for `seconds`, or NUMBER (1) of them; writes `cancelled` when it is. */
  | 'progress'
  /** Closes its standard input and stays. */
  | 'deaf'
  /** Closes its standard output and stays. */
  | 'mute'
  /** A line that never ends. */
  | 'endless'
  /** NUMBER (1,000) coloured lines on standard error. */
  | 'noisy'
  /** Prints `environment {…}` on standard error. */
  | 'environment';

export const bad = (
  mode: BadMode,
  amount?: number,
): { readonly command: string; readonly args: readonly string[] } => ({
  command: process.execPath,
  args: [path.join(import.meta.dirname, 'bad.mjs'), mode, ...(amount === undefined ? [] : [String(amount)])],
});

/** Of what `stubborn` and `leaves` print: themselves and their children. */
export const idsIn = (text: string): readonly number[] =>
  /\bpids ([\d ]+)/.exec(text)?.[1]?.trim().split(' ').map(Number) ?? [];

/** A dead process that nobody has asked after yet does not live. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
};
