import { constants } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { openFolder } from './heldFolder.ts';

/** What may still be copied; goes down while something is. */
export interface MovingRoom {
  entries: number;
  bytes: number;
}

const ownerMay = 0o700;

/** @returns the bytes of a file; undefined where it has become something else, or is larger */
export const readPlainFile = async (file: string, most: number): Promise<Buffer | undefined> => {
  // A program that still runs may lay a link or a pipe in its place: neither is followed or waited for.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > most) return undefined;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
};

/**
 * Moves to another disk what a program left, whatever it is and whatever rights it took from it, without following links.
 * What there is no room for, and pipes and the like, are deleted.
 * @param to nothing is there yet
 * @returns whether all of it was kept
 * @throws the system's error
 */
export const moveTree = async (from: string, to: string, room: MovingRoom): Promise<boolean> => {
  const stat = await lstat(from);
  room.entries -= 1;
  if (stat.isDirectory()) {
    if ((stat.mode & ownerMay) !== ownerMay) await chmod(from, ownerMay);
    if (room.entries >= 0) await mkdir(to, { recursive: true, mode: ownerMay });
    let isWhole = room.entries >= 0;
    const held = await openFolder(from);
    try {
      for (const name of await readdir(held.at)) {
        isWhole = (await moveTree(path.join(held.at, name), path.join(to, name), room)) && isWhole;
      }
    } finally {
      await held.release();
    }
    await rmdir(from);
    return isWhole;
  }
  const isRoom = room.entries >= 0 && room.bytes >= stat.size;
  let isKept = false;
  if (isRoom && stat.isSymbolicLink()) {
    await symlink(await readlink(from), to);
    isKept = true;
  } else if (isRoom && stat.isFile()) {
    const bytes = await readPlainFile(from, stat.size);
    if (bytes !== undefined) {
      room.bytes -= stat.size;
      await writeFile(to, bytes, { flag: 'wx', mode: 0o600 });
      isKept = true;
    }
  }
  await unlink(from);
  return isKept;
};
