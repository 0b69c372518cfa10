/** Makes a chat of ours go on in a chat of Telegram. */
import { InputError } from '../core/agents.ts';
import type { TelegramThread } from '../core/telegramStore.ts';
import type { ChatItem } from '../shared/chat.ts';
import { textOf } from '../shared/message.ts';
import type { BotContext } from './context.ts';
import { markdownBlocks } from './html.ts';
import { oneLine, outgoing } from './replyWords.ts';
import { bold, plainSpan, type RichText, toText } from './richText.ts';
import { splitBlocks } from './split.ts';
import { type Outgoing, SendError } from './types.ts';

const shownLimit = 2_500;

const lastAnswer = (items: readonly ChatItem[]): string => {
  for (const item of items.toReversed()) {
    const text = item.kind === 'assistant' ? textOf(item.message.content) : '';
    if (text.trim() !== '') return text;
  }
  return '';
};

/** Where the chat stands: title, the beginning of the last answer, and how to go on. */
const standing = (title: string, items: readonly ChatItem[], isWorking: boolean): Outgoing => {
  const answer = lastAnswer(items);
  // Much more than can be shown need not be parsed.
  const [first = [], ...rest] = splitBlocks(markdownBlocks(answer.slice(0, 4 * shownLimit)), shownLimit);
  const isCut = rest.length > 0 || answer.length > 4 * shownLimit;
  const shown: RichText = toText(first).trim() === '' ? [] : [plainSpan('\n\n'), ...first];
  const next = isWorking
    ? 'The agent works in it now. What you write here goes on in this chat when it is done.'
    : 'What you write here goes on in this chat.';
  return outgoing([
    bold(oneLine(title, 200)),
    ...shown,
    ...(isCut ? [plainSpan(' …')] : []),
    plainSpan(`\n\n${next}`),
  ]);
};

/**
 * The chat goes on there from now on, and what was there before stays as it is. Sends where it stands.
 * @throws InputError where there is no such chat, or nothing can be sent there
 */
export const continueChat = async (
  context: Pick<BotContext, 'store' | 'chats' | 'history' | 'jobs' | 'courier'>,
  sessionId: string,
  thread: TelegramThread,
): Promise<void> => {
  const { store } = context;
  const session = await context.chats.get(sessionId);
  if (session === undefined) {
    throw new InputError('This chat is not there any more. It may have been deleted.');
  }
  if (session.shelf === 'deleted') {
    throw new InputError('This chat is deleted. Restore it in VS Code first; then it can go on here.');
  }
  const items = await context.history.readAll(sessionId);
  const text = standing(session.title, items, context.jobs.runningIn(sessionId) !== undefined);
  const before = await store.getBinding(thread);
  // First: an answer to the message must find the chat.
  await store.saveBinding({ ...before, sessionId });
  try {
    await context.courier.send(thread, text);
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    // It may have arrived, and then its words have to be true.
    if (error.failure === 'unsure') return;
    await store.saveBinding(before);
    throw new InputError(`The chat does not go on there, since nothing could be sent: ${error.message}`);
  }
};
