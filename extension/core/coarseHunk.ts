/**
 * Everything between the first and the last line that differ, as one hunk of a unified diff: exact, if not minimal.
 * @returns its lines, the heading first
 */
export const coarseHunk = (old: readonly string[], young: readonly string[]): string[] => {
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
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
  ];
};
