import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { ToolError } from '../core/tool.ts';
import { linesOf } from './linesOf.ts';

const isExecutable = async (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/**
 * Where ripgrep is: the one VS Code ships (its place moved over the years), else the one on PATH.
 * @param appRoot VS Code's own folder (`env.appRoot`)
 * @param searchPath as in PATH; relative folders in it are not searched
 * @returns absolute path, or undefined: then the tools search by themselves, slower
 */
export const findRipgrep = async (
  appRoot: string | undefined,
  searchPath: string | undefined = process.env.PATH,
): Promise<string | undefined> => {
  const binary = process.platform === 'win32' ? 'rg.exe' : 'rg';
  const shipped = ['node_modules', 'node_modules.asar.unpacked'].flatMap((modules) => [
    path.join(modules, '@vscode/ripgrep-universal/bin', `${process.platform}-${process.arch}`, binary),
    path.join(modules, '@vscode/ripgrep/bin', binary),
    path.join(modules, 'vscode-ripgrep/bin', binary),
  ]);
  const folders = (searchPath ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const candidates = [
    ...(appRoot === undefined ? [] : shipped.map((place) => path.join(appRoot, place))),
    ...folders.map((folder) => path.join(folder, binary)),
  ];
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
};

/** What both ways of searching leave out, at any depth. Inside of such a folder it is searched like any other. */
export const skippedFolders: readonly string[] = ['.git', '.hg', '.svn', 'node_modules'];
/** Larger files are not searched. */
export const searchedFileLimit = 4_000_000;

/** The same rules for every call, whatever the machine's own ripgrep configuration says. */
export const commonArguments = (useIgnoreFiles: boolean): readonly string[] => [
  '--no-config',
  '--no-messages',
  '--hidden',
  '--no-require-git',
  '--no-ignore-global',
  ...(useIgnoreFiles ? [] : ['--no-ignore']),
  ...skippedFolders.map((name) => `--glob=!${name}`),
];

export interface RipgrepCall {
  readonly binary: string;
  readonly folder: string;
  readonly arguments: readonly string[];
  /** The whole environment of the process. */
  readonly environment: Record<string, string>;
  /** @returns false to stop */
  onLine(line: string): boolean;
}

const ended = (child: ChildProcess): Promise<{ code: number | null; failed: boolean }> =>
  new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, failed: true }));
    child.once('close', (code) => resolve({ code, failed: false }));
  });

/**
 * Runs ripgrep and hands out its lines.
 * @returns false when it could not do the job (not a program of this machine, unknown flag): search in another way
 * @throws ToolError for a pattern it does not understand; the signal's reason when aborted
 */
export const runRipgrep = async (call: RipgrepCall, signal: AbortSignal): Promise<boolean> => {
  signal.throwIfAborted();
  let child: ReturnType<typeof start>;
  try {
    child = start(call);
  } catch {
    return false;
  }
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  const end = ended(child);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 4_000);
  });
  let stopped = false;
  try {
    for await (const line of linesOf(child.stdout)) {
      if (call.onLine(line)) continue;
      stopped = true;
      break;
    }
    if (stopped) stop();
    const { code, failed } = await end;
    signal.throwIfAborted();
    // 1 means no match; 2 without a complaint means that some folder could not be read.
    if (stopped || code === 0 || code === 1 || (code === 2 && complaint === '')) return !failed;
    if (code === 2 && /regex|pcre|pattern/i.test(complaint)) {
      throw new ToolError(`The pattern is not understood. ${complaint.trim()}`);
    }
    return false;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
};

const start = (call: RipgrepCall) =>
  spawn(call.binary, [...call.arguments], {
    cwd: call.folder,
    env: call.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
