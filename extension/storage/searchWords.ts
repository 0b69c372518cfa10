import type { TextRange } from '../shared/session.ts';

/**
 * What a word is, in the index, in a search and in what is highlighted: letters and digits, folded. SQLite only ever
 * sees words that were told apart here, so the three can never disagree.
 */
export interface Word {
  /** Without case and accents, and no longer than what the index keeps. */
  readonly folded: string;
  /** UTF-16 units of the text. */
  readonly start: number;
  readonly end: number;
}

/** Longer ones (hashes, keys, encoded bytes) are found by their beginning. UTF-16 units. */
const wordLimit = 64;

/** Written without spaces: each letter is a word, and a word as people know it is found as a phrase of them. */
const unspaced = String.raw`[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]`;
const letters = String.raw`[\p{L}\p{N}\p{Co}]`;
const wordSource = String.raw`[${letters}&&${unspaced}]\p{M}*|[${letters}--${unspaced}][[\p{L}\p{N}\p{M}\p{Co}]--${unspaced}]*`;

const wordPattern = new RegExp(wordSource, 'gv');
const notInWord = /[^\p{L}\p{N}\p{M}\p{Co}]/gu;
/** Accents, and marks that only choose how a letter is drawn. Marks that spell (vowels of many scripts) stay. */
const accents = /[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]/g;
const ascii = /^[\0-\x7f]*$/;
const letterAtEnd = /[\p{L}\p{N}\p{M}\p{Co}]$/u;
const unspacedAtEnd = new RegExp(String.raw`${unspaced}\p{M}*$`, 'v');
const unspacedAtBeginning = new RegExp(`^${unspaced}`, 'v');
const halfPairAtEnd = /[\ud800-\udbff]$/;

/** Of one word. */
export const fold = (word: string): string => {
  if (ascii.test(word)) return word.toLowerCase();
  return word
    .normalize('NFKD')
    .replace(accents, '')
    .replace(notInWord, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replace(accents, '');
};

const cut = (folded: string): string =>
  folded.length <= wordLimit ? folded : folded.slice(0, wordLimit).replace(halfPairAtEnd, '');

/** The words of a text from some place on, which must not be in the middle of one; one at a time, as texts can be long. */
export function* wordsFrom(text: string, from: number): Generator<Word, undefined> {
  for (let end = from; ; ) {
    wordPattern.lastIndex = end;
    const match = wordPattern.exec(text);
    if (match === null) return;
    end = match.index + match[0].length;
    const folded = cut(fold(match[0]));
    if (folded !== '') yield { folded, start: match.index, end };
  }
}

export const wordsOf = (text: string): readonly Word[] => [...wordsFrom(text, 0)];

/** A text as the index takes it. */
export const indexed = (text: string): string => {
  // The same words, five times as fast.
  if (ascii.test(text)) return (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map(cut).join(' ');
  return (text.match(wordPattern) ?? []).map((word) => cut(fold(word))).join(' ');
};

/** Whether a word would begin here if there is a letter. May say no for a place next to a script without spaces. */
export const mayBegin = (text: string, at: number): boolean => {
  const before = text.slice(Math.max(0, at - 4), at);
  if (before === '' || !letterAtEnd.test(before)) return true;
  return unspacedAtEnd.test(before) || unspacedAtBeginning.test(text.slice(at, at + 2));
};

/** Words that follow one another; the last one may be the beginning of a longer one. */
export interface SearchTerm {
  readonly words: readonly [string, ...string[]];
  readonly isPrefix: boolean;
}

/** Of a search; a longer one was pasted by mistake. UTF-16 units. */
const searchLimit = 1_000;

/** Quotes as keyboards and word processors make them. */
const quotes = /["\u201c\u201d\u201e\u201f\u00ab\u00bb]/g;
const pieces = /"(?<quoted>[^"]*)(?<closing>"?)|(?<plain>[^\s"]+)/g;

/**
 * What a person typed. Words between quotes, and parts of what is written without a space (`src/date.ts`), stand together;
 * everything else about signs means nothing. The last word may be half a word, unless its quotes are closed.
 */
export const parseSearch = (typed: string): readonly SearchTerm[] => {
  const terms: { readonly words: [string, ...string[]]; readonly isClosed: boolean }[] = [];
  for (const { groups } of typed.slice(0, searchLimit).replace(quotes, '"').matchAll(pieces)) {
    const [first, ...rest] = wordsOf(groups?.quoted ?? groups?.plain ?? '').map(({ folded }) => folded);
    if (first !== undefined) terms.push({ words: [first, ...rest], isClosed: groups?.closing === '"' });
  }
  const last = terms.length - 1;
  return terms.map(({ words, isClosed }, index) => ({ words, isPrefix: index === last && !isClosed }));
};

/** The search as FTS4 takes it. Its words hold no sign that FTS4 knows, so all there is to it is quotes and a star. */
export const matchExpression = (terms: readonly SearchTerm[]): string =>
  terms.map(({ words, isPrefix }) => `"${words.join(' ')}${isPrefix ? '*' : ''}"`).join(' ');

/** Whether the term begins with the word at this place. */
export const isTermAt = ({ words, isPrefix }: SearchTerm, text: readonly Word[], at: number): boolean =>
  words.every((word, index) => {
    const found = text[at + index]?.folded;
    if (found === undefined) return false;
    return isPrefix && index === words.length - 1 ? found.startsWith(word) : found === word;
  });

/** Where the part of a word ends that was typed: with the letter that completes it, and its accents. */
const typedEnd = (text: string, { start, end }: Word, typed: string): number => {
  let to = start;
  for (const character of text.slice(start, end)) {
    const isMark = /^\p{M}/u.test(character);
    if (!isMark && to > start && fold(text.slice(start, to)).startsWith(typed)) return to;
    to += character.length;
  }
  return end;
};

/** Titles by what they are: their words between spaces. All titles are looked at with each key that is typed. */
const foldedTitles = new Map<string, string>();
const foldedTitlesLimit = 50_000;

const foldTitle = (title: string): string => {
  const known = foldedTitles.get(title);
  if (known !== undefined) return known;
  if (foldedTitles.size >= foldedTitlesLimit) foldedTitles.clear();
  const folded = ` ${wordsOf(title)
    .map((word) => word.folded)
    .join(' ')} `;
  foldedTitles.set(title, folded);
  return folded;
};

/** Whether every term occurs. */
export const isInTitle = (title: string, terms: readonly SearchTerm[]): boolean => {
  const folded = foldTitle(title);
  return terms.every(({ words, isPrefix }) => folded.includes(` ${words.join(' ')}${isPrefix ? '' : ' '}`));
};

/** What is to be highlighted in a title; nothing unless every term occurs. */
export const rangesInTitle = (title: string, terms: readonly SearchTerm[]): readonly TextRange[] =>
  isInTitle(title, terms) ? rangesIn(title, terms) : [];

/** What is to be highlighted: each occurrence of each term, word by word, in order. */
export const rangesIn = (text: string, terms: readonly SearchTerm[]): readonly TextRange[] => {
  const words = wordsOf(text);
  const ends = new Map<number, number>();
  for (const term of terms) {
    for (const at of words.keys()) {
      if (!isTermAt(term, words, at)) continue;
      for (const [index, typed] of term.words.entries()) {
        const word = words[at + index];
        if (word === undefined) continue;
        const isHalf = term.isPrefix && index === term.words.length - 1;
        const end = isHalf ? typedEnd(text, word, typed) : word.end;
        ends.set(word.start, Math.max(end, ends.get(word.start) ?? 0));
      }
    }
  }
  return [...ends].sort(([a], [b]) => a - b);
};
