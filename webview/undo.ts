/** What can be taken back, and how that is said. */
import type { ChatItem } from '../extension/shared/chat.ts';
import type { StepUndo } from '../extension/shared/undo.ts';
import { plural } from './format.ts';

/** Labels that are told at most (`StepUndo.unknown`): there may be more. */
const unknownLimit = 20;

export const canUndo = (undo: StepUndo | undefined): undo is StepUndo =>
  undo !== undefined && undo.files > 0 && undo.undoneAt === undefined;

export const undoTitle = ({ files }: StepUndo): string =>
  `Put ${plural(files, 'file')} back as ${files === 1 ? 'it was' : 'they were'} before this step`;

/** What a step changed beyond what can be put back; empty when nothing. */
export const unknownText = ({ files, unknown }: StepUndo): string => {
  if (unknown.length === 0) return '';
  const more = unknown.length < unknownLimit ? '' : ', and perhaps more';
  return `${files > 0 ? 'Also changed' : 'Changed'}, and cannot be put back: ${unknown.join(', ')}${more}`;
};

/** The last message of the person that a step came after which can be undone; undefined when there is none. */
const lastRestorable = (items: readonly ChatItem[]): number | undefined => {
  const step = items.findLastIndex((item) => item.kind === 'step' && canUndo(item.record.undo));
  const message = items.findLastIndex((item, index) => index < step && item.kind === 'user');
  return message === -1 ? undefined : message;
};

/** Ids of the messages before which there are files to be put back: the same object while they are the same. */
export const restorableIds = (
  before: ReadonlySet<string>,
  items: readonly ChatItem[],
): ReadonlySet<string> => {
  const end = lastRestorable(items);
  const ids =
    end === undefined ? [] : items.slice(0, end + 1).flatMap(({ kind, id }) => (kind === 'user' ? [id] : []));
  return ids.length === before.size && ids.every((id) => before.has(id)) ? before : new Set(ids);
};
