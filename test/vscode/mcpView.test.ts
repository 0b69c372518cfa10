import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type * as vscode from 'vscode';
import type { McpServerInfo, McpState } from '../../extension/shared/mcp.ts';
import { resetVscode, ThemeIcon } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { change, fakeMcp, mcpInput, mcpStates, remote, server, tool } from './mcpRig.ts';

const { createMcpView } = await loadWithVscode(() => import('../../extension/vscode/mcpView.ts'));
const { pendingText } = await loadWithVscode(() => import('../../extension/vscode/mcpWords.ts'));

const view = (...given: readonly McpServerInfo[]) => {
  const fake = fakeMcp(given);
  return { ...fake, tree: createMcpView({ servers: fake.servers, waitMs: 1 }) };
};

const rowOf = async (info: McpServerInfo): Promise<vscode.TreeItem> => {
  const [item] = await view(info).tree.children();
  assert.ok(item !== undefined);
  return item;
};

const below = async (info: McpServerInfo): Promise<vscode.TreeItem[]> => {
  const { tree } = view(info);
  const [item] = await tree.children();
  return tree.children(item);
};

const withoutConfig = ({ config: _, ...info }: McpServerInfo): McpServerInfo => info;

const iconOf = ({ iconPath }: vscode.TreeItem): string => {
  assert.ok(iconPath instanceof ThemeIcon);
  return iconPath.id;
};

beforeEach(resetVscode);

describe('the view of MCP servers', () => {
  const tools = [tool('read_graph'), tool('search', { isEnabled: false })];
  for (const [info, words, icon, marks] of [
    [
      withoutConfig(server('x', { state: { kind: 'invalid', problem: 'No command.' } })),
      'cannot be used: No command.',
      'error',
      'server',
    ],
    [
      server('x', { state: { kind: 'shadowed', by: '.vscode/mcp.json' } }),
      'hidden by .vscode/mcp.json',
      'eye-closed',
      'server isConfigured',
    ],
    [
      server('x', { state: { kind: 'untrusted' } }),
      'waits until this workspace is trusted',
      'workspace-untrusted',
      'server canDisable canShow isConfigured',
    ],
    [
      server('x', { state: { kind: 'disabled' } }),
      'off',
      'circle-slash',
      'server canEnable canShow isConfigured',
    ],
    [
      server('x', { state: { kind: 'unapproved', hasChanged: false }, inputs: [mcpInput] }),
      'approve its command to start it',
      'shield',
      'server canStart canDisable canForget canShow isConfigured',
    ],
    [
      remote('x', { state: { kind: 'unapproved', hasChanged: true } }),
      'its address has changed: approve it to start it',
      'shield',
      'server canStart canDisable canShow isConfigured',
    ],
    [
      server('x'),
      'stopped',
      'circle-outline',
      'server canStart canDisable canTrust canAllow canShow isConfigured',
    ],
    [
      server('x', { tools: [tool('a')] }),
      'stopped, 1 tool',
      'circle-outline',
      'server canStart canDisable canTrust canAllow canShow isConfigured',
    ],
    [
      server('x', { state: { kind: 'starting' } }),
      'starting…',
      'loading~spin',
      'server canStop canDisable canTrust canAllow canShow isConfigured',
    ],
    [
      server('x', { state: { kind: 'ready', protocolVersion: '2025-11-25' }, tools }),
      'ready, 1 of 2 tools',
      'plug',
      'server canStop canRestart canDisable canTrust canAllow canShow isConfigured',
    ],
    [
      remote('x', {
        state: { kind: 'ready', protocolVersion: '2026-07-28' },
        pending: [change('a'), change('b')],
        isOwnWords: true,
        allowsSampling: true,
        isSignedIn: true,
      }),
      'ready, 0 tools · 2 changed tools are hidden until you look',
      'warning',
      'server canStop canRestart canDisable canReview canSignOut canDistrust canDeny canShow isConfigured',
    ],
    [
      remote('x', { state: { kind: 'signIn' } }),
      'needs sign-in',
      'account',
      'server canDisable canSignIn canTrust canAllow canShow isConfigured',
    ],
    [
      server('x', { state: { kind: 'failed', reason: 'It ended with exit code 1.\nMore.' } }),
      'failed: It ended with exit code 1.',
      'error',
      'server canStart canDisable canTrust canAllow canShow isConfigured',
    ],
  ] as const) {
    it(`says of one that is ${info.state.kind}: ${words}`, async () => {
      const item = await rowOf(info);
      assert.equal(item.description, words);
      assert.equal(iconOf(item), icon);
      assert.equal(item.contextValue, marks);
      const spoken = item.accessibilityInformation?.label ?? '';
      assert.equal(spoken, `MCP server x: ${words}. From your servers, line 3.`);
    });
  }

  it('has icons that VS Code has', async () => {
    const css = readFileSync(
      path.resolve(import.meta.dirname, '../../node_modules/@vscode/codicons/dist/codicon.css'),
      'utf8',
    );
    const infos = mcpStates.map((state) => server('x', { state }));
    const rich = server('x', {
      tools: [tool('a'), tool('b', { flags: ['hidden characters'] }), tool('c', { isEnabled: false })],
      pending: [change('d'), change('e', { kind: 'removed' })],
      resources: 1,
      prompts: 1,
    });
    const items = [...(await Promise.all(infos.map(rowOf))), ...(await below(rich))];
    const names = items.map((item) => iconOf(item).replace('~spin', ''));
    assert.deepEqual(
      names.filter((name) => !css.includes(`.codicon-${name}:before`)),
      [],
    );
    assert.ok(names.length > mcpStates.length + 5);
  });

  it('says where it is from and what it starts, and no value that can be a secret', async () => {
    const item = await rowOf(
      server('memory', {
        place: 'vscode',
        state: { kind: 'failed', reason: 'npx was not found.\nInstall Node.js.' },
        transport: {
          type: 'stdio',
          command: 'npx',
          args: ['-y', 'a b', 'x\u202ey', '--key', 'sk-0123456789abcdef0123'],
          env: { API_TOKEN: 'very-secret-value' },
          cwd: '/tmp',
        },
      }),
    );
    const text = item.tooltip;
    assert.equal(typeof text, 'string');
    for (const part of [
      /^memory$/m,
      /^npx was not found\.$/m,
      /^Install Node\.js\.$/m,
      /^From: \.vscode\/mcp\.json, line 3 \(\/home\/me\/shop\/\.vscode\/mcp\.json\)$/m,
      /^Command: npx -y 'a b' x\\u\{202e\}y --key \[redacted\]$/m,
      /^Folder: \/tmp$/m,
      /^Environment: API_TOKEN$/m,
      /words of somebody else/,
    ])
      assert.match(String(text), part);
    assert.doesNotMatch(String(text), /very-secret|\u202e/);
  });

  it('has below a server what waits, its tools, and what else it has', async () => {
    const items = await below(
      server('memory', {
        state: { kind: 'ready', protocolVersion: '1' },
        tools: [
          tool('read_graph', { hints: { readOnly: true }, title: 'Read' }),
          tool('bad', { flags: ['hidden characters'], description: 'Do\u200b it' }),
          tool('off', { isEnabled: false }),
        ],
        pending: [
          change('write', { flags: ['orders to the model'] }),
          change('gone', { kind: 'removed' }),
          change('', { what: 'instructions' }),
        ],
        resources: 7,
        prompts: 4,
      }),
    );
    assert.deepEqual(
      items.map(({ label, description, contextValue }) => `${label} | ${description} | ${contextValue}`),
      [
        'write | changed, hidden until you look · look twice: orders to the model | change',
        'gone | gone from the list of the server | change',
        'Instructions | changed, hidden until you look | change',
        'read_graph | Does read_graph. | tool toolOn',
        'bad | look twice: hidden characters · Do\\u{200b} it | tool toolOn',
        'off | off · Does off. | tool toolOff',
        'Resources | 7 · type @memory in the chat to attach one | counts',
        'Prompts | 4 · type /mcp.memory in the chat to use one | counts',
      ],
    );
    assert.equal(new Set(items.map(({ id }) => id)).size, items.length);
    assert.ok(items.every(({ accessibilityInformation }) => accessibilityInformation?.label !== undefined));
    const [, , , first] = items;
    const text = String(first?.tooltip);
    assert.match(text, /Models call it: memory__read_graph/);
    assert.match(text, /The server says: it only reads/);
    assert.match(text, /"type": "object"/);
    assert.equal(first?.command?.command, 'anycowork.showMcpTool');
    assert.equal(items[0]?.command?.command, 'anycowork.reviewMcpChanges');
  });

  for (const [pending, words] of [
    [[], ''],
    [[change('a')], '1 changed tool is hidden until you look'],
    [[change('a', { kind: 'added' })], '1 new tool is hidden until you look'],
    [[change('a'), change('b', { kind: 'added' })], '2 new or changed tools are hidden until you look'],
    [[change('', { what: 'instructions' })], 'its instructions are hidden until you look'],
    [
      [change('a'), change('', { what: 'instructions' }), change('b', { kind: 'removed' })],
      '1 changed tool and its instructions are hidden until you look',
    ],
    [[change('b', { kind: 'removed' })], '1 tool gone from its list'],
  ] as const) {
    it(`says of changes: ${words === '' ? 'nothing' : words}`, () => {
      assert.equal(pendingText(pending), words);
    });
  }

  it('opens with Enter what helps where there is nothing to unfold', async () => {
    const commandOf = async (state: McpState) => (await rowOf(server('x', { state }))).command?.command;
    assert.deepEqual(await Promise.all(mcpStates.map(commandOf)), [
      'anycowork.editMcpServer',
      'anycowork.editMcpServer',
      undefined,
      undefined,
      'anycowork.showMcpCommand',
      'anycowork.showMcpCommand',
      undefined,
      undefined,
      undefined,
      undefined,
      'anycowork.showMcpLog',
    ]);
    const full = await rowOf(server('x', { state: { kind: 'failed', reason: 'y' }, tools: [tool('a')] }));
    assert.equal(full.command, undefined);
  });

  it('keeps apart servers of one name, also in one file', async () => {
    const { tree } = view(
      server('memory', { place: 'vscode' }),
      server('memory', { state: { kind: 'shadowed', by: '.vscode/mcp.json' } }),
      server('memory', { state: { kind: 'invalid', problem: 'Twice.' } }),
    );
    const ids = (await tree.children()).map(({ id }) => id);
    assert.equal(new Set(ids).size, 3);
    assert.deepEqual(
      (await tree.children()).map(({ id }) => id),
      ids,
    );
  });

  it('shows names as they are, and nothing that hides', async () => {
    const item = await rowOf(server('a\u202eb'));
    assert.equal(item.label, 'a\\u{202e}b');
  });

  it('is drawn anew once for many changes', async () => {
    const { tree, changed, listeners } = view(server('x'));
    let drawn = 0;
    const first = Promise.withResolvers<void>();
    const unlisten = tree.onChange(() => {
      drawn += 1;
      first.resolve();
    });
    for (let index = 0; index < 5; index += 1) changed(server('x'));
    assert.equal(drawn, 0);
    await first.promise;
    assert.equal(drawn, 1);
    unlisten();
    assert.equal(listeners.size, 0);
  });
});
