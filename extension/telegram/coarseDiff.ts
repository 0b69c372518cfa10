import { coarseHunk } from '../core/coarseHunk.ts';
import type { FileChange } from '../core/tool.ts';

/** The last one says so where no line feed ends it: nothing that stands in a file can say it in its place. */
const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
};

/** A change of a file as one hunk. */
export const coarseDiff = ({ before, after }: Pick<FileChange, 'before' | 'after'>): string =>
  coarseHunk(linesOf(before ?? ''), linesOf(after ?? '')).join('\n');
