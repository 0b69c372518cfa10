/** Runs a command line where that was decided, and says how it ended. */
import type { SandboxResult } from '../core/sandbox.ts';
import type { WorkspacePath } from '../core/workspace.ts';
import type { CommandPlace } from './commandPlace.ts';
import { type CommandEnd, runCommandProcess } from './commandProcess.ts';
import type { LeftProcesses } from './leftProcesses.ts';

export interface PlacedRun {
  readonly command: string;
  readonly folder: WorkspacePath;
  readonly timeoutMs: number;
  onOutput(chunk: Buffer): Promise<void>;
}

export interface PlacedEnd {
  /** In a few words: `exit code 0`. */
  readonly summary: string;
  readonly isError: boolean;
  /** What else is to be known, for the model. */
  readonly notes: readonly string[];
}

/** Programs that see no terminal still colour or page their output, or ask, unless these say so. */
const quietVariables = {
  TERM: 'dumb',
  NO_COLOR: '1',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  GIT_TERMINAL_PROMPT: '0',
};

const quiet = (environment: Record<string, string>): Record<string, string> => {
  const { FORCE_COLOR: _, CLICOLOR_FORCE: __, ...rest } = environment;
  return { ...rest, ...quietVariables };
};

const deadlineText = (timeoutMs: number): string => `deadline of ${timeoutMs / 1_000} s passed`;

const hostSummary = ({ exitCode, signal, timedOut }: CommandEnd, timeoutMs: number): string => {
  if (timedOut) return deadlineText(timeoutMs);
  return signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : `ended by ${signal}`;
};

/** @throws the signal's reason when aborted, once the processes are gone; the system's error when it cannot be started */
export const hostRun = async (
  ports: { environment(): Record<string, string>; readonly leftProcesses: LeftProcesses },
  { command, folder, timeoutMs, onOutput }: PlacedRun,
  signal: AbortSignal,
): Promise<PlacedEnd> => {
  const environment = quiet(ports.environment());
  const run = { command, folder: folder.file, environment, timeoutMs, onOutput };
  const end = await runCommandProcess(run, signal);
  const isLeft = end.id !== undefined && !end.timedOut && (await ports.leftProcesses.noteIfRunning(end.id));
  return {
    summary: hostSummary(end, timeoutMs),
    isError: end.timedOut || end.exitCode !== 0,
    notes: isLeft
      ? [
          `something it started still runs in the background (process group ${end.id}), at most until this window closes; its further output is not kept`,
        ]
      : [],
  };
};

const sandboxSummary = (
  { exitCode, timedOut, isFlooding, outOfMemory }: SandboxResult,
  timeoutMs: number,
  memoryMb: number,
): string => {
  if (timedOut) return deadlineText(timeoutMs);
  if (isFlooding) return 'ended: it wrote too much';
  const code = `exit code ${exitCode ?? 'unknown'}`;
  if (outOfMemory === 'no') return code;
  // A shell may go on, and end well, after what it started was killed.
  return `${code}, ${outOfMemory === 'certain' ? '' : 'likely '}out of memory: more than ${memoryMb} MB`;
};

/** @throws ToolError where it cannot run; the signal's reason when aborted, once the container is gone */
export const sandboxRun = async (
  place: Extract<CommandPlace, { kind: 'sandbox' }>,
  { command: line, folder, timeoutMs, onOutput }: PlacedRun,
  signal: AbortSignal,
): Promise<PlacedEnd> => {
  const result = await place.run({ line, folder, environment: quietVariables, timeoutMs, onOutput }, signal);
  const { protectedChanges } = result;
  const summary = sandboxSummary(result, timeoutMs, place.memoryMb);
  return {
    summary: protectedChanges.length === 0 ? summary : `${summary}, and it changed what is protected`,
    isError:
      result.exitCode !== 0 || result.timedOut || result.isFlooding || result.outOfMemory === 'certain',
    notes: protectedChanges.map(
      ({ path, kind, answer }) => `${path} is protected from the sandbox and was ${kind}: ${answer}`,
    ),
  };
};
