/** Which steps count as undone, and by which undo. Pure. */
import { isSameState, type PlannedPath } from '../core/restorePlan.ts';
import type { FileVersion } from '../shared/undo.ts';

export const isChange = ({ before, after }: FileVersion): boolean =>
  after === undefined || !isSameState(before, after);

/**
 * Steps, or undos, of which everything that they changed is as it was before them, and that do not count as undone yet.
 * @param done of the plan, what was put back
 */
export const whollyUndone = (
  versions: readonly FileVersion[],
  plan: readonly PlannedPath[],
  done: readonly PlannedPath[],
): readonly string[] => {
  const wereSo = plan.filter(({ standing }) => standing === 'nothing');
  const asBefore = new Set([...wereSo, ...done].map(({ file }) => file));
  return [...Map.groupBy(versions.filter(isChange), ({ stepId }) => stepId)]
    .filter(
      ([, own]) =>
        own.some(({ undoneAt }) => undoneAt === undefined) && own.every(({ file }) => asBefore.has(file)),
    )
    .map(([id]) => id);
};

/** Steps that do not count as undone any more, once these files are as before this undo or what came after it. */
export const doneAgain = (
  undo: readonly FileVersion[],
  steps: readonly FileVersion[],
  files: readonly PlannedPath[],
): readonly string[] => {
  const since = undo[0]?.at ?? Number.POSITIVE_INFINITY;
  const changed = new Set(files.map(({ file }) => file));
  const those = steps.filter(({ file, undoneAt = -1 }) => undoneAt >= since && changed.has(file));
  return [...new Set(those.map(({ stepId }) => stepId))];
};

/** @returns the id of the undo that took a step back; undefined when it is not kept any more, or was undone itself */
export const undoOfStep = (
  step: readonly FileVersion[],
  undos: readonly FileVersion[],
): string | undefined => {
  const files = new Map(step.map(({ file, undoneAt }) => [file, undoneAt ?? -1]));
  return undos.findLast(
    ({ file, at, undoneAt }) => undoneAt === undefined && at <= (files.get(file) ?? Number.NEGATIVE_INFINITY),
  )?.stepId;
};
