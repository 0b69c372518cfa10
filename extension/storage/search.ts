import type { SearchQuery, SearchResult } from '../core/store.ts';
import type { FoundSession, SearchHit, SessionSummary } from '../shared/session.ts';
import type { Blobs } from './blobs.ts';
import type { ColdFiles } from './coldFiles.ts';
import { integer, text } from './rows.ts';
import { createSearch } from './schema.ts';
import { searchTextColumns, searchTextOf } from './searchText.ts';
import { isInTitle, matchExpression, parseSearch, rangesInTitle, type SearchTerm } from './searchWords.ts';
import { getSession } from './sessions.ts';
import { snippetOf } from './snippet.ts';
import type { Query, SqlParam } from './sqlite.ts';

export interface SearchSources {
  /** The database of the chats' own rows. */
  readonly sessions: Query;
  /** The one of their messages and of the index: the same, or a file of old chats. */
  readonly rows: Query;
  readonly blobs: Blobs;
}

/** Hits that are shown of one chat. */
const hitsPerSession = 5;
/** Others of a chat that are looked at when a shown one turns out to be none: its message has changed since. */
const spareHits = 15;
/** Hits that are looked at for each chat that is wanted, newest first: a few, and should they be of too few chats, more. */
const hitsSeen = [100, 400];

interface Group {
  readonly sessionId: string;
  /** Newest first. */
  readonly rows: readonly number[];
}

interface Groups {
  /** The one with the newest hit first. */
  readonly groups: readonly Group[];
  readonly isAll: boolean;
}

/** In the index, one letter is a word: that many words begin with it says nothing about any of them. */
const inMessages = (terms: readonly SearchTerm[]): readonly SearchTerm[] => {
  const [only, ...others] = terms;
  const isOneLetter = others.length === 0 && only?.words.length === 1 && [...only.words[0]].length === 1;
  return isOneLetter ? [{ ...only, isPrefix: false }] : terms;
};

/** Whether there is an index; a newer version may have another. */
const hasIndex = (query: Query): boolean =>
  query("SELECT 1 FROM sqlite_master WHERE name = 'search' AND sql = ?", [createSearch]).length > 0;

/** Rows of the index whose messages are gone fall out here. */
const groupsOf = (query: Query, terms: readonly SearchTerm[], seen: number): Groups => {
  if (!hasIndex(query)) return { groups: [], isAll: true };
  const found = query(
    `SELECT session_id, group_concat(row) AS rows, count(*) AS hits FROM (
        SELECT messages.row AS row, messages.session_id AS session_id
        FROM search CROSS JOIN messages ON messages.row = search.docid
        WHERE search MATCH ? ORDER BY search.docid DESC LIMIT ?
      ) GROUP BY session_id`,
    [matchExpression(terms), seen],
  );
  const groups = found.map((row) => ({
    sessionId: text(row, 'session_id'),
    rows: text(row, 'rows')
      .split(',')
      .map(Number)
      .sort((a, b) => b - a),
  }));
  groups.sort((a, b) => (b.rows[0] ?? 0) - (a.rows[0] ?? 0));
  return { groups, isAll: found.reduce((sum, row) => sum + integer(row, 'hits'), 0) < seen };
};

const hitOf = (
  { rows, blobs }: SearchSources,
  row: number,
  terms: readonly SearchTerm[],
): SearchHit | undefined => {
  const [message] = rows(
    `SELECT messages.created_at AS at, ${searchTextColumns}
      FROM messages LEFT JOIN steps ON steps.row = messages.row WHERE messages.row = ?`,
    [row],
  );
  if (message === undefined) return undefined;
  const found = snippetOf(searchTextOf(message, blobs), terms);
  const kind = text(message, 'kind');
  if (found === undefined || (kind !== 'user' && kind !== 'assistant' && kind !== 'step')) return undefined;
  return { row, kind, ...found, at: integer(message, 'at') };
};

const hitsOf = (
  sources: SearchSources,
  rows: readonly number[],
  terms: readonly SearchTerm[],
): { readonly hits: readonly SearchHit[]; readonly moreHits: number } => {
  const hits: SearchHit[] = [];
  let seen = 0;
  for (const row of rows.slice(0, hitsPerSession + spareHits)) {
    if (hits.length === hitsPerSession) break;
    seen += 1;
    const hit = hitOf(sources, row, terms);
    if (hit !== undefined) hits.push(hit);
  }
  return { hits, moreHits: rows.length - seen };
};

/** A word of the search as SQLite can look for it in titles that are ASCII only; others are all looked at here. */
const titleFilter = (word: string): readonly [sql: string, params: readonly SqlParam[]] =>
  /^[a-z0-9]+$/.test(word)
    ? [`(title LIKE ? OR title GLOB '*[^ -~]*')`, [`%${word}%`]]
    : [`title GLOB '*[^ -~]*'`, []];

/** Ids of the chats in whose title all terms occur, those last used first. */
const titlesWith = (query: Query, terms: readonly SearchTerm[], limit: number): readonly string[] => {
  const longest = terms.flatMap(({ words }) => words).reduce((a, b) => (b.length > a.length ? b : a));
  const [sql, params] = titleFilter(longest);
  const ids: string[] = [];
  for (const row of query(
    `SELECT id, title FROM sessions WHERE shelf <> 'deleted' AND ${sql} ORDER BY updated_at DESC, id`,
    params,
  )) {
    if (isInTitle(text(row, 'title'), terms)) ids.push(text(row, 'id'));
    if (ids.length === limit) break;
  }
  return ids;
};

/** Chats that still are there, and whose messages are in the file that is searched. */
const isSearched = (query: Query, { id, shelf }: SessionSummary, coldFile: string | undefined): boolean =>
  shelf !== 'deleted' &&
  query('SELECT 1 FROM sessions WHERE id = ? AND cold_file IS ?', [id, coldFile ?? null]).length === 1;

/** Those that old chats lie in, the one of the youngest first. */
const coldFilesToSearch = (query: Query): readonly string[] =>
  query(
    `SELECT cold_file FROM sessions WHERE cold_file IS NOT NULL AND shelf <> 'deleted'
      GROUP BY cold_file ORDER BY max(updated_at) DESC`,
  ).map((row) => text(row, 'cold_file'));

const nothing = { sessions: [], hasMore: false };

/** What one database holds for a search; titles are looked at with the live one. */
export const searchRows = (
  sources: SearchSources,
  { text: typed, limit, coldFile }: SearchQuery,
): Omit<SearchResult, 'unsearched'> => {
  const inTitle = parseSearch(typed);
  if (inTitle.length === 0 || limit < 1) return nothing;
  const terms = inMessages(inTitle);
  const byTitle = coldFile === undefined ? titlesWith(sources.sessions, inTitle, limit + 1) : [];
  const titled = new Set(byTitle);

  const foundOf = (session: SessionSummary, rows: readonly number[]): FoundSession => ({
    session,
    titleRanges: rangesInTitle(session.title, inTitle),
    ...hitsOf(sources, rows, terms),
  });
  const wanted = limit + 1 - byTitle.length;
  const othersIn = (groups: readonly Group[]): readonly FoundSession[] => {
    const found: FoundSession[] = [];
    for (const { sessionId, rows } of groups) {
      if (found.length >= wanted) break;
      const session = titled.has(sessionId) ? undefined : getSession(sources.sessions, sessionId);
      if (session === undefined || !isSearched(sources.sessions, session, coldFile)) continue;
      const one = foundOf(session, rows);
      if (one.hits.length > 0) found.push(one);
    }
    return found.sort((a, b) => (b.hits[0]?.at ?? 0) - (a.hits[0]?.at ?? 0));
  };
  let groups: readonly Group[] = [];
  let isAll = false;
  let others: readonly FoundSession[] = [];
  for (const each of hitsSeen) {
    ({ groups, isAll } = groupsOf(sources.rows, terms, each * limit));
    others = othersIn(groups);
    if (isAll || others.length >= wanted) break;
  }
  const rowsOf = new Map(groups.map(({ sessionId, rows }) => [sessionId, rows]));
  const all = [
    ...byTitle.flatMap((id) => {
      const session = getSession(sources.sessions, id);
      return session === undefined ? [] : [foundOf(session, rowsOf.get(id) ?? [])];
    }),
    ...others,
  ];
  return { sessions: all.slice(0, limit), hasMore: all.length > limit || !isAll };
};

/** @throws StoreError when the file of old chats cannot be read */
export const searchStore = (
  query: Query,
  blobs: Blobs,
  cold: ColdFiles,
  request: SearchQuery,
): SearchResult => {
  const { coldFile } = request;
  const files = coldFilesToSearch(query);
  if (coldFile === undefined) {
    return { ...searchRows({ sessions: query, rows: query, blobs }, request), unsearched: files };
  }
  // Its chats lie in another one by now, or are gone.
  if (!files.includes(coldFile)) return { ...nothing, unsearched: [] };
  const rows = cold.open(coldFile).query;
  return { ...searchRows({ sessions: query, rows, blobs }, request), unsearched: [] };
};
