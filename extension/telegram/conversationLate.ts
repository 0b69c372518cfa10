/** Messages that waited while nobody was there: they are announced, and old ones are asked about first. */
import type { TelegramEntry, TelegramThread } from '../core/telegramStore.ts';
import { type EntryBook, isThread } from './conversationBook.ts';
import type { QueueItem } from './conversationQueue.ts';
import type { ConversationTools } from './conversationTools.ts';
import { announceText, askLateText, interruptedText, sentence } from './conversationWords.ts';
import { freshMs } from './conversationWork.ts';
import type { Place } from './types.ts';

export interface LateMessages {
  /** Old enough to be asked about. */
  isOld(entry: Pick<TelegramEntry, 'sentAt'>): boolean;
  /** It waited, and is worked on. */
  announce(entry: TelegramEntry): void;
  /** It is `asked`, and the person does not know yet. */
  ask(entry: TelegramEntry): void;
  /** Asked in an earlier window; the question may not have arrived. */
  askAgain(entry: TelegramEntry): Promise<void>;
  /** Of one thread; the newest text of the question takes the place of it. @returns how many there were */
  answer(thread: TelegramThread, isWanted: boolean): Promise<number>;
}

/** Milliseconds in which others may come that waited too. */
const collectMs = 1_000;
/** What is no older when it comes has not waited. Milliseconds. */
export const waitedMs = 60_000;

interface Collected {
  readonly place: Place & TelegramThread;
  fresh: number;
  isAsking: boolean;
}

/** Not begun: what was begun and interrupted has a question of its own. */
const isPlain = ({ state, jobIds = [] }: TelegramEntry): boolean => state === 'asked' && jobIds.length === 0;

export const createLateMessages = (
  tools: ConversationTools,
  book: EntryBook,
  push: (item: QueueItem) => void,
): LateMessages => {
  const { context } = tools;
  const { courier } = context;
  const collected: Collected[] = [];

  const ask = async (thread: TelegramThread): Promise<void> => {
    const entries = book.openIn(thread).filter(isPlain);
    const [first] = entries;
    if (first === undefined) return;
    const earlier = new Set(entries.flatMap(({ statusMessageId }) => statusMessageId ?? []));
    const messageId = await tools.insistOn(first, askLateText(entries));
    if (messageId === undefined) return;
    for (const { updateId } of entries) {
      if (book.get(updateId)?.state === 'asked') await book.change(updateId, { statusMessageId: messageId });
    }
    for (const old of earlier) {
      const message = { chatId: first.chatId, messageId: old };
      await tools.attempt(() => courier.edit(message, sentence('Asked again below.'), tools.givingUp));
    }
  };

  const tell = async (each: Collected): Promise<void> => {
    collected.splice(collected.indexOf(each), 1);
    if (tools.closing.aborted) return;
    if (each.fresh > 0) await tools.tell(each.place, announceText(each.fresh));
    if (each.isAsking) await ask(each.place);
  };

  const collect = (entry: TelegramEntry): Collected => {
    const known = collected.find(({ place }) => isThread(entry, place));
    if (known !== undefined) return known;
    const each: Collected = { place: entry, fresh: 0, isAsking: false };
    collected.push(each);
    tools.setTimer(() => tools.behind(tell(each)), collectMs);
    return each;
  };

  return {
    isOld: ({ sentAt }) => context.now() - sentAt > freshMs,
    announce: (entry) => {
      collect(entry).fresh += 1;
    },
    ask: (entry) => {
      collect(entry).isAsking = true;
    },
    askAgain: async (entry) => {
      const { updateId, chatId, statusMessageId } = entry;
      if (isPlain(entry)) {
        if (statusMessageId === undefined) collect(entry).isAsking = true;
        return;
      }
      const question = interruptedText(entry);
      if (statusMessageId === undefined) {
        const messageId = await tools.insistOn(entry, question, entry.messageId);
        if (messageId !== undefined && book.get(updateId)?.state === 'asked') {
          await book.change(updateId, { statusMessageId: messageId });
        }
        return;
      }
      const message = { chatId, messageId: statusMessageId };
      await tools.insist(async () => {
        if (book.get(updateId)?.state === 'asked') await courier.edit(message, question, tools.givingUp);
      });
    },
    answer: async (thread, isWanted) => {
      const entries = book.openIn(thread).filter(isPlain);
      // All of them before anything is awaited: a second press finds nothing more.
      const saved = entries.map((entry) => {
        // The question is not the status message of any of them.
        const { statusMessageId: _, ...rest } = entry;
        return book.put({ ...rest, state: isWanted ? 'waiting' : 'done' });
      });
      await Promise.all(saved);
      if (isWanted) for (const { updateId } of entries) push({ updateId });
      return entries.length;
    },
  };
};
