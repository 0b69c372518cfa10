import { exactNumber, plural } from '../format.ts';
import type { Search } from '../list.ts';

/** How a search stands, in one line that is read out when it changes. */
const statusOf = ({ text, isAnswered, isDone, hasMore }: Search, count: number): string => {
  if (!isAnswered) return 'Searching';
  if (!isDone)
    return count === 0 ? 'Searching older chats' : `${plural(count, 'chat')} found, searching older ones`;
  if (count > 0) return hasMore ? `The first ${exactNumber(count)} chats` : plural(count, 'chat');
  return `Nothing found for “${text.trim()}”. Titles, messages and the results of steps were searched, in the chats and the archive.`;
};

export const SearchStatus = ({
  search,
  count,
  onRetry,
}: {
  search: Search | undefined;
  count: number;
  onRetry: () => void;
}) => (
  <>
    <p class="sessions-note search-status" role="status" data-test="search-status">
      {/* Not an empty text, which would be set anew with every list. */}
      {search === undefined || search.problem !== '' ? null : statusOf(search, count)}
    </p>
    {search !== undefined && search.problem !== '' && (
      <p class="sessions-note" role="alert">
        {search.problem}{' '}
        <button type="button" class="text-button" onClick={onRetry}>
          Search again
        </button>
      </p>
    )}
  </>
);
