/** One message after the other in each conversation; what waits, what is worked on, and how both are stopped. */

import type { TelegramEntry, TelegramThread } from '../core/telegramStore.ts';
import { counted } from '../core/text.ts';
import type { EntryBook } from './conversationBook.ts';
import type { ConversationTools } from './conversationTools.ts';
import { createTurn, type Turn } from './conversationTurn.ts';
import { queuedText, sentence } from './conversationWords.ts';
import type { ConversationWork } from './conversationWork.ts';
import { durationText } from './replyWords.ts';

export interface QueueItem {
  readonly updateId: number;
  /** Messages that were joined to it, and may not be kept as done yet. */
  readonly followers?: readonly number[];
  /** Keeps that; may be called again after a failure. */
  settle?(): Promise<void>;
  /** The person wants it although it was interrupted. */
  readonly isWanted?: boolean;
}

export interface ConversationQueue {
  push(item: QueueItem, options?: { readonly isFirst?: boolean; readonly isQuiet?: boolean }): void;
  /** It comes next, and what runs is stopped. @returns false where it does not wait any more */
  sendNow(thread: TelegramThread, updateId: number): boolean;
  /** Whether a message of ours is about what runs or waits there. */
  isAbout(thread: TelegramThread, messageId: number): boolean;
  /** Whether it is not begun yet, as far as its text goes. */
  isWaiting(updateId: number): boolean;
  /** @returns what was done, a sentence for the person */
  stop(thread: TelegramThread): Promise<string>;
  status(thread: TelegramThread): readonly string[];
  moved(from: number, to: number): void;
}

/** Milliseconds that a stop waits for the job. */
const stopMs = 5_000;
/** Milliseconds that work waits for the note that it is queued. */
const noteMs = 3_000;
const settleAgainMs = 5_000;

interface Waiting extends QueueItem {
  note?: Promise<void>;
}

interface Lane {
  waiting: Waiting[];
  current: Turn | undefined;
  isRunning: boolean;
}

const keyOf = ({ chatId, topicId }: TelegramThread): string => `${chatId}/${topicId}`;

export const createConversationQueue = (
  tools: ConversationTools,
  book: EntryBook,
  work: ConversationWork,
): ConversationQueue => {
  const { context, closing } = tools;
  const { jobs, courier } = context;
  const lanes = new Map<string, Lane>();

  const laneOf = (thread: TelegramThread): Lane => {
    const key = keyOf(thread);
    const lane = lanes.get(key) ?? { waiting: [], current: undefined, isRunning: false };
    lanes.set(key, lane);
    return lane;
  };

  /** What was joined to it is not handled by itself after a crash: kept before it is begun. */
  const settle = async (item: Waiting): Promise<void> => {
    while (!closing.aborted) {
      try {
        await item.settle?.();
        return;
      } catch (error) {
        context.logError(error);
        await tools.pause(settleAgainMs);
      }
    }
  };

  const runLane = async (lane: Lane): Promise<void> => {
    while (!closing.aborted) {
      const [item] = lane.waiting;
      if (item === undefined) return;
      await settle(item);
      if (item.note !== undefined) await Promise.race([item.note, tools.pause(noteMs)]);
      // It may have been dropped or overtaken meanwhile.
      if (lane.waiting[0] !== item || closing.aborted) continue;
      lane.waiting.shift();
      const turn = createTurn(tools, book, item.updateId, item.isWanted === true);
      if (turn === undefined) continue;
      lane.current = turn;
      try {
        await work.advance(turn, () => lane.waiting.length);
      } finally {
        turn.display.close();
        lane.current = undefined;
      }
    }
  };

  const run = (lane: Lane): void => {
    if (lane.isRunning) return;
    lane.isRunning = true;
    const running = runLane(lane).finally(() => {
      lane.isRunning = false;
    });
    tools.behind(running.then(() => (lane.waiting.length > 0 && !closing.aborted ? run(lane) : undefined)));
  };

  const isIn = (lane: Lane, updateId: number): boolean =>
    lane.waiting.some((item) => item.updateId === updateId);

  const note = async (lane: Lane, entry: TelegramEntry, ahead: number): Promise<void> => {
    const { updateId, chatId } = entry;
    const messageId = await tools.tell(entry, queuedText(ahead, updateId), entry.messageId);
    if (messageId === undefined) return;
    // It becomes the status message, unless work has begun without it.
    if (isIn(lane, updateId)) await book.change(updateId, { statusMessageId: messageId });
    else await courier.delete({ chatId, messageId });
  };

  const drop = async (item: Waiting): Promise<void> => {
    for (const updateId of item.followers ?? []) await book.change(updateId, { state: 'done' });
    const { chatId, statusMessageId } = await book.change(item.updateId, { state: 'done' });
    if (statusMessageId === undefined) return;
    const message = { chatId, messageId: statusMessageId };
    tools.behind(tools.attempt(() => courier.edit(message, sentence('Dropped.'), tools.givingUp)));
  };

  /** Does not wait for it. */
  const cancel = (turn: Turn): Promise<boolean> => {
    turn.stop.abort(new DOMException('The person stopped it.', 'AbortError'));
    const { jobId } = turn;
    return jobId === undefined ? Promise.resolve(true) : jobs.cancel(jobId).then(() => true);
  };

  const isAtWork = ({ updateId }: Turn): boolean => {
    const state = book.get(updateId)?.state;
    return state === 'waiting' || state === 'working';
  };

  return {
    push: (item, { isFirst = false, isQuiet = false } = {}) => {
      const entry = book.get(item.updateId);
      if (entry === undefined || closing.aborted) return;
      const lane = laneOf(entry);
      const ahead = lane.waiting.length + (lane.current === undefined ? 0 : 1);
      const waiting: Waiting = { ...item };
      if (isFirst) lane.waiting.unshift(waiting);
      else lane.waiting.push(waiting);
      if (ahead > 0 && !isQuiet && entry.statusMessageId === undefined) {
        waiting.note = note(lane, entry, ahead).catch(context.logError);
        tools.behind(waiting.note);
      }
      run(lane);
    },
    sendNow: (thread, updateId) => {
      const lane = laneOf(thread);
      const item = lane.waiting.find((each) => each.updateId === updateId);
      if (item === undefined) return false;
      lane.waiting = [item, ...lane.waiting.filter((each) => each !== item)];
      if (lane.current !== undefined && isAtWork(lane.current)) tools.behind(cancel(lane.current));
      return true;
    },
    isAbout: (thread, messageId) => {
      const { waiting, current } = laneOf(thread);
      return [...waiting, ...(current === undefined ? [] : [current])].some(
        ({ updateId }) => book.get(updateId)?.statusMessageId === messageId,
      );
    },
    isWaiting: (updateId) => [...lanes.values()].some((lane) => isIn(lane, updateId)),
    stop: async (thread) => {
      const lane = laneOf(thread);
      const turn = lane.current;
      const dropped = lane.waiting.splice(0);
      const said: string[] = [];
      // The job first: to keep what is dropped may take a moment.
      const isStopping = turn !== undefined && isAtWork(turn);
      const patience = new AbortController();
      const cancelled = isStopping
        ? Promise.race([cancel(turn), tools.pause(stopMs, patience.signal).then(() => false)])
        : undefined;
      cancelled?.catch(() => undefined);
      for (const item of dropped) await drop(item);
      if (cancelled === undefined) {
        said.push(
          turn === undefined ? 'Nothing was running.' : 'The work is done; its answer is being sent.',
        );
      } else if (await cancelled.finally(() => patience.abort())) {
        said.push(turn?.othersWork ?? 'Stopped. What was done so far was kept.');
      } else {
        turn?.abandon.abort();
        said.push('It was told to stop, and has not ended yet. I do not wait for it any more.');
      }
      const { length } = dropped;
      if (length > 0)
        said.push(`${counted(length, 'message')} that waited ${length === 1 ? 'was' : 'were'} dropped.`);
      return said.join(' ');
    },
    status: (thread) => {
      const { current, waiting } = laneOf(thread);
      const lines =
        current === undefined
          ? ['Nothing is running here.']
          : isAtWork(current)
            ? [`At work for ${durationText(context.now() - current.startedAt)}.`, current.activity()]
            : ['An answer is being sent.'];
      return waiting.length === 0
        ? lines
        : [...lines, `Waiting behind it: ${counted(waiting.length, 'message')}.`];
    },
    moved: (from, to) => {
      for (const [key, lane] of [...lanes]) {
        const [chatId, topicId] = key.split('/').map(Number);
        if (chatId !== from) continue;
        lanes.delete(key);
        const place = keyOf({ configId: '', chatId: to, topicId: topicId ?? 0 });
        const there = lanes.get(place);
        if (there === undefined || (there.current === undefined && there.waiting.length === 0)) {
          // As it is: what it works on stays known until that ends.
          lanes.set(place, lane);
          continue;
        }
        there.waiting.push(...lane.waiting.splice(0));
        run(there);
      }
    },
  };
};
