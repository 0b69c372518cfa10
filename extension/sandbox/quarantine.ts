import { chmod, lstat, mkdir, readlink, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './errorCode.ts';
import { holdFolder } from './heldFolder.ts';
import { type MovingRoom, moveTree } from './moveTree.ts';
import { shownName } from './shownName.ts';

export interface Quarantine {
  /**
   * Takes something out of the workspace, whatever it is, without following links.
   * @param label `/`-separated, below the workspace
   * @returns what was done, as the end of a sentence: `moved to …`
   * @throws the system's error
   */
  take(label: string): Promise<string>;
}

/** More than this is not copied to another disk. */
const mostRoom: MovingRoom = { entries: 2_000, bytes: 64_000_000 };

/** Characters; a file system takes 255 bytes. */
const mostNameLength = 60;

/**
 * Whoever may not write into a folder can neither take something out of it nor move it elsewhere.
 * @returns takes that right away again, where it was not there
 */
const letOwnerWrite = async (folder: string): Promise<() => Promise<void>> => {
  const mode = (await lstat(folder)).mode & 0o7777;
  if ((mode & 0o300) === 0o300) return async () => undefined;
  await chmod(folder, mode | 0o700);
  return () => chmod(folder, mode);
};

const move = async (file: string, kept: string): Promise<string> => {
  if ((await lstat(file)).isDirectory()) await letOwnerWrite(file);
  try {
    await rename(file, kept);
    return `moved to ${kept}`;
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    const isWhole = await moveTree(file, kept, { ...mostRoom });
    return isWhole ? `moved to ${kept}` : `moved to ${kept}, without what was too large to be kept`;
  }
};

/** @param folder absolute; one of its own is made below it when something is taken */
export const createQuarantine = (workspace: string, folder: string, run: string): Quarantine => {
  let taken = 0;
  return {
    take: async (label) => {
      const whole = path.join(workspace, ...label.split('/'));
      const name = path.basename(whole);
      // A folder on the way may have become a link to somewhere else: nothing there is ours to move.
      const parent = await holdFolder(path.dirname(whole));
      let takeBack = async (): Promise<void> => undefined;
      try {
        const file = path.join(parent.at, name);
        // The dot: on its own what is held is a link to the folder.
        takeBack = await letOwnerWrite(`${parent.at}/.`);
        if ((await lstat(file)).isSymbolicLink()) {
          const target = await readlink(file);
          await unlink(file);
          return `removed; it was a link to ${shownName(target)}`;
        }
        taken += 1;
        const place = path.join(folder, run);
        await mkdir(place, { recursive: true, mode: 0o700 });
        return await move(file, path.join(place, `${taken}-${name.slice(-mostNameLength)}`));
      } finally {
        await takeBack();
        await parent.release();
      }
    },
  };
};
