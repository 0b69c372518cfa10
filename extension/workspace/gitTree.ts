/**
 * Contents of tracked files as they were before a command, from git's objects. Only reads: the index is copied first,
 * and git is asked of the copy. A repository's own configuration is not let to run anything.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import path from 'node:path';
import { isInside } from './boundary.ts';

export interface TrackedFile {
  readonly file: string;
  /** Name of its content among git's objects. */
  readonly object: string;
  /** In bytes, of the file in the work tree. */
  readonly size: number;
  /** When it was last changed, in whole seconds since the epoch. */
  readonly mtime: number;
  readonly kind: 'file' | 'executable' | 'link';
}

export interface GitTree {
  /** Absolute paths of tracked files that are not as in the index. */
  readonly dirty: readonly string[];
  /** Whether a path lies in the folder. */
  holds(file: string): boolean;
  /** Absolute paths of tracked files that are not as in the index any more, though they were. */
  changedSince(): Promise<readonly string[]>;
  /** Those of the paths, and below them, that were tracked and as in the index. */
  cleanAmong(files: readonly string[]): Promise<readonly TrackedFile[]>;
  /** By object. Those whose size is another than the file had are left out: a filter was in between. */
  contents(files: readonly TrackedFile[]): Promise<ReadonlyMap<string, Buffer>>;
  close(): Promise<void>;
}

/** Bytes of an index that is still copied: about half a million files. */
const largestIndex = 64_000_000;
/** How long git may take afterwards, in milliseconds. */
const patience = 10_000;
/** How long it may look for changes that nothing else has told of, in milliseconds. */
const patienceAfter = 2_000;
const namesAtOnce = 500;

const quiet = ['-c', 'core.fsmonitor=false', '-c', `core.hooksPath=${devNull}`, '--literal-pathspecs'];

/** No more of the environment than git needs: what else is in it is none of its business. */
const environment = (): NodeJS.ProcessEnv => {
  const names = ['PATH', 'Path', 'HOME', 'USERPROFILE', 'SystemRoot', 'TEMP', 'TMP', 'XDG_CONFIG_HOME'];
  return {
    ...Object.fromEntries(
      names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_REPLACE_OBJECTS: '1',
    LC_ALL: 'C',
  };
};

interface Call {
  readonly folder: string;
  readonly args: readonly string[];
  readonly index?: string;
  readonly input?: string;
  readonly milliseconds: number;
}

/** @throws when git is missing, fails, or takes too long */
const git = ({ folder, args, index, input = '', milliseconds }: Call): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // Nothing left would be no limit at all.
    if (milliseconds <= 0) throw new Error('git has no time left');
    const child = execFile(
      'git',
      ['-C', folder, ...quiet, ...args],
      {
        // Windows looks for programs where one is started: a workspace may hold a git.exe.
        cwd: path.dirname(process.execPath),
        env: { ...environment(), ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) },
        encoding: 'buffer',
        maxBuffer: 256_000_000,
        timeout: Math.max(1, Math.ceil(milliseconds)),
        killSignal: 'SIGKILL',
        windowsHide: true,
      },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    );
    // A git that ended early has closed it; that is told by its exit.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

const kinds: Record<string, TrackedFile['kind']> = {
  '100644': 'file',
  '100755': 'executable',
  '120000': 'link',
};

/** `H` alone is tracked and looked at by git; other letters mean that it was told not to look, or a conflict. */
const entry =
  /([A-Za-z?]) (\d{6}) ([0-9a-f]{40,64}) (\d)\t([^\0]+)\0[^\0]*?\n {2}mtime: (\d+):\d+\n[^\0]*?\n {2}size: (\d+)\tflags: [0-9a-f]+\n/g;

export const parseEntries = (text: string, folder: string): readonly TrackedFile[] =>
  [...text.matchAll(entry)].flatMap(([, tag, mode = '', object = '', stage, name = '', mtime, size]) => {
    const kind = kinds[mode];
    if (tag !== 'H' || stage !== '0' || kind === undefined) return [];
    return [{ file: path.join(folder, name), object, size: Number(size), mtime: Number(mtime), kind }];
  });

const parseObjects = (output: Buffer): ReadonlyMap<string, Buffer> => {
  const objects = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(10, at);
    if (lineEnd < 0) break;
    const [object = '', kind, size] = output.toString('latin1', at, lineEnd).split(' ');
    at = lineEnd + 1;
    // `<object> missing`
    if (size === undefined) continue;
    const end = at + Number(size);
    if (kind === 'blob') objects.set(object, output.subarray(at, end));
    at = end + 1;
  }
  return objects;
};

/**
 * @param folder real path of a workspace folder
 * @param milliseconds after which it is not waited for any more
 * @returns undefined where there is no git, no work tree, or no answer in time
 */
export const openGitTree = async (folder: string, milliseconds: number): Promise<GitTree | undefined> => {
  const end = performance.now() + milliseconds;
  const left = (): number => end - performance.now();
  let place: string | undefined;
  const close = async (): Promise<void> => {
    if (place !== undefined) await rm(place, { recursive: true, force: true }).catch(() => undefined);
  };
  try {
    const named = await git({ folder, args: ['rev-parse', '--git-path', 'index'], milliseconds: left() });
    const original = path.resolve(folder, named.toString('utf8').replace(/\r?\n$/, ''));
    const status = await stat(original);
    if (!status.isFile() || status.size > largestIndex) return undefined;
    const writtenAt = Math.floor(status.mtimeMs / 1_000);
    place = await mkdtemp(path.join(tmpdir(), 'anycowork-index-'));
    const index = path.join(place, 'index');
    await copyFile(original, index);
    const args = [
      'diff-files',
      '--name-only',
      '-z',
      '--relative',
      '--ignore-submodules=all',
      '--no-ext-diff',
    ];
    const differing = async (milliseconds: number): Promise<readonly string[]> => {
      const output = await git({ folder, args, index, milliseconds });
      const names = output.toString('utf8').split('\0');
      return names.flatMap((name) => (name === '' ? [] : [path.join(folder, name)]));
    };
    const dirty = await differing(left());
    const isDirty = new Set(dirty);
    const changedSince: GitTree['changedSince'] = async () =>
      (await differing(patienceAfter)).filter((file) => !isDirty.has(file));

    const cleanAmong: GitTree['cleanAmong'] = async (files) => {
      const found: TrackedFile[] = [];
      for (let from = 0; from < files.length; from += namesAtOnce) {
        const names = files.slice(from, from + namesAtOnce).map((file) => path.relative(folder, file));
        const output = await git({
          folder,
          args: ['ls-files', '-v', '--stage', '--debug', '-z', '--', ...names],
          index,
          milliseconds: patience,
        });
        found.push(...parseEntries(output.toString('utf8'), folder));
      }
      // A file that was changed in the second in which the index was written may look the same afterwards. Git itself
      // compares contents then, but not with a copy of the index, and it runs the repository's filters for that.
      return found.filter(({ file, mtime }) => !isDirty.has(file) && mtime < writtenAt);
    };

    const contents: GitTree['contents'] = async (files) => {
      if (files.length === 0) return new Map();
      const sizes = new Map(files.map(({ object, size }) => [object, size]));
      const input = `${[...sizes.keys()].join('\n')}\n`;
      const output = await git({ folder, args: ['cat-file', '--batch'], input, milliseconds: patience });
      return new Map(
        [...parseObjects(output)].filter(([object, bytes]) => sizes.get(object) === bytes.length),
      );
    };

    return {
      dirty,
      holds: (file) => isInside(folder, file),
      changedSince,
      cleanAmong,
      contents,
      close,
    };
  } catch {
    await close();
    return undefined;
  }
};
