import assert from 'node:assert/strict';
import type { McpServerInfo } from '../../extension/shared/mcp.ts';
import { answers, messages, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { change, fakeMcp, remote, server } from './mcpRig.ts';

const { changedText, tellMcpChanges } = await loadWithVscode(
  () => import('../../extension/vscode/mcpNotices.ts'),
);

const rig = (...given: readonly McpServerInfo[]) => {
  const fake = fakeMcp(given);
  const reviewed: string[] = [];
  const offered: string[] = [];
  const logs: string[] = [];
  let looks = 0;
  const notices = tellMcpChanges({
    servers: {
      ...fake.servers,
      list: async () => {
        looks += 1;
        return fake.servers.list();
      },
    },
    review: async (name) => void reviewed.push(name),
    offerSignIn: async (name) => void offered.push(name),
    showLog: (name) => void logs.push(name),
    logError: assert.fail,
    confirmMs: 1,
  });
  /** Until it has looked again at what is given, and told. */
  const changed = async (...all: readonly McpServerInfo[]): Promise<void> => {
    const before = looks;
    fake.changed(...all);
    while (looks === before) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise(setImmediate);
  };
  return { ...fake, notices, reviewed, offered, logs, changed, first: () => new Promise(setImmediate) };
};

const pending = [change('a'), change('b')];

beforeEach(resetVscode);

describe('changed tools of MCP servers', () => {
  it('are told once for each change, with the way to look', async () => {
    const { changed, first, reviewed, state, notices } = rig(server('x'));
    await first();
    assert.deepEqual(told, []);
    answers.push('Review');
    await changed(server('x', { pending }));
    assert.deepEqual(told, ['The MCP server x has changed 2 of its tools; they are hidden until you look.']);
    assert.deepEqual([messages[0]?.isModal, messages[0]?.buttons], [false, ['Review', 'Log']]);
    assert.deepEqual(reviewed, ['x']);
    await changed(server('x', { pending }));
    assert.equal(told.length, 1);
    state.pendingHash = 'pending-2';
    await changed(server('x', { pending: [change('a')] }));
    assert.equal(told.length, 2);
    notices.dispose();
  });

  it('lead to the log too, and are told of what waited before', async () => {
    answers.push('Log');
    const { first, logs, listeners, notices } = rig(server('x', { pending }), server('y'));
    await first();
    await first();
    assert.deepEqual([told.length, logs], [1, ['x']]);
    notices.dispose();
    assert.equal(listeners.size, 0);
  });

  it('are not told of servers that do not count, and of tools that are gone', async () => {
    const { first, notices } = rig(
      server('x', { pending, state: { kind: 'shadowed', by: 'y' } }),
      server('z', { pending: [change('a', { kind: 'removed' })] }),
    );
    await first();
    await first();
    assert.deepEqual(told, []);
    notices.dispose();
  });

  it('say so when the review fails', async () => {
    const fake = fakeMcp([server('x', { pending })]);
    answers.push('Review');
    const done = Promise.withResolvers<void>();
    const notices = tellMcpChanges({
      servers: fake.servers,
      review: async () => {
        done.resolve();
        throw new Error('It has changed meanwhile.');
      },
      offerSignIn: assert.fail,
      showLog: assert.fail,
      logError: assert.fail,
    });
    await done.promise;
    await new Promise(setImmediate);
    assert.equal(told[1], 'AnyCowork: It has changed meanwhile.');
    notices.dispose();
  });

  for (const [given, text] of [
    [[change('a')], 'has changed 1 of its tools; it is hidden until you look.'],
    [[change('a', { kind: 'added' })], 'has 1 new tool; it is hidden until you look.'],
    [
      [change('a'), change('b', { kind: 'added' }), change('', { what: 'instructions' })],
      'has changed 1 of its tools and has 1 new tool and has changed its instructions; they are hidden until you look.',
    ],
    [[change('', { what: 'instructions' })], 'has changed its instructions; they are hidden until you look.'],
  ] as const) {
    it(`in words: ${text}`, () => {
      assert.equal(changedText({ name: 'x', pending: given }), `The MCP server x ${text}`);
    });
  }
});

describe('an MCP server that wants a sign-in', () => {
  it('is told when that comes up, not when it was so before', async () => {
    const wants = remote('x', { state: { kind: 'signIn' } });
    const { changed, first, offered, notices } = rig(wants, remote('y'));
    await first();
    await changed(wants, remote('y', { state: { kind: 'starting' } }));
    assert.deepEqual(offered, []);
    await changed(wants, remote('y', { state: { kind: 'signIn' } }));
    assert.deepEqual(offered, ['y']);
    await changed(wants, remote('y', { state: { kind: 'signIn' } }));
    assert.deepEqual(offered, ['y']);
    notices.dispose();
  });

  it('that failed is no message: the step says it', async () => {
    const { changed, first, offered, notices } = rig(remote('x'));
    await first();
    await changed(remote('x', { state: { kind: 'failed', reason: 'Away.' } }));
    assert.deepEqual([told, offered], [[], []]);
    notices.dispose();
  });
});
