/** The YAML at the top of a Markdown file, as people really write it. Pure. */
import { readYaml, type YamlProblem, type YamlText } from './yamlText.ts';

export interface FrontMatter {
  readonly yaml: YamlText;
  /** Before the YAML, in the file. */
  readonly linesBefore: number;
  /** What follows. */
  readonly body: string;
  /** It was no YAML until values were put in quotes: where, and what to do. Lines are those of the file. */
  readonly repaired?: YamlProblem;
}

export type FrontMatterReading = FrontMatter | { readonly problems: readonly YamlProblem[] };

/**
 * Puts quotes around the values of the outermost keys that have none, and leaves every line where it is. Descriptions with
 * a colon in them (`Use when: …`) are common, and are read by other products.
 */
const quoteValues = (source: string): string => {
  const lines = source.split('\n');
  const isContinued = (at: number): boolean => /^[ \t]+\S/.test(lines[at] ?? '');
  const result: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const match = /^([\w-]+):[ \t]+(\S.*)$/.exec(line);
    const value = match?.[2]?.trimEnd() ?? '';
    if (match?.[1] === undefined || /^(?:["'|>{]|\[[^\]]*\]$)/.test(value)) {
      result.push(line);
      continue;
    }
    const pieces = [value];
    while (isContinued(at + 1)) pieces.push((lines[++at] ?? '').trim());
    const quoted = pieces.map((piece) => JSON.stringify(piece).slice(1, -1));
    result.push(...`${match[1]}: "${quoted.join('\n  ')}"`.split('\n'));
  }
  return result.join('\n');
};

const shifted = (problems: readonly YamlProblem[], by: number): readonly YamlProblem[] =>
  problems.map(({ line, message }) => ({ line: line + by, message }));

/** @param text with line feeds only */
export const readFrontMatter = (text: string): FrontMatterReading => {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  if (lines[first]?.trimEnd() !== '---') {
    const message =
      'The file has to begin with `---`, `name: …`, `description: …` and `---`, each on its own line.';
    return { problems: [{ line: Math.max(first, 0) + 1, message }] };
  }
  const last = lines.findIndex((line, at) => at > first && /^(?:---|\.\.\.)\s*$/.test(line));
  if (last === -1) {
    const message = 'The part that begins here is not closed. Put `---` on a line of its own behind it.';
    return { problems: [{ line: first + 1, message }] };
  }
  const linesBefore = first + 1;
  const source = lines.slice(first + 1, last).join('\n');
  const body = lines
    .slice(last + 1)
    .join('\n')
    .replace(/^\n+/, '');
  const reading = readYaml(source);
  if ('yaml' in reading) return { yaml: reading.yaml, linesBefore, body };
  const again = readYaml(quoteValues(source));
  if ('problems' in again) return { problems: shifted(reading.problems, linesBefore) };
  const line = (reading.problems[0]?.line ?? 1) + linesBefore;
  const message = 'This is no YAML, and was read as if its values stood in quotes. Put quotes around them.';
  return { yaml: again.yaml, linesBefore, body, repaired: { line, message } };
};
