/** What the view asks for to read chats: the list, the search, and the pages of one chat. */

import { InputError } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { searchChats } from '../core/searchChats.ts';
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
    let count = 0;
    let failure: unknown;
    try {
      for await (const part of searchChats(chats.search, { text: query, limit }, isOver)) {
        if (isOver()) return;
        count = part.all.length;
        failure = part.failure;
        const isDone = part.isDone && failure === undefined;
        // Where a file cannot be read, what failed is told at the end, and nothing here.
        if (failure !== undefined && part.added.length === 0) continue;
        const { isAnew, added, hasMore } = part;
        post({ type: 'found', requestId, isFirst: isAnew, sessions: added, isDone, hasMore });
      }
    } catch (error) {
      failure = error;
    }
    if (failure === undefined || isOver()) return;
    options.logError(failure);
    const what =
      count === 0 ? 'The chats could not be searched.' : 'Some of the older chats could not be searched.';
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
