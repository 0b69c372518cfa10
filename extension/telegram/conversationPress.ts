/** What the buttons of a conversation do. Each acts only in the thread in which it stands. */

import type { TelegramEntry, TelegramThread } from '../core/telegramStore.ts';
import { counted } from '../core/text.ts';
import { type EntryBook, isThread } from './conversationBook.ts';
import type { ConversationEdits } from './conversationEdits.ts';
import { noticeOf } from './conversationHistory.ts';
import type { LateMessages } from './conversationLate.ts';
import type { ConversationQueue } from './conversationQueue.ts';
import type { ConversationTools } from './conversationTools.ts';
import { sentence } from './conversationWords.ts';
import type { Press } from './types.ts';

/** What is said of it on the button's message, and what becomes of that message. */
interface Answer {
  readonly text: string;
  /** The message says this from then on, without buttons. */
  readonly message?: string;
}

const stale: Answer = { text: 'This has been dealt with already.' };

export const createConversationPress = (
  tools: ConversationTools,
  book: EntryBook,
  parts: {
    readonly queue: ConversationQueue;
    readonly late: LateMessages;
    readonly edits: ConversationEdits;
    stop(thread: TelegramThread): Promise<string>;
    /** @returns why a message of this user is not taken now */
    refusal(userId: number): Promise<string | undefined>;
  },
): ((press: Press) => Promise<void>) => {
  const { context } = tools;
  const { courier, store, history } = context;
  const { queue, late, edits } = parts;

  /** A kept message that a button of this thread names. */
  const named = (thread: TelegramThread, id: string): TelegramEntry | undefined => {
    const entry = book.get(Number(id));
    return entry !== undefined && isThread(entry, thread) ? entry : undefined;
  };

  const ofLate = async (thread: TelegramThread, isWanted: boolean): Promise<Answer> => {
    const count = await late.answer(thread, isWanted);
    if (count === 0) return { text: 'Nothing waits any more.', message: 'Dealt with.' };
    const text = `${isWanted ? 'I answer' : 'Dropped:'} ${counted(count, 'message')}.`;
    return { text, message: text };
  };

  const ofInterrupted = async (thread: TelegramThread, id: string, goesOn: boolean): Promise<Answer> => {
    const entry = named(thread, id);
    if (entry?.state !== 'asked') return stale;
    await book.change(entry.updateId, { state: goesOn ? 'working' : 'done' });
    if (!goesOn) return { text: 'Dropped.', message: 'Dropped. What was done so far was kept.' };
    queue.push({ updateId: entry.updateId, isWanted: true }, { isQuiet: true });
    return { text: 'Going on.' };
  };

  const ofUnsure = async (thread: TelegramThread, id: string, isThere: boolean): Promise<Answer> => {
    const entry = named(thread, id);
    if (entry?.state !== 'unsure') return stale;
    const sentParts = entry.sentParts + (isThere ? 1 : 0);
    await book.change(entry.updateId, { state: 'answering', isSending: false, sentParts });
    queue.push({ updateId: entry.updateId }, { isFirst: true, isQuiet: true });
    return { text: isThere ? 'Good.' : 'Here it comes.' };
  };

  const take = async (entry: TelegramEntry): Promise<Answer> => {
    const refusal = await parts.refusal(entry.userId);
    if (refusal !== undefined) return { text: refusal };
    await book.put(entry);
    queue.push({ updateId: entry.updateId });
    return { text: 'Going on.' };
  };

  const goOn = async (press: Press, thread: TelegramThread, jobId: string): Promise<Answer> => {
    const { sessionId } = await store.getBinding(thread);
    const items = sessionId === undefined ? [] : await history.readAll(sessionId);
    const isLast = items.at(-1)?.jobId === jobId && noticeOf(items, jobId) !== undefined;
    if (sessionId === undefined || !isLast || book.get(press.updateId) !== undefined) {
      return { text: 'The chat has gone on since then. Write what is to be done.' };
    }
    return take({
      ...thread,
      updateId: press.updateId,
      messageId: press.messageId,
      userId: press.from.userId,
      userName: press.from.name,
      text: '',
      files: [],
      isForwarded: false,
      sentAt: context.now(),
      receivedAt: context.now(),
      state: 'waiting',
      sessionId,
      attempts: 0,
      sentParts: 0,
      isSending: false,
    });
  };

  const edit = async (thread: TelegramThread, id: string): Promise<Answer> => {
    const draft = edits.take(Number(id));
    if (draft === undefined || !isThread(draft, thread)) {
      return { text: 'I do not have the new text any more. Send it as a message.' };
    }
    const now = context.now();
    const answer = await take({ ...draft, sentAt: now, receivedAt: now });
    return { ...answer, message: answer.text === 'Going on.' ? 'I answer the new text.' : answer.text };
  };

  const answer = (press: Press, thread: TelegramThread): Promise<Answer> | Answer => {
    const [, action = '', id = ''] = press.data.split(':');
    switch (action) {
      case 'stop':
        // An old button must not stop what came later.
        return queue.isAbout(thread, press.messageId)
          ? parts.stop(thread).then((text) => ({ text }))
          : { text: 'That has ended already.' };
      case 'now':
        return queue.sendNow(thread, Number(id)) ? { text: 'It comes next.' } : stale;
      case 'yes':
      case 'no':
        return ofLate(thread, action === 'yes');
      case 'on':
      case 'drop':
        return ofInterrupted(thread, id, action === 'on');
      case 'show':
      case 'ok':
        return ofUnsure(thread, id, action === 'ok');
      case 'go':
        return goOn(press, thread, id);
      case 'edit':
        return edit(thread, id);
      default:
        return { text: 'This button is of an older version.' };
    }
  };

  return async (press) => {
    const { chatId, topicId, messageId, callbackId } = press;
    const { text, message } = await answer(press, { configId: context.config().id, chatId, topicId });
    await courier.acknowledge(callbackId, text.slice(0, 190));
    if (message === undefined) return;
    await tools.attempt(() => courier.edit({ chatId, messageId }, sentence(message), tools.givingUp));
  };
};
