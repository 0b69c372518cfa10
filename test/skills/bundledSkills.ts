/** The skills that come with the product, as they lie in the repository. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Skill } from '../../extension/shared/skill.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { root } from '../support/setUp.mjs';

export const bundledFolder = path.join(root, 'skills');

export const bundledNames = readdirSync(bundledFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export const readBundled = async (name: string): Promise<Skill> => {
  const { skill, problems } = await readSkillFolder(path.join(bundledFolder, name));
  assert.deepEqual(problems, []);
  assert.ok(skill !== undefined);
  return skill;
};
