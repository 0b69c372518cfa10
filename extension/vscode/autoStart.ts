/**
 * In which folders something starts by itself, so that activation can tell without loading the product. Nothing of the
 * product is imported here.
 */
import { realpath } from 'node:fs/promises';

const key = 'anycowork.autoStartFolders';

/** As much of VS Code’s global state as this needs. */
interface Memory {
  get(name: string): unknown;
  update(name: string, value: unknown): PromiseLike<void>;
}

export interface AutoStart {
  /** @param folders all of them: bots and schedules that start by themselves; absolute paths */
  remember(folders: readonly string[]): Promise<void>;
  /** @param folders those that are open, as VS Code names them; links in them are followed */
  hasOne(folders: readonly string[]): Promise<boolean>;
}

export const createAutoStart = (state: Memory): AutoStart => {
  const known = (): readonly string[] => {
    const kept = state.get(key);
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : [];
  };
  return {
    remember: async (folders) => {
      const next = [...new Set(folders)].sort();
      const before = known();
      if (next.length === before.length && next.every((folder, at) => folder === before[at])) return;
      await state.update(key, next);
    },
    hasOne: async (folders) => {
      const all = known();
      // Nearly every window is done here, without a look at the disk.
      if (all.length === 0) return false;
      const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
      return [...folders, ...real].some((folder) => all.includes(folder));
    },
  };
};
