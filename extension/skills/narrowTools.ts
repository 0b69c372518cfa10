/**
 * While a skill that names its tools is in use, only those run: all of them where several are. It never allows anything;
 * what is left asks as ever.
 */
import picomatch from 'picomatch';
import { type CommandShell, commandText, parseCommandLine } from '../core/commandLine.ts';
import { findsTools, isSkillTool, shellOf } from '../core/ruleMatch.ts';
import { oneLine } from '../core/shownText.ts';
import { type PreparedStep, type Tool, ToolError } from '../core/tool.ts';
import type { LoadedSkill } from '../shared/skill.ts';

/** What other products call the same. */
const namesElsewhere: ReadonlyMap<string, readonly string[]> = new Map([
  ['read', ['read_file']],
  ['view', ['read_file']],
  ['write', ['write_file']],
  ['create', ['write_file']],
  ['edit', ['edit_file']],
  ['multiedit', ['edit_file']],
  ['bash', ['run_command']],
  ['shell', ['run_command']],
  ['powershell', ['run_command']],
  ['grep', ['search_text']],
  ['glob', ['find_files', 'list_directory']],
  ['ls', ['list_directory']],
]);

interface AllowedTool {
  readonly tools: readonly string[];
  /** What stands in brackets: which commands, or which files. */
  readonly only?: string;
}

const readAllowed = (text: string): AllowedTool => {
  const match = /^([^()]+?)\s*(?:\((.*)\))?$/s.exec(text.trim());
  const name = match?.[1] ?? text.trim();
  const only = match?.[2]?.trim();
  // Elsewhere tools of MCP servers have this before the name of the server.
  const tools = namesElsewhere.get(name.toLowerCase()) ?? [name.replace(/^mcp__(?=.+__)/, '')];
  return only === undefined || only === '' || only === '*' ? { tools } : { tools, only };
};

/** `git:*` and `git *`: begins with these words. `npm test`: exactly this. */
const matchesCommand = (only: string, argv: readonly string[]): boolean => {
  const prefix = /^(.*?)(?::|\s)\*$/s.exec(only)?.[1];
  const words = (prefix ?? only).trim().split(/\s+/);
  const isSameStart = words.every((word, index) => argv[index] === word);
  return isSameStart && (prefix !== undefined || argv.length === words.length);
};

const matchesFiles = (only: string, { access }: PreparedStep): boolean => {
  const matches = picomatch(only.replace(/^\.?\//, ''), { dot: true, nonegate: true, noextglob: true });
  return access.paths.length > 0 && access.paths.every(({ below }) => matches(below));
};

/** Every program of a line has to be covered, each by any of these. */
const matchesLine = (onlys: readonly string[], line: string, shell: CommandShell): boolean => {
  const parsed = parseCommandLine(line, shell);
  if (parsed.kind === 'problem') return false;
  return parsed.commands.every((argv) => onlys.some((only) => matchesCommand(only, argv)));
};

type NarrowingSkill = Pick<LoadedSkill, 'id' | 'allowedTools'>;

const refusal = ({ id, allowedTools = [] }: NarrowingSkill, what: string): ToolError => {
  const list = allowedTools.length === 0 ? 'none' : allowedTools.slice(0, 30).map(oneLine).join(', ');
  return new ToolError(
    `Not run: the skill ${id}, which is in use, does without ${what}. The tools that it works with: ${list}. Go on with those, or tell the person what is missing.`,
  );
};

/** Before anything is looked at. */
const checkName = (skill: NarrowingSkill, name: string): void => {
  const allowed = (skill.allowedTools ?? []).map(readAllowed);
  if (!allowed.some(({ tools }) => tools.includes(name))) throw refusal(skill, name);
};

const checkStep = (skill: NarrowingSkill, name: string, step: PreparedStep, shell: CommandShell): void => {
  const allowed = (skill.allowedTools ?? []).map(readAllowed).filter(({ tools }) => tools.includes(name));
  if (allowed.some(({ only }) => only === undefined)) return;
  const onlys = allowed.flatMap(({ only }) => (only === undefined ? [] : [only]));
  const { command } = step.access;
  const fits =
    command === undefined
      ? onlys.some((only) => matchesFiles(only, step))
      : matchesLine(onlys, command.line, shellOf(command, shell));
  if (!fits)
    throw refusal(
      skill,
      command === undefined ? `${name} of ${step.title}` : commandText([name, command.line]),
    );
};

export interface Narrowing {
  /** A job begins; these skills are in use in its chat, and no others. */
  begin(sessionId: string, skills: readonly Pick<LoadedSkill, 'id' | 'allowedTools'>[]): void;
  /** The skill is in use in this chat from now on. */
  used(sessionId: string, skill: Pick<LoadedSkill, 'id' | 'allowedTools'>): void;
  isUsed(sessionId: string, id: string): boolean;
  /** The same tools, looking at each call at what is in use then. */
  narrow(tools: readonly Tool[], sessionId: string): readonly Tool[];
}

/** @param shell what commands are run by: lines of `cmd` cannot be read, so that `Bash(git:*)` fits none */
export const createNarrowing = (shell: CommandShell): Narrowing => {
  const inUse = new Map<string, Map<string, NarrowingSkill>>();

  const narrowOne = (tool: Tool, sessionId: string): Tool => {
    const { name } = tool.spec;
    if (isSkillTool(name) || findsTools(name)) return tool;
    const { redirect } = tool;
    return {
      ...tool,
      ...(redirect === undefined
        ? {}
        : {
            redirect: (input) => {
              const target = redirect(input);
              return { ...target, tool: narrowOne(target.tool, sessionId) };
            },
          }),
      prepare: async (input, signal) => {
        const narrowing = [...(inUse.get(sessionId)?.values() ?? [])].filter(
          ({ allowedTools }) => allowedTools !== undefined,
        );
        for (const skill of narrowing) checkName(skill, name);
        const step = await tool.prepare(input, signal);
        for (const skill of narrowing) checkStep(skill, name, step, shell);
        return step;
      },
    };
  };

  return {
    begin: (sessionId, skills) => {
      inUse.delete(sessionId);
      if (skills.length > 0) inUse.set(sessionId, new Map(skills.map((skill) => [skill.id, skill])));
    },
    used: (sessionId, skill) => {
      const skills = inUse.get(sessionId) ?? new Map<string, NarrowingSkill>();
      inUse.set(sessionId, skills.set(skill.id, skill));
    },
    isUsed: (sessionId, id) => inUse.get(sessionId)?.has(id) === true,
    narrow: (tools, sessionId) => tools.map((tool) => narrowOne(tool, sessionId)),
  };
};
