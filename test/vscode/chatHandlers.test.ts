import assert from 'node:assert/strict';
import type { ToHost } from '../../extension/shared/protocol.ts';
import type { PlainBody } from '../../extension/vscode/chatView.ts';
import type { CurrentChat } from '../../extension/vscode/currentChat.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createChatHandlers } = await loadWithVscode(() => import('../../extension/vscode/chatHandlers.ts'));

/** The handlers of a window that shows one chat, or none yet. */
const handlers = (shown: string | undefined) => {
  const posts: PlainBody[] = [];
  const did: string[] = [];
  const logged: unknown[] = [];
  const current: Partial<CurrentChat> = {
    sessionId: () => shown,
    send: async (text, _images, replaces) => {
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
