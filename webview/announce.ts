/** What a screen reader is told: finished paragraphs, waiting approvals and how a job ended. Never single tokens. */
import type { ChatState } from '../extension/shared/chat.ts';
import type { AgentEvent } from '../extension/shared/event.ts';
import { textOf } from '../extension/shared/message.ts';
import { verbOf } from '../extension/shared/toolVerb.ts';
import { groupTitle } from './asking.ts';

export interface Announcer {
  /** Characters of the reply's text that have been spoken. */
  readonly spoken: number;
  /** Grows with every announcement, so that the same words twice are two announcements. */
  readonly count: number;
  readonly text: string;
  /** The question that more may join in a moment: it is read out once, as a whole. */
  readonly groupId?: string;
}

export const silent: Announcer = { spoken: 0, count: 0, text: '' };

const say = (announcer: Announcer, text: string, spoken: number): Announcer =>
  text.trim() === ''
    ? { ...announcer, spoken }
    : { spoken, count: announcer.count + 1, text: text.trim().slice(0, 2_000) };

/** The text of the reply that is streaming, as far as it has come: the beginning of what TurnCompleted will hold. */
const streamingText = (chat: ChatState): string => {
  const last = chat.items.at(-1);
  return last?.kind === 'assistant' && last.streaming ? textOf(last.message.content) : '';
};

/** Steps that are asked together are one announcement, whose text grows with each. */
const sayGroup = (announcer: Announcer, chat: ChatState, groupId: string): Announcer => {
  const waiting = chat.items.flatMap((item) =>
    item.kind === 'step' && item.record.status === 'waiting' && item.record.prompt?.groupId === groupId
      ? [item.record]
      : [],
  );
  const titles = waiting.flatMap(({ prompt }) => (prompt === undefined ? [] : [prompt.title]));
  const head = waiting.length > 1 ? `${groupTitle(waiting)}. ` : '';
  const next = say(announcer, `Waiting for your approval. ${head}${titles.join(' ')}`, announcer.spoken);
  const isSame = announcer.groupId === groupId;
  return { ...next, count: isSame ? announcer.count : next.count, groupId };
};

/** Steps whose files were put back since. */
export const announceUndone = (announcer: Announcer, before: ChatState, chat: ChatState): Announcer => {
  if (before.sessionId !== chat.sessionId) return announcer;
  const done = new Set(
    before.items.flatMap((item) =>
      item.kind === 'step' && item.record.undo?.undoneAt === undefined ? [item.id] : [],
    ),
  );
  const undone = chat.items.flatMap((item) =>
    item.kind === 'step' && item.record.undo?.undoneAt !== undefined && done.has(item.id)
      ? [`${verbOf(item.record.step.tool)} ${item.record.step.title}`]
      : [],
  );
  return undone.length === 0 ? announcer : say(announcer, `Undone: ${undone.join(', ')}`, announcer.spoken);
};

/** Something of the composer, in between. */
export const announceText = (announcer: Announcer, text: string): Announcer =>
  say(announcer, text, announcer.spoken);

/** The announcer after an event; `chat` is the state that the event led to. */
export const announce = (announcer: Announcer, chat: ChatState, event: AgentEvent): Announcer => {
  switch (event.type) {
    case 'Token': {
      const text = streamingText(chat);
      const spoken = text.length < announcer.spoken ? 0 : announcer.spoken;
      const end = text.lastIndexOf('\n\n');
      return end > spoken ? say(announcer, text.slice(spoken, end), end) : { ...announcer, spoken };
    }
    case 'TurnCompleted':
      return say(announcer, textOf(event.message.content).slice(announcer.spoken), 0);
    case 'ApprovalRequired':
      if (event.prompt.groupId !== undefined && !chat.hasNewer)
        return sayGroup(announcer, chat, event.prompt.groupId);
      return say(announcer, `Waiting for your approval. ${event.prompt.title}`, announcer.spoken);
    case 'JobFailed':
      return say(announcer, event.error.message, 0);
    case 'JobCancelled':
      return say(announcer, 'Stopped.', 0);
    default:
      return announcer;
  }
};
