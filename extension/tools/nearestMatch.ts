/** Where a text that was not found was probably meant: a hint that lets the model try again without reading anew. */

/** Lines of a file that are looked at, and lines that a hint quotes. */
const consideredLines = 20_000;
const quotedLines = 40;
/** Below this likeness a quote would mislead. */
const threshold = 0.5;

const pairsOf = (line: string): Map<string, number> => {
  const pairs = new Map<string, number>();
  for (let index = 0; index < line.length - 1; index += 1) {
    const pair = line.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
};

/** Sørensen-Dice of the letter pairs, 0 to 1, of two trimmed lines. */
const createLikeness = (): ((a: string, b: string) => number) => {
  const cache = new Map<string, Map<string, number>>();
  const cached = (line: string): Map<string, number> => {
    const known = cache.get(line);
    if (known !== undefined) return known;
    const pairs = pairsOf(line.slice(0, 400));
    cache.set(line, pairs);
    return pairs;
  };
  return (a, b) => {
    if (a === b) return 1;
    if (a.length < 2 || b.length < 2) return 0;
    // The shorter can share at most all of its pairs.
    if ((2 * Math.min(a.length, b.length)) / (a.length + b.length) < 0.3) return 0;
    const [left, right] = [cached(a), cached(b)];
    let shared = 0;
    for (const [pair, count] of left) shared += Math.min(count, right.get(pair) ?? 0);
    return (2 * shared) / (Math.min(a.length, 400) + Math.min(b.length, 400) - 2);
  };
};

interface Window {
  readonly start: number;
  readonly score: number;
}

/** The line of the wanted text that says most about its place. */
const anchorOf = (wanted: readonly string[]): number =>
  wanted.reduce((best, line, index) => (line.length > (wanted[best] ?? '').length ? index : best), 0);

const bestWindow = (lines: readonly string[], wanted: readonly string[]): Window | undefined => {
  const likeness = createLikeness();
  const anchor = anchorOf(wanted);
  const anchorLine = wanted[anchor] ?? '';
  const candidates = lines
    .map((line, index) => ({ index, score: likeness(anchorLine, line) }))
    .filter(({ score }) => score >= 0.3)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, 20);
  return candidates
    .map(({ index }): Window => {
      const start = Math.max(0, index - anchor);
      const total = wanted.reduce(
        (sum, line, offset) => sum + likeness(line, lines[start + offset] ?? '') * (line.length + 1),
        0,
      );
      return { start, score: total / wanted.reduce((sum, line) => sum + line.length + 1, 0) };
    })
    .sort((a, b) => b.score - a.score || a.start - b.start)[0];
};

/**
 * @param text with `\n` line endings, as `wanted`
 * @returns sentences for the model, with the actual lines where something alike is there
 */
export const nearestMatch = (text: string, wanted: string): string => {
  const lines = text.split('\n', consideredLines);
  const wantedLines = wanted.replace(/^\n+|\n+$/g, '').split('\n');
  const trimmed = wantedLines.map((line) => line.trim());
  const numbered = wantedLines.every((line) => /^\s*\d+[\t:|-]/.test(line));
  if (numbered) return 'It begins every line with a number: leave out the line numbers that read_file shows.';
  const best = bestWindow(
    lines.map((line) => line.trim()),
    trimmed,
  );
  if (best === undefined || best.score < threshold) {
    return 'Nothing in the file is like it; read the file again.';
  }
  const end = Math.min(lines.length, best.start + wantedLines.length);
  const shown = lines.slice(best.start, Math.min(end, best.start + quotedLines));
  const reason =
    best.score === 1 ? 'The same text is there with other spaces or indentation' : 'The nearest lines are';
  const quoted = shown.map((line) => line.slice(0, 1_000)).join('\n');
  const cut = end - best.start > shown.length ? '\n[and so on]' : '';
  return `${reason}, lines ${best.start + 1}-${end}, exactly so:\n${quoted}${cut}`;
};
