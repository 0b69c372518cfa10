/** What the tools of skills share. */
import * as z from 'zod';
import type { SkillRunner } from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { WorkspaceFiles } from '../core/workspace.ts';
import type { ExecutionSettings } from '../shared/agent.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { checkUsable, unusableText } from './runChecks.ts';

/** Of one chat and its agent. */
export interface SkillToolPorts {
  readonly runner: SkillRunner;
  /** The skill as it is now. */
  get(id: string): Promise<LoadedSkill | undefined>;
  readonly files: Pick<WorkspaceFiles, 'roots' | 'resolve'>;
  readonly execution: ExecutionSettings;
  /** Whether it has been loaded or chosen in this chat. */
  isInUse(id: string): boolean;
  /** It has been loaded: from now on its tools are narrowed. */
  onUse(skill: LoadedSkill): void;
}

/** @throws ToolError where it is gone, unusable, or for people only and not chosen by one */
export const currentSkill = async (
  { get, isInUse }: Pick<SkillToolPorts, 'get' | 'isInUse'>,
  id: string,
): Promise<LoadedSkill> => {
  const skill = await get(id);
  if (skill === undefined) throw new ToolError(`The skill ${id} is gone.`);
  checkUsable(skill);
  if (!skill.isForAgents && !isInUse(id)) {
    throw new ToolError(
      `Only the person can choose the skill ${id}, by writing /${id}. Tell them where it would help.`,
    );
  }
  return skill;
};

/**
 * The name of one of these skills; undefined where there is none.
 * @param all whoever names another of them, from what was said before, hears why it cannot be used
 */
export const skillName = (
  skills: readonly Pick<LoadedSkill, 'id'>[],
  all: readonly Pick<LoadedSkill, 'id' | 'state'>[],
): z.ZodType<string> | undefined => {
  const [first, ...rest] = skills.map(({ id }) => id);
  if (first === undefined) return undefined;
  const error: z.core.$ZodErrorMap = ({ input }) => {
    const named = all.find(({ id }) => id === input);
    return named === undefined ? undefined : unusableText(named);
  };
  return z.enum([first, ...rest], { error }).describe('The skill.');
};
