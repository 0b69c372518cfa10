import type { TextRange } from '../shared/session.ts';
import {
  fold,
  isTermAt,
  mayBegin,
  rangesIn,
  type SearchTerm,
  type Word,
  wordsFrom,
  wordsOf,
} from './searchWords.ts';

export interface Snippet {
  readonly snippet: string;
  readonly ranges: readonly TextRange[];
}

/** UTF-16 units. */
const before = 40;
const after = 160;
/** Even a long phrase is shown up to here. */
const longest = 400;
/** Occurrences of each term that are looked at for the place where most of them stand together. */
const enough = 10;

const foldedLetters = new Map<string, string>();
/** Every letter folded, each still at its place. */
const flatten = (text: string): string => {
  const lower = /^[\0-\x7f]*$/.test(text)
    ? text.toLowerCase()
    : text.replace(/[A-Z]+/g, (some) => some.toLowerCase());
  return lower.replace(/[^\0-\x7f]/g, (letter) => {
    const known = foldedLetters.get(letter);
    if (known !== undefined) return known;
    const folded = fold(letter);
    const one = folded.length === 1 ? folded : letter;
    foldedLetters.set(letter, one);
    return one;
  });
};

interface Place {
  readonly start: number;
  readonly end: number;
}

const take = (text: string, from: number, count: number): readonly Word[] => {
  const words: Word[] = [];
  for (const word of wordsFrom(text, from)) {
    words.push(word);
    if (words.length === count) break;
  }
  return words;
};

const placesOf = (term: SearchTerm, words: readonly Word[]): readonly Place[] =>
  words.flatMap((word, at) => {
    const last = words[at + term.words.length - 1];
    return last !== undefined && isTermAt(term, words, at) ? [{ start: word.start, end: last.end }] : [];
  });

/** The first few places of a term. Telling all words of a long text apart takes a hundred times longer than this. */
const quickPlaces = (term: SearchTerm, text: string, flat: string): readonly Place[] => {
  const [first] = term.words;
  const places: Place[] = [];
  for (let at = flat.indexOf(first); at >= 0 && places.length < enough; at = flat.indexOf(first, at + 1)) {
    if (!mayBegin(text, at)) continue;
    const words = take(text, at, term.words.length);
    if (words[0]?.start === at) places.push(...placesOf(term, words));
  }
  return places;
};

/** Where most of what was typed stands close together, as early as possible: a long word says more than a short one. */
const best = (terms: readonly SearchTerm[], places: readonly (readonly Place[])[]): Place | undefined => {
  const weights = terms.map(({ words }) => words.join('').length);
  let found: Place | undefined;
  let most = 0;
  for (const place of places.flat().sort((a, b) => a.start - b.start)) {
    const isNear = ({ start, end }: Place): boolean => start >= place.start && end <= place.start + after;
    const weight = weights.reduce((sum, each, term) => sum + (places[term]?.some(isNear) ? each : 0), 0);
    if (found !== undefined && weight <= most) continue;
    found = place;
    most = weight;
  }
  return found;
};

/** From a space where there is one: a word that is cut could be taken for another. */
const beginOf = (text: string, { start }: Place): number => {
  const earliest = Math.max(0, start - before);
  if (earliest === 0) return 0;
  const space = text.slice(earliest, start).search(/\s/);
  if (space >= 0) return earliest + space;
  return (
    [...Array(start - earliest).keys()]
      .map((offset) => earliest + offset)
      .find((at) => mayBegin(text, at) && !isHalf(text, at)) ?? start
  );
};

const isHalf = (text: string, at: number): boolean => /[\udc00-\udfff]/.test(text.charAt(at));

const endOf = (text: string, { start, end }: Place): number => {
  const least = Math.min(end, start + longest);
  const latest = Math.max(start + after, least);
  if (latest >= text.length) return text.length;
  const space = text.slice(least, latest + 1).search(/\s\S*$/);
  if (space >= 0) return least + space;
  let to = least;
  for (const word of wordsFrom(text, start)) {
    if (word.end > latest) break;
    to = Math.max(to, word.end);
  }
  return isHalf(text, to) ? to + 1 : to;
};

/**
 * The part of a text in which the terms stand, on one line.
 * @returns nothing when one of them does not occur
 */
export const snippetOf = (text: string, terms: readonly SearchTerm[]): Snippet | undefined => {
  const flat = flatten(text);
  let words: readonly Word[] | undefined;
  const places = terms.map((term) => {
    const quick = quickPlaces(term, text, flat);
    if (quick.length > 0) return quick;
    // Letters that are more than one unit long, or stand apart from their accents.
    words ??= wordsOf(text);
    return placesOf(term, words).slice(0, enough);
  });
  const place = places.some((ofTerm) => ofTerm.length === 0) ? undefined : best(terms, places);
  if (place === undefined) return undefined;
  const [begin, end] = [beginOf(text, place), endOf(text, place)];
  const line = text.slice(begin, end).replaceAll(/\s+/g, ' ').trim();
  const snippet = `${begin > 0 ? '…' : ''}${line}${end < text.length ? '…' : ''}`;
  return { snippet, ranges: rangesIn(snippet, terms) };
};
