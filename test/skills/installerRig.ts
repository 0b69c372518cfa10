/** Windows that install into one storage, and a folder to install from. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { InstallOffer, InstallOrigin, OfferedSkill } from '../../extension/core/skills.ts';
import type { LoadedSkill, SkillSource } from '../../extension/shared/skill.ts';
import { createSkillInstaller } from '../../extension/skills/installer.ts';
import { createSkillRecords } from '../../extension/skills/records.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { fill, temporaryFolder } from '../workspace/folders.ts';
import { fromDisk } from './gitRig.ts';
import { noSignal, skillText } from './treeSupport.ts';

export const createInstallerRig = () => {
  const storage = path.join(temporaryFolder(), 'skills');
  const from = temporaryFolder();
  const folderOf = (name: string): string => path.join(storage, 'installed', name);
  const ignore = (): void => {};

  const load = async (source: SkillSource): Promise<LoadedSkill> => {
    const { skill, files, hash, problems } = await readSkillFolder(source.folder);
    assert.ok(skill !== undefined, JSON.stringify(problems));
    return { ...skill, id: skill.name, source, files, hash, state: 'ready', problems, grants: {} };
  };
  const installedSource = (name: string): SkillSource => ({
    place: 'installed',
    label: 'installed from x',
    folder: folderOf(name),
  });
  const loadInstalled = (name: string): Promise<LoadedSkill> => load(installedSource(name));

  /** A window: everything of it is its own, but for the storage. */
  const window = () => {
    const errors: string[] = [];
    const records = createSkillRecords({
      folder: path.join(storage, 'records'),
      logError: (text) => errors.push(text),
    });
    const installer = createSkillInstaller({
      folder: storage,
      records,
      readSkill: readSkillFolder,
      skills: async () =>
        Promise.all(existsSync(folderOf('')) ? readdirSync(folderOf('')).map(loadInstalled) : []),
      logError: (text) => errors.push(text),
      now: () => 1_000,
      git: fromDisk,
    });
    const stage = (origin: InstallOrigin): Promise<InstallOffer> =>
      installer.stage(origin, ignore, noSignal());
    return { installer, records, errors, stage };
  };
  const only = (offer: InstallOffer): OfferedSkill => {
    const [skill, second] = offer.skills;
    assert.ok(skill !== undefined && second === undefined);
    return skill;
  };
  const install = async (origin: InstallOrigin, w = window()): Promise<void> => {
    const offer = await w.stage(origin);
    for (const each of offer.skills) await w.installer.install(offer, each, {});
    await w.installer.discard(offer);
    assert.deepEqual(w.errors, []);
  };
  const here = (): InstallOrigin => ({ kind: 'folder', folder: from });
  const pdf = (text = 'print(1)\n') =>
    fill(from, {
      'SKILL.md': skillText('pdf'),
      'scripts/read.py': text,
      'font.ttf': new Uint8Array([0, 1, 0, 0]),
    });
  const leftInStaging = (): string[] => readdirSync(path.join(storage, 'staging'));
  return {
    storage,
    from,
    folderOf,
    ignore,
    load,
    installedSource,
    loadInstalled,
    window,
    only,
    install,
    here,
    pdf,
    leftInStaging,
  };
};
