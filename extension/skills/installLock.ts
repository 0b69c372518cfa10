/** Of all windows one at a time changes what is installed, for the few renames that takes. */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { newOwnerName, ownerState } from './ownerName.ts';
import { refusal } from './stagedTree.ts';

/** Longer than any holder needs; one that cannot be asked, or has somebody else's process id, is not waited for longer. */
const oldMs = 60_000;
const waitMs = 90_000;

/**
 * Breaks a lock whose holder is gone.
 * @param text what it was found to hold
 */
const breakLock = async (file: string, text: string): Promise<void> => {
  const aside = `${file}.${newOwnerName()}`;
  try {
    await rename(file, aside);
    // Another waiter broke it first, and this is its new lock: give it back.
    if ((await readFile(aside, 'utf8')) !== text)
      await writeFile(file, await readFile(aside), { flag: 'wx' });
  } catch {
    // Another waiter was faster.
  } finally {
    await rm(aside, { force: true });
  }
};

/** @param file absolute path of the lock's own file */
export const createInstallLock = (file: string) => {
  const acquire = async (): Promise<string> => {
    const mine = newOwnerName();
    await mkdir(path.dirname(file), { recursive: true });
    const until = performance.now() + waitMs;
    for (;;) {
      try {
        await writeFile(file, mine, { flag: 'wx' });
        return mine;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        // Windows answers EPERM for a moment while the file is being deleted.
        if (code !== 'EEXIST' && !(process.platform === 'win32' && code === 'EPERM')) throw error;
      }
      const holder = await readFile(file, 'utf8').catch(() => undefined);
      const found = await stat(file).catch(() => undefined);
      if (holder !== undefined && found !== undefined) {
        const isOld = Date.now() - found.mtimeMs > oldMs;
        if (isOld || ownerState(holder) === 'dead') await breakLock(file, holder);
      }
      if (performance.now() > until) throw refusal('Another window is installing skills. Try again later.');
      await delay(20);
    }
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = await acquire();
    try {
      return await work();
    } finally {
      if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
    }
  };
};
