import type { FileChange } from '../core/tool.ts';

/** The last one says so where no line feed ends it: nothing that stands in a file can say it in its place. */
const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
};

const marked = (mark: string, lines: readonly string[]): string[] => lines.map((line) => `${mark}${line}`);

/** A change of a file as one hunk of everything between the first and the last line that differ: exact, if not minimal. */
export const coarseDiff = ({ before, after }: Pick<FileChange, 'before' | 'after'>): string => {
  const [old, young] = [linesOf(before ?? ''), linesOf(after ?? '')];
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < young.length - start &&
    old[old.length - 1 - end] === young[young.length - 1 - end]
  ) {
    end += 1;
  }
  const removed = old.slice(start, old.length - end);
  const added = young.slice(start, young.length - end);
  return [
    `@@ -${start + 1},${removed.length} +${start + 1},${added.length} @@`,
    ...marked('-', removed),
    ...marked('+', added),
  ].join('\n');
};
