/**
 * The chats of a bot. Every message is kept before anything is done about it, and what is done about it follows from what
 * is kept: so none is lost and none is handled twice, whenever the window, the bot or the network ends.
 */
import type { SetTimer } from '../core/approvals.ts';
import type { TelegramEntry, TelegramThread } from '../core/telegramStore.ts';
import { counted } from '../core/text.ts';
import type { Conversations } from './context.ts';
import { createEntryBook, isThread } from './conversationBook.ts';
import { createDelivery } from './conversationDelivery.ts';
import { createConversationEdits } from './conversationEdits.ts';
import { createFollowers } from './conversationFollow.ts';
import { createJoining } from './conversationJoin.ts';
import { createLateMessages, waitedMs } from './conversationLate.ts';
import { createConversationPress } from './conversationPress.ts';
import { createConversationQueue } from './conversationQueue.ts';
import { type ConversationContext, createConversationTools } from './conversationTools.ts';
import { nothingInItText, rateText } from './conversationWords.ts';
import { createConversationWork } from './conversationWork.ts';
import type { IncomingMessage, Sender } from './types.ts';

export interface BotConversations extends Conversations {
  /** A group has another id from now on. */
  moved(from: number, to: number): void;
}

const hourMs = 60 * 60_000;
/** Until a window that has lost the bot has noticed, and has kept its last. Milliseconds. */
const lookAgainMs = 10_000;

export const createConversations = (
  context: ConversationContext,
  /** Absent: the real one. */
  setTimer?: SetTimer,
): BotConversations => {
  const tools = createConversationTools(context, setTimer);
  const { store, config, now } = context;
  const book = createEntryBook(store);
  const followers = createFollowers(context.jobs, now);
  const delivery = createDelivery(tools, book);
  const work = createConversationWork(tools, book, delivery, followers);
  const queue = createConversationQueue(tools, book, work);
  const late = createLateMessages(tools, book, (item) => queue.push(item, { isQuiet: true }));
  const edits = createConversationEdits(tools, book, queue);
  const joining = createJoining(tools, book, (entry, item) => {
    if (entry.state === 'waiting') {
      const hasWaited = now() - entry.sentAt > waitedMs;
      if (hasWaited) late.announce(entry);
      queue.push(item, { isQuiet: hasWaited });
    } else if (entry.state === 'asked') {
      // Asked about as one message; after a failure each is asked about by itself at the next start.
      tools.behind((item.settle?.() ?? Promise.resolve()).then(() => late.ask(entry)));
    }
  });

  const isOverRate = async (userId: number): Promise<boolean> => {
    const { id, messagesPerHour } = config();
    return (await store.countEntries(id, userId, now() - hourMs)) >= messagesPerHour;
  };

  const entryFrom = (message: IncomingMessage, { userId, name }: Sender): TelegramEntry => ({
    configId: config().id,
    chatId: message.chatId,
    topicId: message.topicId,
    updateId: message.updateId,
    messageId: message.messageId,
    userId,
    userName: name,
    text: message.text,
    files: message.files,
    isForwarded: message.isForwarded,
    sentAt: message.sentAt,
    receivedAt: now(),
    state: late.isOld(message) ? 'asked' : 'waiting',
    attempts: 0,
    sentParts: 0,
    isSending: false,
  });

  const stop = (thread: TelegramThread): Promise<string> => {
    joining.flush((each) => isThread(each, thread));
    return queue.stop(thread);
  };

  const press = createConversationPress(tools, book, {
    queue,
    late,
    edits,
    stop,
    refusal: async (userId) =>
      (await isOverRate(userId)) ? rateText(config().messagesPerHour).plain.slice(0, 190) : undefined,
  });

  const receive = async (message: IncomingMessage): Promise<void> => {
    // It is not taken, so that it comes again: to the window that is next.
    if (tools.closing.aborted) throw new Error('The bot has been stopped.');
    const { from, updateId, messageId } = message;
    if (from === undefined) return;
    const entry = entryFrom(message, from);
    if (message.kind === 'edited') {
      await edits.edited(message, { ...entry, state: 'waiting' });
      return;
    }
    const isEmpty = message.text.trim() === '' && message.files.length === 0;
    // Before it is taken: from then on nothing may fail.
    const isRefused = await isOverRate(from.userId);
    if (isEmpty || isRefused) {
      if (!(await store.takeUpdate(entry.configId, updateId, now()))) return;
      const text = isEmpty ? nothingInItText() : rateText(config().messagesPerHour);
      tools.behind(tools.tell(message, text, messageId));
      return;
    }
    if (await book.take(entry, now())) joining.add(entry, message.albumId);
    // Another window had taken it, or this one did not hear that it was kept.
    else if (book.get(updateId) === undefined) tools.behind(lookAgain());
  };

  /** What an earlier window left of one message. */
  const takeUp = async (entry: TelegramEntry): Promise<void> => {
    const { updateId } = entry;
    switch (entry.state) {
      case 'waiting':
        // A schedule's time has been judged by who made it.
        if (entry.userId !== 0 && late.isOld(entry))
          late.ask(await book.change(updateId, { state: 'asked' }));
        else {
          if (entry.userId !== 0) late.announce(entry);
          queue.push({ updateId }, { isQuiet: true });
        }
        return;
      case 'working':
        queue.push({ updateId }, { isQuiet: true });
        return;
      case 'answering':
        if (!entry.isSending) queue.push({ updateId }, { isQuiet: true });
        else tools.behind(delivery.ask(await book.change(updateId, { state: 'unsure' })));
        return;
      case 'unsure':
        tools.behind(delivery.ask(entry));
        return;
      case 'asked':
        tools.behind(late.askAgain(entry));
        return;
      case 'done':
        return;
    }
  };

  const takeUpAll = async (left: readonly TelegramEntry[]): Promise<void> => {
    const joined = new Set(left.flatMap((entry) => (entry.joined ?? []).map((each) => each.updateId)));
    for (const entry of left) {
      // Its window ended after it had become a part of another one.
      if (joined.has(entry.updateId)) await book.change(entry.updateId, { state: 'done' });
      else await takeUp(entry);
    }
  };

  /**
   * A window that stood still goes on until it notices that it has lost the bot: what it takes meanwhile is kept, and
   * done by nobody.
   */
  async function lookAgain(): Promise<void> {
    await tools.pause(lookAgainMs);
    if (!tools.closing.aborted) await takeUpAll(await book.loadUnknown(config().id));
  }

  return {
    receive,
    enqueue: async (entry) => {
      if (tools.closing.aborted) throw new Error('The bot has been stopped.');
      if (!(await book.take(entry, now()))) return false;
      queue.push({ updateId: entry.updateId });
      return true;
    },
    press,
    stop,
    status: async (thread) => {
      joining.flush((each) => isThread(each, thread));
      const open = book.openIn(thread);
      const asked = open.filter(({ state }) => state === 'asked').length;
      const unsure = open.filter(({ state }) => state === 'unsure').length;
      return [
        ...queue.status(thread),
        ...(asked === 0 ? [] : [`Waiting for your word: ${counted(asked, 'message')}.`]),
        ...(unsure === 0 ? [] : [`Maybe not arrived: ${counted(unsure, 'answer')}.`]),
      ].join('\n');
    },
    entryOf: book.withJob,
    recover: async () => {
      await takeUpAll(await book.load(config().id));
      tools.behind(lookAgain());
    },
    moved: (from, to) => {
      joining.flush(({ chatId }) => chatId === from);
      book.moved(from, to);
      queue.moved(from, to);
    },
    close: async () => {
      followers.close();
      await tools.close();
    },
  };
};
