/** One message while it is worked on. */

import type { TakenFiles } from './context.ts';
import type { EntryBook } from './conversationBook.ts';
import { createDisplay, type Display } from './conversationDisplay.ts';
import type { ConversationTools } from './conversationTools.ts';

export interface Turn {
  readonly updateId: number;
  /** Aborted when a person stops it. */
  readonly stop: AbortController;
  /** Aborted when it was stopped and does not end: nobody waits for it any more. */
  readonly abandon: AbortController;
  readonly display: Display;
  /** The person wants it although it was interrupted long ago, or often. */
  isWanted: boolean;
  /** Fetched once, however often it is tried. */
  taken?: TakenFiles;
  /** The job that runs for it. */
  jobId?: string;
  /** It waits for work that cannot be stopped from here: what the person is told who stops it. */
  othersWork?: string;
  readonly startedAt: number;
  /** What it does, in a few words. */
  activity(): string;
}

export const createTurn = (
  tools: ConversationTools,
  book: EntryBook,
  updateId: number,
  isWanted: boolean,
): Turn | undefined => {
  const entry = book.get(updateId);
  if (entry === undefined) return undefined;
  const { statusMessageId: messageId } = entry;
  const display = createDisplay(tools, {
    place: entry,
    replyTo: entry.messageId,
    ...(messageId === undefined ? {} : { messageId }),
    onSent: (statusMessageId) => tools.behind(book.change(updateId, { statusMessageId })),
  });
  return {
    updateId,
    stop: new AbortController(),
    abandon: new AbortController(),
    display,
    isWanted,
    startedAt: tools.context.now(),
    activity: () => 'Starting',
  };
};
