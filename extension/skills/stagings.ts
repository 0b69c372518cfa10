/** Folders in which skills wait to be installed. Each belongs to one window; those of windows that are gone are swept. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { newOwnerName, ownerState } from './ownerName.ts';
import { renameFolder } from './verifiedCopy.ts';

/** Longer than anybody reviews: its process id belongs to somebody else by now. */
const oldMs = 7 * 86_400_000;
/** Whose owner cannot be asked, being of another computer or container. */
const foreignMs = 86_400_000;
/** What was moved aside lies in a folder that begins so, under its own name. */
export const asidePrefix = 'aside-';

export interface Stagings {
  /** Absolute path of a new, empty folder. */
  open(): Promise<string>;
  /** What had been moved aside and not replaced goes back. */
  close(folder: string): Promise<void>;
  /** The staging, of this window, that a path lies in. */
  of(inside: string): string | undefined;
  /** Removes those of the dead. What one of them had moved aside and not replaced goes back. */
  sweep(): Promise<void>;
}

/**
 * @param root absolute path, for stagings only; made when needed
 * @param home where what was moved aside came from
 */
export const createStagings = (root: string, home: string): Stagings => {
  const own = new Set<string>();
  const newPath = (): string => path.join(root, newOwnerName());

  const isDead = async (name: string): Promise<boolean> => {
    if (own.has(path.join(root, name))) return false;
    const found = await stat(path.join(root, name)).catch(() => undefined);
    if (found === undefined) return false;
    const age = Date.now() - found.mtimeMs;
    const state = ownerState(name);
    return state === 'dead' || age > (state === 'alive' ? oldMs : foreignMs);
  };

  const putBack = async (folder: string): Promise<void> => {
    for (const aside of await readdir(folder)) {
      if (!aside.startsWith(asidePrefix)) continue;
      for (const name of await readdir(path.join(folder, aside))) {
        const target = path.join(home, name);
        const isThere = await stat(target).then(
          () => true,
          () => false,
        );
        if (!isThere) await renameFolder(path.join(folder, aside, name), target).catch(() => undefined);
      }
    }
  };

  return {
    async open() {
      const folder = newPath();
      own.add(folder);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    async close(folder) {
      if (!own.has(folder)) return;
      await putBack(folder).catch(() => undefined);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      own.delete(folder);
    },
    of(inside) {
      const [name] = path.relative(root, path.resolve(inside)).split(path.sep);
      const folder = name === undefined ? undefined : path.join(root, name);
      return folder !== undefined && own.has(folder) ? folder : undefined;
    },
    async sweep() {
      for (const name of await readdir(root).catch(() => [])) {
        if (!(await isDead(name))) continue;
        // Taken over first, so that of two windows one sweeps it; a third would find this window alive.
        const taken = newPath();
        own.add(taken);
        try {
          await renameFolder(path.join(root, name), taken);
          await putBack(taken);
          await rm(taken, { recursive: true, force: true, maxRetries: 5 });
        } catch {
          // Another window has it, or the system holds on to a file: the next sweep tries again.
        } finally {
          own.delete(taken);
        }
      }
    },
  };
};
