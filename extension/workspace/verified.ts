/**
 * Opening what was checked, and nothing that was put in its place since.
 *
 * Node has no openat, so a path is walked again by the kernel on every call, and whoever can write to the workspace
 * could swap a folder for a symbolic link between the check and the call. What is done about it:
 * - Linux: the file or folder is opened first (O_NOFOLLOW on its last part), then `/proc/self/fd/N` says where the
 *   opened thing really lies; a different place is refused before a byte is read. Whatever is created, renamed or
 *   removed in a folder goes through `/proc/self/fd/N/name`, which the kernel resolves from the opened folder itself,
 *   as openat would. There is no window left.
 * - macOS, Windows, or Linux without /proc: the real path is compared again after opening (and the inode of a file),
 *   and once more after a write's temporary file is there. Between that and the rename a window of microseconds
 *   stays open; Node offers nothing to close it.
 * - What goes through the editor (open documents, moves, the trash) is opened by VS Code by its path: it is checked
 *   right before, and that is all that can be done.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { BoundaryError } from '../core/workspace.ts';
import { errorCode } from './boundary.ts';

// Windows has none of these flags.
const noFollow = constants.O_NOFOLLOW ?? 0;
const nonBlocking = constants.O_NONBLOCK ?? 0;
const directoryOnly = constants.O_DIRECTORY ?? 0;

export const changedMeanwhile = (file: string): BoundaryError =>
  new BoundaryError(
    `${file} was replaced by something else while it was in use. Nothing was done; try again.`,
  );

/** Where the opened thing lies, or undefined where the system does not tell. */
const placeOf = async (handle: FileHandle): Promise<string | undefined> =>
  process.platform === 'linux'
    ? await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined)
    : undefined;

const isStillThere = async (handle: FileHandle, file: string): Promise<boolean> => {
  const place = await placeOf(handle);
  if (place !== undefined) return place === file;
  const [opened, named, real] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(file, { bigint: true }).catch(() => undefined),
    realpath(file).catch(() => undefined),
  ]);
  return real === file && named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
};

/**
 * Opens an existing file for reading. A named pipe does not block; it is the caller who checks for a regular file.
 * @param file real path
 * @throws BoundaryError when it is no longer where it was; the file system's error when it cannot be opened
 */
export const openVerified = async (file: string): Promise<FileHandle> => {
  const handle = await open(file, constants.O_RDONLY | noFollow | nonBlocking).catch((error: unknown) => {
    throw ['ELOOP', 'EMLINK'].includes(errorCode(error)) ? changedMeanwhile(file) : error;
  });
  if (await isStillThere(handle, file)) return handle;
  await handle.close();
  throw changedMeanwhile(file);
};

/** A folder that was checked after it was opened. */
export interface VerifiedFolder {
  /** A path to an entry that leads through the opened folder where the system allows it. */
  at(name: string): string;
  /** The opened folder itself, for listing. */
  readonly here: string;
  /** @throws BoundaryError when the folder is no longer where it was; only needed where `at` is a plain path */
  check(): Promise<void>;
  close(): Promise<void>;
}

const pathFolder = (folder: string): VerifiedFolder => ({
  at: (name) => path.join(folder, name),
  here: folder,
  check: async () => {
    const real = await realpath(folder).catch(() => undefined);
    if (real !== folder) throw changedMeanwhile(folder);
  },
  close: async () => {},
});

const openOne = async (location: string, expected: string): Promise<VerifiedFolder> => {
  // Windows cannot open a folder this way.
  if (process.platform === 'win32') {
    const folder = pathFolder(expected);
    await folder.check();
    return folder;
  }
  const handle = await open(location, constants.O_RDONLY | directoryOnly | noFollow).catch(
    (error: unknown) => {
      throw ['ELOOP', 'EMLINK', 'ENOTDIR', 'ENOENT'].includes(errorCode(error))
        ? changedMeanwhile(expected)
        : error;
    },
  );
  const place = await placeOf(handle);
  if (place === undefined) {
    const isThere = await isStillThere(handle, expected);
    await handle.close();
    if (!isThere) throw changedMeanwhile(expected);
    return pathFolder(expected);
  }
  if (place !== expected) {
    await handle.close();
    throw changedMeanwhile(expected);
  }
  const here = `/proc/self/fd/${handle.fd}`;
  return {
    at: (name) => `${here}/${name}`,
    here,
    check: async () => {},
    close: () => handle.close(),
  };
};

/** @param folder real path of an existing folder */
export const openVerifiedFolder = (folder: string): Promise<VerifiedFolder> => openOne(folder, folder);

/**
 * Opens a folder, making the missing ones on the way, each inside the one that was just verified.
 * @param folder real path of its nearest existing ancestor, plus the rest
 */
export const makeVerifiedFolder = async (folder: string): Promise<VerifiedFolder> => {
  const missing: string[] = [];
  let existing = folder;
  while ((await lstat(existing).catch(() => undefined)) === undefined) {
    const parent = path.dirname(existing);
    if (parent === existing) break;
    missing.unshift(path.basename(existing));
    existing = parent;
  }
  let current = await openVerifiedFolder(existing);
  for (const name of missing) {
    const outer = current;
    existing = path.join(existing, name);
    try {
      await mkdir(outer.at(name)).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
      current = await openOne(outer.at(name), existing);
    } finally {
      await outer.close();
    }
  }
  return current;
};
