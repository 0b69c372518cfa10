/**
 * What a program of a skill runs from: a copy of the files that were looked at, and of nothing else. The skill's own folder
 * may change while it runs, and may hold what is no part of the skill.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { SkillInstallError } from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { changedText } from './runChecks.ts';
import type { Stagings } from './stagings.ts';
import { copyListed } from './verifiedCopy.ts';

export interface RunCopyPorts {
  /** For these copies only, where the container engine sees them. */
  readonly copies: Pick<Stagings, 'open' | 'close'>;
  logError(error: unknown): void;
}

/**
 * The copy is gone when this settles.
 * @param work is given its absolute real path
 * @throws ToolError where the files are not those that were loaded; what `work` throws
 */
export const withRunCopy = async <Value>(
  { copies, logError }: RunCopyPorts,
  { id, source, files }: Pick<LoadedSkill, 'id' | 'source' | 'files'>,
  work: (folder: string) => Promise<Value>,
): Promise<Value> => {
  const staging = await copies.open();
  try {
    // Not the staging itself: only its owner may look into that, and the user of a container may be another.
    const folder = path.join(await realpath(staging), 'skill');
    await copyListed(source.folder, files, folder).catch((error: unknown) => {
      throw error instanceof SkillInstallError ? new ToolError(changedText(id), { cause: error }) : error;
    });
    return await work(folder);
  } finally {
    await copies.close(staging).catch(logError);
  }
};
