/** A folder on this computer as the source of skills. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isLeftOut, refusal, type StagedTree, shownName } from './stagedTree.ts';

// Windows knows neither flag; there the check after opening stands alone.
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function* read(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(65_536);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

const copyFile = async (from: string, name: string, tree: StagedTree): Promise<void> => {
  const handle = await open(from, openFlags).catch(() => {
    throw refusal(`"${shownName(name)}" could not be read.`);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw refusal(`"${shownName(name)}" is not a regular file.`);
    await tree.add(name, read(handle), (found.mode & 0o111) !== 0 && process.platform !== 'win32');
  } finally {
    await handle.close();
  }
};

/**
 * Copies a folder. Links are not followed: they are left out and noted in the tree.
 * @param folder absolute path; it may itself be a link
 * @throws SkillInstallError; the signal's reason when aborted
 */
export const copyFolder = async (folder: string, tree: StagedTree, signal: AbortSignal): Promise<void> => {
  const top = await realpath(folder).catch(() => undefined);
  const found = top === undefined ? undefined : await lstat(top).catch(() => undefined);
  if (top === undefined || found === undefined) throw refusal(`There is no folder ${folder}.`);
  if (!found.isDirectory()) throw refusal(`${folder} is not a folder.`);
  const walk = async (parts: readonly string[]): Promise<void> => {
    const directory = await opendir(path.join(top, ...parts)).catch(() => {
      throw refusal(`The folder "${shownName(parts.join('/'))}" could not be read.`);
    });
    for await (const entry of directory) {
      signal.throwIfAborted();
      const here = [...parts, entry.name];
      const name = here.join('/');
      if (isLeftOut(name)) continue;
      if (entry.isSymbolicLink()) tree.leaveOutLink(name);
      else if (entry.isDirectory()) await walk(here);
      else if (entry.isFile()) await copyFile(path.join(top, ...here), name, tree);
      else throw refusal(`"${shownName(name)}" is neither a file nor a folder.`);
    }
  };
  await walk([]);
};
