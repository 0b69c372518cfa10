/** Copies of files of which it is known what they must be. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SkillInstallError } from '../core/skills.ts';
import type { SkillFile } from '../shared/skill.ts';
import { hashFile } from './contentHash.ts';
import { leadsElsewhere, shownName } from './stagedTree.ts';

/** What is there is not what was looked at. */
const changedMeanwhile = (name: string): SkillInstallError =>
  new SkillInstallError(
    `The file "${shownName(name)}" changed after it was shown to you. Nothing was done; look at the skill again.`,
  );

/**
 * The content of a listed file.
 * @throws SkillInstallError when it is not the one that was listed
 */
const readListed = async (folder: string, file: SkillFile): Promise<Buffer> => {
  if (leadsElsewhere(file.path)) throw changedMeanwhile(file.path);
  const from = path.join(folder, ...file.path.split('/'));
  const found = await hashFile(from, file.bytes, true).catch(() => undefined);
  if (found?.content === undefined || found.sha256 !== file.sha256) throw changedMeanwhile(file.path);
  return found.content;
};

/**
 * Copies what is listed, and nothing else that lies there, into a new folder.
 * @param isWanted which of them; all where it is absent
 * @throws SkillInstallError when one is not as listed
 */
export const copyListed = async (
  folder: string,
  files: readonly SkillFile[],
  to: string,
  isWanted: (file: SkillFile, content: Buffer) => boolean = () => true,
): Promise<void> => {
  await mkdir(to, { recursive: true });
  for (const file of files) {
    const content = await readListed(folder, file);
    if (!isWanted(file, content)) continue;
    const target = path.join(to, ...file.path.split('/'));
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content, { flag: 'wx', mode: file.isExecutable ? 0o755 : 0o644 });
  }
};

/** Windows denies it for a moment while a virus scanner or an indexer looks at the files. */
export const renameFolder = async (from: string, to: string): Promise<void> => {
  for (let round = 0; ; round += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      const mayPass =
        process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY');
      if (!mayPass || round === 20) throw error;
      await delay(50);
    }
  }
};
