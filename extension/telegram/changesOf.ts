/** What a chat has changed, as its history tells it. Pure. */
import type { ChatItem } from '../shared/chat.ts';
import type { FileDiff } from '../shared/event.ts';

/** Oldest first, without what was undone. */
export const changesOf = (items: readonly ChatItem[]): readonly FileDiff[] =>
  items.flatMap((item) =>
    item.kind === 'step' && item.record.undo?.undoneAt === undefined ? item.record.diffs : [],
  );

/** Where files that it changed are now, the last changed first. */
export const changedPaths = (changes: readonly FileDiff[]): readonly string[] => {
  const paths = new Set<string>();
  for (const { kind, path, movedTo } of changes) {
    paths.delete(path);
    if (kind === 'moved' && movedTo !== undefined) paths.delete(movedTo);
    if (kind !== 'deleted') paths.add(kind === 'moved' ? (movedTo ?? path) : path);
  }
  return [...paths].reverse();
};

const none = '/dev/null';

const headOf = ({ kind, path, movedTo }: FileDiff): string => {
  const from = kind === 'created' ? none : `a/${path}`;
  const to = kind === 'deleted' ? none : `b/${movedTo ?? path}`;
  const moved = movedTo === undefined ? '' : `rename from ${path}\nrename to ${movedTo}\n`;
  return `diff --git a/${path} b/${movedTo ?? path}\n${moved}--- ${from}\n+++ ${to}\n`;
};

/** All changes one after the other, as `diff` writes them. What was left out of long ones is said. */
export const diffDocument = (changes: readonly FileDiff[]): string =>
  changes
    .map((change) => {
      const patch = change.patch === '' || change.patch.endsWith('\n') ? change.patch : `${change.patch}\n`;
      const left = change.omittedLines > 0 ? `# ${change.omittedLines} more lines are not shown here\n` : '';
      return `${headOf(change)}${patch}${left}`;
    })
    .join('\n');
