import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Replaces or makes a file in one step, flushed to the disk: whoever reads sees the old text or the new one. Folders above
 * it are made.
 * @param mode of a new file, less what the system takes off @param exactMode the whole mode, whatever the system takes off
 */
export const replaceFile = async (
  file: string,
  text: string,
  { mode, exactMode }: { readonly mode: number; readonly exactMode?: number },
): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  // Its own: two windows may write the same file at once.
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      if (exactMode !== undefined) await handle.chmod(exactMode);
      await handle.writeFile(text, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
};
