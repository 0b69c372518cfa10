/** Which of a person's rules let a step through. Pure; what does not fit exactly does not match. */
import picomatch from 'picomatch';
import type { Effect } from '../shared/event.ts';
import type { Rule, RuleDuration, RuleMatch } from '../shared/rule.ts';
import { commandText, parseCommandLine } from './commandLine.ts';
import type { PolicyContext, PolicyStep } from './policy.ts';

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
};

/** Undefined for a tool that is not one of ours. */
export const builtInEffect = (tool: string): Effect | undefined =>
  Object.hasOwn(toolPolicies, tool) ? toolPolicies[tool] : undefined;

/**
 * Whether a label is a plain path below a workspace folder, the only form in which globs are compared: `/`-separated,
 * with nothing that leads upwards and no root or drive in front.
 */
export const isInsideLabel = (label: string): boolean =>
  label !== '' &&
  !/^[A-Za-z]:/.test(label) &&
  !/[\\\p{Cc}]/u.test(label) &&
  (label === '.' || label.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

/**
 * No negation, which would turn a rule into its opposite, and no extended globs, which can take exponential time. The
 * same on every system: labels are `/`-separated everywhere.
 */
const globOptions = { dot: true, nocase: false, nonegate: true, noextglob: true, windows: false };

const matchesPath = (match: RuleMatch & { kind: 'path' }, step: PolicyStep): boolean => {
  if (!match.tools.includes(step.tool) || builtInEffect(step.tool) !== 'write') return false;
  if (step.effect !== 'write' || step.access.command !== undefined) return false;
  const { paths } = step.access;
  if (paths.length === 0 || match.glob === '') return false;
  const matches = picomatch(match.glob, globOptions);
  return paths.every(({ label }) => isInsideLabel(label) && matches(label));
};

const matchesTool = (match: RuleMatch & { kind: 'tool' }, step: PolicyStep): boolean =>
  match.tool === step.tool && builtInEffect(step.tool) === undefined;

const isSameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length > 0 && a.length === b.length && a.every((each, index) => each === b[index]);

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

/** The commands of a step that stands for a command line, or undefined where rules do not cover it. */
const commandsOf = (step: PolicyStep, context: PolicyContext): readonly (readonly string[])[] | undefined => {
  const { command } = step.access;
  if (command === undefined || step.effect !== 'execute' || builtInEffect(step.tool) !== 'execute')
    return undefined;
  const parsed = parseCommandLine(command.line, context.shell);
  return parsed.kind === 'commands' ? parsed.commands : undefined;
};

/**
 * The rules that let a step through together; empty where they do not. Of a command line of several parts every part
 * has to be covered, each by any rule.
 */
export const matchingRules = (step: PolicyStep, context: PolicyContext): readonly Rule[] => {
  const rules = context.rules.filter((rule) => appliesHere(rule, context));
  if (step.access.command !== undefined && builtInEffect(step.tool) !== undefined) {
    const { folder } = step.access.command;
    const commands = commandsOf(step, context) ?? [];
    const found = commands.map((argv) =>
      rules.find(
        ({ match }) => match.kind === 'command' && match.folder === folder && isSameList(match.argv, argv),
      ),
    );
    return found.every((rule) => rule !== undefined) ? [...new Set(found)] : [];
  }
  const one = rules.find(
    ({ match }) =>
      (match.kind === 'path' && matchesPath(match, step)) ||
      (match.kind === 'tool' && matchesTool(match, step)),
  );
  return one === undefined ? [] : [one];
};

const places: Readonly<Record<RuleDuration, string>> = {
  session: 'in this chat',
  workspace: 'in this workspace',
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

/** What a match covers, in words: `edits in src/**`, `npm test`. */
export const matchText = (match: RuleMatch): string => {
  if (match.kind === 'path') return pathText(match);
  return match.kind === 'tool' ? match.tool : cutLabel(commandText(match.argv));
};

/** A rule in words: `npm test in this workspace`. */
export const ruleText = (rule: Pick<Rule, 'match' | 'duration'>): string =>
  `${matchText(rule.match)} ${places[rule.duration]}`;
