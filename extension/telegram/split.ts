/** Long texts in parts that Telegram takes. */
import { type RichText, type Span, sliceRich, toText } from './richText.ts';

/** UTF-16 units of a part, as they are counted once tags are gone. Telegram takes 4,096. */
export const partLimit = 3_900;

/** Code units around a cut in which letters of several code points are looked for. */
const letterReach = 100;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @returns the last place at or before `at` where no letter, and no surrogate pair, is torn; `at` if there is none */
const letterStart = (text: string, at: number, after: number): number => {
  const from = Math.max(after, at - letterReach);
  const letter = segmenter.segment(text.slice(from, at + letterReach)).containing(at - from);
  const start = letter === undefined ? at : from + letter.index;
  if (start > after) return start;
  // A letter that is longer than a part.
  const isInPair = /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1));
  return isInPair ? (at - 1 > after ? at - 1 : at + 1) : at;
};

/**
 * Where a text that is too long is to be cut: behind a line, else behind a word, else behind a letter.
 * @param end the furthest place @returns a place behind `start`
 */
export const cutPlace = (text: string, start: number, end: number): number => {
  if (end >= text.length) return text.length;
  // Cutting at the only line break near the start would leave parts of next to nothing.
  const least = start + (end - start) * 0.4;
  const line = text.lastIndexOf('\n', end - 1) + 1;
  if (line > least) return line;
  for (let at = end; at > least; at -= 1) {
    if (/[ \t]/.test(text.charAt(at - 1)) && letterStart(text, at, start) === at) return at;
  }
  return letterStart(text, end, start);
};

/**
 * Between blocks where that goes, else within one. All parts together are all blocks, one after the other.
 * @param limit at least 2
 */
export const splitBlocks = (blocks: readonly RichText[], limit = partLimit): readonly RichText[] => {
  const parts: RichText[] = [];
  let part: Span[] = [];
  let length = 0;
  const endPart = (): void => {
    if (length > 0) parts.push(part);
    part = [];
    length = 0;
  };
  for (const block of blocks) {
    const text = toText(block);
    if (length + text.length > limit && (text.length <= limit || length > limit * 0.6)) endPart();
    let start = 0;
    while (start < text.length) {
      const end = cutPlace(text, start, start + limit - length);
      part.push(...sliceRich(block, start, end));
      length += end - start;
      start = end;
      if (start < text.length) endPart();
    }
  }
  endPart();
  return parts;
};
