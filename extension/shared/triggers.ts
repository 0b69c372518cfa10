/** Which skills the words of a message speak of: found by rule, so that the same words always offer the same skills. */
import { type LinearPattern, linearPattern, PatternError, type StepBudget } from './linearPattern.ts';
import type { SkillChoice } from './skill.ts';

export interface TriggerMatch {
  readonly id: string;
  /** What matched, in lower case: the phrase, the file's name, or what the expression found. */
  readonly phrase: string;
  readonly isReviewed: boolean;
}

/** Characters of a trigger; letters of scripts that need few count twice. */
const shortestTrigger = 3;
const longestTrigger = 200;
const offeredAtMost = 2;
/** Characters of a match that are shown. */
const longestPhrase = 60;
/** Characters of a message that are looked at: of a longer one its beginning and its end. */
const longestText = 20_000;
const longestTextForPatterns = 4_000;
/** For all expressions of all skills together: a few hundredths of a second. */
const stepsForPatterns = 400_000;

/** Scripts that put no spaces between words, or hang endings onto them. */
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const wordCharacter = /[\p{L}\p{M}\p{N}]/u;

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();

/** Beginning and end, with a sign between them that no phrase has. */
const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit / 2)}\0${text.slice(-limit / 2)}`;

const sizeOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + (spaceless.test(character) ? 2 : 1), 0);

type Trigger =
  | { readonly kind: 'phrase'; readonly text: string }
  | { readonly kind: 'file'; readonly pattern: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly pattern: LinearPattern }
  /** Never matches; why, and what to write. */
  | { readonly kind: 'problem'; readonly problem: string };

const problem = (text: string): Trigger => ({ kind: 'problem', problem: text });

const patternTrigger = (source: string): Trigger => {
  try {
    return { kind: 'pattern', source, pattern: linearPattern(source) };
  } catch (error) {
    if (error instanceof PatternError) return problem(error.message);
    throw error;
  }
};

const readTrigger = (trigger: string): Trigger => {
  if (trigger.length > longestTrigger + 4) {
    return problem(`It is longer than ${longestTrigger} characters. Shorten it.`);
  }
  const written = trigger.trim();
  const source = /^\/(.+)\/[iu]*$/s.exec(written)?.[1];
  if (source !== undefined) return patternTrigger(source);
  const text = plain(written);
  if (!text.includes('*') || text.includes(' ')) {
    if (sizeOf(text) >= shortestTrigger) return { kind: 'phrase', text };
    return problem(`It has fewer than ${shortestTrigger} characters. Write a longer phrase.`);
  }
  if (/[/\\{}[\]]/.test(text)) return problem('Write the pattern of one file name, such as `*.pdf`.');
  if (text.replaceAll('*', '') !== '') return { kind: 'file', pattern: text };
  return problem('It matches every file. Write an ending, such as `*.pdf`.');
};

/** Why a trigger never matches, and what to write; undefined for one that can. */
export const triggerProblem = (trigger: string): string | undefined => {
  const read = readTrigger(trigger);
  return read.kind === 'problem' ? read.problem : undefined;
};

/** They are read once, and looked for at every key that is pressed. */
const known = new WeakMap<readonly string[], readonly Trigger[]>();

const triggersOf = (written: readonly string[]): readonly Trigger[] => {
  const read = known.get(written) ?? written.map(readTrigger);
  known.set(written, read);
  return read;
};

const codePointBefore = (text: string, at: number): string => {
  const last = text.slice(at - 1, at);
  return /[\uDC00-\uDFFF]/.test(last) ? text.slice(at - 2, at) : last;
};
const codePointAt = (text: string, at: number): string => {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
};

/** Between two neighbours, of which the first belongs to the phrase. */
const isEdge = (inside: string, outside: string): boolean =>
  !wordCharacter.test(inside) ||
  !wordCharacter.test(outside) ||
  (!/\p{M}/u.test(outside) && (spaceless.test(inside) || spaceless.test(outside)));

/** How often a phrase is looked at that stands inside longer words: text may be one letter twenty thousand times. */
const looksInsideWords = 400;

const holdsPhrase = (text: string, phrase: string): boolean => {
  const first = codePointAt(phrase, 0);
  const last = codePointBefore(phrase, phrase.length);
  let looks = 0;
  for (let at = text.indexOf(phrase); at !== -1; at = text.indexOf(phrase, at + 1)) {
    const end = at + phrase.length;
    looks += 1;
    if (looks > looksInsideWords) return false;
    if (isEdge(first, codePointBefore(text, at)) && isEdge(last, codePointAt(text, end))) return true;
  }
  return false;
};

/** `*` is any number of characters. */
const fitsFilePattern = (name: string, pattern: string): boolean => {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
};

const baseName = (file: string): string => file.split(/[\\/]/).at(-1) ?? '';

/** Names of files that a text speaks of, in the order of the text. */
const fileNamesIn = (text: string): readonly string[] =>
  (text.match(/[^\s"'`<>|*?()[\]{},;:!#=\0“”‘’«»。，、！？：；「」『』（）【】…]+/gu) ?? []).flatMap(
    (word) => {
      const name = baseName(word).replace(/\.+$/, '');
      if (!name.includes('.')) return [];
      // In a text without spaces, words follow right behind the ending.
      const ended = name.replace(/(\.[a-z0-9]{1,12})[^\p{ASCII}].*$/u, '$1');
      return ended === name ? [name] : [name, ended];
    },
  );

interface Seen {
  readonly text: string;
  readonly characters: readonly number[];
  readonly fileNames: readonly string[];
  readonly budget: StepBudget;
}

const see = (text: string, files: readonly string[]): Seen => {
  const seen = plain(cut(text, longestText));
  const short = cut(seen, longestTextForPatterns);
  return {
    text: seen,
    characters: Array.from(short, (character) => character.codePointAt(0) ?? 0),
    fileNames: [...new Set([...files.map((file) => plain(baseName(file))), ...fileNamesIn(seen)])],
    budget: { left: stepsForPatterns },
  };
};

interface Find {
  readonly phrase: string;
  /** The specific wins: a long phrase over a short one, any phrase over the ending of a file. */
  readonly score: number;
}

const findTrigger = (trigger: Trigger, seen: Seen): Find | undefined => {
  if (trigger.kind === 'problem') return undefined;
  if (trigger.kind === 'phrase') {
    const { text } = trigger;
    return holdsPhrase(seen.text, text) ? { phrase: text, score: sizeOf(text) } : undefined;
  }
  if (trigger.kind === 'file') {
    const phrase = seen.fileNames.find((name) => fitsFilePattern(name, trigger.pattern));
    return phrase === undefined ? undefined : { phrase, score: trigger.pattern.length / 1_000 };
  }
  const found = trigger.pattern.find(seen.characters, seen.budget);
  if (found === undefined) return undefined;
  const phrase = String.fromCodePoint(...seen.characters.slice(found.from, found.to)).trim();
  const size = sizeOf(phrase);
  // `.*` finds much and says little.
  const score = Math.min(size, trigger.source.length);
  return size < shortestTrigger ? undefined : { phrase, score };
};

const shorten = (phrase: string): string => {
  const characters = [...phrase];
  return characters.length <= longestPhrase ? phrase : `${characters.slice(0, longestPhrase).join('')}…`;
};

/**
 * The skills to offer for a message, the best first; at most two.
 * @param files names or paths of what is attached to it
 */
export const matchTriggers = (
  text: string,
  files: readonly string[],
  choices: readonly SkillChoice[],
): readonly TriggerMatch[] => {
  if (text.trim() === '' && files.length === 0) return [];
  const seen = see(text, files);
  const matches = choices.flatMap(({ id, triggers, isReviewed }) => {
    const found = triggersOf(triggers).flatMap((trigger) => findTrigger(trigger, seen) ?? []);
    const best = found.sort((a, b) => b.score - a.score)[0];
    return best === undefined ? [] : [{ id, isReviewed, ...best }];
  });
  return matches
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, offeredAtMost)
    .map(({ id, phrase, isReviewed }) => ({ id, phrase: shorten(phrase), isReviewed }));
};
