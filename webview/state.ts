/** Everything the view shows, and how each message of the host changes it. Pure: no DOM, no clock. */
import { type ChatItem, type ChatState, emptyChat, reduceChat } from '../extension/shared/chat.ts';
import type { McpResourceChoice } from '../extension/shared/mcp.ts';
import { textOf } from '../extension/shared/message.ts';
import type { Surroundings, ToHost, ToWebview } from '../extension/shared/protocol.ts';
import { type Announcer, announce, announceUndone, silent } from './announce.ts';
import { takeAttached, takeNotAttached } from './attaching.ts';
import { addChanges, type Changes, changesOf } from './changes.ts';
import {
  beginWantedEdit,
  leaveEdit,
  type Pending,
  settlePending,
  withoutPending,
  withoutSent,
} from './compose.ts';
import { type Draft, emptyDraft } from './draft.ts';
import type { Editing } from './editing.ts';
import {
  closedList,
  closeList,
  type ListState,
  openList,
  takeFound,
  takeSearchFailure,
  takeSessions,
} from './list.ts';

/** It goes when another chat is shown. */
export interface Refusal {
  readonly sessionId: string;
  readonly message: string;
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
  readonly loadingNewer: boolean;
  readonly newerProblem: string;
  /** The item to be brought into view, if any; another one, or the same again, with each `count`. */
  readonly focus: { readonly itemId: string; readonly count: number };
  /** Grows each time the end of the chat is to be gone to. */
  readonly endCount: number;
  readonly list: ListState;
  readonly draft: Draft;
  /** Set while `draft` is an earlier message, which it is to replace. */
  readonly editing?: Editing;
  /** A message that is to be edited as soon as it is there. */
  readonly wantedEdit?: { readonly sessionId: string; readonly itemId: string };
  readonly pending?: Pending;
  /** Why the last message was not taken, or a picture not attached. */
  readonly refusal?: Refusal;
  /** Resources and prompts that the host is reading; nothing is sent until they are there. */
  readonly attaching: readonly { readonly requestId: string; readonly label: string }[];
  /** What MCP servers offered for what was typed behind `@`. */
  readonly resources: { readonly requestId: string; readonly choices: readonly McpResourceChoice[] };
  /** Grows each time the composer should take the focus. */
  readonly focusCount: number;
}

export const initialState = (draft: Draft = emptyDraft, editing?: Editing): ViewState => ({
  sync: 'waiting',
  loaded: false,
  seq: -1,
  chat: emptyChat('', { provider: 'gemini', model: '' }),
  surroundings: {
    agentName: '',
    modelLabel: '',
    isDemo: false,
    mode: 'ask',
    hasKey: true,
    providerName: '',
    folder: '',
    isTrusted: true,
    shelf: 'active',
    suggestions: [],
    skills: [],
    prompts: [],
  },
  changes: new Map(),
  previewIds: new Map(),
  announcer: silent,
  loadingOlder: false,
  olderProblem: '',
  loadingNewer: false,
  newerProblem: '',
  focus: { itemId: '', count: 0 },
  endCount: 0,
  list: closedList,
  draft,
  ...(editing === undefined ? {} : { editing }),
  attaching: [],
  resources: { requestId: '', choices: [] },
  focusCount: 0,
});

type Messages = { [T in ToWebview['type']]: Extract<ToWebview, { type: T }> };
type Handlers = { [T in ToWebview['type']]: (state: ViewState, message: Messages[T]) => ViewState };

/**
 * The pages that were loaded before, put in front of a newer snapshot of the same chat that begins within them. One
 * that does not, because it shows another part of the chat, takes their place: there would be a hole between.
 */
const keepOlder = (before: ChatState, snapshot: ChatState): ChatState => {
  const first = snapshot.items[0];
  if (first === undefined || snapshot.sessionId === '' || before.sessionId !== snapshot.sessionId)
    return snapshot;
  const index = before.items.findIndex((item) => item.id === first.id);
  if (index <= 0 || !snapshot.hasOlder) return snapshot;
  return {
    ...snapshot,
    items: [...before.items.slice(0, index), ...snapshot.items],
    hasOlder: before.hasOlder,
  };
};

/** The item that a row of the store belongs to: itself, or the last one before it. */
const itemAt = (items: readonly ChatItem[], row: number): ChatItem | undefined =>
  items.find((item) => item.row === row) ??
  items.findLast((item) => item.row !== undefined && item.row < row) ??
  items[0];

const handlers: Handlers = {
  snapshot: (state, { chat: snapshot, surroundings, focusRow }) => {
    const chat = keepOlder(state.chat, snapshot);
    const { failure: _, refusal, ...rest } = state;
    const focused = focusRow === undefined ? undefined : itemAt(chat.items, focusRow);
    const wasInMiddle = state.chat.hasNewer && state.chat.sessionId === chat.sessionId;
    const goesToEnd = wasInMiddle && !chat.hasNewer && !state.loadingNewer && focused === undefined;
    const next = settlePending({
      ...rest,
      ...(refusal?.sessionId === chat.sessionId ? { refusal } : {}),
      loaded: true,
      chat,
      surroundings,
      changes: changesOf(chat.items),
      announcer: { ...announceUndone(state.announcer, state.chat, chat), spoken: 0 },
      loadingOlder: false,
      olderProblem: '',
      loadingNewer: false,
      newerProblem: '',
      endCount: goesToEnd ? state.endCount + 1 : state.endCount,
      focus:
        focused !== undefined
          ? { itemId: focused.id, count: state.focus.count + 1 }
          : state.chat.sessionId === chat.sessionId
            ? state.focus
            : { ...state.focus, itemId: '' },
    });
    return beginWantedEdit(leaveEdit(next));
  },
  failed: (state, { message }) => ({
    ...state,
    sync: 'failed',
    failure: message,
    loadingOlder: false,
    loadingNewer: false,
  }),
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
    return beginWantedEdit({
      ...state,
      chat: { ...state.chat, items: all, hasOlder },
      changes: changesOf(all),
      loadingOlder: false,
    });
  },
  olderUnread: (state, { sessionId, message }) =>
    sessionId === state.chat.sessionId ? { ...state, loadingOlder: false, olderProblem: message } : state,
  newer: (state, { sessionId, items, hasNewer }) => {
    // Once the end has come by a snapshot, a page that was under way has nothing to add.
    if (sessionId !== state.chat.sessionId || !state.chat.hasNewer) return state;
    const known = new Set(state.chat.items.map((item) => item.id));
    const all: readonly ChatItem[] = [...state.chat.items, ...items.filter((item) => !known.has(item.id))];
    return beginWantedEdit({
      ...state,
      chat: { ...state.chat, items: all, hasNewer },
      changes: changesOf(all),
      loadingNewer: false,
    });
  },
  newerUnread: (state, { sessionId, message }) =>
    sessionId === state.chat.sessionId ? { ...state, loadingNewer: false, newerProblem: message } : state,
  title: (state, { sessionId, title }) =>
    sessionId === state.chat.sessionId ? { ...state, chat: { ...state.chat, title } } : state,
  sessions: (state, message) => ({ ...state, list: takeSessions(state.list, message) }),
  sessionsUnread: (state, { message }) => ({ ...state, list: { ...state.list, problem: message } }),
  sessionsChanged: (state) => ({ ...state, list: { ...state.list, changes: state.list.changes + 1 } }),
  found: (state, message) => ({ ...state, list: takeFound(state.list, message) }),
  searchFailed: (state, { requestId, message }) => ({
    ...state,
    list: takeSearchFailure(state.list, requestId, message),
  }),
  showSessions: (state) => ({ ...state, list: openList(state.list) }),
  focusComposer: (state) => ({ ...state, list: closeList(state.list), focusCount: state.focusCount + 1 }),
  editMessage: (state, { sessionId, itemId }) =>
    beginWantedEdit({ ...state, list: closeList(state.list), wantedEdit: { sessionId, itemId } }),
  resources: (state, { requestId, choices }) => ({ ...state, resources: { requestId, choices } }),
  attached: takeAttached,
  notAttached: takeNotAttached,
  accepted: (state, { requestId }) => (state.pending?.requestId === requestId ? withoutSent(state) : state),
  // The card that was answered hears it (useUndecided).
  undecided: (state) => state,
  refused: (state, { requestId, message, sessionId = state.chat.sessionId }) => {
    if (state.pending?.requestId === requestId)
      return { ...withoutPending(state), refusal: { sessionId, message } };
    // The protocol takes no longer ones; what the host says then is about messages.
    const unread = state.attaching.find((each) => each.requestId === requestId);
    return unread === undefined
      ? state
      : takeNotAttached(state, {
          requestId,
          message: `${unread.label} cannot be attached: its address or name is too long.`,
        });
  },
};

const handle = <T extends ToWebview['type']>(
  state: ViewState,
  message: Messages[T] & { type: T },
): ViewState => handlers[message.type](state, message);

/** What does not build on the shown chat is good whatever was lost before it. */
const selfContained: readonly ToWebview['type'][] = [
  'resources',
  'attached',
  'notAttached',
  'accepted',
  'refused',
  'undecided',
  'sessions',
  'sessionsUnread',
  'sessionsChanged',
  'found',
  'searchFailed',
  'showSessions',
  'focusComposer',
  'editMessage',
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

/** What to post for the next older page; undefined when there is none, or one is under way. */
export const olderRequest = (state: ViewState): ToHost | undefined => {
  const row = state.chat.items.find((item) => item.row !== undefined)?.row;
  if (!state.chat.hasOlder || state.loadingOlder || row === undefined || state.sync !== 'synced') return;
  return { type: 'loadOlder', sessionId: state.chat.sessionId, beforeRow: row };
};

/** The same for the next newer one. */
export const newerRequest = (state: ViewState): ToHost | undefined => {
  const row = state.chat.items.findLast((item) => item.row !== undefined)?.row;
  if (!state.chat.hasNewer || state.loadingNewer || row === undefined || state.sync !== 'synced') return;
  return { type: 'loadNewer', sessionId: state.chat.sessionId, afterRow: row };
};

/** What the person typed in this chat, not what came by another way; oldest first, without repeats in a row. */
export const sentTexts = (items: readonly ChatItem[]): readonly string[] =>
  items
    .flatMap((item) =>
      item.kind === 'user' && item.message.via === undefined ? [textOf(item.message.content)] : [],
    )
    .filter((text, index, all) => text !== '' && text !== all[index - 1]);
