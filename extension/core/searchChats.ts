/** One search of all chats: what lies in memory, then each file of old chats, taken together. */
import type { FoundSession } from '../shared/session.ts';
import type { SearchQuery, SearchResult } from './store.ts';

/** What has been found up to now. */
export interface FoundChats {
  /** Each chat once. */
  readonly all: readonly FoundSession[];
  /** Those of `all` that this part has added; all of them where it found more in a chat that was there already. */
  readonly added: readonly FoundSession[];
  /** `added` takes the place of what came before. */
  readonly isAnew: boolean;
  /** There is more than the limit. */
  readonly hasMore: boolean;
  /** Nothing more comes. */
  readonly isDone: boolean;
  /** Why a file of old chats could not be searched; the first of such reasons, with the last part. */
  readonly failure?: unknown;
}

const merged = (a: FoundSession, b: FoundSession): FoundSession => ({
  session: a.session,
  titleRanges: a.titleRanges.length > 0 ? a.titleRanges : b.titleRanges,
  hits: [...a.hits, ...b.hits],
  moreHits: a.moreHits + b.moreHits,
});

/**
 * One file that cannot be read does not hide what stands in the others.
 * @param isOver asked between the parts: the rest is not searched then
 * @throws what the search of the memory throws
 */
export async function* searchChats(
  search: (query: SearchQuery) => Promise<SearchResult>,
  { text, limit }: { readonly text: string; readonly limit: number },
  isOver: () => boolean,
): AsyncGenerator<FoundChats, void> {
  const found = new Map<string, FoundSession>();
  let hasMore = false;
  let failure: unknown;

  const take = (result: SearchResult, isFirst: boolean, isLast: boolean): FoundChats => {
    const knowsSome = result.sessions.some(({ session }) => found.has(session.id));
    for (const each of result.sessions) {
      const before = found.get(each.session.id);
      found.set(each.session.id, before === undefined ? each : merged(before, each));
    }
    hasMore ||= result.hasMore;
    const isFull = found.size >= limit && !isLast;
    hasMore ||= isFull;
    const all = [...found.values()];
    const isAnew = isFirst || knowsSome;
    return {
      all,
      added: isAnew ? all : result.sessions,
      isAnew,
      hasMore,
      isDone: isLast || isFull,
      ...(failure === undefined ? {} : { failure }),
    };
  };

  const live = await search({ text, limit });
  let part = take(live, true, live.unsearched.length === 0);
  yield part;
  for (const [index, coldFile] of live.unsearched.entries()) {
    if (part.isDone || isOver()) return;
    const result = await search({ text, limit: limit - found.size, coldFile }).catch((error: unknown) => {
      failure ??= error;
      return { sessions: [], hasMore: false, unsearched: [] };
    });
    part = take(result, false, index === live.unsearched.length - 1);
    yield part;
  }
}
