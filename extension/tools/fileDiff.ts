import { structuredPatch } from 'diff';
import { coarseHunk } from '../core/coarseHunk.ts';
import { cutLine, splitLines } from '../core/text.ts';
import type { FileDiff } from '../shared/event.ts';

/** Lines of a patch that a chat card shows. */
export const patchLineLimit = 200;
/** Characters of one of them. */
export const patchLineLength = 500;
/** After so long a diff is made coarse instead of minimal. */
const timeLimitMs = 250;
/** Longer texts would take longer than that to even split and compare. */
const lengthLimit = 4_000_000;

export interface DiffInput {
  readonly path: string;
  /** Undefined: the file does not exist on that side. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const kindOf = ({ before, after }: DiffInput): FileDiff['kind'] => {
  if (before === undefined) return 'created';
  return after === undefined ? 'deleted' : 'changed';
};

const patchLines = (before: string, after: string): string[] => {
  if (before === after) return [];
  const isLong = before.length + after.length > lengthLimit;
  const patch = isLong
    ? undefined
    : structuredPatch('', '', before, after, undefined, undefined, { context: 3, timeout: timeLimitMs });
  if (patch === undefined) return coarseHunk(splitLines(before), splitLines(after));
  return patch.hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines.map((line) => line.replace(/\r$/, '')),
  ]);
};

/** A change as a chat card shows it. */
export const fileDiff = (input: DiffInput): FileDiff => {
  const lines = patchLines(input.before ?? '', input.after ?? '');
  return {
    path: input.path,
    kind: kindOf(input),
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
    patch: lines
      .slice(0, patchLineLimit)
      .map((line) => cutLine(line, patchLineLength))
      .join('\n'),
    omittedLines: Math.max(0, lines.length - patchLineLimit),
  };
};

export const countsOf = ({ added, removed }: FileDiff): string => `+${added} -${removed}`;
