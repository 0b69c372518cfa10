/** What a person lets a skill have beyond the default, for the very files that it has now. */
import * as vscode from 'vscode';
import type { SkillRecords } from '../core/skills.ts';
import type { LoadedSkill, SkillGrants } from '../shared/skill.ts';
import { defaultText, grantsOf, isGranted, visible, wishesOf } from './skillWords.ts';
import { withoutIcons } from './words.ts';

/** Replaces what was granted to these files before. @throws the system's error when it cannot be kept */
export const keepGrants = (
  records: Pick<SkillRecords, 'change'>,
  { source, name, hash }: Pick<LoadedSkill, 'source' | 'name' | 'hash'>,
  grants: SkillGrants,
): Promise<void> =>
  records.change(source, name, (record) => ({ ...record, grants: { ...record.grants, [hash]: grants } }));

/** @returns whether anything was decided */
export const askGrants = async (
  records: Pick<SkillRecords, 'change'>,
  skill: LoadedSkill,
): Promise<boolean> => {
  const wishes = wishesOf(skill, skill.source.place);
  if (wishes.length === 0) {
    vscode.window.showInformationMessage(
      `${visible(skill.id)} asks for nothing beyond the default: ${defaultText}.`,
    );
    return false;
  }
  const items = wishes.map((wish) => ({
    label: withoutIcons(visible(wish.label)),
    detail: wish.meaning,
    picked: isGranted(wish, skill.grants),
    wish,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `What ${visible(skill.id)} may have`,
    placeHolder: 'Holds until its files change. What is not checked is asked about at each run.',
    canPickMany: true,
  });
  if (chosen === undefined) return false;
  await keepGrants(records, skill, grantsOf(chosen.map(({ wish }) => wish)));
  return true;
};
