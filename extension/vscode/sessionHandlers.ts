/** What the view asks for to read chats: the list, the search, and the pages of one chat. */

import { InputError } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { SearchResult } from '../core/store.ts';
import type { FoundSession } from '../shared/session.ts';
import type { ChatActions } from './chatActions.ts';
import { type CurrentChat, pageSize } from './currentChat.ts';
import type { Handlers } from './handlerTypes.ts';

type SessionHandlers = Pick<
  Handlers,
  | 'listSessions'
  | 'search'
  | 'openSession'
  | 'showNewest'
  | 'loadOlder'
  | 'loadNewer'
  | 'changeSession'
  | 'purgeSession'
  | 'fork'
  | 'retryFrom'
>;

/** Less than a snapshot has: the one that follows the last page then begins within what the view has. */
const newerPageSize = Math.floor(pageSize / 2);

const merged = (a: FoundSession, b: FoundSession): FoundSession => ({
  session: a.session,
  titleRanges: a.titleRanges.length > 0 ? a.titleRanges : b.titleRanges,
  hits: [...a.hits, ...b.hits],
  moreHits: a.moreHits + b.moreHits,
});

export const createSessionHandlers = (options: {
  readonly chats: Chats;
  readonly current: CurrentChat;
  readonly actions: ChatActions;
  logError(error: unknown): void;
}): SessionHandlers => {
  const { chats, current, actions } = options;
  let searches = 0;

  const listSessions: Handlers['listSessions'] = async ({ shelf, limit }, post) => {
    try {
      post({ type: 'sessions', shelf, ...(await chats.list({ shelf, limit })) });
    } catch (error) {
      options.logError(error);
      post({ type: 'sessionsUnread', message: `The list of chats could not be read. ${reasonOf(error)}` });
    }
  };

  const search: Handlers['search'] = async ({ requestId, text, limit }, post) => {
    searches += 1;
    const mine = searches;
    const isOver = (): boolean => mine !== searches;
    const query = text.trim();
    if (query === '') {
      post({ type: 'found', requestId, isFirst: true, sessions: [], isDone: true, hasMore: false });
      return;
    }
    const found = new Map<string, FoundSession>();
    let unsearched: readonly string[] = [];
    let hasMore = false;
    let failure: unknown;

    const tell = (result: SearchResult, isFirst: boolean): void => {
      const known = result.sessions.filter(({ session }) => found.has(session.id));
      for (const each of result.sessions) {
        const before = found.get(each.session.id);
        found.set(each.session.id, before === undefined ? each : merged(before, each));
      }
      hasMore ||= result.hasMore;
      const isFull = found.size >= limit && unsearched.length > 0;
      if (isFull) unsearched = [];
      hasMore ||= isFull;
      const isDone = unsearched.length === 0 && failure === undefined;
      // Where an old file holds more of a chat that was told of, all is told anew.
      const isAnew = isFirst || known.length > 0;
      const sessions = isAnew ? [...found.values()] : result.sessions;
      post({ type: 'found', requestId, isFirst: isAnew, sessions, isDone, hasMore });
    };

    try {
      const live = await chats.search({ text: query, limit });
      if (isOver()) return;
      unsearched = live.unsearched;
      tell(live, true);
      while (unsearched.length > 0) {
        const [coldFile = '', ...rest] = unsearched;
        unsearched = rest;
        // One file that cannot be read does not hide what stands in the others.
        const result = await chats
          .search({ text: query, limit: limit - found.size, coldFile })
          .catch((error: unknown) => {
            failure ??= error;
            return undefined;
          });
        if (isOver()) return;
        if (result !== undefined) tell(result, false);
      }
    } catch (error) {
      failure = error;
    }
    if (failure === undefined || isOver()) return;
    options.logError(failure);
    const what =
      found.size === 0
        ? 'The chats could not be searched.'
        : 'Some of the older chats could not be searched.';
    post({ type: 'searchFailed', requestId, message: `${what} ${reasonOf(failure)}` });
  };

  const loadOlder: Handlers['loadOlder'] = async ({ sessionId, beforeRow }, post) => {
    try {
      const { items, hasOlder } = await chats.page(sessionId, pageSize, { before: beforeRow });
      post({ type: 'older', sessionId, items, hasOlder });
    } catch (error) {
      options.logError(error);
      const message = `Earlier messages could not be read. ${reasonOf(error)}`;
      post({ type: 'olderUnread', sessionId, message });
    }
  };

  const loadNewer: Handlers['loadNewer'] = async ({ sessionId, afterRow }, post) => {
    try {
      const { items, hasNewer } = await chats.page(sessionId, newerPageSize, { after: afterRow });
      if (hasNewer) post({ type: 'newer', sessionId, items, hasNewer });
      // The rest comes with what runs at the chat's end, and is followed from then on.
      else if (sessionId === current.sessionId()) await current.showNewest();
    } catch (error) {
      options.logError(error);
      const message = `Later messages could not be read. ${reasonOf(error)}`;
      post({ type: 'newerUnread', sessionId, message });
    }
  };

  const openSession: Handlers['openSession'] = async ({ sessionId, row }, post) => {
    if ((await chats.get(sessionId)) === undefined) {
      post({ type: 'sessionsChanged' });
      throw new InputError('This chat is not there any more. It may have been removed in another window.');
    }
    await current.open(sessionId, row);
  };

  const changeSession: Handlers['changeSession'] = async ({ sessionId, change }, post) => {
    try {
      if ('title' in change) await actions.rename(sessionId, change.title);
      else if ('isPinned' in change) await actions.setPinned(sessionId, change.isPinned);
      else await actions.moveTo(sessionId, change.shelf);
    } catch (error) {
      // The list may show already what did not come to be.
      post({ type: 'sessionsChanged' });
      throw error;
    }
  };

  return {
    listSessions,
    search,
    openSession,
    showNewest: () => current.showNewest(),
    loadOlder,
    loadNewer,
    changeSession,
    purgeSession: ({ sessionId }) => actions.purge(sessionId),
    fork: ({ sessionId, itemId }) => actions.fork(sessionId, itemId),
    retryFrom: ({ sessionId, itemId }) => actions.retry(sessionId, itemId),
  };
};
