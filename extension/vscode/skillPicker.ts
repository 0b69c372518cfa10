/** Which skill a command is about: given by code with its id, by a menu with its row, else chosen. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { idSchema, parse } from './commandInput.ts';
import { SkillEntryItem, SkillItem } from './skillItems.ts';
import { stateWords, visible } from './skillWords.ts';
import { firstLine, withoutIcons } from './words.ts';

export const isRow = (given: unknown): given is SkillItem | SkillEntryItem =>
  given instanceof SkillItem || given instanceof SkillEntryItem;

export interface SkillChoiceOptions {
  readonly title: string;
  /** Which can be chosen. */
  fits(skill: LoadedSkill): boolean;
  /** Said where there is none. */
  readonly none: string;
  /** Said of one that was named and does not fit. */
  readonly misfit?: string;
  /** Those stand above the others. */
  isFirst?(skill: LoadedSkill): boolean;
}

/**
 * @returns undefined when the person thought better of it, or there is nothing to choose
 * @throws InputError for an id that there is not, or a skill that does not fit
 */
export const pickSkill = async (
  catalog: Pick<SkillCatalog, 'list' | 'get'>,
  given: unknown,
  { title, fits, none, misfit = none, isFirst }: SkillChoiceOptions,
): Promise<LoadedSkill | undefined> => {
  if (given !== undefined && given !== null) {
    const id = isRow(given) ? given.skill.id : parse(idSchema, given);
    const found = await catalog.get(id);
    if (found === undefined)
      throw new InputError(
        `There is no skill ${id} here. It may have been removed; the view Skills has what there is.`,
      );
    if (!fits(found)) throw new InputError(`${id}: ${misfit}`);
    return found;
  }
  const fitting = (await catalog.list()).filter(fits);
  const skills =
    isFirst === undefined
      ? fitting
      : [...fitting.filter(isFirst), ...fitting.filter((skill) => !isFirst(skill))];
  if (skills.length === 0) {
    vscode.window.showInformationMessage(none);
    return undefined;
  }
  const items = skills.map((skill) => ({
    label: withoutIcons(visible(skill.id)),
    description: `${stateWords[skill.state].name} · ${visible(skill.source.label)}`,
    detail: withoutIcons(firstLine(visible(skill.description))),
    skill,
  }));
  const options = { title, placeHolder: 'Choose a skill', matchOnDetail: true };
  return (await vscode.window.showQuickPick(items, options))?.skill;
};
