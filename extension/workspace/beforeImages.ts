/** Contents of files as they were before a step changed them, each once, named by its SHA-256: `before/ab/<sha256>`. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../core/reasonOf.ts';
import type { Store } from '../core/store.ts';
import { CannotUndoError } from '../core/undo.ts';
import type { FileState } from '../shared/undo.ts';
import { errorCode } from './boundary.ts';
import {
  hashOf,
  largestKept,
  permissionsOf,
  plainState,
  sha256,
  stateOnDisk,
  statusOf,
} from './fileState.ts';
import { createImageQuota } from './imageQuota.ts';
import { mapSome } from './realRoots.ts';
import { openVerified, type VerifiedFolder } from './verified.ts';

export interface BeforeImagesOptions {
  /** Of the product's own storage; images lie in its `before`. Windows share it. */
  readonly folder: string;
  /** How much room they may take. */
  quotaBytes(): number;
  readonly store: Pick<Store, 'versionHashes' | 'forgetVersions'>;
  now(): number;
  logError(error: unknown): void;
  /** The largest file that is kept, in bytes. */
  readonly largestFile?: number;
  /** Makes a written file durable. */
  flush?(handle: FileHandle): Promise<void>;
}

export interface BeforeImages {
  /**
   * Keeps what is at a real path: a file's bytes, a link's target, a folder's mode.
   * @throws CannotUndoError with the reason; then nothing of it was kept
   */
  keep(file: string): Promise<FileState>;
  /** As `keep`, for bytes that are not on the disk. @param mode permission bits of the file they are of */
  keepBytes(bytes: Uint8Array, mode: number): Promise<FileState>;
  /**
   * What is there, for comparing. @throws the file system's error, or CannotUndoError for what is neither a file nor a
   * folder
   * @param isForMerge a small file is kept for a later merge, where that is possible; nothing waits for the disk
   */
  note(file: string, isForMerge: boolean): Promise<FileState>;
  /** Makes the names of what was kept durable. */
  settle(): Promise<void>;
  /** Sees to the quota behind the caller's back. Only for when what was kept is written down, and nothing is read. */
  seeToRoom(): void;
  /** Whatever is there of these is not collected within the next hour. */
  makeYoung(hashes: readonly string[]): Promise<void>;
  has(hash: string): Promise<boolean>;
  /** @returns undefined when it was forgotten */
  read(hash: string): Promise<Uint8Array | undefined>;
  /** Makes or replaces an entry of a folder in one step: whoever reads sees the old one or the new. */
  restore(state: FileState, folder: VerifiedFolder, name: string): Promise<void>;
  /** Forgets the oldest where the quota is passed, and deletes what no step needs. Nothing that is younger than an hour. */
  collect(): Promise<void>;
}

const megabyte = 1_000_000;
/** Up to here a file is read at once; a content that is kept already then costs no writing. */
export const smallFile = megabyte;

const fullDisk = new Set(['ENOSPC', 'EDQUOT']);

const cannotKeep = (error: unknown): CannotUndoError => {
  if (error instanceof CannotUndoError) return error;
  if (fullDisk.has(errorCode(error)))
    return new CannotUndoError('the disk is full, so it cannot be kept as it is', { cause: error });
  return new CannotUndoError(`it cannot be kept as it is (${errorCode(error) || reasonOf(error)})`, {
    cause: error,
  });
};

/** Makes the folder only where it turns out to be missing: nearly always it is there. */
const inFolder = async <T>(folder: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    return work();
  }
};

/** On Linux the opened file itself; elsewhere its path, which was checked a moment ago. */
const sourceOf = (handle: FileHandle, file: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : file;

export const createBeforeImages = (options: BeforeImagesOptions): BeforeImages => {
  const base = path.join(options.folder, 'before');
  const largest = options.largestFile ?? largestKept;
  const flush = options.flush ?? ((handle) => handle.sync());
  const quota = createImageQuota({ ...options, folder: base });
  const placeOf = (hash: string): string => path.join(base, hash.slice(0, 2), hash);
  /** Folders with names that are not durable yet. */
  const unsettled = new Set<string>();
  /** What this window wrote, and whether it waited for the disk. Anything else is written again: that costs less than asking. */
  const written = new Map<string, 'durable' | 'perhaps'>();

  const temporaryName = (): string => path.join(base, `${randomBytes(8).toString('hex')}.tmp`);

  /**
   * Young again, so that no window deletes it before the step that needs it is written down; and durable.
   * @param size undefined for whichever it has
   */
  const makeYoung = async (hash: string, size: number | undefined): Promise<boolean> => {
    const handle = await open(placeOf(hash), 'r+').catch(() => undefined);
    if (handle === undefined) return false;
    try {
      const status = await handle.stat();
      if (size !== undefined && status.size !== size) return false;
      const at = options.now() / 1_000;
      await handle.utimes(at, at);
      if (written.get(hash) === 'perhaps') {
        await handle.datasync();
        written.set(hash, 'durable');
      }
      // Another window may have been deleting it: then it was young too late.
      const named = await lstat(placeOf(hash));
      return named.ino === status.ino && named.dev === status.dev;
    } catch {
      return false;
    } finally {
      await handle.close();
    }
  };

  const has: BeforeImages['has'] = (hash) =>
    stat(placeOf(hash)).then(
      () => true,
      () => false,
    );

  const reuse = async (hash: string, size: number): Promise<boolean> =>
    written.has(hash) && makeYoung(hash, size);

  /** Puts a flushed temporary file in its place. */
  const adopt = async (
    temporary: string,
    hash: string,
    size: number,
    state: 'durable' | 'perhaps',
  ): Promise<void> => {
    const folder = path.dirname(placeOf(hash));
    await inFolder(folder, () => rename(temporary, placeOf(hash)));
    unsettled.add(folder);
    written.set(hash, state);
    quota.added(size);
  };

  /** @param fill makes the temporary file @returns hash and size of what is kept then */
  const write = async <T>(fill: (temporary: string) => Promise<T>): Promise<T> => {
    const temporary = temporaryName();
    try {
      return await inFolder(base, () => fill(temporary));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  };

  const addBytes = async (bytes: Uint8Array, state: 'durable' | 'perhaps'): Promise<string> => {
    const hash = sha256(bytes);
    // What another window made durable is not replaced by what may not be.
    if (state === 'perhaps' ? await has(hash) : await reuse(hash, bytes.length)) return hash;
    await write(async (temporary) => {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        if (state === 'durable') await flush(handle);
      } finally {
        await handle.close();
      }
      await adopt(temporary, hash, bytes.length, state);
    });
    return hash;
  };

  /** The bytes are hashed as they lie in the copy: the file may change meanwhile. */
  const addCopy = (source: string): Promise<{ readonly hash: string; readonly size: number }> =>
    write(async (temporary) => {
      await copyFile(source, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(temporary, 0o600);
      const handle = await open(temporary, 'r+');
      try {
        const { size } = await handle.stat();
        const hash = await hashOf(handle, size);
        if (await reuse(hash, size)) await unlink(temporary);
        else {
          await flush(handle);
          await adopt(temporary, hash, size, 'durable');
        }
        return { hash, size };
      } finally {
        await handle.close();
      }
    });

  const tooLarge = (): CannotUndoError =>
    new CannotUndoError(`it is larger than ${Math.round(largest / megabyte)} MB`);

  const keepFile = async (file: string): Promise<FileState> => {
    const handle = await openVerified(file);
    try {
      const status = await handle.stat();
      const mode = permissionsOf(status);
      if (!status.isFile()) throw new CannotUndoError('it was replaced by something else meanwhile');
      if (status.size > largest) throw tooLarge();
      if (status.size <= smallFile) {
        const bytes = await handle.readFile();
        return { kind: 'file', hash: await addBytes(bytes, 'durable'), size: bytes.length, mode };
      }
      return { kind: 'file', ...(await addCopy(sourceOf(handle, file))), mode };
    } finally {
      await handle.close();
    }
  };

  const keep: BeforeImages['keep'] = async (file) => {
    try {
      return (await plainState(file, await statusOf(file))) ?? (await keepFile(file));
    } catch (error) {
      throw cannotKeep(error);
    }
  };

  const note: BeforeImages['note'] = async (file, isForMerge) => {
    const status = isForMerge ? await statusOf(file) : undefined;
    if (status?.isFile() !== true || status.size > smallFile) return stateOnDisk(file);
    const handle = await openVerified(file);
    try {
      const bytes = await handle.readFile();
      const mode = permissionsOf(await handle.stat());
      const hash = await addBytes(bytes, 'perhaps').catch(() => sha256(bytes));
      return { kind: 'file', hash, size: bytes.length, mode };
    } finally {
      await handle.close();
    }
  };

  const keepBytes: BeforeImages['keepBytes'] = async (bytes, mode) => {
    if (bytes.length > largest) throw tooLarge();
    try {
      return { kind: 'file', hash: await addBytes(bytes, 'durable'), size: bytes.length, mode };
    } catch (error) {
      throw cannotKeep(error);
    }
  };

  const settle = async (): Promise<void> => {
    const folders = [...unsettled];
    unsettled.clear();
    if (folders.length > 0) folders.push(base);
    // Windows cannot open a folder, and keeps names by itself.
    if (process.platform !== 'win32') {
      await mapSome(folders, 8, async (folder) => {
        const handle = await open(folder, 'r');
        await handle.sync().finally(() => handle.close());
      });
    }
  };

  const copyInto = async (
    state: Extract<FileState, { kind: 'file' }>,
    temporary: string,
    label: string,
  ): Promise<void> => {
    await copyFile(placeOf(state.hash), temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    const handle = await open(temporary, 'r+');
    try {
      if ((await hashOf(handle, state.size)) !== state.hash) {
        throw new CannotUndoError(`what was kept of ${label} is damaged`);
      }
      await handle.chmod(state.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  const restore: BeforeImages['restore'] = async (state, folder, name) => {
    if (state.kind !== 'file' && state.kind !== 'link') throw new TypeError(`${state.kind} has no content`);
    const temporary = folder.at(`.anycowork-${randomBytes(8).toString('hex')}.tmp`);
    try {
      if (state.kind === 'link') await symlink(state.target, temporary);
      else await copyInto(state, temporary, name);
      await folder.check();
      await rename(temporary, folder.at(name));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  };

  return {
    keep,
    keepBytes,
    note,
    settle,
    seeToRoom: quota.look,
    makeYoung: async (hashes) => {
      await mapSome(hashes, 16, (hash) => makeYoung(hash, undefined));
    },
    has,
    read: (hash) => readFile(placeOf(hash)).catch(() => undefined),
    restore,
    collect: quota.collect,
  };
};
