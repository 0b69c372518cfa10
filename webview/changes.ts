/** What a chat's steps changed so far, file by file. */
import type { ChatItem } from '../extension/shared/chat.ts';
import type { FileDiff } from '../extension/shared/event.ts';

export interface FileChange {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  /** The last step that changed it: its diff can be opened. */
  readonly stepId: string;
}

/** By path, in the order of first change. */
export type Changes = ReadonlyMap<string, FileChange>;

export const addChanges = (changes: Changes, stepId: string, diffs: readonly FileDiff[]): Changes => {
  if (diffs.length === 0) return changes;
  const next = new Map(changes);
  for (const diff of diffs) {
    const path = diff.movedTo ?? diff.path;
    const before = next.get(diff.path);
    if (path !== diff.path) next.delete(diff.path);
    next.set(path, {
      path,
      added: (before?.added ?? 0) + diff.added,
      removed: (before?.removed ?? 0) + diff.removed,
      stepId,
    });
  }
  return next;
};

/** Of the steps that were not undone. */
export const changesOf = (items: readonly ChatItem[]): Changes => {
  let changes: Changes = new Map();
  for (const item of items) {
    if (item.kind !== 'step' || item.record.status !== 'completed') continue;
    // What was put back is not changed any more.
    if (item.record.undo?.undoneAt === undefined) changes = addChanges(changes, item.id, item.record.diffs);
  }
  return changes;
};

export const totalsOf = (changes: Changes): { files: number; added: number; removed: number } => {
  let added = 0;
  let removed = 0;
  for (const change of changes.values()) {
    added += change.added;
    removed += change.removed;
  }
  return { files: changes.size, added, removed };
};
