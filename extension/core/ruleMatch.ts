/** Which of a person's rules let a step through. Pure; what does not fit exactly does not match. */
import picomatch from 'picomatch';
import type { Effect } from '../shared/event.ts';
import type { Rule, RuleDuration, RuleMatch } from '../shared/rule.ts';
import { outsideServer } from '../shared/toolVerb.ts';
import { type CommandShell, commandText, parseCommandLine } from './commandLine.ts';
import type { PolicyContext, PolicyStep } from './policy.ts';
import type { CommandAccess } from './tool.ts';

/** The tools by which agents use skills, in the order in which models see them. */
export const skillToolNames = ['use_skill', 'read_skill_file', 'run_skill'] as const;
export type SkillToolName = (typeof skillToolNames)[number];

export const isSkillTool = (tool: string): boolean => skillToolNames.some((name) => name === tool);

/** The tools that stand for those of MCP servers where these are too many to be shown to a model. */
export const manyToolNames = ['find_mcp_tools', 'call_mcp_tool'] as const;

/** It only tells which tools of servers there are. */
export const findsTools = (tool: string): boolean => tool === manyToolNames[0];

/**
 * The built-in tools and what each can do. A step that claims something else asks. test/core/policyReasons.test.ts holds
 * it to the tools that there are: a new one without a row fails there.
 */
export const toolPolicies: Readonly<Record<string, Effect>> = {
  read_file: 'read',
  list_directory: 'read',
  find_files: 'read',
  search_text: 'read',
  diagnostics: 'read',
  edit_file: 'write',
  write_file: 'write',
  move_file: 'write',
  delete_file: 'write',
  run_command: 'execute',
  use_skill: 'read',
  read_skill_file: 'read',
  run_skill: 'execute',
  find_mcp_tools: 'read',
  // Never decided on: the tool that it names is. If it ever were, it would ask.
  call_mcp_tool: 'network',
};

/** Undefined for a tool that is not one of ours. */
export const builtInEffect = (tool: string): Effect | undefined =>
  Object.hasOwn(toolPolicies, tool) ? toolPolicies[tool] : undefined;

/**
 * Whether this is a plain path below a workspace folder, the only form in which globs are compared: `/`-separated, with
 * nothing that leads upwards and no root or drive in front.
 */
export const isInsideLabel = (path: string): boolean =>
  path !== '' &&
  !/^[A-Za-z]:/.test(path) &&
  !/[\\\p{Cc}]/u.test(path) &&
  (path === '.' || path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

/**
 * No negation, which would turn a rule into its opposite, and no extended globs, which can take exponential time. The
 * same on every system: paths are `/`-separated everywhere.
 */
const globOptions = { dot: true, nocase: false, nonegate: true, noextglob: true, windows: false };

/** What may mean something else than itself in a glob. */
const globSigns = /[*?[\]{}()!+@|^$\\]/;

/** A path as a glob that matches nothing else. */
export const literalGlob = (path: string): string => path.replace(new RegExp(globSigns, 'g'), '\\$&');

/** The path that a glob without any sign stands for, or undefined. */
const literalOf = (glob: string): string | undefined =>
  globSigns.test(glob.replace(/\\./gs, '')) ? undefined : glob.replace(/\\(.)/gs, '$1');

/** All below a folder. */
const everythingIn = '/**';

/**
 * What names one file, or one folder, is compared as text: no reading of globs can make more of it. Quotes are signs for
 * picomatch only, and mean themselves here.
 */
const globMatcher = (glob: string): ((path: string) => boolean) => {
  const file = literalOf(glob);
  if (file !== undefined) return (path) => path === file;
  const folder = glob.endsWith(everythingIn) ? literalOf(glob.slice(0, -everythingIn.length)) : undefined;
  if (folder !== undefined) return (path) => path.startsWith(`${folder}/`);
  return picomatch(
    glob.replace(/\\.|"/gs, (found) => (found === '"' ? '\\"' : found)),
    globOptions,
  );
};

const matchesPath = (match: RuleMatch & { kind: 'path' }, step: PolicyStep): boolean => {
  if (!match.tools.includes(step.tool) || builtInEffect(step.tool) !== 'write') return false;
  if (step.effect !== 'write' || step.access.command !== undefined) return false;
  const { paths } = step.access;
  if (paths.length === 0 || match.glob === '') return false;
  const matches = globMatcher(match.glob);
  return paths.every(({ below }) => isInsideLabel(below) && matches(below));
};

/** It can do no harm outside: it runs in the sandbox, and tells nobody on the internet of what it reads. */
export const isHeld = (command: CommandAccess | undefined): boolean =>
  command !== undefined && command.isSandboxed === true && command.hasNetwork !== true;

/** In the sandbox the line goes to sh, whatever this computer has. */
export const shellOf = ({ isSandboxed }: CommandAccess, here: CommandShell): CommandShell =>
  isSandboxed ? 'posix' : here;

const matchesSkill = (
  match: RuleMatch & { kind: 'skill' },
  { tool, effect, access }: PolicyStep,
): boolean => {
  const skill = access.command?.skill;
  if (tool !== 'run_skill' || effect !== 'execute' || skill === undefined || !isHeld(access.command))
    return false;
  const isNamed = match.skill !== '' && match.hash !== '' && match.entry !== '';
  return isNamed && match.skill === skill.id && match.hash === skill.hash && match.entry === skill.entry;
};

/** A rule holds for what the person looked at when they made it: another definition of the same name asks. */
const matchesTool = (match: RuleMatch & { kind: 'tool' }, step: PolicyStep): boolean =>
  match.tool === step.tool &&
  builtInEffect(step.tool) === undefined &&
  match.definition === step.access.outside?.definition;

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length > 0 && a.length === b.length && a.every((each, index) => each === b[index]);

/**
 * The one folder whose rules a step comes under: the open folder that its command or all its paths lie in, and for a tool
 * from outside the first one. By its real path and never by its name: another folder may be called the same.
 * @returns undefined where there is no such folder
 */
export const ruleFolder = (
  { tool, access }: Pick<PolicyStep, 'tool' | 'access'>,
  first: string,
): string | undefined => {
  const own = access.command === undefined ? access.paths.map(({ root }) => root) : [access.command.root];
  const roots = new Set(builtInEffect(tool) === undefined ? [first] : own);
  const [root = ''] = roots;
  return roots.size === 1 && root !== '' ? root : undefined;
};

/** Whether a rule holds here at all: in this chat or folder, and for this agent. */
export const appliesHere = (
  rule: Rule,
  here: Pick<PolicyContext, 'agentId' | 'sessionId' | 'folder'>,
): boolean => {
  if (rule.folder === '' || rule.folder !== here.folder) return false;
  if (rule.agentId !== undefined && rule.agentId !== here.agentId) return false;
  if (rule.sessionId !== undefined) return rule.sessionId === here.sessionId;
  return rule.duration === 'workspace';
};

const matchesCommand = (match: RuleMatch, argv: readonly string[], command: CommandAccess): boolean =>
  match.kind === 'command' &&
  match.folder === command.below &&
  isSameList(match.argv, argv) &&
  (match.isSandboxed !== true || isHeld(command));

/** The commands of a step that stands for a command line, or undefined where rules do not cover it. */
const commandsOf = (step: PolicyStep, context: PolicyContext): readonly (readonly string[])[] | undefined => {
  const { command } = step.access;
  if (command === undefined || step.effect !== 'execute' || builtInEffect(step.tool) !== 'execute')
    return undefined;
  // How a program of a skill is shown is no command line.
  if (command.skill !== undefined || isSkillTool(step.tool)) return undefined;
  const parsed = parseCommandLine(command.line, shellOf(command, context.shell));
  return parsed.kind === 'commands' ? parsed.commands : undefined;
};

/**
 * The rules that let a step through together; empty where they do not. Of a command line of several parts every part
 * has to be covered, each by any rule.
 */
export const matchingRules = (step: PolicyStep, context: PolicyContext): readonly Rule[] => {
  const folder = ruleFolder(step, context.folder);
  if (folder === undefined) return [];
  const rules = context.rules.filter((rule) => appliesHere(rule, { ...context, folder }));
  const { command } = step.access;
  if (isSkillTool(step.tool)) {
    const found = rules.find(({ match }) => match.kind === 'skill' && matchesSkill(match, step));
    return found === undefined ? [] : [found];
  }
  if (command !== undefined && builtInEffect(step.tool) !== undefined) {
    const commands = commandsOf(step, context) ?? [];
    const found = commands.map((argv) => rules.find(({ match }) => matchesCommand(match, argv, command)));
    return found.every((rule) => rule !== undefined) ? [...new Set(found)] : [];
  }
  const one = rules.find(
    ({ match }) =>
      (match.kind === 'path' && matchesPath(match, step)) ||
      (match.kind === 'tool' && matchesTool(match, step)),
  );
  return one === undefined ? [] : [one];
};

/** @param folder what the folder is called, where several are open */
export const placeText = (duration: RuleDuration, folder?: string): string => {
  if (folder === undefined) return duration === 'session' ? 'in this chat' : 'in this workspace';
  return duration === 'session' ? `in ${folder} in this chat` : `in ${folder}`;
};

/** Longer commands are cut in labels; the question and the list of rules show them whole. */
const labelLength = 80;

export const cutLabel = (text: string): string =>
  text.length <= labelLength ? text : `${text.slice(0, labelLength - 1).trimEnd()}…`;

const changeWords: Readonly<Record<string, string>> = {
  edit_file: 'edits to',
  write_file: 'edits to',
  move_file: 'moves of',
  delete_file: 'deletions of',
};

const pathText = ({ tools, glob }: RuleMatch & { kind: 'path' }): string => {
  const words = [...new Set(tools.map((tool) => changeWords[tool] ?? `${tool} of`))].join(' and ');
  if (glob === '**') return `${words} any file`;
  const shown = glob.replaceAll('\\', '');
  return glob.endsWith('/**') ? `${words.replace(/ (?:to|of)\b/g, '')} in ${shown}` : `${words} ${shown}`;
};

/** In front, where no command that a rule covers can begin with it: `in` is a word of the shell. */
export const sandboxedText = ({ isSandboxed }: RuleMatch & { kind: 'command' }, command: string): string =>
  isSandboxed === true ? `in the sandbox: ${command}` : command;

/** The hash says nothing to people; whose tool it is stands before the first two underscores of its name. */
const toolText = ({ tool }: RuleMatch & { kind: 'tool' }): string => {
  const server = outsideServer(tool);
  if (server === undefined) return tool;
  return server === 'vscode' ? `${tool} (tool of VS Code)` : `${tool} (MCP server ${server})`;
};

/**
 * What a match covers, in words: `edits in src/**`, `npm test`, `in the sandbox: npm test`, `run pdf tables with any input in
 * the sandbox`, `memory__read_graph (MCP server memory)`.
 */
export const matchText = (match: RuleMatch): string => {
  if (match.kind === 'path') return pathText(match);
  if (match.kind === 'skill') return `run ${match.skill} ${match.entry} with any input in the sandbox`;
  return match.kind === 'tool' ? toolText(match) : sandboxedText(match, cutLabel(commandText(match.argv)));
};

/** A rule in words: `npm test in this workspace`. */
export const ruleText = (rule: Pick<Rule, 'match' | 'duration'>): string =>
  `${matchText(rule.match)} ${placeText(rule.duration)}`;
