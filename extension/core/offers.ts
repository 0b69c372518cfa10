/** What an approval can be widened to: at most one offer for each duration, and never one that would not cover the step. */
import type { Rule, RuleDuration, RuleMatch, RuleOffer } from '../shared/rule.ts';
import { parseCommandLine } from './commandLine.ts';
import type { PolicyContext, PolicyStep } from './policy.ts';
import { builtInEffect, isInsideLabel, matchingRules, matchText, ruleText } from './ruleMatch.ts';

const editTools = ['edit_file', 'write_file'];
/** Edits of both kinds go together; a move or a deletion is allowed by itself. */
const toolsLike = (tool: string): readonly string[] => (editTools.includes(tool) ? editTools : [tool]);

/** A label as a glob that matches nothing else. */
const literalGlob = (label: string): string => label.replace(/[*?[\]{}()!+@|^$\\]/g, '\\$&');

const foldersOf = (label: string): readonly string[] => label.split('/').slice(0, -1);

const sharedStart = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const end = a.findIndex((part, index) => part !== b[index]);
  return end === -1 ? a : a.slice(0, end);
};

const commonFolder = (labels: readonly string[]): readonly string[] =>
  labels.map(foldersOf).reduce(sharedStart);

/** For good only what the step touches: its folder, or a file at the top by itself. Undefined: there is no such folder. */
const narrowGlob = (labels: readonly string[]): string | undefined => {
  const folder = commonFolder(labels);
  if (folder.length > 0) return `${literalGlob(folder.join('/'))}/**`;
  const [only] = labels;
  return new Set(labels).size === 1 && only !== undefined ? literalGlob(only) : undefined;
};

const pathMatch = (step: PolicyStep, duration: RuleDuration): readonly RuleMatch[] => {
  const labels = step.access.paths.map(({ label }) => label);
  if (step.access.command !== undefined || labels.length === 0 || !labels.every(isInsideLabel)) return [];
  const glob = duration === 'session' ? '**' : narrowGlob(labels);
  return glob === undefined ? [] : [{ kind: 'path', tools: toolsLike(step.tool), glob }];
};

const commandMatches = (step: PolicyStep, context: PolicyContext): readonly RuleMatch[] => {
  const { command } = step.access;
  if (command === undefined) return [];
  const parsed = parseCommandLine(command.line, context.shell);
  if (parsed.kind === 'problem') return [];
  const matches = parsed.commands.map(
    (argv): RuleMatch => ({ kind: 'command', argv, folder: command.folder }),
  );
  const keys = matches.map((match) => JSON.stringify(match));
  return matches.filter((_, index) => keys.indexOf(keys[index] ?? '') === index);
};

const matchesFor = (
  step: PolicyStep,
  context: PolicyContext,
  duration: RuleDuration,
): readonly RuleMatch[] => {
  const known = builtInEffect(step.tool);
  if (known === undefined) return [{ kind: 'tool', tool: step.tool }];
  if (known === 'write') return pathMatch(step, duration);
  return known === 'execute' ? commandMatches(step, context) : [];
};

const offerOf = (duration: RuleDuration, matches: readonly RuleMatch[]): RuleOffer | undefined => {
  const last = matches.at(-1);
  if (last === undefined) return undefined;
  const before = matches.slice(0, -1).map(matchText).join(', ');
  const end = ruleText({ match: last, duration });
  return { duration, matches, label: before === '' ? end : `${before} and ${end}` };
};

/** Whether the rules that the offer makes would let this very step through the next time. */
const covers = (offer: RuleOffer, step: PolicyStep, context: PolicyContext): boolean => {
  const { sessionId, folder, agentId } = context;
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
    const offer = offerOf(duration, matchesFor(step, context, duration));
    return offer !== undefined && covers(offer, step, context) ? [offer] : [];
  });
