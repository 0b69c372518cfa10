import type { TextRange } from '../../extension/shared/session.ts';

/** The ranges that lie within the text, in order and apart. */
const cleaned = (text: string, ranges: readonly TextRange[]): readonly TextRange[] => {
  const clean: TextRange[] = [];
  let from = 0;
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const range = [Math.max(start, from), Math.min(end, text.length)] as const;
    if (!(range[0] < range[1])) continue;
    clean.push(range);
    from = range[1];
  }
  return clean;
};

/** Text with the words of a search highlighted in it. Text it stays: nothing in it is read as HTML. */
export const Marked = ({ text, ranges }: { text: string; ranges: readonly TextRange[] }) => {
  const clean = cleaned(text, ranges);
  return (
    <>
      {clean.map(([start, end], index) => [
        text.slice(clean[index - 1]?.[1] ?? 0, start),
        <mark key={start}>{text.slice(start, end)}</mark>,
      ])}
      {text.slice(clean.at(-1)?.[1] ?? 0)}
    </>
  );
};
