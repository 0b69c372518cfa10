/** What the person writes and sends: how the composer's part of the state changes. Pure: no DOM, no clock. */
import type { ChatItem, ChatState } from '../extension/shared/chat.ts';
import { textOf } from '../extension/shared/message.ts';
import type { ToHost } from '../extension/shared/protocol.ts';
import { type Draft, draftProblem, isEmptyDraft } from './draft.ts';
import { draftOfMessage, joinDrafts } from './editing.ts';
import { attachedSkills } from './skills.ts';
import type { ViewState } from './state.ts';

/** A message that was sent, and not yet accepted or refused. */
export interface Pending {
  readonly requestId: string;
  readonly draft: Draft;
  /** The message that it takes the place of. */
  readonly replaces?: string;
  /**
   * The person's last message before it, by which the chat shows whether this one arrived; absent where the end of
   * the chat was not in view, so that nothing can be told by it.
   */
  readonly lastUserId?: string;
  /** The answer may have been lost: the person may send again, but an answer that comes late still counts. */
  readonly isOverdue: boolean;
}

export const withoutPending = (state: ViewState): ViewState => {
  const { pending: _, ...rest } = state;
  return rest;
};

/** The composer has what stood in it before an earlier message was edited. */
const withoutEditing = (state: ViewState, draft: Draft): ViewState => {
  const { editing: _, ...rest } = state;
  return { ...rest, draft };
};

/** Clears what was sent, and keeps what was typed since. */
export const withoutSent = (state: ViewState): ViewState => {
  const { pending, refusal: _, ...rest } = state;
  if (pending === undefined) return state;
  const sent = new Set(pending.draft.images.map((image) => image.id));
  const text = rest.draft.text.startsWith(pending.draft.text)
    ? rest.draft.text.slice(pending.draft.text.length)
    : rest.draft.text;
  const images = rest.draft.images.filter((image) => !sent.has(image.id));
  const gone = new Set(pending.draft.attached?.map(({ id }) => id));
  const attached = rest.draft.attached?.filter(({ id }) => !gone.has(id)) ?? [];
  const draft = { text, images, ...(attached.length === 0 ? {} : { attached }) };
  const next: ViewState = { ...withoutPending(rest), draft };
  const { editing } = next;
  return editing !== undefined && editing.itemId === pending.replaces
    ? withoutEditing(next, joinDrafts(editing.kept, next.draft))
    : next;
};

/** The last one that was typed here: the same words from a phone are another message. */
const lastUserItem = (chat: ChatState) =>
  chat.items.findLast(
    (item): item is ChatItem & { kind: 'user' } => item.kind === 'user' && item.message.via === undefined,
  );

/** An answer to a pending message may have been lost in a gap: then the chat itself tells. */
export const settlePending = (state: ViewState): ViewState => {
  const { pending, chat } = state;
  if (pending === undefined) return state;
  const last = lastUserItem(chat);
  const arrived =
    last !== undefined &&
    pending.lastUserId !== undefined &&
    last.id !== pending.lastUserId &&
    textOf(last.message.content).trim() === pending.draft.text.trim();
  return arrived ? withoutSent(state) : { ...state, pending: { ...pending, isOverdue: true } };
};

/** Why no earlier message can be sent again or answered anew just now; undefined when it can. */
export const rewindProblem = ({ chat, surroundings }: ViewState): string | undefined => {
  if (chat.job !== undefined) return 'The agent is still working. Stop it first, or wait until it is done.';
  if (surroundings.shelf === 'deleted') return 'This chat was deleted. Restore it first.';
  return;
};

/** Puts an earlier message of the person into the composer, to be sent in its own place. */
export const beginEdit = (state: ViewState, itemId: string): ViewState => {
  const draft = draftOfMessage(state.chat, itemId);
  if (draft === undefined) return state;
  const message = rewindProblem(state);
  if (message !== undefined) return { ...state, refusal: { sessionId: state.chat.sessionId, message } };
  const kept = state.editing?.kept ?? state.draft;
  const editing = { sessionId: state.chat.sessionId, itemId, original: draft.text, kept };
  const { refusal: _, ...rest } = state;
  return { ...rest, draft, editing, focusCount: state.focusCount + 1 };
};

export const cancelEdit = (state: ViewState): ViewState =>
  state.editing === undefined
    ? state
    : { ...withoutEditing(state, state.editing.kept), focusCount: state.focusCount + 1 };

/** Begins the edit that was asked for before its message was there. */
export const beginWantedEdit = (state: ViewState): ViewState => {
  const { wantedEdit, ...rest } = state;
  if (wantedEdit === undefined || wantedEdit.sessionId !== state.chat.sessionId) return state;
  return state.chat.items.some(({ id }) => id === wantedEdit.itemId)
    ? beginEdit(rest, wantedEdit.itemId)
    : state;
};

/** In another chat there is nothing to replace; what was changed in the message is not lost. */
export const leaveEdit = (state: ViewState): ViewState => {
  const { editing, draft } = state;
  if (editing === undefined || editing.sessionId === state.chat.sessionId) return state;
  const isChanged = draft.text !== editing.original;
  return withoutEditing(state, isChanged ? joinDrafts(editing.kept, draft) : editing.kept);
};

/** What the person has in the field now. Whoever writes does not want to be taken into another message any more. */
export const typeText = (state: ViewState, text: string): ViewState => {
  const { wantedEdit: _, ...rest } = state;
  return { ...rest, draft: { ...state.draft, text } };
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
  state.surroundings.shelf !== 'deleted' &&
  (state.editing === undefined || rewindProblem(state) === undefined) &&
  draftProblem(state.draft) === undefined &&
  state.attaching.length === 0 &&
  !isEmptyDraft(state.draft);

/** The state with the draft under way, and what to post; the draft stays until the host has it. */
export const sendDraft = (state: ViewState, requestId: string): { state: ViewState; post: ToHost } => {
  const { refusal: _, wantedEdit: __, ...rest } = state;
  const { text, images, attached = [] } = state.draft;
  const skills = attachedSkills(state.draft, state.surroundings.skills);
  const replaces = state.editing === undefined ? {} : { replaces: state.editing.itemId };
  const lastUserId = state.chat.hasNewer ? {} : { lastUserId: lastUserItem(state.chat)?.id ?? '' };
  return {
    state: {
      ...rest,
      pending: { requestId, draft: state.draft, isOverdue: false, ...replaces, ...lastUserId },
      // Its answer is to be seen, wherever the reader is; from the middle of a chat the host's snapshot leads there.
      endCount: state.chat.hasNewer ? state.endCount : state.endCount + 1,
      loadingNewer: false,
    },
    post: {
      type: 'send',
      requestId,
      sessionId: state.chat.sessionId,
      text,
      images: images.map(({ mediaType, data, name }) => ({ mediaType, data, name })),
      ...(skills.length === 0 ? {} : { skills: [...skills] }),
      ...(attached.length === 0 ? {} : { attached: attached.map(({ id }) => id) }),
      ...replaces,
    },
  };
};
