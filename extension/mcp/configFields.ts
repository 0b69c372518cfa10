/** Single fields of entries, with words for the person who wrote them. */
import { type JsonNode, jsonOf, NodeProblem, propertiesOf } from './configNodes.ts';

export type Fields = ReadonlyMap<string, JsonNode>;

/** A field that is there; null counts as absent. */
export const fieldOf = (fields: Fields, name: string): JsonNode | undefined => {
  const node = fields.get(name);
  return node === undefined || node.type === 'null' ? undefined : node;
};

/** NUL ends a text for the system: what is started would not be what is shown. */
const checked = (text: string, name: string, node: JsonNode): string => {
  if (text.includes('\0')) throw new NodeProblem(node.offset, `\`${name}\` must not have a NUL character`);
  return text;
};

/** @throws NodeProblem */
export const textField = (fields: Fields, name: string): string | undefined => {
  const node = fieldOf(fields, name);
  if (node === undefined) return undefined;
  const value = jsonOf(node);
  if (typeof value === 'string') return checked(value, name, node);
  throw new NodeProblem(node.offset, `\`${name}\` has to be a text in double quotes`);
};

/** @throws NodeProblem */
export const filledField = (fields: Fields, name: string): string | undefined => {
  const text = textField(fields, name);
  if (text === undefined || text.trim() !== '') return text;
  throw new NodeProblem(fields.get(name)?.offset ?? 0, `\`${name}\` must not be empty`);
};

/** @throws NodeProblem */
export const textsField = (fields: Fields, name: string): readonly string[] => {
  const node = fieldOf(fields, name);
  if (node === undefined) return [];
  const wrong = (at: JsonNode): never => {
    throw new NodeProblem(at.offset, `\`${name}\` has to be a list of strings`);
  };
  if (node.type !== 'array') return wrong(node);
  return (node.children ?? []).map((child) => {
    const value = jsonOf(child);
    return typeof value === 'string' ? checked(value, name, child) : wrong(child);
  });
};

/**
 * Names with texts; numbers and booleans count as their text, null leaves a name out.
 * @param nameProblem what is wrong with a name
 * @throws NodeProblem
 */
export const recordField = (
  fields: Fields,
  name: string,
  nameProblem: (name: string) => string | undefined,
): Readonly<Record<string, string>> => {
  const node = fieldOf(fields, name);
  if (node === undefined) return {};
  if (node.type !== 'object') {
    throw new NodeProblem(node.offset, `\`${name}\` has to be an object of names and texts`);
  }
  const pairs = new Map<string, string>();
  for (const property of propertiesOf(node)) {
    const problem = nameProblem(property.name);
    if (problem !== undefined) throw new NodeProblem(property.offset, `in \`${name}\`, ${problem}`);
    const value = jsonOf(property.value);
    if (value === null) {
      pairs.delete(property.name);
      continue;
    }
    if (typeof value === 'object') {
      throw new NodeProblem(
        property.value.offset,
        `\`${property.name}\` in \`${name}\` has to be a text in double quotes`,
      );
    }
    pairs.set(property.name, checked(String(value), name, property.value));
  }
  return Object.fromEntries(pairs);
};

/** @throws NodeProblem */
export const flagField = (fields: Fields, name: string): boolean | undefined => {
  const node = fieldOf(fields, name);
  if (node === undefined) return undefined;
  const value = jsonOf(node);
  if (typeof value === 'boolean') return value;
  throw new NodeProblem(node.offset, `\`${name}\` has to be true or false`);
};

/** @throws NodeProblem */
export const numberField = (
  fields: Fields,
  name: string,
  least: number,
  most: number,
): number | undefined => {
  const node = fieldOf(fields, name);
  if (node === undefined) return undefined;
  const value = jsonOf(node);
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new NodeProblem(
    node.offset,
    `\`${name}\` has to be a number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`,
  );
};
