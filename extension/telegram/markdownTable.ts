/** Tables as lines of letters of the same width. */

/** Shorter cells are filled up to the longest of their column, or to this: one long cell must not stretch all others. */
const widestFill = 40;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const isWide = (letter: string): boolean =>
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u.test(
    letter,
  );

/** Columns that it takes in a fixed-width font. */
const widthOf = (text: string): number => {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += isWide(segment) ? 2 : 1;
  return width;
};

export type Alignment = 'left' | 'right' | 'center' | null;

const fill = (text: string, width: number, align: Alignment): string => {
  const missing = Math.max(0, width - widthOf(text));
  const before = align === 'right' ? missing : align === 'center' ? Math.floor(missing / 2) : 0;
  return `${' '.repeat(before)}${text}${' '.repeat(missing - before)}`;
};

/** @param rows cells without line breaks, the header first */
export const tableText = (rows: readonly (readonly string[])[], aligns: readonly Alignment[]): string => {
  const widths = aligns.map((_, column) =>
    rows.reduce(
      (widest, row) =>
        widest >= widestFill ? widest : Math.min(widestFill, Math.max(widest, widthOf(row[column] ?? ''))),
      1,
    ),
  );
  const lines = rows.map((row) =>
    widths
      .map((width, column) => fill(row[column] ?? '', width, aligns[column] ?? null))
      .join(' │ ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('─┼─');
  return [lines[0] ?? '', rule, ...lines.slice(1)].join('\n');
};
