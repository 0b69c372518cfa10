/**
 * Whether the arguments of a program fit their JSON Schema: the part of it that models and people need messages for. What
 * is not known here is left to the program, which checks for itself.
 */
import * as z from 'zod';
import { counted } from '../core/text.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';

const mostMessages = 8;
/** Patterns come with skills: none may keep the extension host busy. */
const longestPattern = 200;
const longestMatched = 2_000;

const jsonSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const names = z.array(z.string());

const typeOf = (value: JsonValue): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

const hasType = (value: JsonValue, type: string): boolean => {
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value);
  return typeOf(value) === type;
};

const knownTypes = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);

const isSame = (a: JsonValue, b: JsonValue): boolean => JSON.stringify(a) === JSON.stringify(b);

const shown = (value: JsonValue): string => {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
};

/** One repetition, few options and no group, so that the time is bounded by the square of the text. */
const isQuickPattern = (pattern: string): boolean => {
  if (pattern.length > longestPattern) return false;
  const plain = pattern.replaceAll(/\\./gs, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  const [repeats, options] = [/[*+{]/g, /\?/g].map((sign) => plain.match(sign)?.length ?? 0);
  return !/[()|[\]]/.test(plain) && !/\\[1-9k]/.test(pattern) && (repeats ?? 0) <= 1 && (options ?? 0) <= 3;
};

const failsPattern = (pattern: JsonValue | undefined, value: string): boolean => {
  if (typeof pattern !== 'string' || value.length > longestMatched || !isQuickPattern(pattern)) return false;
  try {
    return !new RegExp(pattern, 'u').test(value);
  } catch {
    // Not a pattern of this language: the program's own affair.
    return false;
  }
};

const checkNumber = (schema: JsonObject, value: number): string[] => {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  return [
    ...(typeof minimum === 'number' && value < minimum ? [`must be at least ${minimum}`] : []),
    ...(typeof maximum === 'number' && value > maximum ? [`must be at most ${maximum}`] : []),
    ...(typeof above === 'number' && value <= above ? [`must be more than ${above}`] : []),
    ...(typeof below === 'number' && value >= below ? [`must be less than ${below}`] : []),
  ];
};

const checkString = (schema: JsonObject, value: string): string[] => {
  const { minLength, maxLength, pattern } = schema;
  const length = [...value].length;
  return [
    ...(typeof minLength === 'number' && length < minLength
      ? [`must have at least ${counted(minLength, 'character')}`]
      : []),
    ...(typeof maxLength === 'number' && length > maxLength
      ? [`must have at most ${counted(maxLength, 'character')}`]
      : []),
    ...(failsPattern(pattern, value) ? [`must match ${String(pattern)}`] : []),
  ];
};

const checkArray = (schema: JsonObject, value: readonly JsonValue[], path: string): string[] => {
  const { minItems, maxItems } = schema;
  const items = jsonSchema.safeParse(schema.items);
  return [
    ...(typeof minItems === 'number' && value.length < minItems
      ? [`${path}: must have at least ${counted(minItems, 'item')}`]
      : []),
    ...(typeof maxItems === 'number' && value.length > maxItems
      ? [`${path}: must have at most ${counted(maxItems, 'item')}`]
      : []),
    ...(items.success ? value.flatMap((item, index) => check(items.data, item, `${path}[${index}]`)) : []),
  ];
};

const checkObject = (schema: JsonObject, value: JsonObject, path: string): string[] => {
  const properties = jsonSchema.safeParse(schema.properties).data ?? {};
  const rest = schema.additionalProperties;
  const restSchema = jsonSchema.safeParse(rest).data;
  const missing = (names.safeParse(schema.required).data ?? []).filter((name) => !Object.hasOwn(value, name));
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return [
    ...missing.map((name) => `${below(name)}: is missing`),
    ...Object.entries(value).flatMap(([name, each]) => {
      if (Object.hasOwn(properties, name)) {
        const property = jsonSchema.safeParse(properties[name]);
        return property.success ? check(property.data, each, below(name)) : [];
      }
      if (restSchema !== undefined) return check(restSchema, each, below(name));
      const known = Object.keys(properties).join(', ');
      return rest === false
        ? [`${below(name)}: is not known${known === '' ? '' : `; known are ${known}`}`]
        : [];
    }),
  ];
};

const check = (schema: JsonObject, value: JsonValue, path: string): string[] => {
  const label = path === '' ? 'input' : path;
  const types = [schema.type].flat().filter((type) => typeof type === 'string' && knownTypes.has(type));
  if (types.length > 0 && !types.some((type) => typeof type === 'string' && hasType(value, type))) {
    return [`${label}: must be ${types.join(' or ')}, and is ${typeOf(value)} (${shown(value)})`];
  }
  if (Array.isArray(schema.enum) && !schema.enum.some((each) => isSame(each, value))) {
    return [`${label}: must be one of ${schema.enum.slice(0, 20).map(shown).join(', ')}`];
  }
  if (schema.const !== undefined && !isSame(schema.const, value)) {
    return [`${label}: must be ${shown(schema.const)}`];
  }
  if (typeof value === 'number') return checkNumber(schema, value).map((text) => `${label}: ${text}`);
  if (typeof value === 'string') return checkString(schema, value).map((text) => `${label}: ${text}`);
  if (Array.isArray(value)) return checkArray(schema, value, path);
  return typeof value === 'object' && value !== null ? checkObject(schema, value, path) : [];
};

/**
 * Knows type, properties, required, additionalProperties, items, enum, const, and the bounds of numbers, texts and lists;
 * patterns only where they are quick. Other keywords are passed over.
 * @param schema of an object
 * @returns what does not fit, each with its path: `rows[2].name: is missing`; empty where all does
 */
export const checkArguments = (schema: JsonObject, input: JsonObject): readonly string[] => {
  const messages = check(schema, input, '');
  const left = messages.length - mostMessages;
  return left <= 0 ? messages : [...messages.slice(0, mostMessages), `and ${left} more`];
};
