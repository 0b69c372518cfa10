/** Steps, rules and places for the tests of the policy. */
import assert from 'node:assert/strict';
import { decide, type PolicyContext, type PolicyStep } from '../../extension/core/policy.ts';
import { toolPolicies } from '../../extension/core/ruleMatch.ts';
import type { CommandAccess, PathAccess, StepAccess } from '../../extension/core/tool.ts';
import type { Effect } from '../../extension/shared/event.ts';
import type { Rule, RuleMatch } from '../../extension/shared/rule.ts';

export const pathAccess = (label: string, kind: PathAccess['kind'] = 'write'): PathAccess => ({
  label,
  file: `/home/${label}`,
  root: '/home',
  below: label,
  kind,
});

export const commandStep = (line: string, more: Partial<CommandAccess> = {}): PolicyStep => ({
  tool: 'run_command',
  effect: 'execute',
  access: {
    paths: [],
    command: { line, folder: '.', root: '/home', below: '.', isSandboxed: false, ...more },
  },
});

/** A program of a skill, in the sandbox and without the internet. */
export const skillStep = (more: Partial<CommandAccess> = {}): PolicyStep => ({
  ...commandStep('pdf/tables report.pdf', {
    isSandboxed: true,
    skill: { id: 'pdf', hash: 'a1', entry: 'tables' },
    ...more,
  }),
  tool: 'run_skill',
});

export const pathStep = (tool: string, ...labels: string[]): PolicyStep => ({
  tool,
  effect: toolPolicies[tool] ?? 'network',
  access: { paths: labels.map((label) => pathAccess(label)) },
});

export const foreignStep = (tool: string, effect: Effect): PolicyStep => ({
  tool,
  effect,
  access: { paths: [] },
});

/** What each tool is usually asked to do. */
export const stepOf = (tool: string): PolicyStep => {
  if (tool === 'run_command') return commandStep('npm test');
  if (tool === 'run_skill') return skillStep();
  return toolPolicies[tool] === undefined ? foreignStep(tool, 'network') : pathStep(tool, 'src/a.ts');
};

export const withAccess = (step: PolicyStep, access: Partial<StepAccess>): PolicyStep => ({
  ...step,
  access: { ...step.access, ...access },
});

/** The same below another open folder, of several. */
export const inRoot = (step: PolicyStep, root: string, name: string): PolicyStep => ({
  ...step,
  access: {
    ...step.access,
    paths: step.access.paths.map((each) => ({ ...each, root, label: `${name}/${each.below}` })),
  },
});

export const here = (more: Partial<PolicyContext> = {}): PolicyContext => ({
  isTrusted: true,
  mode: 'ask',
  agentId: 'agent',
  sessionId: 'chat',
  folder: '/home',
  rules: [],
  shell: 'posix',
  ...more,
});

export const ruleOf = (match: RuleMatch, more: Partial<Rule> = {}): Rule => ({
  id: `rule ${JSON.stringify(match)}`,
  match,
  duration: 'workspace',
  folder: '/home',
  createdAt: 0,
  createdIn: 'dialog',
  ...more,
});

export const sessionRule = (match: RuleMatch, sessionId = 'chat'): Rule =>
  ruleOf(match, { duration: 'session', sessionId });

export const paths = (glob: string, ...tools: string[]): RuleMatch => ({
  kind: 'path',
  tools: tools.length === 0 ? ['edit_file', 'write_file'] : tools,
  glob,
});

export const command = (...argv: string[]): RuleMatch => ({ kind: 'command', argv, folder: '.' });

export const sandboxedCommand = (...argv: string[]): RuleMatch => ({
  kind: 'command',
  argv,
  folder: '.',
  isSandboxed: true,
});

export const skill = (id: string, hash: string, entry: string): RuleMatch => ({
  kind: 'skill',
  skill: id,
  hash,
  entry,
});

/** Rules that allow everything that rules can allow. */
export const widestRules = (tools: readonly string[]): readonly Rule[] => [
  ruleOf(paths('**', ...tools)),
  ruleOf(command('npm', 'test')),
  ruleOf(skill('pdf', 'a1', 'tables')),
  ...tools.map((tool) => ruleOf({ kind: 'tool', tool })),
];

/** `undoable`: it runs, but only if it can be taken back. */
export type Outcome = 'run' | 'undoable' | 'ask' | 'caution' | 'refuse';
export type Case = [name: string, step: PolicyStep, context: Partial<PolicyContext>, outcome: Outcome];

export const outcomeOf = (step: PolicyStep, context: Partial<PolicyContext>): Outcome => {
  const decision = decide(step, here(context));
  assert.match(decision.reason, /\S/);
  if (decision.action === 'run') return decision.mustBeUndoable ? 'undoable' : 'run';
  if (decision.action === 'ask') return decision.isCautioned ? 'caution' : 'ask';
  return decision.action;
};
