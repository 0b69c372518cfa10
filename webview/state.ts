/** Everything the view shows, and how each message of the host changes it. Pure: no DOM, no clock. */
import type { SessionSummary } from '../extension/shared/session.ts';
import { type ChatItem, type ChatState, emptyChat, reduceChat } from '../extension/shared/chat.ts';
import { textOf } from '../extension/shared/message.ts';
import type { Surroundings, ToHost, ToWebview } from '../extension/shared/protocol.ts';
import { type Announcer, announce, silent } from './announce.ts';
import { addChanges, type Changes, changesOf } from './changes.ts';
import { type Draft, draftProblem, emptyDraft } from './draft.ts';

/** A message that was sent, and not yet accepted or refused. */
export interface Pending {
  readonly requestId: string;
  readonly draft: Draft;
  /** The person's last message before it, by which the chat shows whether this one arrived. */
  readonly lastUserId: string;
  /** The answer may have been lost: the person may send again, but an answer that comes late still counts. */
  readonly isOverdue: boolean;
}

export interface ViewState {
  /**
   * `waiting`: a snapshot was asked for; what arrives before it belongs to a state this view does not have. `failed`:
   * the host cannot make one, and the person has to ask.
   */
  readonly sync: 'waiting' | 'synced' | 'failed';
  /** Why there is nothing to show; until the next snapshot. */
  readonly failure?: string;
  /** False until the first snapshot: there is nothing to show yet. */
  readonly loaded: boolean;
  readonly seq: number;
  readonly chat: ChatState;
  readonly surroundings: Surroundings;
  readonly changes: Changes;
  /** Final message id to the id its preview had, so that a finished reply stays the element it was. */
  readonly previewIds: ReadonlyMap<string, string>;
  readonly announcer: Announcer;
  readonly loadingOlder: boolean;
  /** Why the last older page did not come; empty when it did. */
  readonly olderProblem: string;
  readonly sessions?: readonly SessionSummary[];
  /** Why the last list of chats did not come; empty when it did. */
  readonly sessionsProblem: string;
  readonly sessionsOpen: boolean;
  /** Grows each time the list of chats has to be asked for again. */
  readonly sessionsChanges: number;
  readonly draft: Draft;
  readonly pending?: Pending;
  /** Why the last message was not taken, or a picture not attached. */
  readonly refusal?: string;
  /** Grows each time the composer should take the focus. */
  readonly focusCount: number;
}

export const initialState = (draft: Draft = emptyDraft): ViewState => ({
  sync: 'waiting',
  loaded: false,
  seq: -1,
  chat: emptyChat('', { provider: 'gemini', model: '' }),
  surroundings: {
    agentName: '',
    modelLabel: '',
    isDemo: false,
    hasKey: true,
    providerName: '',
    folder: '',
    isTrusted: true,
    suggestions: [],
  },
  changes: new Map(),
  previewIds: new Map(),
  announcer: silent,
  loadingOlder: false,
  olderProblem: '',
  sessionsProblem: '',
  sessionsChanges: 0,
  sessionsOpen: false,
  draft,
  focusCount: 0,
});

type Messages = { [T in ToWebview['type']]: Extract<ToWebview, { type: T }> };
type Handlers = { [T in ToWebview['type']]: (state: ViewState, message: Messages[T]) => ViewState };

/** The pages that were loaded before, put in front of a newer snapshot of the same chat that begins within them. */
const keepOlder = (before: ChatState, snapshot: ChatState): ChatState => {
  const first = snapshot.items[0];
  if (first === undefined || snapshot.sessionId === '' || before.sessionId !== snapshot.sessionId)
    return snapshot;
  const index = before.items.findIndex((item) => item.id === first.id);
  if (index <= 0) return snapshot;
  return {
    ...snapshot,
    items: [...before.items.slice(0, index), ...snapshot.items],
    hasOlder: before.hasOlder,
  };
};

const withoutPending = (state: ViewState): ViewState => {
  const { pending: _, ...rest } = state;
  return rest;
};

/** Clears what was sent, and keeps what was typed since. */
const withoutSent = (state: ViewState): ViewState => {
  const { pending, refusal: _, ...rest } = state;
  if (pending === undefined) return state;
  const sent = new Set(pending.draft.images.map((image) => image.id));
  const text = rest.draft.text.startsWith(pending.draft.text)
    ? rest.draft.text.slice(pending.draft.text.length)
    : rest.draft.text;
  const images = rest.draft.images.filter((image) => !sent.has(image.id));
  return { ...withoutPending(rest), draft: { text, images } };
};

const lastUserItem = (chat: ChatState) => chat.items.findLast((item) => item.kind === 'user');

/** An answer to a pending message may have been lost in a gap: then the chat itself tells. */
const settlePending = (state: ViewState): ViewState => {
  const { pending, chat } = state;
  if (pending === undefined) return state;
  const last = lastUserItem(chat);
  const arrived =
    last !== undefined &&
    last.id !== pending.lastUserId &&
    textOf(last.message.content).trim() === pending.draft.text.trim();
  return arrived ? withoutSent(state) : { ...state, pending: { ...pending, isOverdue: true } };
};

const handlers: Handlers = {
  snapshot: (state, { chat: snapshot, surroundings }) => {
    const chat = keepOlder(state.chat, snapshot);
    const { failure: _, ...rest } = state;
    return settlePending({
      ...rest,
      loaded: true,
      chat,
      surroundings,
      changes: changesOf(chat.items),
      announcer: { ...state.announcer, spoken: 0 },
      loadingOlder: false,
      olderProblem: '',
    });
  },
  failed: (state, { message }) => ({ ...state, sync: 'failed', failure: message, loadingOlder: false }),
  event: (state, { event }) => {
    const chat = reduceChat(state.chat, event);
    const preview = state.chat.items.at(-1);
    const isFinal = event.type === 'TurnCompleted' && preview?.kind === 'assistant' && preview.streaming;
    const previewId = isFinal ? (state.previewIds.get(preview.id) ?? preview.id) : '';
    return {
      ...state,
      chat,
      announcer: announce(state.announcer, chat, event),
      changes:
        event.type === 'StepCompleted' && event.result.outcome === 'completed'
          ? addChanges(state.changes, event.step.id, event.diffs)
          : state.changes,
      previewIds:
        isFinal && event.type === 'TurnCompleted'
          ? new Map(state.previewIds).set(event.message.id, previewId)
          : state.previewIds,
    };
  },
  surroundings: (state, { surroundings }) => ({ ...state, surroundings }),
  older: (state, { sessionId, items, hasOlder }) => {
    if (sessionId !== state.chat.sessionId) return state;
    const known = new Set(state.chat.items.map((item) => item.id));
    const all: readonly ChatItem[] = [...items.filter((item) => !known.has(item.id)), ...state.chat.items];
    return {
      ...state,
      chat: { ...state.chat, items: all, hasOlder },
      changes: changesOf(all),
      loadingOlder: false,
    };
  },
  olderUnread: (state, { sessionId, message }) =>
    sessionId === state.chat.sessionId ? { ...state, loadingOlder: false, olderProblem: message } : state,
  sessions: (state, { sessions }) => ({ ...state, sessions, sessionsProblem: '' }),
  sessionsUnread: (state, { message }) => ({ ...state, sessionsProblem: message }),
  sessionsChanged: (state) => ({ ...state, sessionsChanges: state.sessionsChanges + 1 }),
  showSessions: (state) => ({ ...state, sessionsOpen: true }),
  focusComposer: (state) => ({ ...state, sessionsOpen: false, focusCount: state.focusCount + 1 }),
  accepted: (state, { requestId }) => (state.pending?.requestId === requestId ? withoutSent(state) : state),
  refused: (state, { requestId, message }) =>
    state.pending?.requestId === requestId ? { ...withoutPending(state), refusal: message } : state,
};

const handle = <T extends ToWebview['type']>(
  state: ViewState,
  message: Messages[T] & { type: T },
): ViewState => handlers[message.type](state, message);

/** What does not build on the shown chat is good whatever was lost before it. */
const selfContained: readonly ToWebview['type'][] = [
  'accepted',
  'refused',
  'sessions',
  'sessionsUnread',
  'sessionsChanged',
  'showSessions',
  'focusComposer',
];

/**
 * The state after one message of the host. When a message is missing (`seq` jumps), the state goes to
 * `sync: 'waiting'`: the caller then posts `ready`, and only the next snapshot counts.
 */
export const receive = (state: ViewState, message: ToWebview): ViewState => {
  if (message.type === 'snapshot') return { ...handle(state, message), sync: 'synced', seq: message.seq };
  if (message.type === 'failed') return handle(state, message);
  if (selfContained.includes(message.type)) {
    const next = handle(state, message);
    if (state.sync !== 'synced') return next;
    return message.seq === state.seq + 1 ? { ...next, seq: message.seq } : { ...next, sync: 'waiting' };
  }
  if (state.sync !== 'synced') return state;
  if (message.seq !== state.seq + 1) return { ...state, sync: 'waiting' };
  return { ...handle(state, message), seq: message.seq };
};

/** Puts text into the composer, behind what is already there. */
export const composeText = (state: ViewState, text: string): ViewState => {
  const before = state.draft.text.trim() === '' ? '' : `${state.draft.text.trimEnd()}\n`;
  return { ...state, draft: { ...state.draft, text: before + text }, focusCount: state.focusCount + 1 };
};

export const isSending = ({ pending }: ViewState): boolean => pending !== undefined && !pending.isOverdue;

export const canSend = (state: ViewState): boolean =>
  state.loaded &&
  state.failure === undefined &&
  !isSending(state) &&
  draftProblem(state.draft) === undefined &&
  (state.draft.text.trim() !== '' || state.draft.images.length > 0);

/** The state with the draft under way, and what to post; the draft stays until the host has it. */
export const sendDraft = (state: ViewState, requestId: string): { state: ViewState; post: ToHost } => {
  const { refusal: _, ...rest } = state;
  const { text, images } = state.draft;
  const lastUserId = lastUserItem(state.chat)?.id ?? '';
  return {
    state: { ...rest, pending: { requestId, draft: state.draft, lastUserId, isOverdue: false } },
    post: {
      type: 'send',
      requestId,
      sessionId: state.chat.sessionId,
      text,
      images: images.map(({ mediaType, data, name }) => ({ mediaType, data, name })),
    },
  };
};

/** What to post for the next older page; undefined when there is none, or one is under way. */
export const olderRequest = (state: ViewState): ToHost | undefined => {
  const row = state.chat.items.find((item) => item.row !== undefined)?.row;
  if (!state.chat.hasOlder || state.loadingOlder || row === undefined || state.sync !== 'synced') return;
  return { type: 'loadOlder', sessionId: state.chat.sessionId, beforeRow: row };
};

/** What the person sent in this chat, oldest first, without repeats in a row. */
export const sentTexts = (items: readonly ChatItem[]): readonly string[] =>
  items
    .flatMap((item) => (item.kind === 'user' ? [textOf(item.message.content)] : []))
    .filter((text, index, all) => text !== '' && text !== all[index - 1]);
