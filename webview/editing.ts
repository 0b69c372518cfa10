/** An earlier message in the composer, to be sent again in its place. Pure. */
import type { ChatItem, ChatState } from '../extension/shared/chat.ts';
import { textOf } from '../extension/shared/message.ts';
import { type Draft, draftFrom, draftToSave, emptyDraft, isEmptyDraft, isRecord } from './draft.ts';

export interface Editing {
  readonly sessionId: string;
  /** The message that is to be replaced. */
  readonly itemId: string;
  /** What it says. */
  readonly original: string;
  /** What was being written before; it comes back. */
  readonly kept: Draft;
}

/** Both, one after the other, when neither is empty. */
export const joinDrafts = (first: Draft, second: Draft): Draft => {
  if (isEmptyDraft(second)) return first;
  if (isEmptyDraft(first)) return second;
  const text = [first.text, second.text].filter((each) => each.trim() !== '').join('\n');
  const skills = [...new Set([...(first.skills ?? []), ...(second.skills ?? [])])];
  const attached = [...(first.attached ?? []), ...(second.attached ?? [])];
  return {
    text,
    images: [...first.images, ...second.images],
    ...(skills.length === 0 ? {} : { skills }),
    ...(attached.length === 0 ? {} : { attached }),
  };
};

/** The message as a draft, its pictures with it; undefined when it is none of the person's, or not there. */
export const draftOfMessage = (chat: ChatState, itemId: string): Draft | undefined => {
  const item = chat.items.find(
    (each): each is ChatItem & { kind: 'user' } => each.id === itemId && each.kind === 'user',
  );
  if (item === undefined) return;
  const images = item.message.content.flatMap((block, index) =>
    block.type === 'image'
      ? [
          {
            id: `${itemId}-${index}`,
            mediaType: block.mediaType,
            data: block.data,
            name: block.name ?? 'Picture',
          },
        ]
      : [],
  );
  const skills = item.message.skills?.map(({ id }) => id) ?? [];
  // Its pictures stand among the message's own.
  const attached = item.message.attached?.map(({ id, kind, server, label, uri }) => ({
    ...{ id, kind, server, label, uri },
    images: 0,
  }));
  return {
    text: textOf(item.message.content),
    images,
    ...(skills.length === 0 ? {} : { skills }),
    ...(attached === undefined ? {} : { attached }),
  };
};

/** Out of what VS Code kept; the draft itself lies beside it. */
export const editingFromSaved = (saved: unknown): Editing | undefined => {
  const editing = isRecord(saved) ? saved.editing : undefined;
  if (!isRecord(editing)) return;
  const { sessionId, itemId, original, kept } = editing;
  if (typeof sessionId !== 'string' || typeof itemId !== 'string' || typeof original !== 'string') return;
  return { sessionId, itemId, original, kept: draftFrom(kept) ?? emptyDraft };
};

export const editingToSave = (editing: Editing): Editing => ({ ...editing, kept: draftToSave(editing.kept) });
