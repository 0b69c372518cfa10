/** What becomes of a message that is edited after it was sent. */
import type { TelegramEntry } from '../core/telegramStore.ts';
import type { EntryBook } from './conversationBook.ts';
import type { ConversationQueue } from './conversationQueue.ts';
import type { ConversationTools } from './conversationTools.ts';
import { editedText, sentence } from './conversationWords.ts';
import type { IncomingMessage } from './types.ts';

export interface ConversationEdits {
  /** @param draft the entry that its new text would be */
  edited(message: IncomingMessage, draft: TelegramEntry): Promise<void>;
  /** The new text of an edit is wanted. @returns undefined where it is not known any more */
  take(updateId: number): TelegramEntry | undefined;
}

const mostDrafts = 100;

export const createConversationEdits = (
  tools: ConversationTools,
  book: EntryBook,
  queue: Pick<ConversationQueue, 'isWaiting'>,
): ConversationEdits => {
  const { context } = tools;
  const drafts = new Map<number, TelegramEntry>();
  /** By entry: an edit that comes twice must not take a later one back. */
  const latest = new Map<number, number>();

  /** @returns whether it counts */
  const replaceText = async (entry: TelegramEntry, draft: TelegramEntry): Promise<boolean> => {
    const { updateId, joined = [] } = entry;
    if ((latest.get(updateId) ?? 0) >= draft.updateId) return false;
    latest.set(updateId, draft.updateId);
    const { messageId, text } = draft;
    await book.change(
      updateId,
      entry.messageId === messageId
        ? { text }
        : { joined: joined.map((each) => (each.messageId === messageId ? { ...each, text } : each)) },
    );
    return true;
  };

  const textOf = ({ joined = [], ...entry }: TelegramEntry, messageId: number): string =>
    joined.find((each) => each.messageId === messageId)?.text ?? entry.text;

  const isUnread = ({ state, updateId, jobIds = [] }: TelegramEntry): boolean =>
    jobIds.length === 0 && (state === 'asked' || (state === 'waiting' && queue.isWaiting(updateId)));

  return {
    edited: async (message, draft) => {
      const { chatId, messageId, text } = message;
      const entry = book.withMessage(chatId, messageId);
      const isSame = text === '' || (entry !== undefined && textOf(entry, messageId) === text);
      // Telegram also tells of edits that change nothing of what was said.
      const isReplaced = !isSame && entry !== undefined && isUnread(entry);
      // First: what is known to be taken does not come again.
      if (isReplaced) await replaceText(entry, draft);
      const isNew = await context.store.takeUpdate(draft.configId, draft.updateId, context.now());
      if (!isNew || isSame) return;
      if (isReplaced) {
        tools.behind(tools.tell(message, sentence('I take the new text.'), messageId));
        return;
      }
      drafts.set(draft.updateId, draft);
      const [oldest] = drafts.keys();
      if (drafts.size > mostDrafts && oldest !== undefined) drafts.delete(oldest);
      tools.behind(tools.tell(message, editedText(draft.updateId), messageId));
    },
    take: (updateId) => {
      const draft = drafts.get(updateId);
      drafts.delete(updateId);
      return draft;
    },
  };
};
