/**
 * Cuts a chat into chunks that keep their identity while their items do, so that an event redraws one chunk and not
 * the chat: a chunk of a 10,000-item chat that nothing happened to is skipped by one comparison.
 */
import type { ChatItem } from '../extension/shared/chat.ts';

export interface Chunk {
  /** The id its first item had when the chunk was cut; stays when a preview becomes the final reply. */
  readonly key: string;
  readonly items: readonly ChatItem[];
}

/** A new chunk starts at a user's message after this many items, and in any case after twice as many. */
const softSize = 30;
const hardSize = 2 * softSize;

const cut = (items: readonly ChatItem[], firstKey = items[0]?.id ?? ''): Chunk[] => {
  const chunks: Chunk[] = [];
  let start = 0;
  for (let index = 1; index <= items.length; index += 1) {
    const size = index - start;
    const next = items[index];
    if (next === undefined || size >= hardSize || (size >= softSize && next.kind === 'user')) {
      const key = start === 0 ? firstKey : (items[start]?.id ?? '');
      if (index > start) chunks.push({ key, items: items.slice(start, index) });
      start = index;
    }
  }
  return chunks;
};

const isSame = (items: readonly ChatItem[], start: number, chunk: Chunk): boolean =>
  chunk.items.every((item, index) => items[start + index] === item);

/**
 * The chunks of `items`, reusing those of `previous` that did not change. Older items put in front become chunks of
 * their own; new ones at the end fill the last chunk up. Compares identities only: O(items), microseconds.
 */
export const chunkItems = (previous: readonly Chunk[], items: readonly ChatItem[]): readonly Chunk[] => {
  const first = previous[0]?.items[0]?.id;
  const offset = first === undefined ? -1 : items.findIndex((item) => item.id === first);
  if (offset === -1) return cut(items);
  const chunks = cut(items.slice(0, offset));
  let start = offset;
  for (const [index, chunk] of previous.entries()) {
    if (index === previous.length - 1 || start + chunk.items.length > items.length) break;
    chunks.push(
      isSame(items, start, chunk)
        ? chunk
        : { key: chunk.key, items: items.slice(start, start + chunk.items.length) },
    );
    start += chunk.items.length;
  }
  const last = previous.at(-1);
  if (last !== undefined && items.length - start === last.items.length && isSame(items, start, last)) {
    return [...chunks, last];
  }
  return start < items.length ? [...chunks, ...cut(items.slice(start), last?.key)] : chunks;
};
