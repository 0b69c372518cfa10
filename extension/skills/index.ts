/** The tools with which agents use skills. */
import { isUsable } from '../core/skills.ts';
import type { Tool } from '../core/tool.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { createReadSkillFile } from './readSkillFile.ts';
import { createRunSkill } from './runSkillTool.ts';
import { namesOf, type SkillToolPorts } from './toolPorts.ts';
import { createUseSkill } from './useSkill.ts';

export { type SkillToolName, skillToolNames } from '../core/ruleMatch.ts';

/**
 * Of one chat. None where there is no skill to use, and no tool that could not do anything.
 * @param skills of the chat's agent; those that cannot be used are passed over
 */
export const createSkillTools = (ports: SkillToolPorts, skills: readonly LoadedSkill[]): readonly Tool[] => {
  const usable = skills.filter(isUsable);
  const forAgents = namesOf(usable.filter(({ isForAgents }) => isForAgents));
  const all = namesOf(usable);
  const withPrograms = namesOf(usable.filter(({ entries }) => entries.length > 0));
  return [
    ...(forAgents === undefined ? [] : [createUseSkill(ports, forAgents)]),
    ...(all === undefined ? [] : [createReadSkillFile(ports, all)]),
    ...(withPrograms === undefined ? [] : [createRunSkill(ports, withPrograms)]),
  ];
};
