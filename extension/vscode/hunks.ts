/** The changes between two texts, and how to leave one of them out. Pure. */
import { diffArrays } from 'diff';

/** Lines from 0, ends exclusive; as an editor counts them, where a final line break opens one more line. */
export interface Hunk {
  readonly leftStart: number;
  readonly leftEnd: number;
  readonly rightStart: number;
  readonly rightEnd: number;
}

/** A replacement in the right text; lines and characters from 0. */
export interface HunkEdit {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
  /** With `\n` as its line break. */
  readonly text: string;
}

/** After so long a diff is made coarse instead of minimal. */
const timeLimitMs = 500;

const linesOf = (text: string): readonly string[] => text.split(/\r\n|\n|\r/);

/** Whether two texts differ in more than their line endings. */
export const isSameText = (a: string, b: string): boolean => linesOf(a).join('\n') === linesOf(b).join('\n');

/** One hunk for everything between the first and the last line that differ. */
const coarseHunk = (left: readonly string[], right: readonly string[]): Hunk => {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  return {
    leftStart: start,
    leftEnd: left.length - end,
    rightStart: start,
    rightEnd: right.length - end,
  };
};

/**
 * In order; none where the texts are the same but for their line endings.
 * @param limitMs after so long it is one coarse hunk
 */
export const hunksOf = (left: string, right: string, limitMs = timeLimitMs): readonly Hunk[] => {
  const [old, young] = [[...linesOf(left)], [...linesOf(right)]];
  if (old.join('\n') === young.join('\n')) return [];
  const parts = diffArrays(old, young, { timeout: limitMs });
  if (parts === undefined) return [coarseHunk(old, young)];
  const hunks: Hunk[] = [];
  let [leftStart, rightStart, leftEnd, rightEnd] = [0, 0, 0, 0];
  const close = (): void => {
    if (leftEnd > leftStart || rightEnd > rightStart)
      hunks.push({ leftStart, leftEnd, rightStart, rightEnd });
  };
  for (const { count, added, removed } of parts) {
    if (removed) leftEnd += count;
    else if (added) rightEnd += count;
    else {
      close();
      [leftStart, rightStart] = [leftEnd + count, rightEnd + count];
      [leftEnd, rightEnd] = [leftStart, rightStart];
    }
  }
  close();
  return hunks;
};

/** The hunk at a line of the right text, or the next one, from the beginning again after the last. */
export const hunkFrom = (hunks: readonly Hunk[], line: number): Hunk | undefined =>
  hunks.find(({ rightStart, rightEnd }) => line < Math.max(rightEnd, rightStart + 1)) ?? hunks[0];

/** Puts the left lines of a hunk back. */
export const leaveOut = (hunk: Hunk, left: string, right: string): HunkEdit => {
  const old = linesOf(left).slice(hunk.leftStart, hunk.leftEnd);
  const young = linesOf(right);
  const lengthOf = (line: number): number => young[line]?.length ?? 0;
  const last = young.length - 1;
  // Whole lines with their line breaks; behind the last line there is none, so the one before goes with it.
  if (hunk.rightEnd < young.length) {
    return {
      startLine: hunk.rightStart,
      startCharacter: 0,
      endLine: hunk.rightEnd,
      endCharacter: 0,
      text: old.map((line) => `${line}\n`).join(''),
    };
  }
  const end = { endLine: last, endCharacter: lengthOf(last) };
  if (hunk.rightStart === 0) return { startLine: 0, startCharacter: 0, ...end, text: old.join('\n') };
  const before = hunk.rightStart - 1;
  return {
    startLine: before,
    startCharacter: lengthOf(before),
    ...end,
    text: old.map((line) => `\n${line}`).join(''),
  };
};
