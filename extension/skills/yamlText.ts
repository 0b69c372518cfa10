/** YAML that knows on which line everything stands. Pure. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

export interface YamlProblem {
  /** From 1, in the text. */
  readonly line: number;
  readonly message: string;
}

export type YamlPath = readonly PropertyKey[];

export interface YamlText {
  /** Plain data; as untyped as what people write. */
  readonly value: unknown;
  /** Line (from 1) of the value at the path, or of what holds it where there is none. */
  lineOf(path: YamlPath): number;
  /** The characters of the value at the path as they were written, without quotes. */
  sourceOf(path: YamlPath): string | undefined;
}

export type YamlReading = { readonly yaml: YamlText } | { readonly problems: readonly YamlProblem[] };

/** Keys that differ only in case, `-` and `_` are the same key. */
export const plainKey = (key: string): string => key.toLowerCase().replace(/[-_]/g, '');

const helpByCode: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'A line is indented with a tab. Use spaces.',
  BLOCK_AS_IMPLICIT_KEY:
    'A value with a colon in it has to stand in quotes, and what belongs together has to be indented alike.',
  BAD_INDENT: 'The indentation does not fit. Indent what belongs together by the same number of spaces.',
  MULTILINE_IMPLICIT_KEY: 'This is no `key: value`. Put a colon and a space behind the key.',
  MISSING_CHAR: 'Something is not closed or has no colon. Look for a missing quote, bracket or `: `.',
  BAD_ALIAS: 'This refers to something (`*…`) that is not there. Put the text in quotes.',
};

/** The node at the path, or the last one on the way; where it is the value of a key, the key tells its line. */
const follow = (
  root: Node | null,
  path: YamlPath,
): { node: Node | undefined; offset: number; isWhole: boolean } => {
  let node: Node | undefined = root ?? undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const segment of path) {
    const pair = isMap(node)
      ? typeof segment === 'number'
        ? node.items[segment]
        : node.items.find(
            ({ key }) => isScalar(key) && plainKey(String(key.value)) === plainKey(String(segment)),
          )
      : undefined;
    const item = isSeq(node) && typeof segment === 'number' ? node.items[segment] : undefined;
    // The parser types what it holds as unknown; what it makes of text are nodes.
    const next = (pair?.value ?? item) as Node | null | undefined;
    if (pair === undefined && item === undefined) return { node: undefined, offset, isWhole: false };
    offset = (isScalar(pair?.key) ? pair.key.range?.[0] : next?.range?.[0]) ?? offset;
    if (next === null || next === undefined || isAlias(next)) {
      return { node: next ?? undefined, offset, isWhole: segment === path.at(-1) };
    }
    node = next;
  }
  return { node, offset, isWhole: true };
};

/** Characters; a description that is longer has its text in the wrong place. */
const longestYaml = 40_000;

const tooTangled: YamlReading = {
  problems: [{ line: 1, message: 'This is too tangled to be read. Write it more simply.' }],
};

/** Where a key stands a second time; the parser's own search for them takes seconds where there are thousands. */
const findDuplicate = (document: Document): number | undefined => {
  let offset: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (seen.has(name)) {
          offset = isScalar(key) ? key.range?.[0] : undefined;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return offset;
};

/** Never throws: bad text gives problems. */
export const readYaml = (text: string): YamlReading => {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  if (text.length > longestYaml) {
    const message = `This is longer than ${longestYaml.toLocaleString('en')} characters. Put texts into files of their own.`;
    return { problems: [{ line: 1, message }] };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      uniqueKeys: false,
    });
    if (document.errors.some(({ message }) => message.includes('call stack'))) return tooTangled;
    if (document.errors.length > 0) {
      return {
        problems: document.errors.slice(0, 5).map(({ code, message, pos }) => ({
          line: lineAt(pos[0]),
          message: helpByCode[code] ?? `${message}. Put the value in quotes if it is text.`,
        })),
      };
    }
    const duplicate = findDuplicate(document);
    if (duplicate !== undefined) {
      const message = 'The same key stands here a second time. Delete one of the two.';
      return { problems: [{ line: lineAt(duplicate), message }] };
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { yaml: yamlText(document, value, text, lineAt) };
  } catch {
    // Thousands of brackets, or aliases of aliases.
    return tooTangled;
  }
};

const yamlText = (
  { contents }: Document,
  value: unknown,
  text: string,
  lineAt: (offset: number) => number,
): YamlText => ({
  value,
  lineOf: (path) => lineAt(follow(contents, path).offset),
  sourceOf: (path) => {
    const { node, isWhole } = follow(contents, path);
    if (!isWhole || node === undefined) return undefined;
    if (isScalar(node) && typeof node.value === 'string') return node.value;
    return node.range ? text.slice(node.range[0], node.range[1]) : undefined;
  },
});
