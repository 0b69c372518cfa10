import { constants } from 'node:fs';
import { open, readlink, realpath } from 'node:fs/promises';

/** A folder that stays the same one, whatever a program that still runs lays in its place. */
export interface HeldFolder {
  /** Absolute path by which to reach what is in it. */
  readonly at: string;
  release(): Promise<void>;
}

/**
 * Opens a folder that is no link. Only Linux names what is open; elsewhere programs of containers run in a machine of
 * their own, and a look beforehand has to do.
 * @param folder its name in a folder that is held, or a path
 * @throws the system's error
 */
export const openFolder = async (folder: string): Promise<HeldFolder> => {
  if (process.platform !== 'linux') return { at: folder, release: async () => undefined };
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { at: `/proc/self/fd/${handle.fd}`, release: () => handle.close() };
};

/**
 * @param folder absolute real path
 * @throws Error where it has become a link, or lies behind one; the system's error
 */
export const holdFolder = async (folder: string): Promise<HeldFolder> => {
  const behindLink = (): Error => new Error(`${folder} lies behind a link.`);
  if ((await realpath(folder)) !== folder) throw behindLink();
  const held = await openFolder(folder);
  if (held.at !== folder && (await readlink(held.at)) !== folder) {
    await held.release();
    throw behindLink();
  }
  return held;
};
