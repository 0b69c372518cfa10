/**
 * Looks after the folders below one that was moved into a watched folder, as skills are when they are installed: on Linux the
 * editor's watcher sees the moved folder itself, and nothing of what lies deeper.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import * as path from 'node:path';

/** Of one skill; what has more is still checked before it runs. */
const mostFolders = 200;

/** At most so many that it can be looked after. @param top absolute */
export const foldersBelow = async (top: string): Promise<readonly string[]> => {
  const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .slice(0, mostFolders);
};

export interface NestedWatch {
  /** It is there anew: looks after what lies in it now. @param top absolute; may be gone, or a file */
  renew(top: string): Promise<void>;
  dispose(): void;
}

/** @param foldersOf what is to be looked after once `top` is there */
export const createNestedWatch = (onChange: () => void, foldersOf = foldersBelow): NestedWatch => {
  const watched = new Map<string, readonly FSWatcher[]>();
  let isOver = false;

  const stop = (top: string): void => {
    for (const watcher of watched.get(top) ?? []) watcher.close();
    watched.delete(top);
  };

  const watchOne = (top: string, folder: string): readonly FSWatcher[] => {
    try {
      const watcher = watch(folder, { persistent: false }, (event) => {
        onChange();
        // There may be folders that nobody looks after yet.
        if (event === 'rename') void renew(top);
      });
      // It is gone, or the system has no more of them.
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  };

  const renew = async (top: string): Promise<void> => {
    const folders = await foldersOf(top);
    if (isOver) return;
    stop(top);
    if (folders.length > 0)
      watched.set(
        top,
        folders.flatMap((folder) => watchOne(top, folder)),
      );
  };

  return {
    renew,
    dispose: () => {
      isOver = true;
      for (const top of [...watched.keys()]) stop(top);
    },
  };
};
