import assert from 'node:assert/strict';
import type { ToHost } from '../../extension/shared/protocol.ts';
import type { PlainBody } from '../../extension/vscode/chatView.ts';
import type { CurrentChat } from '../../extension/vscode/currentChat.ts';
import { answers, executed, messages, resetVscode } from '../fakes/vscode.ts';
import { request } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createChatHandlers } = await loadWithVscode(() => import('../../extension/vscode/chatHandlers.ts'));

const file = (hash: string) => ({ kind: 'file', hash, size: 1, mode: 0o644 }) as const;

/** The handlers of a window that shows one chat, or none yet. */
const handlers = (
  shown: string | undefined,
  changed: readonly { before: object; after: object; label: string; undoneAt?: number }[] = [],
  restores = true,
) => {
  const posts: PlainBody[] = [];
  const did: string[] = [];
  const logged: unknown[] = [];
  const current: Partial<CurrentChat> = {
    sessionId: () => shown,
    send: async ({ text }, replaces) => {
      did.push(`send ${text}${replaces === undefined ? '' : ` for ${replaces}`}`);
      return { jobId: 'j1', sessionId: shown ?? 'new' };
    },
    goOn: async () => {
      did.push(`go on ${shown}`);
      return { jobId: 'j1', sessionId: shown ?? 'new' };
    },
  };
  const handle = createChatHandlers({
    current,
    store: {
      // The message that is edited stands on the page before the newest one.
      readPage: async (_: string, __: number, place?: object) =>
        place === undefined
          ? { items: [{ id: 'later', row: 9 }], hasOlder: true }
          : { items: [{ id: 'u7', row: 7 }], hasOlder: false },
      listVersions: async (_: string, of: object) => {
        assert.deepEqual(of, { fromRow: 7 });
        return changed;
      },
    },
    undo: {
      undoStep: async (...where: string[]) => did.push(`undo ${where.join(' ')}`),
      restoreBefore: async (...where: string[]) => did.push(`restore ${where.join(' ')}`),
      restoreFiles: async (...where: string[]) => {
        did.push(`files ${where.join(' ')}`);
        return restores;
      },
    },
    keptFolder: '/storage/mcp/files',
    attachments: {
      handlers: {},
      take: () => ({ attached: [], images: [], keep: [] }),
      sent: () => undefined,
    },
    approvals: { pending: () => [{ request: request('a', { offers: [] }) }, { request: request('b') }] },
    elsewhere: { waiting: () => [{ step: { id: 'far' } }], list: async () => [] },
    answers: {
      decide: async (stepId: string, { approved, scope, surface }: Record<string, unknown>) => {
        did.push(`${approved === true ? 'approve' : 'reject'} ${stepId} ${scope} ${surface}`);
        return stepId !== 'b' && stepId !== 'far';
      },
    },
    spending: { place: async () => ({ jobId: 'j0', sessionId: shown, agentId: 'coder' }) },
    budgets: { raise: async (place: { jobId: string }) => did.push(`raise ${place.jobId}`) },
    logError: (error: unknown) => logged.push(error),
    // These tests use nothing else.
  } as never);
  const say = (message: ToHost): Promise<void> => handle(message, (body) => posts.push(body));
  return { posts, did, logged, say };
};

const sent = (sessionId: string): Extract<ToHost, { type: 'send' }> => ({
  type: 'send',
  requestId: 'q1',
  sessionId,
  text: 'Hi',
  skills: [],
  images: [],
});

describe('chat handlers: where a message goes', () => {
  for (const [name, shown, seen] of [
    ['into the chat that host and view show', 's1', 's1'],
    ['into a new chat', undefined, ''],
  ] as const) {
    it(`sends ${name}`, async () => {
      const { say, did, posts } = handlers(shown);
      await say(sent(seen));
      assert.deepEqual(did, ['send Hi']);
      assert.deepEqual(posts, [{ type: 'accepted', requestId: 'q1' }]);
    });
  }

  for (const [name, shown, seen] of [
    ['another chat', 's2', 's1'],
    ['a chat, and the view a new one', 's2', ''],
    ['a new chat, and the view an old one', undefined, 's1'],
  ] as const) {
    it(`sends nothing when the host shows ${name}`, async () => {
      const { say, did, posts } = handlers(shown);
      await say(sent(seen));
      assert.deepEqual(did, []);
      assert.equal(posts[0]?.type, 'refused');
      assert.match(
        posts[0]?.type === 'refused' ? posts[0].message : '',
        /^This chat is not shown any more in this view; .*\.$/,
      );
      // In that one it is read.
      assert.equal(posts[0]?.type === 'refused' ? posts[0].sessionId : undefined, shown ?? '');
    });

    for (const action of ['retry', 'continue'] as const) {
      it(`does not ${action} when the host shows ${name}`, async () => {
        const { say, did } = handlers(shown);
        await assert.rejects(say({ type: 'act', action, sessionId: seen }), /not shown any more/);
        assert.deepEqual(did, []);
      });
    }
  }

  it('sends a message in the place of an earlier one', async () => {
    const { say, did, posts } = handlers('s1');
    await say({ ...sent('s1'), replaces: 'u7' });
    assert.deepEqual(did, ['send Hi for u7']);
    assert.deepEqual(posts, [{ type: 'accepted', requestId: 'q1' }]);
  });

  it('goes on in the chat whose button was pressed', async () => {
    const { say, did } = handlers('s1');
    await say({ type: 'act', action: 'retry', sessionId: 's1' });
    assert.deepEqual(did, ['go on s1']);
  });
});

describe('chat handlers: an edited message after which files were changed', () => {
  beforeEach(resetVscode);
  const changes = [
    { before: file('1'), after: file('2'), label: 'a.ts' },
    { before: file('2'), after: file('3'), label: 'a.ts' },
    { before: { kind: 'missing' }, after: file('4'), label: 'b.ts' },
  ];

  for (const [button, did, kind] of [
    ['Files Too', ['files s1 u7', 'send Hi for u7'], 'accepted'],
    ['Only the Chat', ['send Hi for u7'], 'accepted'],
    [undefined, [], 'refused'],
  ] as const) {
    it(`is sent after the person said ${button ?? 'Cancel'}`, async () => {
      answers.push(button);
      const at = handlers('s1', changes);
      await at.say({ ...sent('s1'), replaces: 'u7' });
      assert.deepEqual(at.did, did);
      assert.equal(at.posts[0]?.type, kind);
      assert.match(messages[0]?.detail ?? '', /changed 2 files:\na\.ts\nb\.ts$/);
    });
  }

  it('is not sent when the files were not put back after all', async () => {
    answers.push('Files Too');
    const at = handlers('s1', changes, false);
    await at.say({ ...sent('s1'), replaces: 'u7' });
    assert.deepEqual(at.did, ['files s1 u7']);
    assert.equal(at.posts[0]?.type, 'refused');
  });

  it('is sent without a question where nothing is left of the changes', async () => {
    const at = handlers('s1', [
      { before: file('1'), after: file('2'), label: 'a.ts', undoneAt: 5 },
      { before: file('1'), after: file('1'), label: 'c.ts' },
    ]);
    await at.say({ ...sent('s1'), replaces: 'u7' });
    assert.deepEqual(at.did, ['send Hi for u7']);
    assert.deepEqual(messages, []);
  });
});

describe('chat handlers: consent', () => {
  beforeEach(resetVscode);

  it('answers with what the step offers, and with nothing else', async () => {
    const { say, did, posts } = handlers('s1');
    await say({ type: 'decide', stepId: 'gone', approved: true, scope: 'once' });
    assert.deepEqual([did.splice(0), posts], [['approve gone once chat'], []]);
    await say({ type: 'decide', stepId: 'b', approved: true, scope: 'workspace' });
    // Here it still waits after that, as after a question in which the person thought better of it.
    assert.deepEqual(posts, [{ type: 'undecided', stepId: 'b' }]);
    // So does what waits in a window that hangs.
    await say({ type: 'decide', stepId: 'far', approved: true, scope: 'once' });
    assert.deepEqual(posts.at(-1), { type: 'undecided', stepId: 'far' });
    await say({ type: 'decide', stepId: 'a', approved: true, scope: 'once' });
    assert.equal(posts.length, 2);
    await assert.rejects(
      say({ type: 'decide', stepId: 'a', approved: true, scope: 'workspace' }),
      /Nothing was approved/,
    );
    await say({ type: 'decide', stepId: 'a', approved: false, scope: 'workspace' });
    assert.deepEqual(did, [
      'approve b workspace chat',
      'approve far once chat',
      'approve a once chat',
      'reject a once chat',
    ]);
  });

  it('raises a budget and goes on, in the chat whose button was pressed', async () => {
    const { say, did } = handlers('s1');
    await say({ type: 'act', action: 'raiseBudget', sessionId: 's1' });
    assert.deepEqual(did.splice(0), ['raise j0', 'go on s1']);
    await assert.rejects(say({ type: 'act', action: 'raiseBudget', sessionId: 's2' }), /not shown any more/);
    assert.deepEqual(did, []);
  });

  it('hands on what is to be undone, and the choice of a mode', async () => {
    const { say, did } = handlers('s1');
    await say({ type: 'undoStep', sessionId: 's1', stepId: 'b' });
    await say({ type: 'restoreBefore', sessionId: 's1', itemId: 'u7' });
    await say({ type: 'pickMode' });
    assert.deepEqual(did, ['undo s1 b', 'restore s1 u7']);
    assert.deepEqual(executed, [['anycowork.pickMode']]);
  });

  it('opens files that servers gave, and by that way no others outside of the workspace', async () => {
    const { say } = handlers('s1');
    await say({ type: 'openFile', path: '/storage/mcp/files/a.wav' });
    assert.deepEqual(
      executed.map(([name]) => name),
      ['vscode.open'],
    );
    for (const path of ['/storage/mcp/files/../mcp.json', '/storage/mcp/files/deep/a.wav', '/etc/passwd'])
      await say({ type: 'openFile', path });
    assert.equal(executed.length, 1);
  });
});
