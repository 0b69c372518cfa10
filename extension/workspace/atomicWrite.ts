import { randomBytes } from 'node:crypto';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import { ToolError } from '../core/tool.ts';
import type { VerifiedFolder } from './verified.ts';

/**
 * Replaces or makes a file in one step: a temporary file beside it, flushed to the disk, then renamed over it. Whoever
 * reads sees the old bytes or the new ones. Keeps mode and owner.
 * @throws ToolError when the file is read-only or not a regular file; the file system's error otherwise
 */
export const writeAtomically = async (folder: VerifiedFolder, name: string, text: string): Promise<void> => {
  const before = await lstat(folder.at(name)).catch(() => undefined);
  if (before !== undefined && !before.isFile()) throw new ToolError(`${name} is not a regular file.`);
  if (before !== undefined && (before.mode & 0o222) === 0) {
    throw new ToolError(`${name} is read-only. Nothing was written.`);
  }
  const temporary = `.anycowork-${randomBytes(8).toString('hex')}.tmp`;
  const handle = await open(folder.at(temporary), 'wx', before === undefined ? 0o666 : 0o600);
  try {
    try {
      await handle.writeFile(text, 'utf8');
      if (before !== undefined) {
        // The owner first: changing it clears set-user-id bits. Only root may give a file away.
        await handle.chown(before.uid, before.gid).catch(() => {});
        await handle.chmod(before.mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await folder.check();
    await rename(folder.at(temporary), folder.at(name));
  } catch (error) {
    await unlink(folder.at(temporary)).catch(() => {});
    throw error;
  }
};
