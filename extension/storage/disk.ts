import {
  closeSync,
  constants,
  copyFileSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

export interface FileState {
  /** Tells two files of one path apart while either is held open. */
  readonly inode: bigint;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * The few file operations storage is made of. They are synchronous: they run in storage's own thread, where a hop
 * through the thread pool would only cost time. One object, so that tests can fill the disk or pull the plug anywhere.
 */
export interface Disk {
  stat(file: string): FileState | undefined;
  readFile(file: string): Buffer | undefined;
  /** The names in a folder; none where there is no such folder. */
  list(folder: string): readonly string[];
  /** Bytes that can still be written there. @returns undefined where the system does not say */
  freeBytes(folder: string): number | undefined;
  makeFolder(folder: string): void;
  /** @returns false when the file exists already */
  createExclusive(file: string, text: string): boolean;
  /** Writes the whole file and makes its content durable; not atomic, for temporary names. */
  writeFile(file: string, parts: readonly Uint8Array[]): void;
  copy(from: string, to: string): void;
  rename(from: string, to: string): void;
  remove(file: string): void;
  /** Makes renames inside the folder durable, where the system can. */
  syncFolder(folder: string): void;
  touch(file: string, at: number): void;
  /** Opens an existing file for reading and appending. */
  openAppend(file: string): number;
  close(descriptor: number): void;
  size(descriptor: number): number;
  read(descriptor: number, offset: number, length: number): Buffer;
  append(descriptor: number, bytes: Uint8Array): void;
  /** fdatasync: content and size are durable afterwards. */
  syncData(descriptor: number): void;
  truncate(file: string, size: number): void;
}

export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  let written = 0;
  while (written < bytes.length)
    written += writeSync(descriptor, bytes, written, bytes.length - written, null);
};

const withFile = (file: string, flags: string, use: (descriptor: number) => void): void => {
  const descriptor = openSync(file, flags);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

export const realDisk: Disk = {
  stat(file) {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return found === undefined
      ? undefined
      : { inode: found.ino, size: Number(found.size), changedAt: Number(found.mtimeMs) };
  },
  readFile(file) {
    try {
      return readFileSync(file);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
      throw error;
    }
  },
  freeBytes(folder) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch {
      return undefined;
    }
  },
  makeFolder: (folder) => {
    mkdirSync(folder, { recursive: true });
  },
  createExclusive(file, text) {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'wx');
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      writeAll(descriptor, Buffer.from(text));
      return true;
    } catch (error) {
      // On a full disk the name fits and the content does not; an empty file must not stay behind.
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
  },
  writeFile(file, parts) {
    withFile(file, 'w', (descriptor) => {
      for (const part of parts) writeAll(descriptor, part);
      fsyncSync(descriptor);
    });
  },
  copy(from, to) {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    withFile(to, 'r+', fsyncSync);
  },
  rename: renameSync,
  remove: (file) => rmSync(file, { force: true }),
  syncFolder(folder) {
    // Windows cannot open a folder; its file system orders renames by itself.
    if (process.platform !== 'win32') withFile(folder, 'r', fsyncSync);
  },
  touch: (file, at) => utimesSync(file, at / 1000, at / 1000),
  openAppend: (file) => openSync(file, constants.O_RDWR | constants.O_APPEND),
  close: closeSync,
  size: (descriptor) => fstatSync(descriptor).size,
  read(descriptor, offset, length) {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  },
  append: writeAll,
  syncData: fdatasyncSync,
  // By name: on Windows a handle opened for appending cannot be cut.
  truncate: truncateSync,
};

/** Replaces a file so that at any moment either the old or the new content is there. */
export const replaceFile = (disk: Disk, file: string, parts: readonly Uint8Array[]): void => {
  // Its own: two windows may write the same file at once.
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    disk.writeFile(temporary, parts);
    disk.rename(temporary, file);
  } catch (error) {
    try {
      disk.remove(temporary);
    } catch {
      // The first error is the one worth telling.
    }
    throw error;
  }
  disk.syncFolder(path.dirname(file));
};
