import { useCallback, useEffect } from 'preact/hooks';
import { beginSearch, isSearched, type ListState } from './list.ts';
import { useView } from './view.ts';

/** After the last key, in milliseconds. */
const typingPause = 80;

/** Searches for what stands in the field, soon after it was typed. @returns searches once more, for as many chats */
export const useSearch = (list: ListState): ((limit?: number) => void) => {
  const { post, update, current } = useView();
  const search = useCallback(
    (limit?: number) => {
      const next = beginSearch(current().list, crypto.randomUUID(), limit);
      if (next.search === undefined) return;
      const { requestId, text } = next.search;
      update((state) => ({ ...state, list: next }));
      post({ type: 'search', requestId, text: text.trim(), limit: next.search.limit });
    },
    [post, update, current],
  );
  const isWanted = isSearched(list) && list.search?.text !== list.text;
  useEffect(() => {
    if (!isWanted) return;
    const timer = setTimeout(search, typingPause);
    return () => clearTimeout(timer);
  }, [isWanted, list.text, search]);
  return search;
};
