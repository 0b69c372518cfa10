import assert from 'node:assert/strict';
import { decide, type PolicyContext, type PolicyStep } from '../../extension/core/policy.ts';
import { isSkillTool, manyToolNames, toolPolicies } from '../../extension/core/ruleMatch.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import { skillToolNames } from '../../extension/skills/index.ts';
import { builtInToolNames } from '../../extension/tools/index.ts';
import {
  command,
  commandStep,
  foreignStep,
  here,
  inRoot,
  pathStep,
  paths,
  ruleOf,
  sandboxedCommand,
  sessionRule,
  skill,
  skillStep,
  stepOf,
  withAccess,
} from './policyParts.ts';

const edit = pathStep('edit_file', 'src/a.ts');
const outside = withAccess(foreignStep('memory__read_graph', 'network'), {
  outside: { server: 'memory', definition: 'd1' },
});

describe('policy: its table of tools', () => {
  it('has a row for every built-in tool, and for no other', () => {
    assert.deepEqual(
      Object.keys(toolPolicies).sort(),
      [...builtInToolNames, ...skillToolNames, ...manyToolNames].sort(),
    );
  });

  it('knows which of them are about skills', () => {
    assert.deepEqual(Object.keys(toolPolicies).filter(isSkillTool), [...skillToolNames]);
  });
});

describe('policy: its reasons', () => {
  const cases: [PolicyStep, Partial<PolicyContext>, string][] = [
    [edit, { isTrusted: false }, 'this workspace is not trusted'],
    [withAccess(edit, { caution: '.git is protected' }), {}, '.git is protected'],
    [edit, { taint: 'a web page (example.org)' }, 'after words from a web page (example.org)'],
    [edit, {}, 'no rule covers it'],
    [edit, { mode: 'smart' }, 'smart mode: edits inside the workspace run, and can be undone'],
    [edit, { mode: 'autopilot' }, 'autopilot mode: edits inside the workspace run, and can be undone'],
    [stepOf('read_file'), {}, 'reads inside the workspace run'],
    [
      commandStep('ls', { isSandboxed: true }),
      { mode: 'autopilot' },
      'autopilot mode: sandboxed commands run',
    ],
    [stepOf('use_skill'), {}, 'skills may be read'],
    [skillStep(), { mode: 'autopilot' }, 'autopilot mode: sandboxed programs of skills run'],
    [skillStep({ line: 'a | b' }), {}, 'no rule covers it'],
    [skillStep({ isSandboxed: false }), { mode: 'autopilot' }, 'asked every time: it is not sandboxed'],
    [skillStep({ hasNetwork: true }), { mode: 'autopilot' }, 'asked every time: it reaches the internet'],
    [
      skillStep(),
      { rules: [ruleOf(skill('pdf', 'a1', 'tables'))] },
      'rule: run pdf tables with any input in the sandbox in this workspace',
    ],
    [
      commandStep('npm test', { isSandboxed: true }),
      { rules: [sessionRule(sandboxedCommand('npm', 'test'))] },
      'rule: in the sandbox: npm test in this chat',
    ],
    [{ ...edit, effect: 'read' }, {}, 'it does something else than its tool should'],
    [commandStep('npm test | cat'), {}, 'asked every time: it has a pipe'],
    [
      commandStep('npm test'),
      { shell: 'cmd' },
      'asked every time: rules do not cover commands of this shell',
    ],
    [commandStep('npm test'), {}, 'no rule covers it'],
    [
      commandStep('npm test'),
      { rules: [ruleOf(command('npm', 'test'))] },
      'rule: npm test in this workspace',
    ],
    [
      commandStep('npm test'),
      { rules: [ruleOf(command('npm', 'test'))], uncheckedEdit: 'package.json' },
      'files it may run were changed without being looked at: package.json',
    ],
    [
      commandStep('npm test'),
      { rules: [sessionRule(command('npm', 'test'))] },
      'rule: npm test in this chat',
    ],
    [
      commandStep('npm test && ls "a b"'),
      { rules: [ruleOf(command('npm', 'test')), sessionRule(command('ls', 'a b'))] },
      "rules: npm test in this workspace, ls 'a b' in this chat",
    ],
    [commandStep('npm test; npm x'), { rules: [ruleOf(command('npm', 'test'))] }, 'no rule covers npm x'],
    [edit, { rules: [ruleOf(paths('src/**'))] }, 'rule: edits in src/** in this workspace'],
    [edit, { rules: [sessionRule(paths('**'))] }, 'rule: edits to any file in this chat'],
    [edit, { rules: [ruleOf(paths('src/a.ts'))] }, 'rule: edits to src/a.ts in this workspace'],
    [
      pathStep('move_file', 'a', 'b'),
      { rules: [ruleOf(paths('**', 'move_file', 'delete_file'))] },
      'rule: moves of and deletions of any file in this workspace',
    ],
    [
      foreignStep('mcp', 'read'),
      { rules: [ruleOf({ kind: 'tool', tool: 'mcp' })] },
      'rule: mcp in this workspace',
    ],
    [
      outside,
      { rules: [ruleOf({ kind: 'tool', tool: 'memory__read_graph', definition: 'd1' })] },
      'rule: memory__read_graph (MCP server memory) in this workspace',
    ],
    [outside, {}, 'no rule covers it'],
    // Whatever a server says its tool does, and whatever is allowed: it may take others' words along.
    [
      outside,
      {
        rules: [ruleOf({ kind: 'tool', tool: 'memory__read_graph', definition: 'd1' })],
        taint: 'the MCP server memory',
      },
      'after words from the MCP server memory',
    ],
    [stepOf('find_mcp_tools'), { taint: 'the MCP server memory' }, 'tools of MCP servers may be looked for'],
    [
      withAccess(stepOf('read_file'), { outside: { server: 'x', definition: 'd1' } }),
      {},
      'a tool from outside is called as one of ours',
    ],
  ];
  for (const [step, context, reason] of cases) {
    it(`says: ${reason}`, () => assert.equal(decide(step, here(context)).reason, reason));
  }

  it('names each rule once that lets a command line through', () => {
    const rules = [ruleOf(command('a'), { id: '1' }), ruleOf(command('b'), { id: '2' })];
    const decision = decide(commandStep('a && b && a'), here({ rules }));
    assert.deepEqual(decision.action === 'run' && decision.ruleIds, ['1', '2']);
  });

  it('asks when its rules cannot be read, and never throws', () => {
    const broken = new Proxy({} as Rule, {
      get: () => {
        throw new Error('broken');
      },
    });
    const question = { action: 'ask', reason: 'its rules could not be read', isCautioned: false, offers: [] };
    assert.deepEqual(decide(edit, here({ rules: [broken] })), question);
    assert.deepEqual(decide({ tool: 'edit_file', effect: 'write' } as PolicyStep, here()), question);
    const tooLong = ruleOf(paths('*'.repeat(100_000)));
    assert.deepEqual(decide(edit, here({ rules: [tooLong] })), question);
  });
});

describe('policy: what it offers', () => {
  const offersOf = (step: PolicyStep, context: Partial<PolicyContext> = {}) => {
    const decision = decide(step, here(context));
    return decision.action === 'ask' ? decision.offers : assert.fail(decision.action);
  };
  const labelsOf = (step: PolicyStep) => offersOf(step).map(({ duration, label }) => `${duration}: ${label}`);

  const cases: [string, PolicyStep, string[]][] = [
    [
      'an edit',
      edit,
      ['session: edits to any file in this chat', 'workspace: edits in src/** in this workspace'],
    ],
    [
      'a file at the top',
      pathStep('write_file', 'README.md'),
      ['session: edits to any file in this chat', 'workspace: edits to README.md in this workspace'],
    ],
    [
      'files of one folder',
      pathStep('edit_file', 'src/a/x.ts', 'src/b/y.ts'),
      ['session: edits to any file in this chat', 'workspace: edits in src/** in this workspace'],
    ],
    [
      'files that have no folder in common',
      pathStep('edit_file', 'src/x.ts', 'test/y.ts'),
      ['session: edits to any file in this chat'],
    ],
    [
      'a move',
      pathStep('move_file', 'src/a', 'src/b'),
      ['session: moves of any file in this chat', 'workspace: moves in src/** in this workspace'],
    ],
    [
      'a deletion',
      pathStep('delete_file', 'src/a'),
      ['session: deletions of any file in this chat', 'workspace: deletions in src/** in this workspace'],
    ],
    [
      'a command',
      commandStep('npm test'),
      ['session: npm test in this chat', 'workspace: npm test in this workspace'],
    ],
    [
      'several commands',
      commandStep('npm ci && npm test; npm ci'),
      [
        'session: npm ci and npm test, each by itself, in this chat',
        'workspace: npm ci and npm test, each by itself, in this workspace',
      ],
    ],
    [
      'an edit, where several folders are open',
      inRoot(edit, '/home/api', 'api'),
      ['session: edits to any file in api in this chat', 'workspace: edits in src/** in api'],
    ],
    [
      'a command, where several folders are open',
      commandStep('npm test', { folder: 'api', root: '/home/api' }),
      ['session: npm test in api in this chat', 'workspace: npm test in api'],
    ],
    [
      'a move from one folder to another',
      {
        ...pathStep('move_file'),
        access: {
          paths: ['/home/api', '/home/web'].flatMap((root) => inRoot(edit, root, 'x').access.paths),
        },
      },
      [],
    ],
    ['a pipe', commandStep('npm test | cat'), []],
    [
      'a sandboxed command',
      commandStep('npm test', { isSandboxed: true }),
      [
        'session: in the sandbox: npm test in this chat',
        'workspace: in the sandbox: npm test in this workspace',
      ],
    ],
    [
      'a sandboxed command with the internet',
      commandStep('npm test', { isSandboxed: true, hasNetwork: true }),
      [],
    ],
    [
      'a sandboxed program of a skill',
      skillStep({ line: 'pdf/tables a | b' }),
      [
        'session: run pdf tables with any input in the sandbox in this chat',
        'workspace: run pdf tables with any input in the sandbox in this workspace',
      ],
    ],
    ['a program of a skill on this computer', skillStep({ isSandboxed: false }), []],
    ['a program of a skill with the internet', skillStep({ hasNetwork: true }), []],
    [
      'a tool from outside',
      foreignStep('mcp_search', 'network'),
      ['session: mcp_search in this chat', 'workspace: mcp_search in this workspace'],
    ],
    [
      'a tool of an MCP server',
      outside,
      [
        'session: memory__read_graph (MCP server memory) in this chat',
        'workspace: memory__read_graph (MCP server memory) in this workspace',
      ],
    ],
    [
      'a tool of the editor',
      foreignStep('vscode__fetch', 'network'),
      [
        'session: vscode__fetch (tool of VS Code) in this chat',
        'workspace: vscode__fetch (tool of VS Code) in this workspace',
      ],
    ],
    ['a path outside', pathStep('edit_file', '../x'), []],
    ['an edit of nothing', pathStep('edit_file'), []],
    ['a cautioned edit', withAccess(edit, { caution: 'no' }), []],
    ['a wrong claim', { ...edit, effect: 'network' }, []],
  ];
  for (const [name, step, labels] of cases) {
    it(`for ${name}: ${labels.length === 0 ? 'nothing' : labels.join(', ')}`, () => {
      assert.deepEqual(labelsOf(step), labels);
    });
  }

  it('offers no rule where there is one already', () => {
    const rules = [ruleOf(command('npm', 'test'))];
    assert.deepEqual(offersOf(commandStep('npm test'), { rules, uncheckedEdit: 'a' }), []);
    assert.equal(offersOf(commandStep('npm ci'), { rules, uncheckedEdit: 'a' }).length, 2);
  });

  it('offers nothing after foreign words, or on Windows for commands', () => {
    assert.deepEqual(offersOf(edit, { taint: 'a page' }), []);
    assert.deepEqual(offersOf(commandStep('npm test'), { shell: 'cmd' }), []);
  });

  it('makes a rule of a skill for these very files, and a rule of a sandboxed command for the sandbox', () => {
    assert.deepEqual(offersOf(skillStep())[1]?.matches, [skill('pdf', 'a1', 'tables')]);
    const sandboxed = commandStep('npm test', { isSandboxed: true });
    assert.deepEqual(offersOf(sandboxed)[1]?.matches, [sandboxedCommand('npm', 'test')]);
  });

  it('makes a rule of a tool from outside for this very definition', () => {
    const match = { kind: 'tool', tool: 'memory__read_graph', definition: 'd1' } as const;
    assert.deepEqual(offersOf(outside)[1]?.matches, [match]);
    const without = { kind: 'tool', tool: 'mcp_search' } as const;
    assert.deepEqual(offersOf(foreignStep('mcp_search', 'network'))[1]?.matches, [without]);
  });

  it('makes one match for each command of a line, and both tools for an edit', () => {
    const matches = [command('npm', 'ci'), command('npm', 'test')];
    assert.deepEqual(offersOf(commandStep('npm ci; npm test'))[0]?.matches, matches);
    assert.deepEqual(offersOf(edit)[1]?.matches, [paths('src/**')]);
  });

  it('takes a name with signs of a glob literally', () => {
    const [, workspace] = offersOf(pathStep('edit_file', 'app/[id]/(a)/{b}/x*.ts'));
    assert.equal(workspace?.label, 'edits in app/[id]/(a)/{b}/** in this workspace');
    const rules = (workspace?.matches ?? []).map((match) => ruleOf(match));
    const outcome = (label: string) => decide(pathStep('edit_file', label), here({ rules })).action;
    assert.equal(outcome('app/[id]/(a)/{b}/y'), 'run');
    assert.equal(outcome('app/i/(a)/{b}/y'), 'ask');
    assert.equal(outcome('app/[id]/a/b/y'), 'ask');
  });

  it('cuts a long command in the label only', () => {
    const long = 'x'.repeat(500);
    const [offer] = offersOf(commandStep(`echo ${long}`));
    assert.ok((offer?.label.length ?? 0) < 120);
    assert.deepEqual(offer?.matches, [command('echo', long)]);
  });
});
