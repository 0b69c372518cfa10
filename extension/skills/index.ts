/** The tools with which agents use skills. */
import { isUsable } from '../core/skills.ts';
import type { Tool } from '../core/tool.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { createReadSkillFile } from './readSkillFile.ts';
import { createRunSkill } from './runSkillTool.ts';
import { type SkillToolPorts, skillName } from './toolPorts.ts';
import { createUseSkill } from './useSkill.ts';

export { type SkillToolName, skillToolNames } from '../core/ruleMatch.ts';

/**
 * Of one chat. None where there is no skill to use, and no tool that could not do anything.
 * @param skills of the chat's agent; those that cannot be used are no choice, and an agent that names one hears why
 */
export const createSkillTools = (ports: SkillToolPorts, skills: readonly LoadedSkill[]): readonly Tool[] => {
  const usable = skills.filter(isUsable);
  const forAgents = skillName(
    usable.filter(({ isForAgents }) => isForAgents),
    skills,
  );
  const all = skillName(usable, skills);
  const withPrograms = skillName(
    usable.filter(({ entries }) => entries.length > 0),
    skills,
  );
  return [
    ...(forAgents === undefined ? [] : [createUseSkill(ports, forAgents)]),
    ...(all === undefined ? [] : [createReadSkillFile(ports, all)]),
    ...(withPrograms === undefined ? [] : [createRunSkill(ports, withPrograms)]),
  ];
};
