/** Sends an answer, part by part: each of them once, across everything that can end in between. */
import type { TelegramEntry } from '../core/telegramStore.ts';
import type { EntryBook } from './conversationBook.ts';
import type { Display } from './conversationDisplay.ts';
import { type AnswerPart, chatOf, firstWorkAt, lastWorkAt, partsOf } from './conversationHistory.ts';
import { type ConversationTools, pauseAfter } from './conversationTools.ts';
import { refusedText, sentence, unsureText } from './conversationWords.ts';
import { endText } from './statusText.ts';
import type { Outgoing } from './types.ts';

export interface Delivery {
  /** Of an entry that is `answering`. Returns with it `done` or `unsure`, or at the end of the bot. */
  deliver(updateId: number, display: Display, queued: () => number): Promise<void>;
  /** Asks whether the part arrived that was on its way. Does not throw. */
  ask(entry: TelegramEntry): Promise<void>;
}

/** Milliseconds between two looks whether another window still sends the answer, and how many. */
const lookMs = 3_000;
const mostLooks = 5;

export const createDelivery = (tools: ConversationTools, book: EntryBook): Delivery => {
  const { context, closing } = tools;
  const { courier, history } = context;

  const ask: Delivery['ask'] = async (entry) => {
    const { chatId, statusMessageId, updateId } = entry;
    const question = unsureText(entry);
    if (statusMessageId !== undefined) {
      const message = { chatId, messageId: statusMessageId };
      const outcome = await tools.insist(async () => {
        // The person may have answered the one that stood there meanwhile.
        if (book.get(updateId)?.state === 'unsure') await courier.edit(message, question, tools.givingUp);
      });
      if (outcome !== 'refused') return;
    }
    const messageId = await tools.insistOn(entry, question, entry.messageId);
    if (messageId !== undefined) await book.change(updateId, { statusMessageId: messageId });
  };

  /**
   * A window that has lost the bot sends until it notices. @returns what is to be done here: where it is not to `send`, the
   * entry is done, or the bot ends
   */
  const partHere = async (updateId: number): Promise<'send' | 'ask' | 'nothing'> => {
    for (let looks = 0; !closing.aborted; looks += 1) {
      const entry = book.get(updateId);
      if (entry === undefined) return 'nothing';
      const kept = await book.kept(entry.configId, updateId);
      if (kept === undefined) {
        await book.change(updateId, { state: 'done' });
        return 'nothing';
      }
      const { sentParts, isSending } = kept;
      if (sentParts < entry.sentParts || (sentParts === entry.sentParts && !isSending)) return 'send';
      if (looks === mostLooks) {
        await book.change(updateId, { sentParts });
        return isSending ? 'ask' : 'send';
      }
      await tools.pause(lookMs);
    }
    return 'nothing';
  };

  const send = (entry: TelegramEntry, part: AnswerPart): Promise<unknown> => {
    // The answer as a whole answers the message, and so does its first part.
    const isReply = entry.sentParts === 0 && entry.messageId !== 0;
    const options = { ...(isReply ? { replyTo: entry.messageId } : {}), signal: tools.givingUp };
    return part.kind === 'text'
      ? courier.send(entry, part.message, options)
      : courier.upload(entry, part.upload, options);
  };

  const endOf = async (
    entry: TelegramEntry,
    items: Parameters<typeof chatOf>[0],
    queued: number,
  ): Promise<Outgoing> => {
    const { sessionId = '', jobIds = [], jobId = '' } = entry;
    const session = await history.getSession(sessionId);
    if (session === undefined) return sentence('Done.');
    const now = lastWorkAt(items, jobIds) ?? context.now();
    const startedAt = firstWorkAt(items, jobId) ?? now;
    return endText(chatOf(items, jobIds, session), { queued, startedAt, now, jobId });
  };

  return {
    ask,
    deliver: async (updateId, display, queued) => {
      const begun = book.get(updateId);
      if (begun === undefined) return;
      const { sessionId = '', jobIds = [], jobId = '' } = begun;
      const items = await history.readAll(sessionId);
      const parts = partsOf(items, jobId, jobIds);
      // Beside the answer: it goes first in the chat, and its failure must not hold the answer up.
      const ending = display.isShown() ? display.end(await endOf(begun, items, queued())) : undefined;
      if (ending !== undefined) tools.behind(ending);
      const askWhether = async (): Promise<void> => {
        const unsure = await book.change(updateId, { state: 'unsure', isSending: true });
        await ending;
        if (!closing.aborted) await ask(unsure);
      };
      const here = await partHere(updateId);
      if (here === 'ask') await askWhether();
      if (here !== 'send') return;
      let arrived = 0;
      let failures = 0;
      let isRefused = false;
      for (;;) {
        const entry = book.get(updateId);
        const part = parts[entry?.sentParts ?? 0];
        if (entry === undefined || closing.aborted) return;
        if (part === undefined) {
          if (arrived > 0) context.count('answered');
          await book.change(updateId, { state: 'done', isSending: false });
          return;
        }
        await book.change(updateId, { isSending: true });
        if (closing.aborted) {
          // Another window may have it by now, and sends it itself.
          await book.change(updateId, { isSending: false });
          return;
        }
        const outcome = await tools.attempt(() => send(entry, part));
        if (outcome === 'unsent') {
          // A window that ends meanwhile knows that nothing was on its way.
          await book.change(updateId, { isSending: false });
          await tools.pause(pauseAfter(failures));
          failures += 1;
          continue;
        }
        if (outcome === 'unsure') {
          await askWhether();
          return;
        }
        if (outcome === 'refused') {
          context.count('errors');
          context.log(`Telegram refused part ${entry.sentParts + 1} of an answer.`);
          if (!isRefused) tools.behind(tools.tell(entry, refusedText(), entry.messageId));
          isRefused = true;
        } else {
          arrived += 1;
          failures = 0;
        }
        // The last part and the end of it in one write.
        const sentParts = entry.sentParts + 1;
        const isLast = sentParts >= parts.length;
        if (isLast && arrived > 0) context.count('answered');
        await book.change(updateId, { sentParts, isSending: false, ...(isLast ? { state: 'done' } : {}) });
        if (isLast) return;
      }
    },
  };
};
