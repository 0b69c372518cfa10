/** Long texts in parts that Telegram takes. */
import { type RichText, type Span, sliceRich, toText } from './richText.ts';

/** UTF-16 units of a part, as they are counted once tags are gone. Telegram takes 4,096. */
export const partLimit = 3_900;

/** Code units around a cut in which letters of several code points are looked for. */
const letterReach = 100;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @returns the last place at or before `at` where no letter is torn; `after` where the first one is longer than that */
const letterStart = (text: string, at: number, after: number): number => {
  const from = Math.max(after, at - letterReach);
  const letter = segmenter.segment(text.slice(from, at + letterReach)).containing(at - from);
  return letter === undefined ? at : from + letter.index;
};

/** Within a letter, as that is longer than a part; but not within a surrogate pair. */
const pairStart = (text: string, at: number, after: number): number => {
  const isInPair = /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1));
  if (!isInPair) return at;
  return at - 1 > after ? at - 1 : at + 1;
};

/**
 * Where a text that is too long is to be cut: behind a line, else behind a word, else behind a letter.
 * @param end the furthest place @returns `start` where not even one letter fits in between
 */
const letterCut = (text: string, start: number, end: number): number => {
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

/** As that, but always behind `start`, even if it tears a letter. */
export const cutPlace = (text: string, start: number, end: number): number => {
  const cut = letterCut(text, start, end);
  return cut > start ? cut : pairStart(text, end, start);
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
      const place = length === 0 ? cutPlace : letterCut;
      const end = place(text, start, start + limit - length);
      part.push(...sliceRich(block, start, end));
      length += end - start;
      start = end;
      if (start < text.length) endPart();
    }
  }
  endPart();
  return parts;
};
