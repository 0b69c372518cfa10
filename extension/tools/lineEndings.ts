import { diffArrays } from 'diff';
import { dominantEnding } from '../core/text.ts';

/** After so long the lines that stay are no longer looked for. */
const timeLimitMs = 250;

interface Lines {
  readonly texts: readonly string[];
  /** Of each line but the last. */
  readonly endings: readonly string[];
}

/** An editor breaks lines at a lone `\r` too. */
const linesOf = (text: string): Lines => {
  const parts = text.split(/(\r\n|\n|\r)/);
  return {
    texts: parts.filter((_, index) => index % 2 === 0),
    endings: parts.filter((_, index) => index % 2 === 1),
  };
};

/** Every line ending as `\n`, those that only editors take for one too. */
export const withPlainEndings = (text: string): string => text.replace(/\r\n?/g, '\n');

/**
 * A text from an editor, which gives all lines the same ending, with the endings of the lines it has from the
 * references; what is new gets the first reference's most frequent one.
 */
export const withEndingsOf = (references: readonly string[], text: string): string => {
  const [first = ''] = references;
  const kinds = new Set(linesOf(first).endings);
  const [only, another] = [...kinds];
  if (only !== undefined && another === undefined) return withPlainEndings(text).replaceAll('\n', only);
  const { texts, endings } = linesOf(text);
  const found: (string | undefined)[] = endings.map(() => undefined);
  for (const reference of references) {
    const old = linesOf(reference);
    let [from, to] = [0, 0];
    for (const { count, added, removed } of diffArrays([...old.texts], [...texts], {
      timeout: timeLimitMs,
    }) ?? []) {
      if (!added && !removed) {
        for (let index = 0; index < count; index += 1) found[to + index] ??= old.endings[from + index];
      }
      if (!added) from += count;
      if (!removed) to += count;
    }
  }
  const ending = dominantEnding(references.find((reference) => reference.includes('\n')) ?? '');
  let result = '';
  for (const [index, line] of texts.entries()) {
    result += line;
    if (index === endings.length) break;
    const own = found[index] ?? ending;
    // After a lone `\r` an empty line that ends with `\n` would be none.
    result += own === '\n' && result.endsWith('\r') ? '\r\n' : own;
  }
  return result;
};
