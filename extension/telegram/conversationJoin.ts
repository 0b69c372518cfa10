/** Makes one turn of messages that belong together: the pieces of a long paste, the pictures of an album. */
import type { JoinedMessage, TelegramEntry, TelegramThread } from '../core/telegramStore.ts';
import { type EntryBook, isThread } from './conversationBook.ts';
import type { QueueItem } from './conversationQueue.ts';
import type { ConversationTools } from './conversationTools.ts';

export interface Joining {
  /** It is kept already. */
  add(entry: TelegramEntry, albumId: string | undefined): void;
  /** Nothing more joins what is collected there. */
  flush(isMeant: (thread: TelegramThread) => boolean): void;
}

/** Milliseconds in which more may come: of a message, behind one that Telegram has cut, and of an album. */
const pauseMs = 300;
const longPauseMs = 1_500;
const albumPauseMs = 500;
/** Characters: Telegram's clients cut what is longer. */
const cutAt = 4_000;
/** What waited at Telegram comes all at once: only what was also sent at once belongs together. Milliseconds. */
const sentTogetherMs = 2_000;
const mostJoined = 30;

interface Collected {
  readonly leader: TelegramEntry;
  readonly followers: TelegramEntry[];
  albumId: string | undefined;
  last: TelegramEntry;
  cancelTimer: () => void;
}

const belongs = (to: Collected, entry: TelegramEntry, albumId: string | undefined): boolean => {
  if (entry.userId !== to.leader.userId || entry.state !== to.leader.state) return false;
  if (to.followers.length >= mostJoined) return false;
  if (albumId !== undefined && albumId === to.albumId) return true;
  // A skill counts only at the beginning.
  if (entry.text.startsWith('/')) return false;
  const patience = to.last.text.length >= cutAt ? sentTogetherMs * 2 : sentTogetherMs;
  return Math.abs(entry.sentAt - to.last.sentAt) <= patience;
};

const patienceFor = ({ text }: TelegramEntry, albumId: string | undefined): number => {
  if (text.length >= cutAt) return longPauseMs;
  return albumId === undefined ? pauseMs : albumPauseMs;
};

export const createJoining = (
  tools: ConversationTools,
  book: EntryBook,
  /** With the state of all of them. */
  onTurn: (entry: TelegramEntry, item: QueueItem) => void,
): Joining => {
  const collected = new Set<Collected>();

  const finish = (each: Collected): void => {
    each.cancelTimer();
    if (!collected.delete(each) || tools.closing.aborted) return;
    const { updateId } = each.leader;
    if (each.followers.length === 0) {
      onTurn(book.get(updateId) ?? each.leader, { updateId });
      return;
    }
    const followers = each.followers.map((entry) => book.get(entry.updateId) ?? entry);
    const joined = followers.map((entry): JoinedMessage => {
      const { messageId, text } = entry;
      return { updateId: entry.updateId, messageId, text };
    });
    const all = [book.get(updateId) ?? each.leader, ...followers];
    // The one that leads is kept first: what it has joined is then known to be a part of it, whatever happens.
    const saving = book.change(updateId, {
      joined,
      files: all.flatMap(({ files }) => files),
      isForwarded: all.some(({ isForwarded }) => isForwarded),
    });
    saving.catch(() => undefined);
    const ids = joined.map((entry) => entry.updateId);
    const settle = async (): Promise<void> => {
      await saving.catch(() => book.change(updateId, {}));
      for (const id of ids) await book.change(id, { state: 'done' });
    };
    onTurn(book.get(updateId) ?? each.leader, { updateId, followers: ids, settle });
  };

  return {
    add: (entry, albumId) => {
      const open = [...collected].find(({ leader }) => isThread(leader, entry));
      const isPart = open !== undefined && belongs(open, entry, albumId);
      if (open !== undefined && !isPart) finish(open);
      const each: Collected =
        open !== undefined && isPart
          ? open
          : { leader: entry, followers: [], albumId, last: entry, cancelTimer: () => undefined };
      if (each.leader !== entry) each.followers.push(entry);
      each.last = entry;
      each.albumId = albumId ?? each.albumId;
      collected.add(each);
      each.cancelTimer();
      each.cancelTimer = tools.setTimer(() => finish(each), patienceFor(entry, albumId));
    },
    flush: (isMeant) => {
      for (const each of [...collected]) if (isMeant(each.leader)) finish(each);
    },
  };
};
