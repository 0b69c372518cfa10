/** How files are after a step: for comparing, and for a later merge. */
import type { FileState } from '../shared/undo.ts';
import { type BeforeImages, smallFile } from './beforeImages.ts';

/** Bytes that are kept of one step for merging; without them the person chooses one side or the other. */
const mostForMerge = 16_000_000;

/** Looks at a path of the step, of which it is known how it was. */
export type LookAfter = (file: string, before: FileState | undefined) => Promise<FileState>;

/** @param limit looking takes no longer than until this is aborted; then its reason is thrown */
export const createLookAfter = (images: Pick<BeforeImages, 'note'>, limit: AbortSignal): LookAfter => {
  let room = mostForMerge;
  return async (file, before) => {
    limit.throwIfAborted();
    // A merge needs both sides: of what a step made, its build output above all, there is only one.
    const isForMerge = before?.kind === 'file' && room > 0;
    const after = await images.note(file, isForMerge);
    if (isForMerge && after.kind === 'file' && after.size <= smallFile) room -= after.size;
    return after;
  };
};
