/** Arguments of a program in one line, as people type them: no shell reads it. Pure. */

export type SplitLine =
  | { readonly words: readonly string[] /** What a shell would have acted on. */; readonly literal: string }
  | { readonly problem: string };

const isSpace = (character: string): boolean => /\s/u.test(character);

/** What a backslash takes its meaning from, inside double quotes. */
const escapedInQuotes = '"\\$`';

/** Operators of shells, which are passed on as they stand. */
const operators = '|&;<>';

/**
 * Splits at spaces, with quotes as in a shell. Nothing is expanded: `$HOME`, `*` and `|` stay as they are.
 * @param isWindows there a backslash is a part of paths, and quotes a double quote only
 */
export const splitArguments = (line: string, isWindows: boolean): SplitLine => {
  const words: string[] = [];
  const literal = new Set<string>();
  const characters = [...line];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const next = characters[at + 1];
    if (character === '\\' && quote !== "'") {
      const isEscape = isWindows
        ? next === '"'
        : quote === undefined || (next !== undefined && escapedInQuotes.includes(next));
      if (isEscape) {
        if (next === undefined)
          return { problem: 'A backslash at the end escapes nothing. Remove it, or write \\\\.' };
        word = (word ?? '') + next;
        at += 1;
      } else word = `${word ?? ''}\\`;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      // Empty quotes are an argument too.
      word ??= '';
    } else if (isSpace(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (operators.includes(character)) literal.add(character);
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) return { problem: `A quote ${quote} is open: close it.` };
  if (word !== undefined) words.push(word);
  return { words, literal: [...literal].join(' ') };
};

/** Nothing has a meaning in single quotes, so that a single quote itself stands in double ones. */
const quoted = (word: string, isWindows: boolean): string => {
  if ((isWindows ? /^[^\s"']+$/u : /^[^\s"'\\]+$/u).test(word)) return word;
  return word
    .split(/('+)/)
    .filter((part, index) => part !== '' || (index === 0 && word === ''))
    .map((part) => (part.startsWith("'") ? `"${part}"` : `'${part}'`))
    .join('');
};

/** A line that `splitArguments` makes the same words of. */
export const joinArguments = (words: readonly string[], isWindows: boolean): string =>
  words.map((word) => quoted(word, isWindows)).join(' ');
