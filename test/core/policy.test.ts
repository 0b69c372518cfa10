import assert from 'node:assert/strict';
import type { PolicyStep } from '../../extension/core/policy.ts';
import { toolPolicies } from '../../extension/core/ruleMatch.ts';
import type { Effect } from '../../extension/shared/event.ts';
import { type ApprovalMode, approvalModes, type Rule } from '../../extension/shared/rule.ts';
import {
  type Case,
  command,
  commandStep,
  foreignStep,
  inRoot,
  type Outcome,
  outcomeOf,
  pathStep,
  paths,
  ruleOf,
  sessionRule,
  stepOf,
  widestRules,
  withAccess,
} from './policyParts.ts';

const tools = [...Object.keys(toolPolicies), 'mcp_search'];
const effects: readonly Effect[] = ['read', 'write', 'execute', 'network'];
const sandboxed = commandStep('rm -rf dist | cat', { isSandboxed: true });

/** Without rules: what each mode makes of each tool. Written out, so that a change of the policy shows here. */
const modeTable: Record<string, Record<ApprovalMode, Outcome>> = {
  read_file: { ask: 'run', smart: 'run', autopilot: 'run' },
  list_directory: { ask: 'run', smart: 'run', autopilot: 'run' },
  find_files: { ask: 'run', smart: 'run', autopilot: 'run' },
  search_text: { ask: 'run', smart: 'run', autopilot: 'run' },
  diagnostics: { ask: 'run', smart: 'run', autopilot: 'run' },
  edit_file: { ask: 'ask', smart: 'undoable', autopilot: 'undoable' },
  write_file: { ask: 'ask', smart: 'undoable', autopilot: 'undoable' },
  move_file: { ask: 'ask', smart: 'undoable', autopilot: 'undoable' },
  delete_file: { ask: 'ask', smart: 'undoable', autopilot: 'undoable' },
  run_command: { ask: 'ask', smart: 'ask', autopilot: 'ask' },
  use_skill: { ask: 'run', smart: 'run', autopilot: 'run' },
  read_skill_file: { ask: 'run', smart: 'run', autopilot: 'run' },
  run_skill: { ask: 'ask', smart: 'ask', autopilot: 'run' },
  find_mcp_tools: { ask: 'run', smart: 'run', autopilot: 'run' },
  call_mcp_tool: { ask: 'ask', smart: 'ask', autopilot: 'ask' },
  mcp_search: { ask: 'ask', smart: 'ask', autopilot: 'ask' },
};

const modeCases = tools.flatMap((tool) =>
  approvalModes.map((mode): Case => {
    const outcome = modeTable[tool]?.[mode];
    assert.ok(outcome !== undefined, `${tool} is missing in the table of this test`);
    return [`${tool} in ${mode} mode`, stepOf(tool), { mode }, outcome];
  }),
);

const strictCases = tools.flatMap((tool): Case[] => {
  const step = stepOf(tool);
  const rules = widestRules(tools);
  const mode = 'autopilot';
  const isRead = toolPolicies[tool] === 'read';
  return [
    [`${tool} in an untrusted workspace, with rules`, step, { isTrusted: false, mode, rules }, 'refuse'],
    [
      `${tool} that is cautioned, with rules`,
      withAccess(step, { caution: 'no' }),
      { mode, rules },
      'caution',
    ],
    [
      `${tool} after foreign words, with rules`,
      step,
      { mode, rules, taint: 'a page' },
      isRead ? 'run' : 'ask',
    ],
    // It stands for others, whose rules count.
    [`${tool} with rules`, step, { rules }, tool === 'call_mcp_tool' ? 'ask' : 'run'],
  ];
});

/** A step that claims something else than the row of its tool. */
const claimCases = Object.entries(toolPolicies).flatMap(([tool, own]) =>
  effects
    .filter((effect) => effect !== own)
    .map(
      (effect): Case => [
        `${tool} that claims to be ${effect}`,
        { ...stepOf(tool), effect },
        { mode: 'autopilot', rules: widestRules(tools) },
        'ask',
      ],
    ),
);

const edit = pathStep('edit_file', 'src/a.ts');
const withPath = (glob: string, ...names: string[]) => ({ rules: [ruleOf(paths(glob, ...names))] });

const pathCases: Case[] = [
  ['an edit in the folder of a rule', edit, withPath('src/**'), 'run'],
  ['an edit deep in it', pathStep('edit_file', 'src/a/b/c.ts'), withPath('src/**'), 'run'],
  ['an edit beside it', pathStep('edit_file', 'test/a.ts'), withPath('src/**'), 'ask'],
  [
    'an edit in a folder that only begins alike',
    pathStep('edit_file', 'src2/a.ts'),
    withPath('src/**'),
    'ask',
  ],
  ['an edit of a dot file', pathStep('edit_file', 'src/.env.sample'), withPath('src/**'), 'run'],
  ['an edit in a dot folder', pathStep('edit_file', 'src/.x/a'), withPath('**'), 'run'],
  ['an edit in other case', pathStep('edit_file', 'SRC/a.ts'), withPath('src/**'), 'ask'],
  ['two edits inside', pathStep('edit_file', 'src/a', 'src/b'), withPath('src/**'), 'run'],
  ['two edits, one outside', pathStep('edit_file', 'src/a', 'lib/b'), withPath('src/**'), 'ask'],
  ['an edit of nothing', pathStep('edit_file'), withPath('**'), 'ask'],
  ['an edit of nothing in smart mode', pathStep('edit_file'), { mode: 'smart' }, 'ask'],
  ['another tool than the rule has', pathStep('delete_file', 'src/a'), withPath('**'), 'ask'],
  [
    'a move with its own rule',
    pathStep('move_file', 'src/a', 'src/b'),
    withPath('src/**', 'move_file'),
    'run',
  ],
  ['a move out of the folder', pathStep('move_file', 'src/a', 'b'), withPath('src/**', 'move_file'), 'ask'],
  ['a deletion with its own rule', pathStep('delete_file', 'a'), withPath('a', 'delete_file'), 'run'],
  ['a command with a path rule', commandStep('npm test'), withPath('**', 'run_command'), 'ask'],
  [
    'a command with paths and a path rule',
    withAccess(commandStep('npm test'), { paths: edit.access.paths }),
    withPath('**', 'run_command'),
    'ask',
  ],
  [
    'an edit that has a command',
    withAccess(edit, {
      command: { line: 'npm test', folder: '.', root: '/home', below: '.', isSandboxed: true },
    }),
    { ...withPath('**'), mode: 'autopilot' },
    'ask',
  ],
  ['a tool from outside with a path rule', pathStep('mcp_edit', 'src/a'), withPath('**', 'mcp_edit'), 'ask'],
  ['a path that leads upwards', pathStep('edit_file', 'src/../../x'), withPath('**'), 'ask'],
  ['.. itself', pathStep('edit_file', '..'), withPath('**'), 'ask'],
  ['an absolute path', pathStep('edit_file', '/etc/passwd'), withPath('**'), 'ask'],
  ['a drive', pathStep('edit_file', 'C:/x'), withPath('**'), 'ask'],
  ['a backslash', pathStep('edit_file', 'src\\..\\x'), withPath('**'), 'ask'],
  ['an empty label', pathStep('edit_file', ''), withPath('**'), 'ask'],
  ['an empty part', pathStep('edit_file', 'src//a'), withPath('**'), 'ask'],
  ['a dot part', pathStep('edit_file', './a'), withPath('**'), 'ask'],
  ['a line break in a name', pathStep('edit_file', 'a\nb'), withPath('**'), 'ask'],
  ['dots in a name', pathStep('edit_file', 'src/[...slug].ts'), withPath('src/**'), 'run'],
  ['an upwards path in smart mode', pathStep('edit_file', '../x'), { mode: 'smart' }, 'ask'],
  ['an absolute path in autopilot mode', pathStep('edit_file', '/x'), { mode: 'autopilot' }, 'ask'],
  ['an escaped bracket', pathStep('edit_file', 'a/[id]/b'), withPath('a/\\[id\\]/**'), 'run'],
  ['an unescaped bracket is a set', pathStep('edit_file', 'a/i/b'), withPath('a/[id]/**'), 'run'],
  ['an escaped bracket is none', pathStep('edit_file', 'a/i/b'), withPath('a/\\[id\\]/**'), 'ask'],
  ['a negated glob', edit, withPath('!test/**'), 'ask'],
  ['an empty glob', edit, withPath(''), 'ask'],
  ['one star does not pass a slash', pathStep('edit_file', 'src/a/b'), withPath('src/*'), 'ask'],
  ['a name with quotes', pathStep('edit_file', '"a"/b'), withPath('"a"/**'), 'run'],
  ['a name without the quotes of the rule', pathStep('edit_file', 'a/b'), withPath('"a"/**'), 'ask'],
  ['a name without the quotes of a pattern', pathStep('edit_file', 'ab'), withPath('"a"*'), 'ask'],
  ['a folder itself', pathStep('delete_file', 'src'), withPath('src/**', 'delete_file'), 'ask'],
  ['an extended glob', edit, withPath('@(src)/**'), 'ask'],
];

const withCommand = (...lines: string[]): { rules: Rule[] } => ({
  rules: lines.map((line) => ruleOf(command(...line.split(' ')))),
});
const npm = withCommand('npm test');

const commandCases: Case[] = [
  ['the very command', commandStep('npm test'), npm, 'run'],
  ['with other spaces', commandStep('  npm \t test '), npm, 'run'],
  ['with quotes around a word', commandStep(`npm "test"`), npm, 'run'],
  ['with an argument more', commandStep('npm test --all'), npm, 'ask'],
  ['with an argument less', commandStep('npm'), npm, 'ask'],
  ['with an empty argument more', commandStep(`npm test ''`), npm, 'ask'],
  ['in another case', commandStep('npm Test'), npm, 'ask'],
  ['in another folder', commandStep('npm test', { folder: 'sub', below: 'sub' }), npm, 'ask'],
  ['words joined by quotes', commandStep(`"npm test"`), npm, 'ask'],
  ['twice', commandStep('npm test && npm test'), npm, 'run'],
  ['with another that has no rule', commandStep('npm test && ls'), npm, 'ask'],
  ['behind another that has no rule', commandStep('ls; npm test'), npm, 'ask'],
  [
    'with another that has one',
    commandStep('npm test; git show'),
    withCommand('npm test', 'git show'),
    'run',
  ],
  ['or another that has one', commandStep('npm test || ls'), withCommand('npm test', 'ls'), 'run'],
  ['three with two rules', commandStep('ls && npm test || pwd'), withCommand('npm test', 'ls'), 'ask'],
  ['with a pipe', commandStep('npm test | cat'), withCommand('npm test', 'cat'), 'ask'],
  ['in the background', commandStep('npm test &'), npm, 'ask'],
  ['with a redirection', commandStep('npm test > x'), npm, 'ask'],
  ['with a variable', commandStep('npm $X'), withCommand('npm $X'), 'ask'],
  ['with an assignment', commandStep('A=1 npm test'), withCommand('npm test', 'A=1 npm test'), 'ask'],
  ['a glob that a rule has literally', commandStep('ls *'), withCommand('ls *'), 'ask'],
  ['a quoted glob that a rule has', commandStep(`ls '*'`), withCommand('ls *'), 'run'],
  ['after cd', commandStep('cd src && npm test'), withCommand('cd src', 'npm test'), 'ask'],
  ['eval', commandStep('eval npm test'), withCommand('eval npm test'), 'ask'],
  ['env, of which the rule says nothing', commandStep('env npm test'), npm, 'ask'],
  ['env, as the rule has it', commandStep('env npm test'), withCommand('env npm test'), 'run'],
  ['an empty line', commandStep(''), { rules: [ruleOf(command())] }, 'ask'],
  ['an empty rule', commandStep(`''`), { rules: [ruleOf(command(''))] }, 'ask'],
  ['on Windows', commandStep('npm test'), { ...npm, shell: 'cmd' }, 'ask'],
  ['a rule of a whole line', commandStep('npm test'), { rules: [ruleOf(command('npm test'))] }, 'ask'],
  [
    'a tool rule for a built-in tool',
    commandStep('ls'),
    { rules: [ruleOf({ kind: 'tool', tool: 'run_command' })] },
    'ask',
  ],
  ['sandboxed in ask mode', sandboxed, {}, 'ask'],
  ['sandboxed in smart mode', sandboxed, { mode: 'smart' }, 'ask'],
  ['sandboxed in autopilot mode', sandboxed, { mode: 'autopilot' }, 'run'],
  ['sandboxed, untrusted', sandboxed, { mode: 'autopilot', isTrusted: false }, 'refuse'],
  ['sandboxed, after foreign words', sandboxed, { mode: 'autopilot', taint: 'a page' }, 'ask'],
  ['sandboxed, cautioned', withAccess(sandboxed, { caution: 'no' }), { mode: 'autopilot' }, 'caution'],
];

const tool = (name: string, definition?: string): Rule =>
  ruleOf({ kind: 'tool', tool: name, ...(definition === undefined ? {} : { definition }) });
const outside = (definition: string): PolicyStep =>
  withAccess(foreignStep('m__x', 'network'), { outside: { server: 'm', definition } });
const toolCases: Case[] = [
  ...effects.map(
    (effect): Case => [`a foreign ${effect}`, foreignStep('mcp', effect), { mode: 'autopilot' }, 'ask'],
  ),
  ...effects.map(
    (effect): Case => [
      `a foreign ${effect} with its rule`,
      foreignStep('mcp', effect),
      { rules: [tool('mcp')] },
      'run',
    ],
  ),
  ...effects.map(
    (effect): Case => [
      `a foreign ${effect} with its rule, after foreign words`,
      foreignStep('mcp', effect),
      { rules: [tool('mcp')], taint: 'mcp' },
      'ask',
    ],
  ),
  ['a foreign tool with the rule of another', foreignStep('mcp', 'read'), { rules: [tool('mcp2')] }, 'ask'],
  ['a foreign tool named as a property', foreignStep('constructor', 'read'), { mode: 'autopilot' }, 'ask'],
  ['a foreign tool named __proto__', foreignStep('__proto__', 'write'), { mode: 'autopilot' }, 'ask'],
  ['a foreign tool as it was when its rule was made', outside('1'), { rules: [tool('m__x', '1')] }, 'run'],
  ['a foreign tool that has changed since', outside('2'), { rules: [tool('m__x', '1')] }, 'ask'],
  [
    'a foreign tool with a rule of before there were definitions',
    outside('1'),
    { rules: [tool('m__x')] },
    'ask',
  ],
  ['a foreign tool without a definition', foreignStep('m__x', 'read'), { rules: [tool('m__x', '1')] }, 'ask'],
  ['a foreign tool with an empty definition', outside(''), { rules: [tool('m__x')] }, 'ask'],
  [
    'a foreign tool with its rule, in autopilot mode, after foreign words',
    outside('1'),
    { rules: [tool('m__x', '1')], mode: 'autopilot', taint: 'the MCP server m' },
    'ask',
  ],
  [
    'a foreign tool that is called as a reading one of ours',
    withAccess(stepOf('read_file'), { outside: { server: 'm', definition: '1' } }),
    { mode: 'autopilot', rules: [tool('read_file', '1')] },
    'ask',
  ],
  ['a tool rule for edits', edit, { rules: [tool('edit_file')] }, 'ask'],
];

const match = paths('src/**');
const overTwo = withAccess(pathStep('move_file', 'a'), {
  paths: [...pathStep('move_file', 'a').access.paths, ...inRoot(edit, '/other', 'other').access.paths],
});
const elsewhere = ruleOf(paths('**', 'move_file'), { folder: '/other' });
const placeCases: Case[] = [
  ['a rule of this chat', edit, { rules: [sessionRule(match)] }, 'run'],
  ['a rule of another chat', edit, { rules: [sessionRule(match, 'other')] }, 'ask'],
  ['a session rule without a chat', edit, { rules: [ruleOf(match, { duration: 'session' })] }, 'ask'],
  ['a rule of this chat elsewhere', inRoot(edit, '/other', 'other'), { rules: [sessionRule(match)] }, 'ask'],
  ['a rule of a folder that is not the first', edit, { rules: [ruleOf(match)], folder: '/other' }, 'run'],
  [
    'a rule of a folder that another is called like',
    inRoot(pathStep('edit_file', 'a'), '/evil/lib', 'lib'),
    { rules: [ruleOf(paths('lib/**'))] },
    'ask',
  ],
  [
    'a rule of a folder below that another is called like',
    inRoot(pathStep('edit_file', 'src/x'), '/home', 'src'),
    { rules: [ruleOf(paths('src/src/**'))] },
    'ask',
  ],
  [
    'a command in a folder that is called like that of a rule',
    commandStep('npm test', { root: '/evil/lib', folder: 'lib' }),
    { rules: [ruleOf({ kind: 'command', argv: ['npm', 'test'], folder: 'lib' })] },
    'ask',
  ],
  [
    'a command in the folder of a rule, whatever it is called now',
    commandStep('npm test', { folder: 'home/lib', below: 'lib' }),
    { rules: [ruleOf({ kind: 'command', argv: ['npm', 'test'], folder: 'lib' })], folder: '/other' },
    'run',
  ],
  ['a step over two folders', overTwo, { rules: [ruleOf(paths('**', 'move_file')), elsewhere] }, 'ask'],
  ['a step in no folder', inRoot(edit, '', 'x'), { rules: [ruleOf(match, { folder: '' })] }, 'ask'],
  ['a step in no folder in smart mode', inRoot(edit, '', 'x'), { mode: 'smart' }, 'ask'],
  [
    'a tool rule of another folder',
    foreignStep('mcp', 'read'),
    { rules: [tool('mcp')], folder: '/o' },
    'ask',
  ],
  ['a rule of another folder', edit, { rules: [ruleOf(match, { folder: '/home/sub' })] }, 'ask'],
  ['a rule of no folder, in none', edit, { rules: [ruleOf(match, { folder: '' })], folder: '' }, 'ask'],
  ['a rule of this agent', edit, { rules: [ruleOf(match, { agentId: 'agent' })] }, 'run'],
  ['a rule of another agent', edit, { rules: [ruleOf(match, { agentId: 'other' })] }, 'ask'],
  [
    'a workspace rule that names another chat',
    edit,
    { rules: [ruleOf(match, { sessionId: 'other' })] },
    'ask',
  ],
  ['a rule that fits behind others', edit, { rules: [ruleOf(paths('x')), tool('y'), ruleOf(match)] }, 'run'],
  ['a rule in smart mode needs no undo', edit, { rules: [ruleOf(match)], mode: 'smart' }, 'run'],
];

const unseen = { uncheckedEdit: 'src/a.ts' };
const unseenCases: Case[] = [
  ['a command by rule', commandStep('npm test'), { ...npm, ...unseen }, 'ask'],
  ['a command by rule in smart mode', commandStep('npm test'), { ...npm, ...unseen, mode: 'smart' }, 'ask'],
  [
    'a command by rule in autopilot mode',
    commandStep('npm test'),
    { ...npm, ...unseen, mode: 'autopilot' },
    'ask',
  ],
  [
    'a sandboxed command by rule in autopilot mode',
    commandStep('npm test', { isSandboxed: true }),
    { ...npm, ...unseen, mode: 'autopilot' },
    'run',
  ],
  [
    'a sandboxed command by rule in smart mode',
    commandStep('npm test', { isSandboxed: true }),
    { ...npm, ...unseen, mode: 'smart' },
    'run',
  ],
  ['a sandboxed command in autopilot mode', sandboxed, { ...unseen, mode: 'autopilot' }, 'run'],
  ['a command without a rule', commandStep('ls'), { ...npm, ...unseen }, 'ask'],
  ['an edit by rule', edit, { ...withPath('src/**'), ...unseen }, 'run'],
  ['an edit in smart mode', edit, { ...unseen, mode: 'smart' }, 'undoable'],
  ['a read', stepOf('read_file'), unseen, 'run'],
  ['a foreign tool by rule', foreignStep('mcp', 'execute'), { rules: [tool('mcp')], ...unseen }, 'run'],
  ['a cautioned command by rule', withAccess(commandStep('npm test'), { caution: 'no' }), unseen, 'caution'],
  [
    'a command by rule, untrusted',
    commandStep('npm test'),
    { ...npm, ...unseen, isTrusted: false },
    'refuse',
  ],
];

const groups: Record<string, Case[]> = {
  modes: modeCases,
  'the strictest wins': strictCases,
  'claims of a tool': claimCases,
  'rules of paths': pathCases,
  'rules of commands': commandCases,
  'rules of tools': toolCases,
  'where a rule holds': placeCases,
  'after edits that nobody saw': unseenCases,
};

describe('policy', () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [name, step, context, outcome] of cases) {
        it(`${name}: ${outcome}`, () => assert.equal(outcomeOf(step, context), outcome));
      }
    });
  }

  it('has at least 150 cases, each with a name of its own', () => {
    const names = Object.entries(groups).flatMap(([group, cases]) =>
      cases.map(([name]) => `${group}: ${name}`),
    );
    assert.ok(names.length >= 150, `${names.length}`);
    assert.equal(new Set(names).size, names.length);
  });
});
