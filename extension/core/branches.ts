/** What a person does with the past of a chat: goes another way from there, or has it said again. Nothing is lost by it. */

import { type ChatItem, titleFrom } from '../shared/chat.ts';
import type { AttachedContext } from '../shared/mcp.ts';
import type { UserMessage } from '../shared/message.ts';
import type { Session, SessionSummary } from '../shared/session.ts';
import { InputError } from './agents.ts';
import { type Chats, checkNotEmpty, type SendRequest } from './chats.ts';
import { JobBusyError, type StartedJob } from './jobs.ts';
import { newestFirst } from './newestFirst.ts';
import { reasonOf } from './reasonOf.ts';
import type { Store } from './store.ts';
import { attachedText } from './userInput.ts';

/** What is sent in the place of an earlier message. */
export type Resend = Pick<SendRequest, 'text' | 'images' | 'skills' | 'attached'> & {
  /** Ids of what the earlier message came with, and this one too. */
  readonly keepAttached?: readonly string[];
};

/** What a message came with, for another one to take along. In an imported chat nothing of it is the person's own. */
const cameWith = ({ attached = [], taint }: UserMessage): readonly AttachedContext[] =>
  taint === undefined ? attached : attached.map((each) => ({ taint, ...each }));

export interface Branches {
  /**
   * A new chat with everything up to this item, and with the steps of a reply; without one, with everything.
   * @throws InputError for a chat or item that is not there
   */
  fork(sessionId: string, itemId?: string): Promise<Session>;
  /**
   * Puts another message in the place of this one of the person's and of all that came after it. The chat as it was is
   * kept in the archive. When it throws, nothing was sent; once the chat had been cut by then, the error says so.
   * @throws InputError, JobBusyError, StoreError
   */
  editAndResend(sessionId: string, itemId: string, request: Resend): Promise<StartedJob>;
  /**
   * Takes out what follows the person's last message before this item, and has it answered anew. The chat as it was is
   * kept in the archive.
   * @throws as editAndResend
   */
  retry(sessionId: string, itemId: string): Promise<StartedJob>;
  /**
   * Takes this message of the person's and all that came after it out of the chat, which is kept in the archive as it was.
   * @throws as editAndResend
   */
  rewind(sessionId: string, itemId: string): Promise<void>;
}

/** Characters of a title that is made from another one. */
const titleLimit = 120;

/** The reply, or the step's reply, that an item belongs to. */
const replyOf = (item: ChatItem): string | undefined => {
  if (item.kind === 'assistant') return item.id;
  return item.kind === 'step' ? item.record.step.messageId : undefined;
};

/** `14:05`, where the person is. */
const timeOfDay = (at: number): string => {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
};

const shortened = (title: string, limit: number): string =>
  title.length <= limit ? title : `${title.slice(0, limit - 1).trimEnd()}…`;

const forkTitle = (title: string): string =>
  shortened(`Fork of ${title.replace(/^Fork of /, '')}`, titleLimit);

type Reason = 'edit' | 'retry' | 'undo';

/** Whose chat was rewound more than once names the last time only. */
const earlierTitle = (title: string, reason: Reason, at: number): string => {
  const ending = ` (before the ${reason} of ${timeOfDay(at)})`;
  const plain = title.replace(/ \(before the (?:edit|retry|undo) of \d\d:\d\d\)$/, '');
  return shortened(plain, titleLimit - ending.length) + ending;
};

export const createBranches = (options: {
  readonly store: Store;
  readonly chats: Chats;
  /** Rows were taken out of this chat; called before anything new is said in it. */
  onRewound(sessionId: string): Promise<void>;
  newId(): string;
  now(): number;
}): Branches => {
  const { store, chats } = options;
  /** Chats that are being rewound: a second press must not cut twice. */
  const busy = new Set<string>();
  /** Messages that were taken out, while the one in their place has not been sent: sent again, it goes to the end. */
  const cut = new Map<string, readonly AttachedContext[]>();

  const copyOf = (session: Session, title: string): Session => ({
    id: options.newId(),
    title,
    // It says what became of the chat, which a model does not know.
    titleBy: 'person',
    agentId: session.agentId,
    model: session.model,
    // What may run unasked was chosen for one chat, and is chosen anew for another; only what asks goes along.
    ...(session.mode === 'ask' ? { mode: session.mode } : {}),
    folder: session.folder,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
  });

  /** @returns the title under which the chat is kept as it was */
  const rewind = async (session: SessionSummary, fromRow: number, reason: Reason): Promise<string> => {
    const at = options.now();
    const earlier = copyOf(session, earlierTitle(session.title, reason, at));
    await store.rewindSession({ sessionId: session.id, fromRow, earlier, at });
    return earlier.title;
  };

  const keptAs = (error: unknown, title: string): Error =>
    new Error(
      `${reasonOf(error)} Nothing was sent. The chat has been cut here already; as it was before, it is in the archive as “${title}”.`,
      { cause: error },
    );

  const alone = async <T>(sessionId: string, work: () => Promise<T>): Promise<T> => {
    if (busy.has(sessionId)) throw new JobBusyError();
    busy.add(sessionId);
    try {
      return await work();
    } finally {
      busy.delete(sessionId);
    }
  };

  const fork: Branches['fork'] = async (sessionId, itemId) => {
    const session = await chats.get(sessionId);
    if (session === undefined)
      throw new InputError('This chat is not there any more. It may have been removed.');
    const now = options.now();
    const to: Session = { ...copyOf(session, forkTitle(session.title)), createdAt: now, updatedAt: now };
    if (itemId === undefined) {
      await store.copySession({ from: sessionId, to });
      return to;
    }
    /** Last row of each reply with its steps. */
    const lastRows = new Map<string, number>();
    for await (const item of newestFirst(store, sessionId)) {
      const reply = replyOf(item);
      const { row } = item;
      if (row === undefined) continue;
      if (reply !== undefined && !lastRows.has(reply)) lastRows.set(reply, row);
      if (item.id !== itemId) continue;
      const throughRow = (reply === undefined ? undefined : lastRows.get(reply)) ?? row;
      await store.copySession({ from: sessionId, to, throughRow });
      return to;
    }
    throw new InputError(
      'This message is not kept yet, or was taken out of the chat. Wait until it is done, then fork again.',
    );
  };

  const editAndResend: Branches['editAndResend'] = (sessionId, itemId, request) =>
    alone(sessionId, async () => {
      const { keepAttached = [], ...rest } = request;
      /** @param before what the earlier message came with @throws InputError */
      const withKept = (before: readonly AttachedContext[]): readonly AttachedContext[] => {
        const again = before.filter(({ id }) => keepAttached.includes(id));
        // Sent without it, the message would say something else.
        if (again.length < new Set(keepAttached).size)
          throw new InputError(
            'Something that is attached is not kept here any more. Nothing was sent. Remove it from the message, and attach it again.',
          );
        return [...again, ...(rest.attached ?? [])];
      };
      if (keepAttached.length === 0) checkNotEmpty(rest);
      const session = await chats.ready(sessionId);
      let found: ChatItem | undefined;
      let isFirst = true;
      for await (const item of newestFirst(store, sessionId)) {
        if (found !== undefined) {
          isFirst = false;
          break;
        }
        if (item.id === itemId) found = item;
      }
      const key = `${sessionId} ${itemId}`;
      const earlier = cut.get(key);
      if (found === undefined && earlier !== undefined) {
        const started = await chats.send({ ...rest, sessionId, attached: withKept(earlier) });
        cut.delete(key);
        return started;
      }
      if (found?.row === undefined) {
        throw new InputError(
          'The message that you edit is not in this chat any more; it may have been replaced in another window. Nothing was sent. Copy what you wrote, cancel the edit, and send it as a new message.',
        );
      }
      if (found.kind !== 'user') throw new InputError('Only a message of yours can be edited.');
      const before = cameWith(found.message);
      const attached = withKept(before);
      const kept = await rewind(session, found.row, 'edit');
      cut.set(key, before);
      try {
        if (isFirst && session.titleBy !== 'person') {
          // The chat is about something else now.
          const titleText = rest.text.trim() === '' ? attachedText(attached) : rest.text;
          await store.updateSession(
            sessionId,
            { title: { text: titleFrom(titleText), by: 'message' } },
            options.now(),
          );
        }
        await options.onRewound(sessionId);
        const started = await chats.send({ ...rest, sessionId, attached });
        cut.delete(key);
        return started;
      } catch (error) {
        throw keptAs(error, kept);
      }
    });

  const retry: Branches['retry'] = (sessionId, itemId) =>
    alone(sessionId, async () => {
      const session = await chats.ready(sessionId);
      let isFound = false;
      let next: ChatItem | undefined;
      for await (const item of newestFirst(store, sessionId)) {
        isFound ||= item.id === itemId;
        if (!isFound || item.kind !== 'user') {
          next = item;
          continue;
        }
        if (next?.row === undefined) return chats.goOn(sessionId);
        const kept = await rewind(session, next.row, 'retry');
        try {
          await options.onRewound(sessionId);
          return await chats.goOn(sessionId);
        } catch (error) {
          throw keptAs(error, kept);
        }
      }
      throw new InputError(
        isFound
          ? 'No message of yours stands before this one, so there is nothing to answer again.'
          : 'This message is not in the chat any more; it may have been taken out in another window.',
      );
    });

  const rewindTo: Branches['rewind'] = (sessionId, itemId) =>
    alone(sessionId, async () => {
      const session = await chats.ready(sessionId);
      for await (const item of newestFirst(store, sessionId)) {
        if (item.id !== itemId || item.row === undefined) continue;
        await rewind(session, item.row, 'undo');
        await options.onRewound(sessionId);
        return;
      }
      throw new InputError(
        'This message is not in the chat any more; it may have been taken out in another window.',
      );
    });

  return { fork, editAndResend, retry, rewind: rewindTo };
};
