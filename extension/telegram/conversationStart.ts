/** Puts together what a message sends to its chat. */
import type { JobOrigin } from '../core/jobOrigin.ts';
import type { StartedJob } from '../core/jobs.ts';
import type { TelegramBinding, TelegramEntry } from '../core/telegramStore.ts';
import type { TakenFiles } from './context.ts';
import type { EntryBook } from './conversationBook.ts';
import type { JobSession } from './conversationJob.ts';
import type { ConversationTools } from './conversationTools.ts';
import type { Turn } from './conversationTurn.ts';
import { isGoOn, nothingInItText, sentence, textOfEntry } from './conversationWords.ts';

export interface MessageStart {
  readonly session: JobSession;
  launch(origin: JobOrigin): Promise<StartedJob>;
}

const noFiles: TakenFiles = { images: [], text: '', notes: [] };

/**
 * @returns undefined where there is nothing to send: the person was told, and the entry is done; also when it was stopped
 */
export const createMessageStart = (
  tools: ConversationTools,
  book: EntryBook,
): ((turn: Turn, entry: TelegramEntry) => Promise<MessageStart | undefined>) => {
  const { context, closing } = tools;
  const { store, chats, agents, attachments } = context;

  const sessionOf = async (binding: TelegramBinding): Promise<JobSession | undefined> => {
    const known = binding.sessionId === undefined ? undefined : await chats.get(binding.sessionId);
    return known === undefined || known.shelf === 'deleted' ? undefined : known;
  };

  const newSession = async (binding: TelegramBinding): Promise<JobSession> => {
    const agent = await agents.get(binding.agentId ?? context.config().agentId);
    const session = { id: context.newId(), agentId: agent.id, model: agent.model };
    // First: what is sent to a chat that no binding names would be lost to the phone.
    await store.saveBinding({ ...binding, sessionId: session.id });
    return session;
  };

  const filesOf = async (turn: Turn, entry: TelegramEntry, session: JobSession): Promise<TakenFiles> => {
    if (turn.taken !== undefined) return turn.taken;
    if (entry.files.length === 0) return noFiles;
    const taken = await attachments.take(entry, session.model, AbortSignal.any([turn.stop.signal, closing]));
    if (turn.stop.signal.aborted || closing.aborted) return noFiles;
    turn.taken = taken;
    if (taken.notes.length > 0) await tools.tell(entry, sentence(taken.notes.join('\n')), entry.messageId);
    return taken;
  };

  const end = async ({ updateId, display }: Turn, text = nothingInItText()): Promise<undefined> => {
    await display.end(text);
    await book.change(updateId, { state: 'done' });
  };

  return async (turn, entry) => {
    const binding = await store.getBinding(entry);
    if (isGoOn(entry)) {
      const sessionId = entry.sessionId ?? binding.sessionId;
      const session = await sessionOf({ ...binding, ...(sessionId === undefined ? {} : { sessionId }) });
      if (session === undefined) return end(turn, sentence('There is no chat here any more to go on with.'));
      return { session, launch: (origin) => chats.goOn(session.id, origin) };
    }
    const known = await sessionOf(binding);
    const session = known ?? (await newSession(binding));
    const taken = await filesOf(turn, entry, session);
    if (turn.stop.signal.aborted || closing.aborted) return undefined;
    const textNow = (): string => {
      // As it is when it is sent: it may have been edited meanwhile.
      const text = textOfEntry(book.get(entry.updateId) ?? entry);
      return [text, taken.text].filter((each) => each !== '').join('\n\n');
    };
    if (textNow().trim() === '' && taken.images.length === 0) {
      return taken.notes.length > 0 ? end(turn, sentence('Nothing else was in the message.')) : end(turn);
    }
    return {
      session,
      launch: (origin) =>
        chats.send({
          ...(known === undefined
            ? { newSessionId: session.id, agentId: session.agentId }
            : { sessionId: session.id }),
          text: textNow(),
          images: taken.images,
          origin,
          ...(entry.isForwarded ? { taint: 'a forwarded message' } : {}),
        }),
    };
  };
};
