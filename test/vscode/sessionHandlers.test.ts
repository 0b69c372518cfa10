import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chats } from '../../extension/core/chats.ts';
import type { ChatPage, SearchQuery, SearchResult } from '../../extension/core/store.ts';
import type { ToHost } from '../../extension/shared/protocol.ts';
import type { FoundSession } from '../../extension/shared/session.ts';
import type { ChatActions } from '../../extension/vscode/chatActions.ts';
import type { PlainBody } from '../../extension/vscode/chatView.ts';
import type { CurrentChat } from '../../extension/vscode/currentChat.ts';
import { session, user } from '../webview/samples.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSessionHandlers } = await loadWithVscode(
  () => import('../../extension/vscode/sessionHandlers.ts'),
);

/** The handlers of a window that shows the chat s1. */
const handlers = (chats: Partial<Chats> = {}, actions: Partial<ChatActions> = {}) => {
  const posts: PlainBody[] = [];
  const did: string[] = [];
  const logged: unknown[] = [];
  const current: Partial<CurrentChat> = {
    sessionId: () => 's1',
    open: async (...of) => void did.push(`open ${of.filter((each) => each !== undefined).join(' at ')}`),
    showNewest: async () => void did.push('show newest'),
  };
  const made = createSessionHandlers({
    chats: { get: async (id: string) => (id === 'gone' ? undefined : session(id, 'A chat')), ...chats },
    current,
    actions: {
      rename: async (...of: string[]) => void did.push(`rename ${of.join(' ')}`),
      setPinned: async (...of: unknown[]) => void did.push(`pin ${of.join(' ')}`),
      moveTo: async (...of: string[]) => void did.push(`move ${of.join(' ')}`),
      purge: async (...of: string[]) => did.push(`purge ${of.join(' ')}`),
      fork: async (...of: string[]) => did.push(`fork ${of.join(' ')}`),
      retry: async (...of: string[]) => did.push(`retry ${of.join(' ')}`),
      copy: async (...of: string[]) => did.push(`copy ${of.join(' ')}`),
      ...actions,
    },
    logError: (error: unknown) => logged.push(error),
    // As much of the chats as a test gives.
  } as never);
  type Known = Extract<ToHost, { type: keyof typeof made }>;
  const say = async (message: Known): Promise<void> => {
    const handle = made[message.type] as (of: Known, post: (body: PlainBody) => void) => Promise<unknown>;
    await handle(message, (body) => posts.push(body));
  };
  return { posts, did, logged, say };
};

const broken = (): Promise<never> => Promise.reject(new Error('The storage thread stopped.'));

describe('session handlers: the list', () => {
  it('has the chats of a shelf', async () => {
    const asked: unknown[] = [];
    const page = { sessions: [session('s1', 'One')], hasMore: true };
    const { say, posts } = handlers({
      list: async (query) => {
        asked.push(query);
        return page;
      },
    });
    await say({ type: 'listSessions', shelf: 'archived', limit: 50 });
    assert.deepEqual(asked, [{ shelf: 'archived', limit: 50 }]);
    assert.deepEqual(posts, [{ type: 'sessions', shelf: 'archived', ...page }]);
  });

  it('is answered for also when it cannot be had now', async () => {
    const { say, posts, logged } = handlers({ list: broken });
    await say({ type: 'listSessions', shelf: 'active', limit: 50 });
    const message = 'The list of chats could not be read. The storage thread stopped.';
    assert.deepEqual(posts, [{ type: 'sessionsUnread', message }]);
    assert.equal(logged.length, 1);
  });

  for (const [message, done] of [
    [{ type: 'changeSession', sessionId: 's2', change: { title: 'New' } }, 'rename s2 New'],
    [{ type: 'changeSession', sessionId: 's2', change: { isPinned: false } }, 'pin s2 false'],
    [{ type: 'changeSession', sessionId: 's2', change: { shelf: 'archived' } }, 'move s2 archived'],
    [{ type: 'purgeSession', sessionId: 's2' }, 'purge s2'],
    [{ type: 'fork', sessionId: 's2', itemId: 'a1' }, 'fork s2 a1'],
    [{ type: 'retryFrom', sessionId: 's2', itemId: 'a1' }, 'retry s2 a1'],
    [{ type: 'openSession', sessionId: 's2' }, 'open s2'],
    [{ type: 'openSession', sessionId: 's2', row: 7 }, 'open s2 at 7'],
    [{ type: 'showNewest' }, 'show newest'],
  ] as const) {
    it(`does ${done}`, async () => {
      const { say, did, posts } = handlers();
      await say(message);
      assert.deepEqual([did, posts], [[done], []]);
    });
  }

  it('is read anew when a chat of it is gone, and nothing else is shown for it', async () => {
    const { say, did, posts } = handlers();
    await assert.rejects(say({ type: 'openSession', sessionId: 'gone' }), /not there any more/);
    assert.deepEqual([did, posts], [[], [{ type: 'sessionsChanged' }]]);
  });

  it('is read anew when what it shows already did not come to be, and the person hears why', async () => {
    const { say, posts } = handlers({}, { moveTo: () => Promise.reject(new Error('In another window.')) });
    const change = { type: 'changeSession', sessionId: 's2', change: { shelf: 'deleted' } } as const;
    await assert.rejects(say(change), /In another window/);
    assert.deepEqual(posts, [{ type: 'sessionsChanged' }]);
  });
});

describe('session handlers: pages', () => {
  const page = (hasNewer: boolean): ChatPage => ({ items: [user('u1', 'Hi', 8)], hasOlder: true, hasNewer });

  it('has what is older, and says when it cannot be had now', async () => {
    const { say, posts } = handlers({ page: async () => page(true) });
    await say({ type: 'loadOlder', sessionId: 's1', beforeRow: 9 });
    assert.deepEqual(posts, [{ type: 'older', sessionId: 's1', items: page(true).items, hasOlder: true }]);
    const failing = handlers({ page: broken });
    await failing.say({ type: 'loadOlder', sessionId: 's1', beforeRow: 9 });
    const message = 'Earlier messages could not be read. The storage thread stopped.';
    assert.deepEqual(failing.posts, [{ type: 'olderUnread', sessionId: 's1', message }]);
    assert.equal(failing.logged.length, 1);
  });

  it('has what is newer, in pages that the snapshot of the rest overlaps with', async () => {
    const asked: unknown[] = [];
    const { say, posts, did } = handlers({
      page: async (...of) => {
        asked.push(of);
        return page(true);
      },
    });
    await say({ type: 'loadNewer', sessionId: 's1', afterRow: 7 });
    assert.deepEqual(posts, [{ type: 'newer', sessionId: 's1', items: page(true).items, hasNewer: true }]);
    assert.deepEqual(asked, [['s1', 50, { after: 7 }]]);
    assert.deepEqual(did, []);
  });

  it('goes to the end of the chat where the rest is asked for, unless another chat is shown by then', async () => {
    const { say, posts, did } = handlers({ page: async () => page(false) });
    await say({ type: 'loadNewer', sessionId: 's1', afterRow: 7 });
    await say({ type: 'loadNewer', sessionId: 's2', afterRow: 7 });
    assert.deepEqual([did, posts], [['show newest'], []]);
  });

  it('says when what is newer cannot be had now', async () => {
    const { say, posts, logged } = handlers({ page: broken });
    await say({ type: 'loadNewer', sessionId: 's1', afterRow: 7 });
    const message = 'Later messages could not be read. The storage thread stopped.';
    assert.deepEqual(posts, [{ type: 'newerUnread', sessionId: 's1', message }]);
    assert.equal(logged.length, 1);
  });
});

const found = (id: string, ...rows: readonly number[]): FoundSession => ({
  session: session(id, `Chat ${id}`),
  titleRanges: rows.length === 0 ? [[0, 4]] : [],
  hits: rows.map((row) => ({ row, kind: 'user', snippet: 'a word', ranges: [[2, 6]], at: row })),
  moreHits: 1,
});

describe('session handlers: search', () => {
  /** A search over what is in memory and two old files; a file that is not given cannot be read. */
  const searching = (
    live: readonly FoundSession[],
    files: Readonly<Record<string, readonly FoundSession[]>> = {},
    more: Partial<SearchResult> = {},
  ) => {
    const asked: SearchQuery[] = [];
    const rig = handlers({
      search: async (query) => {
        asked.push(query);
        if (query.coldFile === undefined)
          return { sessions: live, hasMore: false, unsearched: ['old1', 'old2'], ...more };
        const sessions = files[query.coldFile];
        if (sessions === undefined) throw new Error('The file is damaged.');
        return { sessions, hasMore: false, unsearched: [] };
      },
    });
    const search = (text = 'word', limit = 50) => rig.say({ type: 'search', requestId: 'q1', text, limit });
    /** The posts in short. */
    const told = () =>
      rig.posts.map((post) => {
        if (post.type !== 'found') return post.type === 'searchFailed' ? post.message : post.type;
        const ids = post.sessions.map((each) => each.session.id).join('+');
        return [
          post.isFirst ? 'first' : 'more',
          ids,
          post.isDone ? 'done' : '',
          post.hasMore ? 'has more' : '',
        ]
          .filter((word) => word !== '')
          .join(' ');
      });
    return { ...rig, asked, search, told };
  };

  it('tells of what lies in memory first, then of each old file as it comes', async () => {
    const { search, told, asked } = searching([found('a', 1)], {
      old1: [found('b', 2)],
      old2: [found('c', 3)],
    });
    await search('  word\n');
    assert.deepEqual(told(), ['first a', 'more b', 'more c done']);
    assert.deepEqual(asked, [
      { text: 'word', limit: 50 },
      { text: 'word', limit: 49, coldFile: 'old1' },
      { text: 'word', limit: 48, coldFile: 'old2' },
    ]);
  });

  it('is done at once where there are no old files', async () => {
    const { search, told } = searching([found('a', 1)], {}, { unsearched: [], hasMore: true });
    await search();
    assert.deepEqual(told(), ['first a done has more']);
  });

  it('asks for nothing where nothing was typed', async () => {
    const { search, told, asked } = searching([found('a', 1)]);
    await search('  \n ');
    assert.deepEqual([told(), asked], [['first  done'.replace('  ', ' ')], []]);
  });

  it('stops at the limit, and says that there is more', async () => {
    const { search, told, asked } = searching([found('a', 1), found('b', 2)], { old1: [], old2: [] });
    await search('word', 2);
    assert.deepEqual(told(), ['first a+b done has more']);
    assert.equal(asked.length, 1);
  });

  it('tells anew where an old file holds the messages of a chat whose title was found', async () => {
    const { search, told, posts } = searching([found('a'), found('b', 5)], {
      old1: [found('a', 1), found('c', 2)],
      old2: [found('d', 3)],
    });
    await search();
    assert.deepEqual(told(), ['first a+b', 'first a+b+c', 'more d done']);
    const [, second] = posts;
    const a = second?.type === 'found' ? second.sessions[0] : undefined;
    assert.deepEqual([a?.titleRanges, a?.hits.length, a?.moreHits], [[[0, 4]], 1, 2]);
  });

  it('goes on when one old file cannot be read, and says so at the end', async () => {
    for (const [files, expected] of [
      [
        { old2: [found('b', 2)] },
        ['first a', 'more b', 'Some of the older chats could not be searched. The file is damaged.'],
      ],
      [
        { old1: [found('b', 2)] },
        ['first a', 'more b', 'Some of the older chats could not be searched. The file is damaged.'],
      ],
    ] as const) {
      const { search, told, logged } = searching([found('a', 1)], files);
      await search();
      assert.deepEqual(told(), expected);
      assert.equal(logged.length, 1);
    }
  });

  it('says when nothing can be searched', async () => {
    const { say, posts, logged } = handlers({ search: broken });
    await say({ type: 'search', requestId: 'q1', text: 'word', limit: 9 });
    const message = 'The chats could not be searched. The storage thread stopped.';
    assert.deepEqual(posts, [{ type: 'searchFailed', requestId: 'q1', message }]);
    assert.equal(logged.length, 1);
  });

  it('ends when a newer one begins, in memory and between old files, also where it fails', async () => {
    const asked: string[] = [];
    const { say, posts, logged } = handlers({
      search: async ({ text, coldFile }) => {
        asked.push(`${text} ${coldFile ?? 'live'}`);
        await pause(10);
        if (text === 'bad') throw new Error('Too late to matter.');
        return { sessions: [], hasMore: false, unsearched: coldFile === undefined ? ['old1', 'old2'] : [] };
      },
    });
    const search = (requestId: string, text: string) => say({ type: 'search', requestId, text, limit: 9 });
    const first = search('q1', 'one');
    await pause(15);
    const second = search('q2', 'bad');
    const third = search('q3', 'three');
    await Promise.all([first, second, third]);
    assert.deepEqual(asked, ['one live', 'one old1', 'bad live', 'three live', 'three old1', 'three old2']);
    const requests = posts.map((post) => ('requestId' in post ? post.requestId : ''));
    assert.deepEqual(requests, ['q1', 'q3', 'q3', 'q3']);
    assert.equal(logged.length, 0);
  });
});
