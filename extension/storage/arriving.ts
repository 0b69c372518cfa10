import { StoreError } from '../core/store.ts';
import type { ChatItem } from '../shared/chat.ts';

/**
 * Characters that cross to the storage thread at once. Making and copying them holds the window's host: some milliseconds
 * for so many, 100 and more for a whole long chat.
 */
const partLength = 500_000;

/** Items as lines of JSON, in parts that end anywhere. Each is made when it is asked for. */
export function* partsOf(items: readonly ChatItem[]): Generator<string, void> {
  let part = '';
  for (const item of items) {
    part += `${JSON.stringify(item)}\n`;
    if (part.length < partLength) continue;
    for (let from = 0; from < part.length; from += partLength) yield part.slice(from, from + partLength);
    part = '';
  }
  if (part !== '') yield part;
}

interface Arriving {
  readonly items: ChatItem[];
  /** Of a line that has not ended yet. */
  readonly pieces: string[];
  count: number;
}

/** Puts chats together again whose items come in parts. */
export class ArrivingChats {
  readonly #chats = new Map<string, Arriving>();

  /** @param name unique for the chat */
  add(name: string, part: string): void {
    const chat = this.#chats.get(name) ?? { items: [], pieces: [], count: 0 };
    this.#chats.set(name, chat);
    chat.count += 1;
    const lines = part.split('\n');
    for (const [index, line] of lines.entries()) {
      chat.pieces.push(line);
      if (index < lines.length - 1) chat.items.push(JSON.parse(chat.pieces.splice(0).join('')));
    }
  }

  /** @throws StoreError when parts are missing: those that an earlier thread, which has died, had been given */
  take(name: string, parts: number): readonly ChatItem[] {
    const chat = this.#chats.get(name);
    this.#chats.delete(name);
    if ((chat?.count ?? 0) !== parts) {
      throw new StoreError(
        'The part of AnyCowork that keeps the history was started again meanwhile, so this chat was not imported. Everything saved before is intact. Import it again.',
      );
    }
    return chat?.items ?? [];
  }
}
