/** What an undo shows: files as they are next to how they were, and what an undone step had done. */
import type { PlannedPath } from '../core/restorePlan.ts';
import type { FileRestorer } from '../core/undo.ts';
import type { FileVersion } from '../shared/undo.ts';
import type { ShownFile, UndoView } from './undoView.ts';
import { shownPaths } from './undoWords.ts';

/** More files are not shown side by side. */
const mostShown = 100;

type Reader = Pick<FileRestorer, 'read' | 'readNow'>;

export const showPlan = (view: UndoView, restorer: Reader, paths: readonly PlannedPath[]): Promise<void> => {
  const files = shownPaths(paths)
    .slice(0, mostShown)
    .map((path): ShownFile => {
      const { file, label, now, target } = path;
      const left = { state: now, read: () => restorer.readNow(path) };
      return { file, label, left, right: { state: target, read: () => restorer.read(target) } };
    });
  return view.show(files, 'now ↔ as before');
};

/** What a step did that has been undone already. */
export const showVersions = (
  view: UndoView,
  restorer: Reader,
  versions: readonly FileVersion[],
): Promise<void> => {
  const files = versions.slice(0, mostShown).flatMap(({ file, label, before, after }): ShownFile[] => {
    if (after === undefined) return [];
    const left = { state: before, read: () => restorer.read(before) };
    return [{ file, label, left, right: { state: after, read: () => restorer.read(after) } }];
  });
  return view.show(files, 'before ↔ after the step, undone');
};
