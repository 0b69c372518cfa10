/**
 * The schema of a tool as every vendor takes it. One schema that a vendor refuses makes it refuse the whole request, with
 * all tools of all servers, so that only words are left that all of them know. What is taken out is only looser: the
 * server itself checks what it gets. Pure.
 */
import type { JsonObject, JsonValue } from '../shared/message.ts';
import { plainText } from './plainText.ts';
import { resolveRef } from './schemaRefs.ts';

const mostNodes = 1_500;
const mostDepth = 16;
/** Characters of the whole. */
const mostText = 60_000;
const mostDescription = 4_000;
const mostExample = 500;

/** Some vendors want names of properties to be like this. */
const plainName = /^[A-Za-z0-9_.-]{1,64}$/;
const types = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);
const numbers = [
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
];

interface Walk {
  readonly root: JsonObject;
  /** References that are being followed. */
  readonly refs: readonly string[];
  readonly depth: number;
  readonly count: { nodes: number };
}

const isTooMuch = ({ depth, count }: Walk): boolean => depth > mostDepth || count.nodes > mostNodes;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const stringsOf = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

const text = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? plainText(value.slice(0, mostDescription)) : '';

const noted = (schema: JsonObject, note: string): JsonObject => {
  const before = typeof schema.description === 'string' ? schema.description : '';
  return { ...schema, description: before === '' ? note : `${before} ${note}` };
};

/** In front comes what counts where both say something; properties and what is required add up. */
const merged = (first: JsonObject, second: JsonObject): JsonObject => {
  const result: JsonObject = { ...second, ...first };
  if (isObject(first.properties) && isObject(second.properties)) {
    result.properties = Object.fromEntries([
      ...Object.entries(second.properties),
      ...Object.entries(first.properties),
    ]);
  }
  const required = [...new Set([...stringsOf(second.required), ...stringsOf(first.required)])];
  return required.length === 0 ? result : { ...result, required };
};

/** With what a reference stands for in its place. What refers to itself is looked into once. */
const withoutRef = (schema: JsonObject, walk: Walk): { readonly schema: JsonObject; readonly walk: Walk } => {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string') return { schema, walk };
  walk.count.nodes += 1;
  const name = plainText($ref.slice(0, 200)).split('/').at(-1) ?? '';
  if (walk.refs.includes($ref)) return { schema: noted(rest, `The same as ${name} above, again.`), walk };
  const target = resolveRef(walk.root, $ref);
  if (!isObject(target)) return { schema: target === true ? rest : noted(rest, `As ${name} says.`), walk };
  const deeper = { ...walk, refs: [...walk.refs, $ref], depth: walk.depth + 1 };
  const both = merged(rest, target);
  // A reference may lead to the next one.
  return isTooMuch(deeper) ? { schema: rest, walk } : withoutRef(both, deeper);
};

/** `allOf` is as if its parts stood here. */
const withoutAllOf = (schema: JsonObject, walk: Walk): JsonObject => {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  return allOf
    .filter(isObject)
    .slice(0, 50)
    .map((part) => {
      walk.count.nodes += 1;
      const inner = withoutRef(part, walk);
      return isTooMuch(inner.walk)
        ? inner.schema
        : withoutAllOf(inner.schema, { ...inner.walk, depth: inner.walk.depth + 1 });
    })
    .reduce((all, part) => merged(all, part), rest);
};

const typeOf = (schema: JsonObject): string | string[] | undefined => {
  const given = (
    Array.isArray(schema.type) ? stringsOf(schema.type) : stringsOf([schema.type ?? null])
  ).filter((type) => types.has(type));
  const all = [...new Set(schema.nullable === true && given.length > 0 ? [...given, 'null'] : given)];
  if (all.length > 1) return all;
  if (all[0] !== undefined) return all[0];
  if (isObject(schema.properties)) return 'object';
  return schema.items !== undefined || Array.isArray(schema.prefixItems) ? 'array' : undefined;
};

const kindOf = (value: JsonValue): string =>
  value === null ? 'null' : typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;

/** `enum` and `const`: as an enum where it is one of texts or numbers, else in words. */
const choice = (schema: JsonObject): { readonly words: JsonObject; readonly note: string } => {
  const given = schema.const === undefined ? schema.enum : [schema.const];
  if (!Array.isArray(given) || given.length === 0) return { words: {}, note: '' };
  const values = given.filter((value) => value !== null);
  const isPlain =
    values.length > 0 &&
    (values.every((value) => typeof value === 'string') ||
      values.every((value) => typeof value === 'number'));
  if (isPlain) {
    const [kind, ...others] = new Set(given.map(kindOf));
    const type: JsonObject = kind === undefined || others.length > 0 ? {} : { type: kind };
    return { words: { enum: [...new Set<JsonValue>(values)], ...type }, note: '' };
  }
  const isBoolean = values.length > 0 && values.every((value) => typeof value === 'boolean');
  return {
    words: isBoolean ? { type: 'boolean' } : {},
    note: `One of: ${plainText(JSON.stringify(given).slice(0, mostExample))}.`,
  };
};

const propertiesOf = (
  schema: JsonObject,
  walk: Walk,
): { readonly words: JsonObject; readonly note: string } => {
  if (!isObject(schema.properties)) return { words: {}, note: '' };
  const usable = Object.entries(schema.properties).filter(([, property]) => property !== false);
  const others = usable.filter(([name]) => !plainName.test(name));
  const properties = Object.fromEntries(
    usable
      .filter(([name]) => plainName.test(name))
      .map(([name, property]) => [name, cleaned(property, walk)]),
  );
  const required = [...new Set(stringsOf(schema.required))].filter((name) => Object.hasOwn(properties, name));
  const names = others.slice(0, 30).map(([name, property]) => {
    const about = isObject(property) ? text(property.description).slice(0, 200) : '';
    return `${JSON.stringify(plainText(name.slice(0, 200)))}${about === '' ? '' : ` (${about})`}`;
  });
  return {
    words: { properties, ...(required.length === 0 ? {} : { required }) },
    note: names.length === 0 ? '' : `It also takes ${names.join(', ')}.`,
  };
};

/** A list of things that differ by their place becomes a list of any of these. */
const itemsOf = (schema: JsonObject, walk: Walk): { readonly words: JsonObject; readonly note: string } => {
  const tuple = Array.isArray(schema.items) ? schema.items : schema.prefixItems;
  const rest = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
  if (!Array.isArray(tuple)) return { words: { items: cleaned(rest ?? true, walk) }, note: '' };
  const parts = tuple.slice(0, 50).map((each) => cleaned(each, walk));
  const all = [...parts, ...(isObject(rest) ? [cleaned(rest, walk)] : [])];
  const different = [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
  const [only] = different;
  const order = parts.map(({ type, description }) => {
    const kind = typeof type === 'string' ? type : 'any value';
    return typeof description === 'string' ? `${kind} (${description.slice(0, 100)})` : kind;
  });
  const items = different.length === 1 && only !== undefined ? only : { anyOf: different };
  return {
    words: { items: different.length === 0 ? {} : items },
    note: order.length === 0 ? '' : `In this order: ${order.join(', ')}.`,
  };
};

const branchesOf = (schema: JsonObject): readonly JsonValue[] =>
  [schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));

const isSmall = (value: JsonValue): boolean => JSON.stringify(value).length <= mostExample;

/** What stands for itself: nothing below it is looked at. */
const plainWords = (schema: JsonObject): JsonObject => {
  const result: JsonObject = {};
  for (const name of ['title', 'description'] as const) {
    const words = text(schema[name]);
    if (words !== '') result[name] = words;
  }
  for (const name of numbers) {
    const value = schema[name];
    if (typeof value === 'number' && Number.isFinite(value)) result[name] = value;
  }
  for (const name of ['format', 'pattern'] as const) {
    const value = schema[name];
    if (typeof value === 'string' && value.length <= mostExample) result[name] = value;
  }
  if (typeof schema.uniqueItems === 'boolean') result.uniqueItems = schema.uniqueItems;
  if (schema.default !== undefined && isSmall(schema.default)) result.default = schema.default;
  return result;
};

const cleanedObject = (given: JsonObject, before: Walk): JsonObject => {
  const { schema: inner, walk } = withoutRef(given, before);
  const schema = withoutAllOf(inner, walk);
  const deeper = { ...walk, depth: walk.depth + 1 };
  const chosen = choice(schema);
  const type = typeOf(schema);
  const has = (name: string): boolean => (Array.isArray(type) ? type.includes(name) : type === name);
  const objects = propertiesOf(schema, deeper);
  const arrays = has('array') ? itemsOf(schema, deeper) : { words: {}, note: '' };
  const anyOf = branchesOf(schema)
    .filter((branch) => branch !== false)
    .slice(0, 50)
    .map((branch) => cleaned(branch, deeper));
  const more = schema.additionalProperties;
  const additional = isObject(more) ? cleaned(more, deeper) : more;
  const isOpen = objects.note !== '' || schema.patternProperties !== undefined || additional === undefined;
  const result: JsonObject = {
    ...chosen.words,
    ...(type === undefined ? {} : { type }),
    ...plainWords(schema),
    ...objects.words,
    ...(isOpen || (typeof additional !== 'boolean' && !isObject(additional))
      ? {}
      : { additionalProperties: additional }),
    ...arrays.words,
    ...(anyOf.length === 0 ? {} : { anyOf }),
  };
  return [chosen.note, objects.note, arrays.note]
    .filter((note) => note !== '')
    .reduce((all, note) => noted(all, note), result);
};

const cleaned = (value: JsonValue, walk: Walk): JsonObject => {
  walk.count.nodes += 1;
  if (!isObject(value) || isTooMuch(walk)) return {};
  return cleanedObject(value, walk);
};

/** A property that the alternatives have in several ways: any of them, and one choice where each is one. */
const either = (ways: readonly JsonObject[]): JsonObject => {
  const different = [...new Map(ways.map((each) => [JSON.stringify(each), each])).values()];
  const [first = {}, ...others] = different;
  if (others.length === 0) return first;
  const choices = different.map((each) => each.enum);
  const isChoice = different.every(
    ({ type, enum: values }) => Array.isArray(values) && type === first.type && type !== undefined,
  );
  return isChoice
    ? { ...first, enum: [...new Set(choices.flat())].filter((each) => each !== undefined) }
    : { anyOf: different };
};

/** An alternative of the top: its properties, and what it says is required, whoever has the property. */
interface Branch {
  readonly properties: JsonObject;
  readonly required: readonly string[];
}

/** At the top no vendor takes alternatives: their properties stand beside each other, and words say which go together. */
const withBranches = (schema: JsonObject, branches: readonly Branch[]): JsonObject => {
  const { enum: _, required: own, ...open } = schema;
  const ways = Map.groupBy(
    branches.flatMap(({ properties }) => Object.entries(properties)),
    ([name]) => name,
  );
  const properties = Object.fromEntries([
    ...[...ways].map(([name, all]) => [name, either(all.map(([, each]) => each).filter(isObject))] as const),
    ...Object.entries(isObject(schema.properties) ? schema.properties : {}),
  ]);
  const has = (name: string): boolean => Object.hasOwn(properties, name);
  const inAll = branches[0]?.required.filter((name) =>
    branches.every((each) => each.required.includes(name)),
  );
  const required = [...new Set([...stringsOf(own), ...(inAll ?? [])])].filter(has);
  const groups = branches
    .map((each) => each.required.filter((name) => has(name) && !required.includes(name)).join(' and '))
    .filter((names) => names !== '');
  const result = { ...open, properties, ...(required.length === 0 ? {} : { required }) };
  return groups.length === 0
    ? result
    : noted(result, `Give one of these: ${[...new Set(groups)].join('; ')}.`);
};

const topOf = (given: JsonObject, before: Walk): JsonObject => {
  const { schema: inner, walk } = withoutRef(given, before);
  const { anyOf: _, oneOf: __, ...rest } = withoutAllOf(inner, walk);
  const deeper = { ...walk, depth: walk.depth + 1 };
  const branches = branchesOf(withoutAllOf(inner, walk))
    .filter(isObject)
    .slice(0, 50)
    .map((branch): Branch => {
      const own = withoutRef(branch, deeper);
      const whole = withoutAllOf(own.schema, own.walk);
      const { properties } = cleaned(whole, own.walk);
      return { properties: isObject(properties) ? properties : {}, required: stringsOf(whole.required) };
    });
  return withBranches(cleaned(rest, walk), branches);
};

/** Where the whole would be too long: what there is, without what it is for. */
const shortened = (schema: JsonObject): JsonObject => {
  const entries = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return {
    type: 'object',
    description: 'Its schema is too long to be shown whole.',
    properties: Object.fromEntries(
      entries.slice(0, 200).map(([name, property]) => {
        const { type } = isObject(property) ? property : {};
        return [name, typeof type === 'string' && type !== 'array' ? { type } : {}];
      }),
    ),
  };
};

/** @returns always of an object, with `properties` */
export const modelSchema = (schema: JsonObject): JsonObject => {
  const walk: Walk = { root: schema, refs: [], depth: 0, count: { nodes: 0 } };
  const { properties, ...rest } = topOf(schema, walk);
  const whole: JsonObject = { ...rest, type: 'object', properties: isObject(properties) ? properties : {} };
  return JSON.stringify(whole).length <= mostText ? whole : shortened(whole);
};
