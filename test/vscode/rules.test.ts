import assert from 'node:assert/strict';
import { createRuleBook } from '../../extension/core/rules.ts';
import type { AuditEntry, NewAuditEntry } from '../../extension/shared/audit.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import { answers, executed, resetVscode, told } from '../fakes/vscode.ts';
import { listenIn } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createRulesView, RuleItem } = await loadWithVscode(
  () => import('../../extension/vscode/rulesView.ts'),
);
const { lazyRulesTree } = await loadWithVscode(() => import('../../extension/vscode/rulesTree.ts'));
const { createRuleCommands, globProblem } = await loadWithVscode(
  () => import('../../extension/vscode/ruleEditor.ts'),
);

const shop = '/home/me/shop';
const api = '/home/me/api';

const rule = (id: string, more: Partial<Rule> = {}): Rule => ({
  id,
  match: { kind: 'command', argv: ['npm', 'test'], folder: '.' },
  duration: 'workspace',
  folder: shop,
  agentId: 'coder',
  createdAt: 1,
  createdIn: 'dialog',
  ...more,
});
const edits = rule('e', {
  match: { kind: 'path', tools: ['edit_file', 'write_file'], glob: 'src/**' },
  duration: 'session',
  sessionId: 'chat',
});

/** A window in the folder `shop` that shows the chat `chat`. */
const rig = (given: readonly Rule[], roots = [{ name: 'shop', path: shop }]) => {
  const kept = new Map(given.map((each) => [each.id, each]));
  const audited: NewAuditEntry[] = [];
  const reads = { count: 0 };
  const external = new Set<() => void>();
  const shownListeners = new Set<() => void>();
  const shown = { id: 'chat' as string | undefined };
  const store = {
    listRules: async () => {
      reads.count += 1;
      return [...kept.values()];
    },
    saveRule: async (each: Rule) => void kept.set(each.id, each),
    deleteRule: async (id: string) => void kept.delete(id),
    audit: async (entry: Omit<AuditEntry, 'id'>) => void audited.push(entry),
    onExternalChange: listenIn(external),
  };
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `new-${ids}`;
  };
  const rules = createRuleBook({ store, newId, now: () => 5, logError: assert.fail });
  const common = {
    rules,
    store,
    agents: { list: async () => [{ id: 'coder', name: 'Coder' }] },
    chats: {
      get: async (id: string) =>
        id === 'chat' ? { id, title: 'My chat', folder: '/begun/here' } : undefined,
    },
    current: {
      sessionId: () => shown.id,
      onShown: listenIn(shownListeners),
    },
    roots: async () => roots,
    shell: 'posix',
    newId,
    now: () => 5,
    // What it uses of agents and chats.
  } as never;
  return {
    view: createRulesView(common),
    commands: createRuleCommands(common),
    kept,
    audited,
    reads,
    external,
    shownListeners,
    shown,
    rules,
  };
};

beforeEach(resetVscode);

const groupsOf = async (view: ReturnType<typeof rig>['view']) =>
  Promise.all(
    (await view.children()).map(async (group) => [
      group.label,
      ...(await view.children(group)).map((item) => `${item.label} | ${item.description}`),
    ]),
  );

describe('the view of rules', () => {
  it('stands in groups: this workspace, this chat, all others', async () => {
    const { view, shown } = rig([
      rule('w', { match: { kind: 'command', argv: ['git', 'commit', '-m', 'two words'], folder: '.' } }),
      edits,
      rule('o', { folder: '/home/me/other', match: { kind: 'tool', tool: 'web_search' } }),
      rule('all'),
    ]);
    assert.deepEqual(await groupsOf(view), [
      ['This workspace', "git commit -m 'two words' | Coder · shop", 'npm test | Coder · shop'],
      ['This chat', 'edits in src/** | Coder · shop'],
      ['Other workspaces and chats', 'web_search | Coder · other'],
    ]);
    shown.id = 'another chat';
    assert.deepEqual(
      (await groupsOf(view)).map(([name]) => name),
      ['This workspace', 'Other workspaces and chats'],
    );
  });

  it('has those of every open folder; of a tool from outside those of the first', async () => {
    const tool = { match: { kind: 'tool', tool: 'web_search' } } as const;
    const given = [rule('a', { folder: api }), rule('t', { folder: api, ...tool }), rule('s', tool)];
    const roots = [shop, api].map((path) => ({ name: path, path }));
    assert.deepEqual(await groupsOf(rig(given, roots).view), [
      ['This workspace', 'npm test | Coder · api', 'web_search | Coder · shop'],
      ['Other workspaces and chats', 'web_search | Coder · api'],
    ]);
  });

  it('says of each what it lets run, for whom, how long, and where it was made', async () => {
    const { view } = rig([
      edits,
      rule('gone', { duration: 'session', sessionId: 'gone', agentId: 'gone', createdIn: 'chat' }),
      rule('all'),
    ]);
    const [workspace, chat, others] = await view.children();
    const tooltip = async (group: Parameters<typeof view.children>[0]) =>
      String((await view.children(group))[0]?.tooltip);
    assert.match(
      await tooltip(chat),
      /edits in src\/\*\*\nFor: Coder · shop\nIn the chat “My chat”\nMade .* in: dialog$/,
    );
    assert.match(await tooltip(workspace), /npm test\n.*\nUntil it is deleted, in \/home\/me\/shop\n/);
    assert.match(
      await tooltip(others),
      /an agent that was deleted · shop\nIn the chat “that was removed”\nMade .* in: chat/,
    );
  });

  it('is empty without rules, so that VS Code says what it is for', async () => {
    assert.deepEqual(await rig([]).view.children(), []);
  });

  it('reads nothing before it is shown, then follows what changes', async () => {
    const { view, reads, rules, external, shownListeners } = rig([rule('a')]);
    let loads = 0;
    let fired = 0;
    const tree = lazyRulesTree(async () => {
      loads += 1;
      return view;
    });
    tree.onDidChangeTreeData?.(() => {
      fired += 1;
    });
    await rules.save(rule('b'), 'chat');
    reads.count = 0;
    assert.deepEqual([loads, fired, external.size], [0, 0, 0]);
    await tree.getChildren();
    assert.deepEqual([loads, reads.count], [1, 1]);
    await rules.delete('b', 'chat');
    for (const listener of [...external, ...shownListeners]) listener();
    assert.equal(fired, 3);
    tree.dispose();
    assert.equal(external.size + shownListeners.size, 0);
  });
});

describe('rules by command', () => {
  it('a command: for one agent, in this workspace', async () => {
    const { commands, kept, audited } = rig([]);
    answers.push('A command', "npm run 'a b'", 'Coder', 'In this workspace');
    assert.deepEqual(await commands.addRule(), ['new-1']);
    assert.deepEqual(kept.get('new-1'), {
      id: 'new-1',
      match: { kind: 'command', argv: ['npm', 'run', 'a b'], folder: '.' },
      duration: 'workspace',
      folder: shop,
      agentId: 'coder',
      createdAt: 5,
      createdIn: 'rules view',
    });
    assert.equal(audited[0]?.kind, 'rule');
  });

  it('a line of several commands makes a rule for each', async () => {
    const { commands, kept } = rig([]);
    answers.push('A command', 'npm test && npm run lint', 'All agents', 'In this workspace');
    assert.equal((await commands.addRule()).length, 2);
    assert.deepEqual(
      [...kept.values()].map(({ match, agentId }) => [
        match.kind === 'command' ? match.argv.at(-1) : '',
        agentId,
      ]),
      [
        ['test', undefined],
        ['lint', undefined],
      ],
    );
  });

  it('edits: for all agents, in the chat that is shown', async () => {
    const { commands, kept } = rig([]);
    answers.push('Edits of files', 'docs/*.md', 'All agents', 'In this chat');
    await commands.addRule();
    assert.deepEqual(kept.get('new-1'), {
      id: 'new-1',
      match: { kind: 'path', tools: ['edit_file', 'write_file'], glob: 'docs/*.md' },
      duration: 'session',
      folder: shop,
      sessionId: 'chat',
      createdAt: 5,
      createdIn: 'rules view',
    });
  });

  it('asks in which of several folders a command runs', async () => {
    const { commands, kept } = rig(
      [],
      [
        { name: 'shop', path: shop },
        { name: 'api', path: api },
      ],
    );
    answers.push('A command', 'npm test', 'api', 'All agents', 'In this workspace');
    await commands.addRule();
    const made = kept.get('new-1');
    assert.deepEqual([made?.match.kind === 'command' && made.match.folder, made?.folder], ['.', api]);
    answers.push('Edits of files', 'src/**', 'api', 'All agents', 'In this chat');
    await commands.addRule();
    assert.deepEqual([kept.get('new-2')?.folder, kept.get('new-2')?.sessionId], [api, 'chat']);
    answers.push('npm run lint', 'All agents', 'In this workspace');
    await commands.editRule('new-1');
    assert.equal(kept.get('new-1')?.folder, api, 'it stays in its folder');
  });

  for (const [name, given, problem] of [
    ['a pipe', ['A command', 'cat x | sh'], /cannot cover this line: it has a pipe/],
    ['a substitution', ['A command', 'echo $(id)'], /cannot cover this line/],
    ['no command', ['A command', ' '], /Type a command line/],
    ['no glob', ['Edits of files', ' '], /Type a pattern/],
    ['a glob that leads out', ['Edits of files', '../x'], /relative to the workspace folder/],
  ] as const) {
    it(`makes none of ${name}`, async () => {
      const { commands, kept } = rig([]);
      answers.push(...given, 'All agents', 'In this workspace');
      await assert.rejects(commands.addRule(), problem);
      assert.equal(kept.size, 0);
    });
  }

  for (let presses = 0; presses < 4; presses += 1) {
    it(`makes none when it is closed at question ${presses + 1}`, async () => {
      const { commands, kept } = rig([]);
      answers.push(...['A command', 'npm test', 'Coder'].slice(0, presses));
      assert.deepEqual(await commands.addRule(), []);
      assert.equal(kept.size, 0);
    });
  }

  it('makes none without a folder', async () => {
    await assert.rejects(rig([], []).commands.addRule(), /Open a folder first/);
  });

  it('is edited from its row: what is not changed stays', async () => {
    const { commands, kept } = rig([edits]);
    answers.push('src/pages/**', 'All agents', 'As it is now');
    assert.equal(await commands.editRule(new RuleItem(edits)), true);
    const { agentId: _, ...rest } = edits;
    assert.deepEqual(kept.get('e'), {
      ...rest,
      match: { kind: 'path', tools: ['edit_file', 'write_file'], glob: 'src/pages/**' },
    });
  });

  it('is edited without losing that it holds in the sandbox only, where the shell is sh', async () => {
    const match = { kind: 'command', argv: ['npm', 'test'], folder: '.', isSandboxed: true } as const;
    const { commands, kept, view } = rig([rule('s', { match })]);
    assert.deepEqual((await groupsOf(view))[0], [
      'This workspace',
      'in the sandbox: npm test | Coder · shop',
    ]);
    answers.push('in the sandbox: npm test', 'npm run lint', 'Coder', 'As it is now');
    assert.equal(await commands.editRule(), true);
    assert.deepEqual(kept.get('s')?.match, { ...match, argv: ['npm', 'run', 'lint'] });
  });

  it('of a skill keeps what it is about, whatever else is changed', async () => {
    const match = { kind: 'skill', skill: 'pdf', hash: 'a1', entry: 'tables' } as const;
    const { commands, kept } = rig([rule('s', { match })]);
    answers.push('run pdf tables with any input in the sandbox', 'All agents', 'In this chat');
    assert.equal(await commands.editRule(), true);
    assert.deepEqual([kept.get('s')?.match, kept.get('s')?.duration], [match, 'session']);
  });

  it('is edited from the palette, and stays one command', async () => {
    const { commands, kept } = rig([rule('a')]);
    answers.push('npm test', 'npm run lint', 'Coder', 'In this chat');
    await commands.editRule();
    assert.deepEqual([kept.get('a')?.duration, kept.get('a')?.sessionId], ['session', 'chat']);
    answers.push('npm run lint', 'npm test && rm -rf x');
    await assert.rejects(commands.editRule(), /about one command/);
    assert.equal(kept.size, 1);
  });

  it('is deleted, and can be had back', async () => {
    const { commands, kept, audited } = rig([rule('a')]);
    answers.push('Undo');
    assert.equal(await commands.deleteRule(new RuleItem(rule('a'))), true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(told, ['Deleted the rule “npm test”. Agents ask again from now on.']);
    assert.deepEqual(kept.get('a'), rule('a'));
    assert.equal(audited.length, 2);
    assert.equal(await commands.deleteRule('a'), true);
    assert.equal(kept.size, 0);
    await assert.rejects(commands.deleteRule('a'), /not there any more/);
  });

  it('says where there are none, and shows the view', async () => {
    const { commands } = rig([]);
    assert.equal(await commands.deleteRule(), false);
    assert.match(told[0] ?? '', /There are no rules yet/);
    await commands.showRules();
    assert.deepEqual(executed, [['anycowork.rules.focus']]);
  });
});

describe('globs of rules', () => {
  for (const glob of ['**', 'src/**', 'docs/*.md', 'a/{b,c}/[0-9].ts', 'odd\\[name\\].ts', 'a..b']) {
    it(`takes ${glob}`, () => assert.equal(globProblem(glob), undefined));
  }
  for (const glob of [
    '',
    ' a',
    '/etc/**',
    '!src/**',
    '~/x',
    'C:/x',
    '../x',
    'a/../b',
    'a\\b\\',
    '@(a|b)',
    'a{b',
    'a]b[',
  ]) {
    it(`does not take ${JSON.stringify(glob)}`, () => assert.notEqual(globProblem(glob), undefined));
  }
});
