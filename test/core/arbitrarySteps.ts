/** Steps, rules and places of every kind, for the properties of the policy. */
import fc from 'fast-check';
import type { PolicyContext, PolicyStep } from '../../extension/core/policy.ts';
import type { Effect } from '../../extension/shared/event.ts';
import { approvalModes, type Rule, type RuleMatch } from '../../extension/shared/rule.ts';
import { pathAccess } from './policyParts.ts';

export const reads = [
  ...['read_file', 'list_directory', 'find_files', 'search_text', 'diagnostics'],
  ...['use_skill', 'read_skill_file', 'find_mcp_tools'],
];
const writes = ['edit_file', 'write_file', 'move_file', 'delete_file'];
const foreign = ['mcp_search', 'memory__read', 'toString', 'skill'];
export const goodLabels = ['a.ts', 'src/a.ts', 'src/b/c.ts', 'test/.x'];
const badLabels = ['../a', '/etc/x', 'src/../../a', 'C:/a', '', 'src//a', 'a\\b', 'a\nb'];
const programs = [['npm', 'test'], ['ls'], ['git', 'show', 'HEAD'], ['rm', '-rf', 'a b']];
/** Turns any line into one that no rule may match. */
const poisons = [
  ' | cat',
  ' > x',
  ' &',
  ' $X',
  ' `x`',
  '\nls',
  ' #',
  ' <<< x',
  ' *',
  ' ~',
  ' {a,b}',
  ' \\',
  ' !x',
  '\u00a0',
];

/** A command line, with what it runs: the oracle reads nothing. */
interface Line {
  readonly text: string;
  /** Undefined: not to be matched. */
  readonly commands: readonly (readonly string[])[] | undefined;
}

const line: fc.Arbitrary<Line> = fc
  .record({
    commands: fc.array(fc.constantFrom(...programs), { minLength: 1, maxLength: 3 }),
    operator: fc.constantFrom(' && ', ';', '||'),
    poison: fc.option(fc.constantFrom(...poisons), { freq: 3, nil: undefined }),
  })
  .map(({ commands, operator, poison }) => {
    const plain = commands
      .map((argv) => argv.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' '))
      .join(operator);
    return { text: plain + (poison ?? ''), commands: poison === undefined ? commands : undefined };
  });

const match: fc.Arbitrary<RuleMatch> = fc.oneof(
  fc.record({
    kind: fc.constant('path' as const),
    tools: fc.subarray([...writes, ...reads, 'run_command', ...foreign], { minLength: 1 }),
    glob: fc.constantFrom('**', 'src/**', 'a.ts', '!x', ''),
  }),
  fc.record(
    {
      kind: fc.constant('command' as const),
      argv: fc.constantFrom(...programs, ['npm'], ['npm', 'test', '|', 'cat'], []),
      folder: fc.constantFrom('.', 'sub'),
      isSandboxed: fc.constant(true as const),
    },
    { requiredKeys: ['kind', 'argv', 'folder'] },
  ),
  fc.record({
    kind: fc.constant('skill' as const),
    skill: fc.constantFrom('pdf', 'csv'),
    hash: fc.constantFrom('1', '2'),
    entry: fc.constantFrom('read', 'write'),
  }),
  fc.record(
    {
      kind: fc.constant('tool' as const),
      tool: fc.constantFrom(...writes, ...reads, 'run_command', 'call_mcp_tool', ...foreign),
      definition: fc.constantFrom('1', '2'),
    },
    { requiredKeys: ['kind', 'tool'] },
  ),
);

const rule: fc.Arbitrary<Rule> = fc.record(
  {
    id: fc.uuid(),
    match,
    duration: fc.constantFrom('session' as const, 'workspace' as const),
    sessionId: fc.constantFrom('chat', 'chat', 'other'),
    folder: fc.constantFrom('/home', '/home', '/home', '/other'),
    agentId: fc.constantFrom('agent', 'agent', 'other'),
    createdAt: fc.constant(0),
    createdIn: fc.constant('dialog'),
  },
  { requiredKeys: ['id', 'match', 'duration', 'folder', 'createdAt', 'createdIn'] },
);

export const ownEffect = (tool: string): Effect | undefined =>
  reads.includes(tool)
    ? 'read'
    : writes.includes(tool)
      ? 'write'
      : tool === 'run_command' || tool === 'run_skill'
        ? 'execute'
        : tool === 'call_mcp_tool'
          ? 'network'
          : undefined;

export interface Sample {
  readonly step: PolicyStep;
  readonly context: PolicyContext;
  readonly line: Line | undefined;
}

/** `often(x)`: mostly the way that lets something run, so that both outcomes are met. */
export const sample: fc.Arbitrary<Sample> = fc
  .record({
    tool: fc.constantFrom(
      ...writes,
      ...writes,
      'run_command',
      'run_command',
      'run_command',
      'run_skill',
      'run_skill',
      'run_skill',
      ...foreign,
      ...foreign,
      ...reads,
      'call_mcp_tool',
    ),
    definition: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
    claim: fc.option(fc.constantFrom<Effect>('read', 'write', 'execute', 'network'), {
      freq: 1,
      nil: undefined,
    }),
    isHonest: fc.nat(9).map((number) => number > 0),
    labels: fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...goodLabels) }, fc.constantFrom(...badLabels)),
      {
        maxLength: 3,
      },
    ),
    line,
    isSandboxed: fc.boolean(),
    hasNetwork: fc.nat(4).map((number) => number === 0),
    skill: fc.record({
      id: fc.constantFrom('pdf', 'csv'),
      hash: fc.constantFrom('1', '2'),
      entry: fc.constantFrom('read', 'write'),
    }),
    /** A run that names no skill, or a command that names one. */
    isMixedUp: fc.nat(9).map((number) => number === 0),
    folder: fc.constantFrom('.', '.', 'sub'),
    caution: fc.nat(9).map((number) => (number === 0 ? 'protected' : undefined)),
    taint: fc.nat(6).map((number) => (number === 0 ? 'a page' : undefined)),
    uncheckedEdit: fc.nat(6).map((number) => (number === 0 ? 'a.ts' : undefined)),
    isTrusted: fc.nat(9).map((number) => number > 0),
    mode: fc.constantFrom(...approvalModes),
    shell: fc.constantFrom('posix' as const, 'posix' as const, 'posix' as const, 'cmd' as const),
    rules: fc.array(rule, { maxLength: 12 }),
  })
  .map((drawn) => {
    const { tool, claim, isHonest, labels, isSandboxed, folder, caution, taint, uncheckedEdit } = drawn;
    const own = ownEffect(tool);
    const { hasNetwork } = drawn;
    const isCommand = tool === 'run_command' || tool === 'run_skill';
    const skill = (tool === 'run_skill') !== drawn.isMixedUp ? { skill: drawn.skill } : {};
    const place = { root: '/home', below: folder, isSandboxed, hasNetwork };
    return {
      step: {
        tool,
        effect: (isHonest ? own : claim) ?? claim ?? 'network',
        access: {
          paths: isCommand ? [] : labels.map((label) => pathAccess(label)),
          ...(isCommand ? { command: { line: drawn.line.text, folder, ...place, ...skill } } : {}),
          ...(foreign.includes(tool) && drawn.definition !== undefined
            ? { outside: { server: 'memory', definition: drawn.definition } }
            : {}),
          ...(caution === undefined ? {} : { caution }),
        },
      },
      context: {
        isTrusted: drawn.isTrusted,
        mode: drawn.mode,
        agentId: 'agent',
        sessionId: 'chat',
        folder: '/home',
        rules: drawn.rules,
        shell: drawn.shell,
        ...(taint === undefined ? {} : { taint }),
        ...(uncheckedEdit === undefined ? {} : { uncheckedEdit }),
      },
      line: isCommand ? drawn.line : undefined,
    };
  });
