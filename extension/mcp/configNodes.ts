/** JSON with comments as a tree that knows its lines. Nothing here makes objects that a key could spoil. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { JsonObject, JsonValue } from '../shared/message.ts';

export type JsonNode = Node;

/** What is wrong with one value of a file. */
export class NodeProblem extends Error {
  override readonly name = 'NodeProblem';
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const words: Readonly<Record<string, string>> = {
  InvalidSymbol: 'there is a word that JSON does not know',
  InvalidNumberFormat: 'a number is written wrongly',
  PropertyNameExpected: 'the name of a property, in double quotes, is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing brace } is missing',
  CloseBracketExpected: 'a closing bracket ] is missing',
  EndOfFileExpected: 'something follows the end of the object',
  UnexpectedEndOfComment: 'a comment has no end',
  UnexpectedEndOfString: 'a text has no closing quote',
  UnexpectedEndOfNumber: 'a number has no end',
  InvalidUnicode: 'an escape \\u is written wrongly',
  InvalidEscapeCharacter: 'a backslash is followed by a wrong character (a backslash itself is written \\\\)',
  InvalidCharacter: 'a text has a character that has to be escaped',
};

const deepest = 100;

const isTooDeep = (root: JsonNode): boolean => {
  let level: readonly JsonNode[] = [root];
  // A property is a level of its own.
  for (let depth = 0; depth <= 2 * deepest; depth += 1) {
    level = level.flatMap((node) => node.children ?? []);
    if (level.length === 0) return false;
  }
  return true;
};

/**
 * @returns undefined for a text without any value
 * @throws NodeProblem
 */
export const parseJsonc = (text: string): JsonNode | undefined => {
  const errors: ParseError[] = [];
  let root: JsonNode | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  } catch (error) {
    // The parser goes one call deeper for each level.
    if (error instanceof RangeError) throw new NodeProblem(0, 'it is nested too deeply');
    throw error;
  }
  const [first] = errors;
  if (first === undefined) {
    if (root !== undefined && isTooDeep(root)) throw new NodeProblem(root.offset, 'it is nested too deeply');
    return root;
  }
  const what = words[printParseErrorCode(first.error)] ?? 'it is not JSON';
  throw new NodeProblem(first.offset, `it is not valid JSON: ${what}`);
};

/** @returns the line, from 1, of an offset */
export const lineFinder = (text: string): ((offset: number) => number) => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
};

export interface JsonProperty {
  readonly name: string;
  /** Of the name. */
  readonly offset: number;
  /** The whole of it. */
  readonly node: JsonNode;
  readonly value: JsonNode;
}

/** The properties of an object in their order, doubles too. */
export const propertiesOf = (node: JsonNode): readonly JsonProperty[] =>
  (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name: unknown = key?.value;
    return value !== undefined && typeof name === 'string'
      ? [{ name, offset: property.offset, node: property, value }]
      : [];
  });

/** By name; of doubles the last counts, as in every reader of JSON. */
export const fieldsOf = (node: JsonNode): ReadonlyMap<string, JsonNode> =>
  new Map(propertiesOf(node).map(({ name, value }) => [name, value]));

/** An object from pairs: each becomes a property of its own, whatever its name. */
export const objectOf = (pairs: Iterable<readonly [string, JsonValue]>): JsonObject =>
  Object.fromEntries(pairs);

/** The plain value. */
export const jsonOf = (node: JsonNode): JsonValue => {
  if (node.type === 'array') return (node.children ?? []).map(jsonOf);
  if (node.type === 'object') {
    return objectOf(propertiesOf(node).map(({ name, value }) => [name, jsonOf(value)]));
  }
  const value: unknown = node.value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};
