import { cp, lstat, mkdir, readdir, readlink, realpath, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';

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
const mostEntries = 2_000;
const mostBytes = 64_000_000;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Whether it is small enough to be copied. */
const isSmall = async (file: string, room = { entries: mostEntries, bytes: mostBytes }): Promise<boolean> => {
  const stat = await lstat(file);
  room.entries -= 1;
  room.bytes -= stat.size;
  if (room.entries < 0 || room.bytes < 0) return false;
  // A pipe or a device has nothing to keep.
  if (!stat.isDirectory()) return stat.isFile() || stat.isSymbolicLink();
  for (const name of await readdir(file)) {
    if (!(await isSmall(path.join(file, name), room))) return false;
  }
  return true;
};

/** @param folder absolute; one of its own is made below it when something is taken */
export const createQuarantine = (workspace: string, folder: string, run: string): Quarantine => {
  let taken = 0;
  return {
    take: async (label) => {
      const file = path.join(workspace, ...label.split('/'));
      const parent = path.dirname(file);
      // A folder on the way may have become a link to somewhere else: nothing there is ours to move.
      if ((await realpath(parent)) !== parent) throw new Error(`${label} lies behind a link.`);
      if ((await lstat(file)).isSymbolicLink()) {
        const target = await readlink(file);
        await unlink(file);
        return `removed; it was a link to ${target}`;
      }
      taken += 1;
      const place = path.join(folder, run);
      await mkdir(place, { recursive: true, mode: 0o700 });
      const kept = path.join(place, `${taken}-${path.basename(file)}`);
      try {
        await rename(file, kept);
      } catch (error) {
        if (codeOf(error) !== 'EXDEV') throw error;
        const fits = await isSmall(file);
        if (fits) await cp(file, kept, { recursive: true, verbatimSymlinks: true, dereference: false });
        await rm(file, { recursive: true, force: true });
        if (!fits) return 'deleted: it was too large to be kept';
      }
      return `moved to ${kept}`;
    },
  };
};
