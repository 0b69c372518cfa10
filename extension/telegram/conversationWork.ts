/**
 * Takes one message to its end. What is next follows from what is kept of it and from the chat alone, so that it goes on
 * in the same way after a failure, a stop of the bot and the death of a window.
 */
import { InputError } from '../core/agents.ts';
import { JobBusyError } from '../core/jobs.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { TelegramEntry } from '../core/telegramStore.ts';
import { isOpenChat } from './access.ts';
import type { EntryBook } from './conversationBook.ts';
import type { Delivery } from './conversationDelivery.ts';
import type { Followers } from './conversationFollow.ts';
import { lastWorkAt, outcomeOf } from './conversationHistory.ts';
import { createJobRun } from './conversationJob.ts';
import { createMessageStart } from './conversationStart.ts';
import type { ConversationTools } from './conversationTools.ts';
import type { Turn } from './conversationTurn.ts';
import {
  deskText,
  elsewhereText,
  givenUpText,
  goingOnText,
  interruptedText,
  sentence,
  tryingText,
} from './conversationWords.ts';

export interface ConversationWork {
  /** Returns once there is nothing more to do for it by itself. Does not throw. */
  advance(turn: Turn, queued: () => number): Promise<void>;
}

/** It goes on by itself after an interruption that is no longer ago. Milliseconds. */
export const freshMs = 15 * 60_000;
const mostAttempts = 3;
const mostFailures = 5;
/** Milliseconds between two looks at what somebody else does in the chat. */
const lookAgainMs = 3_000;
const afterFailureMs = 5_000;

const stopped = 'Stopped. What was done so far was kept. Write again to go on.';
const stoppedElsewhere =
  'I do not wait for it any more. It goes on in another window of VS Code; it can be stopped there.';
const stoppedBehindDesk =
  'Your message was dropped. The work that it waited for goes on in VS Code; it can be stopped there.';

export const createConversationWork = (
  tools: ConversationTools,
  book: EntryBook,
  delivery: Delivery,
  followers: Followers,
): ConversationWork => {
  const { context, closing } = tools;
  const { history, jobs, chats } = context;
  const run = createJobRun(tools, book, followers);
  const prepare = createMessageStart(tools, book);

  /** Who was sent away meanwhile gets nothing done, and no answer. A schedule is nobody's, and needs its chat only. */
  const mayStill = ({ userId, chatId }: TelegramEntry): boolean => {
    const config = context.config();
    const isIn = userId === 0 || config.allowedUsers.some((user) => user.userId === userId);
    return isIn && isOpenChat(chatId, config);
  };

  const finishWith = async ({ updateId, display }: Turn, text: string): Promise<void> => {
    if ((await display.end(sentence(text))) === 'unsent') return;
    await book.change(updateId, { state: 'done' });
  };

  /** Somebody else works in the chat. */
  const waitFor = async (
    turn: Turn,
    message = deskText(),
    whenStopped = stoppedBehindDesk,
  ): Promise<void> => {
    turn.othersWork = whenStopped;
    turn.display.say(message);
    await tools.pause(lookAgainMs, turn.stop.signal);
    if (!turn.stop.signal.aborted) delete turn.othersWork;
  };

  const ask = async (turn: Turn, entry: TelegramEntry): Promise<void> => {
    // Kept first: a question that is lost is asked again at the next start.
    await book.change(entry.updateId, { state: 'asked' });
    await turn.display.end(interruptedText(entry));
  };

  /** A window that has lost the bot goes on until it notices: what it keeps of the entry counts then. */
  const isBegunElsewhere = async (entry: TelegramEntry): Promise<boolean> => {
    const kept = await book.kept(entry.configId, entry.updateId);
    const begun = kept?.jobIds?.length ?? 0;
    if (kept !== undefined && kept.state === entry.state && begun <= (entry.jobIds?.length ?? 0))
      return false;
    book.note(kept ?? { ...entry, state: 'done' });
    return true;
  };

  const waitAgain = async (entry: TelegramEntry): Promise<void> => {
    if (!(await isBegunElsewhere(entry))) await book.change(entry.updateId, { state: 'waiting' });
  };

  /** It was begun, here or in an earlier window. */
  const resume = async (turn: Turn, entry: TelegramEntry, queued: () => number): Promise<void> => {
    const { updateId, sessionId, jobIds = [] } = entry;
    if (sessionId === undefined || jobIds.length === 0) {
      await waitAgain(entry);
      return;
    }
    const session = await history.getSession(sessionId);
    const running = jobs.runningIn(sessionId);
    if (session !== undefined && running !== undefined && jobIds.includes(running)) {
      await run.join(turn, running, session, queued);
      return;
    }
    if (session === undefined || session.shelf === 'deleted') {
      await finishWith(
        turn,
        'The chat of this message was deleted in VS Code. Write again to begin a new one.',
      );
      return;
    }
    const items = await history.readAll(sessionId);
    const isAtWork = session.status === 'running' || session.status === 'waiting';
    const last = items.at(-1);
    if (isAtWork && running === undefined && (last === undefined || jobIds.includes(last.jobId))) {
      await waitFor(turn, elsewhereText(), stoppedElsewhere);
      return;
    }
    const outcome = outcomeOf(items, jobIds);
    switch (outcome.kind) {
      case 'unsent':
        await waitAgain(entry);
        return;
      case 'completed': {
        const { jobId } = outcome;
        const kept = await book.kept(entry.configId, updateId);
        if (kept?.state === 'working') await book.change(updateId, { state: 'answering', jobId });
        // Another window is sending the answer, or has: what it keeps of that is not to be written over.
        else book.note({ ...(kept ?? entry), state: 'answering', jobId });
        return;
      }
      case 'failed':
      case 'cancelled':
        await run.conclude(turn, outcome.jobId, items, session, queued);
        return;
      case 'interrupted': {
        const ago = context.now() - (lastWorkAt(items, jobIds) ?? entry.receivedAt);
        if (!turn.isWanted && (entry.attempts >= mostAttempts || ago >= freshMs)) {
          await ask(turn, entry);
          return;
        }
        turn.display.say(goingOnText());
        await run.start(turn, session, queued, (origin) => chats.goOn(sessionId, origin));
        turn.isWanted = false;
      }
    }
  };

  const begin = async (turn: Turn, entry: TelegramEntry, queued: () => number): Promise<void> => {
    const sending = await prepare(turn, entry);
    if (sending === undefined || turn.stop.signal.aborted || closing.aborted) return;
    const { session, launch } = sending;
    if (jobs.runningIn(session.id) !== undefined) {
      await waitFor(turn);
      return;
    }
    if (await isBegunElsewhere(entry)) return;
    await book.change(entry.updateId, { state: 'working', sessionId: session.id });
    await run.start(turn, session, queued, launch);
  };

  const step = async (turn: Turn, entry: TelegramEntry, queued: () => number): Promise<void> => {
    try {
      if (entry.state === 'answering') await delivery.deliver(entry.updateId, turn.display, queued);
      else if (entry.state === 'working') await resume(turn, entry, queued);
      else await begin(turn, entry, queued);
    } catch (error) {
      if (error instanceof JobBusyError) await waitFor(turn);
      else if (error instanceof InputError) await finishWith(turn, error.message);
      else throw error;
    }
  };

  return {
    advance: async (turn, queued) => {
      for (let failures = 0; !closing.aborted; ) {
        const entry = book.get(turn.updateId);
        if (entry === undefined || !['waiting', 'working', 'answering'].includes(entry.state)) return;
        try {
          if (!mayStill(entry)) {
            // Nothing is said to somebody who is not let in any more.
            await book.change(entry.updateId, { state: 'done' });
            context.log(`A message of user ${entry.userId} was dropped: they may not talk to it any more.`);
            return;
          }
          if (turn.stop.signal.aborted && entry.state !== 'answering') {
            await finishWith(turn, turn.othersWork ?? stopped);
            return;
          }
          await step(turn, entry, queued);
        } catch (error) {
          if (closing.aborted) return;
          failures += 1;
          context.count('errors');
          context.logError(error);
          if (failures >= mostFailures) {
            await turn.display.end(givenUpText(reasonOf(error)));
            return;
          }
          turn.display.say(tryingText(reasonOf(error)));
          await tools.pause(afterFailureMs * failures, turn.stop.signal);
        }
      }
    },
  };
};
