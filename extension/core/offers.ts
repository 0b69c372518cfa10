/**
 * What an approval can be widened to: at most one offer for each duration, and never one that would not cover the step.
 * A rule holds in one open folder, so that a step over several has none.
 */
import type { Rule, RuleDuration, RuleMatch, RuleOffer } from '../shared/rule.ts';
import { parseCommandLine } from './commandLine.ts';
import type { PolicyContext, PolicyStep } from './policy.ts';
import {
  builtInEffect,
  isInsideLabel,
  isSkillTool,
  literalGlob,
  matchingRules,
  matchText,
  placeText,
  ruleFolder,
  shellOf,
} from './ruleMatch.ts';

const editTools = ['edit_file', 'write_file'];
/** Edits of both kinds go together; a move or a deletion is allowed by itself. */
const toolsLike = (tool: string): readonly string[] => (editTools.includes(tool) ? editTools : [tool]);

const foldersOf = (path: string): readonly string[] => path.split('/').slice(0, -1);

const sharedStart = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const end = a.findIndex((part, index) => part !== b[index]);
  return end === -1 ? a : a.slice(0, end);
};

const commonFolder = (paths: readonly string[]): readonly string[] =>
  paths.map(foldersOf).reduce(sharedStart);

/** For good only what the step touches: its folder, or a file at the top by itself. Undefined: there is no such folder. */
const narrowGlob = (paths: readonly string[]): string | undefined => {
  const folder = commonFolder(paths);
  if (folder.length > 0) return `${literalGlob(folder.join('/'))}/**`;
  const [only] = paths;
  return new Set(paths).size === 1 && only !== undefined ? literalGlob(only) : undefined;
};

const pathMatch = (step: PolicyStep, duration: RuleDuration): readonly RuleMatch[] => {
  const paths = step.access.paths.map(({ below }) => below);
  if (step.access.command !== undefined || paths.length === 0 || !paths.every(isInsideLabel)) return [];
  const glob = duration === 'session' ? '**' : narrowGlob(paths);
  return glob === undefined ? [] : [{ kind: 'path', tools: toolsLike(step.tool), glob }];
};

const commandMatches = (step: PolicyStep, context: PolicyContext): readonly RuleMatch[] => {
  const { command } = step.access;
  if (command === undefined) return [];
  const parsed = parseCommandLine(command.line, shellOf(command, context.shell));
  if (parsed.kind === 'problem') return [];
  // What was asked while the sandbox held it is not allowed without.
  const place = command.isSandboxed ? { isSandboxed: true as const } : {};
  const matches = parsed.commands.map(
    (argv): RuleMatch => ({ kind: 'command', argv, folder: command.below, ...place }),
  );
  const keys = matches.map((match) => JSON.stringify(match));
  return matches.filter((_, index) => keys.indexOf(keys[index] ?? '') === index);
};

const skillMatch = ({ access: { command } }: PolicyStep): readonly RuleMatch[] => {
  if (command?.skill === undefined) return [];
  const { id, hash, entry } = command.skill;
  return [{ kind: 'skill', skill: id, hash, entry }];
};

const toolMatch = ({ tool, access: { outside } }: PolicyStep): RuleMatch => ({
  kind: 'tool',
  tool,
  ...(outside === undefined ? {} : { definition: outside.definition }),
});

const matchesFor = (
  step: PolicyStep,
  context: PolicyContext,
  duration: RuleDuration,
): readonly RuleMatch[] => {
  const known = builtInEffect(step.tool);
  if (known === undefined) return [toolMatch(step)];
  if (isSkillTool(step.tool)) return skillMatch(step);
  if (known === 'write') return pathMatch(step, duration);
  return known === 'execute' ? commandMatches(step, context) : [];
};

/** What the folder of a step is called, where several are open and its rules hold in one of them. */
const folderName = ({ access: { command, paths } }: PolicyStep): string | undefined => {
  const [label, below] =
    command === undefined ? [paths[0]?.label, paths[0]?.below] : [command.folder, command.below];
  if (label === undefined || below === undefined || label === below) return undefined;
  return below === '.' ? label : label.slice(0, -(below.length + 1));
};

const offerOf = (
  duration: RuleDuration,
  matches: readonly RuleMatch[],
  folder: string | undefined,
): RuleOffer | undefined => {
  const last = matches.at(-1);
  if (last === undefined) return undefined;
  const place = placeText(duration, folder);
  const before = matches.slice(0, -1).map(matchText).join(', ');
  // What is offered is a rule for each, and not one for all of them in a row.
  const label =
    before === ''
      ? `${matchText(last)} ${place}`
      : `${before} and ${matchText(last)}, each by itself, ${place}`;
  return { duration, matches, label };
};

/** Whether the rules that the offer makes would let this very step through the next time. */
const covers = (offer: RuleOffer, step: PolicyStep, context: PolicyContext): boolean => {
  const { sessionId, agentId } = context;
  const folder = ruleFolder(step, context.folder) ?? '';
  const rules = offer.matches.map(
    (match): Rule => ({
      id: '',
      match,
      duration: offer.duration,
      ...(offer.duration === 'session' ? { sessionId } : {}),
      folder,
      agentId,
      createdAt: 0,
      createdIn: '',
    }),
  );
  return matchingRules(step, { ...context, rules }).length > 0;
};

/** For a step that nothing covers and that need not be asked about every single time. */
export const offersFor = (step: PolicyStep, context: PolicyContext): readonly RuleOffer[] =>
  (['session', 'workspace'] as const).flatMap((duration) => {
    const offer = offerOf(duration, matchesFor(step, context, duration), folderName(step));
    return offer !== undefined && covers(offer, step, context) ? [offer] : [];
  });
