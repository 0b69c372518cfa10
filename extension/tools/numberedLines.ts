import { cutLine } from './text.ts';

export const shownLineLimit = 2_000;
/** Characters of one answer, and of one line of it. */
const answerLimit = 256_000;
const lineLimit = 4_000;

export interface NumberedLines {
  readonly text: string;
  /** The number of the last line that is shown. */
  readonly last: number;
}

/** `12<tab>text` per line, as many as fit. */
export const numberLines = (lines: readonly string[], first: number): NumberedLines => {
  const shown: string[] = [];
  let length = 0;
  for (const [index, line] of lines.entries()) {
    if (shown.length === shownLineLimit) break;
    const numbered = `${first + index}\t${cutLine(line, lineLimit)}`;
    length += numbered.length + 1;
    if (length > answerLimit && shown.length > 0) break;
    shown.push(numbered);
  }
  return { text: shown.join('\n'), last: first + shown.length - 1 };
};
