import assert from 'node:assert/strict';
import { McpError, McpSignInError } from '../../extension/core/mcp.ts';
import { answers, executed, messages, progress, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { change, mcpInput, mcpRig, remote, server, tool } from './mcpRig.ts';

const { McpServerItem, McpToolItem } = await loadWithVscode(
  () => import('../../extension/vscode/mcpItems.ts'),
);

const row = (info: ReturnType<typeof server>) => new McpServerItem(info, 0);

const settled = () => new Promise(setImmediate);

beforeEach(resetVscode);

describe('commands about one MCP server', () => {
  const running = server('run', { state: { kind: 'ready', protocolVersion: '1' } });
  const stopped = server('rest');

  for (const [command, info, call] of [
    ['startMcpServer', stopped, ['start', 'rest']],
    ['stopMcpServer', running, ['stop', 'run']],
    ['enableMcpServer', server('x', { state: { kind: 'disabled' } }), ['setEnabled', 'x', true]],
    ['disableMcpServer', stopped, ['setEnabled', 'rest', false]],
    ['signInMcpServer', remote('x', { state: { kind: 'signIn' } }), ['signIn', 'x']],
    ['signOutMcpServer', remote('x', { isSignedIn: true }), ['signOut', 'x']],
    ['distrustMcpResults', server('x', { isOwnWords: true }), ['setOwnWords', 'x', false]],
    ['denyMcpSampling', server('x', { allowsSampling: true }), ['setAllowsSampling', 'x', false]],
    ['forgetMcpInputs', server('x', { inputs: [mcpInput] }), ['forgetInputs', 'x']],
  ] as const) {
    it(`do the same from the view, the palette and by code: ${command}`, async () => {
      const { commands, calls } = mcpRig([
        server('other', { state: { kind: 'invalid', problem: '' } }),
        info,
      ]);
      assert.equal(await commands[command](row(info)), true);
      answers.push(info.name);
      assert.equal(await commands[command](), true);
      assert.equal(await commands[command](info.name), true);
      assert.deepEqual(calls, [call, call, call]);
    });

    it(`are for those only that fit: ${command}`, async () => {
      const bad = server('bad', { state: { kind: 'invalid', problem: '' } });
      const { commands, calls } = mcpRig([bad]);
      assert.equal(await commands[command](), false);
      assert.equal(told.length, 1, 'it says that there is none');
      await assert.rejects(commands[command]('bad'), /^InputError: bad: /);
      await assert.rejects(commands[command]('none'), /There is no MCP server none here/);
      assert.deepEqual(calls, []);
    });

    it(`do nothing after Esc: ${command}`, async () => {
      const { commands, calls } = mcpRig([info]);
      assert.equal(await commands[command](), false);
      assert.deepEqual([calls, told], [[], []]);
    });
  }

  it('say so where there is no server at all', async () => {
    assert.equal(await mcpRig().commands.startMcpServer(), false);
    assert.match(told[0] ?? '', /no MCP servers yet\. “Add MCP Server…”/);
  });

  it('mean the server that counts, or the very row', async () => {
    const first = server('memory', { place: 'vscode' });
    const hidden = server('memory', { state: { kind: 'shadowed', by: '.vscode/mcp.json' } });
    const { commands } = mcpRig([hidden, first]);
    await commands.editMcpServer('memory');
    await commands.editMcpServer(row(hidden));
    const opened = executed.map(([command, uri, options]) => [
      command,
      Reflect.get(uri as object, 'fsPath'),
      Reflect.get(Reflect.get(options as object, 'selection'), 'start').line,
    ]);
    assert.deepEqual(opened, [
      ['vscode.open', '/home/me/shop/.vscode/mcp.json', 2],
      ['vscode.open', '/home/me/.config/mcp.json', 2],
    ]);
  });

  it('show the view, and read the files anew', async () => {
    const { commands, counts } = mcpRig();
    await commands.showMcpServers();
    await commands.refreshMcpServers();
    assert.deepEqual(executed, [['anycowork.mcp.focus']]);
    assert.equal(counts.refreshed, 1);
  });
});

describe('starting an MCP server', () => {
  it('can be cancelled', async () => {
    const { commands, state } = mcpRig([server('x')]);
    state.start = (_name, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        for (const listener of progress.listeners) listener();
      });
    assert.equal(await commands.startMcpServer('x'), false);
    assert.deepEqual(messages, []);
  });

  it('says why it failed, with the way to the log; code gets the failure', async () => {
    const { commands, state, logs } = mcpRig([server('x')]);
    state.start = async () => {
      throw new McpError('npx was not found. [Install](command:evil) Node.js.');
    };
    answers.push('x', 'Show Log');
    assert.equal(await commands.startMcpServer(), false);
    await settled();
    assert.deepEqual(told, ['AnyCowork: npx was not found. [Install] (command:evil) Node.js.']);
    assert.deepEqual(logs, ['x']);
    await assert.rejects(commands.startMcpServer('x'), McpError);
    assert.equal(told.length, 1);
  });

  it('offers a sign-in where the server wants one', async () => {
    const info = remote('x');
    const { commands, state, calls } = mcpRig([info]);
    state.start = async () => {
      throw new McpSignInError('It wants a sign-in.');
    };
    answers.push('Sign In');
    assert.equal(await commands.startMcpServer(row(info)), false);
    await settled();
    assert.match(told[0] ?? '', /The MCP server x wants you to sign in/);
    assert.deepEqual(calls, [
      ['start', 'x'],
      ['signIn', 'x'],
    ]);
    await assert.rejects(commands.startMcpServer('x'), McpSignInError);
  });

  it('says so when the sign-in fails', async () => {
    const info = remote('x', { state: { kind: 'signIn' } });
    const { ports, state, logs } = mcpRig([info]);
    state.signIn = async () => {
      throw new McpError('Nobody answered within 5 minutes.');
    };
    answers.push('Sign In', 'Show Log');
    // The second one stands in the same place.
    await Promise.all([ports.signIns.offer('x'), ports.signIns.offer('x')]);
    assert.deepEqual(told.slice(1), ['AnyCowork: Nobody answered within 5 minutes.']);
    assert.deepEqual(logs, ['x']);
  });

  it('is no failure where the person did not approve it', async () => {
    const info = server('x', { state: { kind: 'unapproved', hasChanged: false } });
    const { commands, state } = mcpRig([info]);
    state.start = async () => {
      throw new McpError('The MCP server x was not approved, and not started.');
    };
    assert.equal(await commands.startMcpServer(row(info)), false);
    await settled();
    assert.deepEqual(
      messages.map(({ text, buttons }) => [text, buttons]),
      [['The MCP server x was not approved, and not started.', []]],
    );
  });

  it('again ends it first', async () => {
    const { commands, calls } = mcpRig([server('x', { state: { kind: 'ready', protocolVersion: '1' } })]);
    assert.equal(await commands.restartMcpServer('x'), true);
    assert.deepEqual(calls, [
      ['stop', 'x'],
      ['start', 'x'],
    ]);
  });
});

describe('what makes an MCP server more powerful', () => {
  for (const [command, button, call, words] of [
    [
      'trustMcpResults',
      'Treat Its Answers as Mine',
      ['setOwnWords', 'x', true],
      /steps go on by your rules and the mode after its answers/,
    ],
    ['allowMcpSampling', 'Let It Ask', ['setAllowsSampling', 'x', true], /You are asked each time/],
  ] as const) {
    it(`is asked about, also where code does it: ${command}`, async () => {
      const { commands, calls } = mcpRig([server('x')]);
      answers.push(undefined, button);
      assert.equal(await commands[command]('x'), false);
      assert.deepEqual(calls, []);
      assert.equal(await commands[command]('x'), true);
      assert.deepEqual(calls, [call]);
      assert.equal(messages[0]?.isModal, true);
      assert.match(messages[0]?.detail ?? '', words);
      assert.deepEqual(messages[0]?.buttons, [button]);
    });
  }
});

describe('tools of MCP servers', () => {
  const info = server('x', { tools: [tool('a'), tool('b', { isEnabled: false })] });

  it('are turned on and off from the view, the palette and by code', async () => {
    const { commands, calls } = mcpRig([info, server('empty')]);
    const item = (name: string) => {
      const found = info.tools.find((each) => each.name === name);
      assert.ok(found !== undefined);
      return new McpToolItem(row(info), found);
    };
    assert.equal(await commands.disableMcpTool(item('a'), [item('a')]), true);
    answers.push('x', 'b');
    assert.equal(await commands.enableMcpTool(), true);
    assert.equal(await commands.disableMcpTool('x', 'a'), true);
    assert.deepEqual(calls, [
      ['setToolEnabled', 'x', 'a', false],
      ['setToolEnabled', 'x', 'b', true],
      ['setToolEnabled', 'x', 'a', false],
    ]);
    await assert.rejects(commands.disableMcpTool('x', 'c'), /has no tool c any more/);
    await assert.rejects(commands.enableMcpTool('empty', 'a'), /No tool of an MCP server is turned off/);
  });

  it('are shown whole on request', async () => {
    const { commands, texts } = mcpRig([
      server('x', { tools: [tool('a', { description: `${'long '.repeat(1_000)}end\u202e` })] }),
    ]);
    await commands.showMcpTool('x', 'a');
    const [[title, text] = []] = texts;
    assert.equal(title, 'a (x)');
    assert.match(text ?? '', /long end\\u\{202e\}\n\nInput schema:\n\{/);
  });
});

describe('looking at an MCP server', () => {
  it('shows exactly what it would start', async () => {
    const info = server('memory', { place: 'vscode', state: { kind: 'unapproved', hasChanged: false } });
    const { commands, texts } = mcpRig([info]);
    assert.equal(await commands.showMcpCommand(row(info)), true);
    assert.deepEqual(texts, [
      [
        'MCP server memory',
        [
          'The MCP server memory is this program, started on this computer, outside of the sandbox.',
          'Configured in .vscode/mcp.json, line 3: /home/me/shop/.vscode/mcp.json',
          '',
          'npx -y memory',
          'Folder: /home/me/shop',
          '',
          'Look twice:',
          '- npx fetches the newest version at each start',
          '',
        ].join('\n'),
      ],
    ]);
  });

  it('shows changes with what names them, and the log', async () => {
    const { commands, shownChanges, logs } = mcpRig([server('x', { pending: [change('a')] })]);
    assert.equal(await commands.reviewMcpChanges('x'), true);
    assert.equal(await commands.showMcpLog('x'), true);
    assert.deepEqual([shownChanges, logs], [[['x', 'pending-1']], ['x']]);
    await assert.rejects(mcpRig([server('x')]).commands.reviewMcpChanges('x'), /Nothing has changed/);
  });
});

describe('removing an MCP server', () => {
  it('is asked about, and done to its entry', async () => {
    const info = server('x', { place: 'anycowork' });
    const { commands, removed, calls } = mcpRig([info]);
    answers.push(undefined, 'Remove');
    assert.equal(await commands.removeMcpServer(row(info)), false);
    assert.deepEqual(removed, []);
    assert.equal(await commands.removeMcpServer(row(info)), true);
    assert.deepEqual(removed, [['/home/me/shop/.anycowork/mcp.json', 'x']]);
    assert.deepEqual(messages[0]?.buttons, ['Remove']);
    assert.deepEqual(calls, []);
    assert.equal(await commands.removeMcpServer('x'), true, 'code is not asked');
    assert.equal(messages.length, 2);
  });

  it('forgets its secrets where the person says so', async () => {
    const info = remote('x', { isSignedIn: true, inputs: [mcpInput] });
    const { commands, removed, calls } = mcpRig([info]);
    answers.push('Remove and Forget Secrets');
    assert.equal(await commands.removeMcpServer(row(info)), true);
    assert.deepEqual(calls, [
      ['signOut', 'x'],
      ['forgetInputs', 'x'],
    ]);
    assert.equal(removed.length, 1);
  });

  it('leaves files alone that other programs read', async () => {
    const info = server('x', { place: 'vscode' });
    const { commands, removed } = mcpRig([info]);
    answers.push('Open File');
    assert.equal(await commands.removeMcpServer(row(info)), false);
    assert.match(told[0] ?? '', /stands in \.vscode\/mcp\.json, line 3, which other programs read too/);
    assert.equal(executed[0]?.[0], 'vscode.open');
    await assert.rejects(commands.removeMcpServer('x'), /which other programs read too/);
    assert.deepEqual(removed, []);
  });
});
