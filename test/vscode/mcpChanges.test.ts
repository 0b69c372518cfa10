import assert from 'node:assert/strict';
import { McpError } from '../../extension/core/mcp.ts';
import type { McpPendingChange, McpServerInfo } from '../../extension/shared/mcp.ts';
import { answers, executed, messages, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { documentText, peopleRig, seat, userSource } from './mcpPeopleRig.ts';

const { showMcpChanges } = await loadWithVscode(() => import('../../extension/vscode/mcpChanges.ts'));

let desk: ReturnType<typeof seat>;
/** Of a suite: hooks outside of one would run for every file. */
const atDesk = (): void => {
  beforeEach(() => {
    resetVscode();
    desk = seat();
  });
  afterEach(() => desk.restore());
};

const changed: McpPendingChange = {
  kind: 'changed',
  what: { tool: 'read' },
  before: 'Reads.\\u{200b}',
  after: 'Reads.\u200b',
  flags: ['has characters that cannot be seen'],
};
const added: McpPendingChange = { kind: 'added', what: { tool: 'send' }, after: 'Sends.', flags: [] };
const said: McpPendingChange = { kind: 'removed', what: 'instructions', before: 'Be nice.', flags: [] };

const info = (pending: readonly McpPendingChange[]): McpServerInfo => ({
  name: 'files',
  source: userSource,
  state: { kind: 'ready', protocolVersion: '2025-11-25' },
  tools: [],
  pending,
  resources: 0,
  prompts: 0,
  isOwnWords: false,
  allowsSampling: false,
  isSignedIn: false,
});

/** @param versions what waits, one after the other: `move` goes on to the next */
const serversOf = (...versions: (readonly McpPendingChange[])[]) => {
  let version = 0;
  const accepted: string[] = [];
  const hidden: McpServerInfo = { ...info([added]), state: { kind: 'shadowed', by: 'x' } };
  return {
    accepted,
    move: () => {
      version += 1;
    },
    list: async () => [hidden, info(versions[version] ?? [])],
    pendingHash: async () => `hash-${version}`,
    acceptChanges: async (name: string, hash: string) => {
      if (hash !== `hash-${version}`) throw new McpError('It has changed meanwhile.');
      accepted.push(`${name} ${hash}`);
    },
  };
};

describe('changes of an MCP server', () => {
  atDesk();

  it('are shown side by side, with what to look at twice, and accepted as they were shown', async () => {
    const { documents } = peopleRig();
    const servers = serversOf([changed, added, said]);
    answers.push('Accept');
    assert.equal(await showMcpChanges({ servers, documents }, info([]), 'hash-0'), true);
    assert.deepEqual(servers.accepted, ['files hash-0']);
    const [message] = messages;
    assert.equal(message?.text, 'Accept 3 changes of the MCP server files?');
    assert.match(message?.detail ?? '', /- read \(changed\)\n- send \(new\)\n- its instructions \(gone\)/);
    assert.match(message?.detail ?? '', /Look twice:\n- read: has characters that cannot be seen/);
    assert.deepEqual(message?.buttons, ['Read Them First', 'Accept', 'Keep Hidden']);
    const [, title, rows] = executed.find(([name]) => name === 'vscode.changes') ?? [];
    assert.equal(title, 'MCP server files: accepted ↔ now');
    assert.ok(Array.isArray(rows));
    const [[, before, after], [, none]] = rows;
    assert.equal(await documentText(before), 'Reads.\\u{200b}');
    const now = await documentText(after);
    assert.match(
      now,
      /^\[Characters that cannot be seen .*\nLook twice:\n- has characters.*\n\nReads\.\\u\{200b\}$/s,
    );
    assert.equal(none, undefined);
  });

  it('stay hidden for Esc and Keep Hidden, and where the reader leaves', async () => {
    const { documents } = peopleRig();
    const servers = serversOf([changed]);
    answers.push(undefined, 'Keep Hidden', 'Read Them First', 'Read Them First', 'Keep Hidden');
    desk.reply('Not Now', 'Show It Again', 'Decide…');
    for (let time = 0; time < 4; time += 1)
      assert.equal(await showMcpChanges({ servers, documents }, info([]), 'hash-0'), false);
    assert.deepEqual(servers.accepted, []);
    assert.equal(executed.filter(([name]) => name === 'vscode.diff').length, 7);
  });

  it('are shown again where they changed while one looked', async () => {
    const { documents } = peopleRig();
    const servers = serversOf([changed], [added]);
    const { acceptChanges } = servers;
    let calls = 0;
    const moving = {
      ...servers,
      acceptChanges: async (name: string, hash: string) => {
        calls += 1;
        if (calls === 1) servers.move();
        await acceptChanges(name, hash);
      },
    };
    answers.push('Accept', undefined, 'Accept');
    assert.equal(await showMcpChanges({ servers: moving, documents }, info([]), 'hash-0'), true);
    assert.deepEqual(servers.accepted, ['files hash-1']);
    assert.match(messages[1]?.text ?? '', /changed again while you were looking. Nothing was accepted/);
    assert.match(messages[2]?.detail ?? '', /send \(new\)/);
    assert.match(messages[2]?.detail ?? '', /^It has changed since you were told/);
  });

  it('say where none are left, and tell other failures', async () => {
    const { documents } = peopleRig();
    assert.equal(await showMcpChanges({ servers: serversOf([]), documents }, info([changed]), 'x'), false);
    assert.match(messages[0]?.text ?? '', /Nothing of the MCP server files waits/);
    const failing = {
      ...serversOf([changed]),
      acceptChanges: async () => {
        throw new McpError('The disk is full.');
      },
    };
    answers.push('Accept');
    await assert.rejects(showMcpChanges({ servers: failing, documents }, info([]), 'hash-0'), /disk is full/);
  });

  it('that never stand still are not accepted', async () => {
    const { documents } = peopleRig();
    let hash = 0;
    const servers = { ...serversOf([changed]), pendingHash: async () => `${hash++}` };
    await assert.rejects(showMcpChanges({ servers, documents }, info([]), '0'), /again and again/);
  });
});
