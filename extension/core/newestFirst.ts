import type { ChatItem } from '../shared/chat.ts';
import type { PagePlace, Store } from './store.ts';

/** Items that are read at once; what is looked for is mostly near the end. */
const pageSize = 100;

/** The items of a chat from its end on. */
export async function* newestFirst(
  store: Pick<Store, 'readPage'>,
  sessionId: string,
): AsyncGenerator<ChatItem, void> {
  let place: PagePlace | undefined;
  for (;;) {
    const { items, hasOlder } = await store.readPage(sessionId, pageSize, place);
    yield* items.toReversed();
    const row = items[0]?.row;
    if (!hasOlder || row === undefined) return;
    place = { before: row };
  }
}
