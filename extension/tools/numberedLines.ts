import { cutLine } from '../core/text.ts';

export const shownLineLimit = 2_000;
/** Characters of one answer. */
const answerLimit = 256_000;
/** Characters of one line; longer ones are cut. */
export const shownLineLength = 4_000;

export interface NumberedLines {
  readonly text: string;
  /** The number of the last line that is shown. */
  readonly last: number;
  /** The same, but before the first line that had to be cut. */
  readonly lastWhole: number;
}

/** `12<tab>text` per line, as many as fit. */
export const numberLines = (lines: readonly string[], first: number): NumberedLines => {
  const shown: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    if (shown.length === shownLineLimit) break;
    const numbered = `${first + index}\t${cutLine(line, shownLineLength)}`;
    length += numbered.length + 1;
    if (length > answerLimit && shown.length > 0) break;
    shown.push(numbered);
  }
  const cut = lines.slice(0, shown.length).findIndex((line) => line.length > shownLineLength);
  return {
    text: shown.join('\n'),
    last: first + shown.length - 1,
    lastWhole: first + (cut === -1 ? shown.length : cut) - 1,
  };
};
