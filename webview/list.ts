/** The open list of chats: its shelves, what was found, and what the person has just changed. Pure: no DOM, no clock. */

import type { ToWebview } from '../extension/shared/protocol.ts';
import type { FoundSession, SessionSummary, Shelf } from '../extension/shared/session.ts';

/** Chats asked for at first, and by how many the list grows. */
const pageOfSessions = 200;
/** The same for chats that a search finds. */
export const pageOfFound = 50;
/** The protocol takes no more; whoever has read so many adds a word. */
export const mostFound = 1_000;

export interface Search {
  readonly requestId: string;
  readonly text: string;
  readonly limit: number;
  /** Until the first answer what was found before, so that nothing blinks while one types. */
  readonly sessions: readonly FoundSession[];
  readonly isAnswered: boolean;
  readonly isDone: boolean;
  readonly hasMore: boolean;
  /** Why it came to nothing; empty otherwise. */
  readonly problem: string;
}

/** What the person changed about a chat of the list; it shows before the host has answered. */
export interface Edit {
  readonly title?: string;
  readonly isPinned?: boolean;
  readonly shelf?: Shelf;
}

/** The last chat that was put elsewhere, and can be put back. */
export interface Moved {
  readonly sessionId: string;
  readonly title: string;
  readonly from: Shelf;
  readonly to: Shelf;
}

export interface ListState {
  readonly isOpen: boolean;
  readonly shelf: Shelf;
  readonly limit: number;
  /** Of the shelf, as the host last said. */
  readonly sessions?: readonly SessionSummary[];
  readonly hasMore: boolean;
  /** Why the last list did not come; empty when it did. */
  readonly problem: string;
  /** Grows each time the list has to be asked for again. */
  readonly changes: number;
  /** What stands in the search field. */
  readonly text: string;
  readonly search?: Search;
  readonly edits: ReadonlyMap<string, Edit>;
  readonly moved?: Moved;
}

export const closedList: ListState = {
  isOpen: false,
  shelf: 'active',
  limit: pageOfSessions,
  hasMore: false,
  problem: '',
  changes: 0,
  text: '',
  edits: new Map(),
};

/** Opens afresh; what was listed before stays until the new list comes. */
export const openList = (list: ListState): ListState => {
  if (list.isOpen) return list;
  const { sessions, changes, shelf } = list;
  return {
    ...closedList,
    isOpen: true,
    changes,
    ...(sessions === undefined || shelf !== 'active' ? {} : { sessions }),
  };
};

export const closeList = (list: ListState): ListState => ({ ...list, isOpen: false });

export const showShelf = (list: ListState, shelf: Shelf): ListState => {
  if (list.shelf === shelf) return list;
  const { sessions: _, ...rest } = list;
  return { ...rest, shelf, limit: pageOfSessions, hasMore: false, problem: '' };
};

export const showMoreSessions = (list: ListState): ListState => ({
  ...list,
  limit: list.limit + pageOfSessions,
});

/** The same object where nothing was changed: its row is not drawn again. */
const edited = (list: ListState, session: SessionSummary): SessionSummary => {
  const edit = list.edits.get(session.id);
  return edit === undefined ? session : { ...session, ...edit };
};

/** The chats of the shelf as the person left them. */
export const listedSessions = (list: ListState): readonly SessionSummary[] =>
  (list.sessions ?? []).map((session) => edited(list, session)).filter(({ shelf }) => shelf === list.shelf);

/** What was found, with what the list knows to be newer. */
export const foundSessions = (list: ListState): readonly FoundSession[] => {
  const listed = new Map(list.sessions?.map((session) => [session.id, session]));
  return (list.search?.sessions ?? [])
    .map((found) => {
      const session = edited(list, listed.get(found.session.id) ?? found.session);
      // Of another title the ranges say nothing.
      return {
        ...found,
        session,
        titleRanges: session.title === found.session.title ? found.titleRanges : [],
      };
    })
    .filter(({ session }) => session.shelf !== 'deleted');
};

/** Deleted chats are not searched by the host: their titles are looked through here. */
export const isSearched = ({ shelf, text }: ListState): boolean => shelf !== 'deleted' && text.trim() !== '';

/** Without anything in the field there is no search, and an answer that is under way no longer counts. */
export const typeSearch = (list: ListState, text: string): ListState => {
  const { search, ...rest } = list;
  const next = { ...rest, text };
  return search === undefined || text.trim() === '' ? next : { ...next, search };
};

export const beginSearch = (list: ListState, requestId: string, limit = pageOfFound): ListState => ({
  ...list,
  search: {
    requestId,
    text: list.text,
    limit,
    sessions: list.search?.sessions ?? [],
    isAnswered: false,
    isDone: false,
    hasMore: false,
    problem: '',
  },
});

/** One chat may be found twice: by its title at once, and later by what stands in it, in a file of old chats. */
const merge = (before: readonly FoundSession[], more: readonly FoundSession[]): readonly FoundSession[] => {
  const all = new Map(before.map((found) => [found.session.id, found]));
  for (const found of more) {
    const known = all.get(found.session.id);
    const rows = new Set(known?.hits.map(({ row }) => row));
    all.set(
      found.session.id,
      known === undefined
        ? found
        : {
            session: found.session,
            titleRanges: found.titleRanges.length > 0 ? found.titleRanges : known.titleRanges,
            hits: [...known.hits, ...found.hits.filter(({ row }) => !rows.has(row))],
            moreHits: known.moreHits + found.moreHits,
          },
    );
  }
  return [...all.values()];
};

type Found = Extract<ToWebview, { type: 'found' }>;

export const takeFound = (
  list: ListState,
  { requestId, isFirst, sessions, isDone, hasMore }: Found,
): ListState => {
  const { search } = list;
  if (search?.requestId !== requestId) return list;
  const all = merge(isFirst ? [] : search.sessions, sessions);
  return { ...list, search: { ...search, sessions: all, isAnswered: true, isDone, hasMore, problem: '' } };
};

export const takeSearchFailure = (list: ListState, requestId: string, problem: string): ListState => {
  const { search } = list;
  if (search?.requestId !== requestId) return list;
  return { ...list, search: { ...search, isAnswered: true, isDone: true, problem } };
};

type Sessions = Extract<ToWebview, { type: 'sessions' }>;

/** With the objects from before for the chats that are as they were: their rows are not drawn again. */
const sameObjects = (
  before: readonly SessionSummary[],
  after: readonly SessionSummary[],
): readonly SessionSummary[] => {
  const known = new Map(before.map((session) => [session.id, session]));
  return after.map((session) => {
    const old = known.get(session.id);
    return old !== undefined && JSON.stringify(old) === JSON.stringify(session) ? old : session;
  });
};

/** A list from before a change must not take it back; one that has it makes the note of it needless. */
export const takeSessions = (list: ListState, { shelf, sessions, hasMore }: Sessions): ListState => {
  if (shelf !== list.shelf) return list;
  const listed = new Map(sessions.map((session) => [session.id, session]));
  const edits = new Map(
    [...list.edits].filter(([id, edit]) => {
      const session = listed.get(id);
      if (session === undefined) return edit.shelf === shelf;
      return Object.entries({ ...session, ...edit }).some(
        ([key, value]) => Reflect.get(session, key) !== value,
      );
    }),
  );
  return { ...list, sessions: sameObjects(list.sessions ?? [], sessions), hasMore, edits, problem: '' };
};

/** Whatever the host made of the changes: from now on it shows as the host says. */
export const forgetEdits = (list: ListState): ListState => ({
  ...list,
  edits: new Map(),
  changes: list.changes + 1,
});

/** What was found stays changed: it is not asked for again. */
const editFound = (list: ListState, sessionId: string, edit: Edit): ListState => {
  const { search } = list;
  if (search === undefined) return list;
  const sessions = search.sessions.map((found) =>
    found.session.id === sessionId ? { ...found, session: { ...found.session, ...edit } } : found,
  );
  return { ...list, search: { ...search, sessions } };
};

const withoutMoved = ({ moved: _, ...rest }: ListState): ListState => rest;

export const editSession = (list: ListState, sessionId: string, edit: Edit): ListState => {
  const edits = new Map(list.edits).set(sessionId, { ...list.edits.get(sessionId), ...edit });
  return editFound(withoutMoved({ ...list, edits }), sessionId, edit);
};

export const moveSession = (list: ListState, { id, title, shelf }: SessionSummary, to: Shelf): ListState => ({
  ...editSession(list, id, { shelf: to }),
  moved: { sessionId: id, title, from: shelf, to },
});

export const forgetMoved = withoutMoved;
