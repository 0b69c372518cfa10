/** How a skill is written for other products: as a SKILL.md that keeps to the standard. Pure. */
import { stringify } from 'yaml';
import type { SandboxWish, Skill, SkillProblem } from '../shared/skill.ts';
import { compatibilityLimit, descriptionLimit, isSkillName } from './skillFields.ts';

/** Other products match by the description alone. */
const useWhen = (triggers: readonly string[]): string =>
  triggers.length === 0 ? '' : ` Use when: ${triggers.join(', ')}.`;

/** The description as it was before an export added the triggers to it. */
export const withoutUseWhen = (description: string, triggers: readonly string[]): string => {
  const added = useWhen(triggers);
  return added !== '' && description.endsWith(added) && description.length > added.length
    ? description.slice(0, -added.length)
    : description;
};

const sandboxText = ({ mode, requiresSandbox, sandbox }: Skill): string | undefined => {
  const wish: Required<{ [K in keyof SandboxWish]: SandboxWish[K] | undefined }> = {
    image: undefined,
    memoryMb: undefined,
    cpus: undefined,
    timeoutSeconds: undefined,
    network: undefined,
    execTmp: undefined,
    workspace: undefined,
    ...sandbox,
  };
  const text = JSON.stringify({
    mode: mode === 'flexible' ? undefined : mode,
    requires_sandbox: requiresSandbox || undefined,
    image: wish.image,
    memory: wish.memoryMb,
    cpus: wish.cpus,
    timeout: wish.timeoutSeconds,
    network: wish.network,
    exec_tmp: wish.execTmp,
    workspace: wish.workspace,
  });
  return text === '{}' ? undefined : text;
};

const triggersText = (triggers: readonly string[]): string | undefined => {
  if (triggers.length === 0) return undefined;
  const isPlain = triggers.every((trigger) => !trigger.includes(',')) && !triggers[0]?.startsWith('[');
  return isPlain ? triggers.join(', ') : JSON.stringify(triggers);
};

const metadataOf = (skill: Skill): Record<string, string> => {
  const all = {
    version: skill.version,
    author: skill.author,
    'anycowork-display-name': skill.displayName,
    'anycowork-triggers': triggersText(skill.triggers),
    'anycowork-runtime': skill.runtime,
    'anycowork-entry': skill.entries.length === 0 ? undefined : JSON.stringify(skill.entries),
    'anycowork-sandbox': sandboxText(skill),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
};

/** Strict: others may refuse what is not as the standard says. */
const exportProblems = (skill: Skill): readonly SkillProblem[] => {
  const { name, description, compatibility = '' } = skill;
  const messages = [
    isSkillName(name) ? undefined : `name: \`${name}\` is no name of the standard.`,
    description.trim() === ''
      ? 'description: It is empty. Say what the skill does and when to use it.'
      : undefined,
    description.length > descriptionLimit
      ? `description: It has ${description.length} characters; the standard allows ${descriptionLimit}. Shorten it.`
      : undefined,
    compatibility.length > compatibilityLimit
      ? `compatibility: It has ${compatibility.length} characters; the standard allows ${compatibilityLimit}. Shorten it.`
      : undefined,
  ];
  return messages.flatMap((message) => (message ? [{ file: skill.format, severity: 'error', message }] : []));
};

/** A SKILL.md that says the same; no text where the standard does not allow it, and the reasons. */
export const toSkillMarkdown = (
  skill: Skill,
): { readonly text?: string; readonly problems: readonly SkillProblem[] } => {
  const problems = exportProblems(skill);
  if (problems.length > 0) return { problems };
  const whole = skill.description + useWhen(skill.triggers);
  const metadata = metadataOf(skill);
  const front = {
    name: skill.name,
    description: whole.length <= descriptionLimit ? whole : skill.description,
    ...(skill.license ? { license: skill.license } : {}),
    ...(skill.compatibility ? { compatibility: skill.compatibility } : {}),
    ...(skill.allowedTools ? { 'allowed-tools': skill.allowedTools.join(' ') || [] } : {}),
    ...(skill.argumentHint ? { 'argument-hint': skill.argumentHint } : {}),
    ...(skill.isForPeople ? {} : { 'user-invocable': false }),
    ...(skill.isForAgents ? {} : { 'disable-model-invocation': true }),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
  return { text: `---\n${stringify(front, { lineWidth: 0 })}---\n\n${skill.body}`, problems };
};
