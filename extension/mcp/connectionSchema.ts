/** Whether structured content is what the tool's output schema says. */
import { runInNewContext } from 'node:vm';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import * as z from 'zod';
import { reasonOf } from '../core/reasonOf.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';
import { plainWords } from './plainWords.ts';

const schemaLimit = 200_000;
const contentLimit = 2_000_000;
/** Milliseconds: a few lines of a schema, each twice what the one before is, take longer than anybody lives. */
const checkLimit = 2_000;

/** Words whose value is a schema under each name. */
const maps = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
/** A regular expression of a server could keep the editor busy for ever. */
const leftOut = new Set(['pattern', 'patternProperties']);
/** Words whose value is content, not a schema. */
const literals = new Set(['const', 'enum', 'default', 'examples', 'required']);

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const harmless = (schema: JsonValue): JsonValue => {
  if (Array.isArray(schema)) return schema.map(harmless);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([word, value]): [string, JsonValue][] => {
    if (leftOut.has(word)) return [];
    if (literals.has(word)) return [[word, value]];
    if (!maps.has(word) || !isObject(value)) return [[word, harmless(value)]];
    return [[word, Object.fromEntries(Object.entries(value).map(([name, item]) => [name, harmless(item)]))]];
  });
  return Object.fromEntries(entries);
};

/** They come from JSON.parse: what is an object is one of JSON, however deep. */
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const jsonValue = z.custom<JsonValue>(() => true);

/** As it is, or below `result` where it is no object. */
export const jsonObjectOf = (value: unknown): JsonObject =>
  jsonObject.safeParse(value).data ?? { result: jsonValue.parse(value) };

/** The editor stands still meanwhile: what takes too long is ended. @throws Error for that, and as `work` */
const inTime = (timeout: number, work: () => void): void => {
  runInNewContext('work()', { work }, { timeout });
};

/** It is an error of the other context, and so no `Error` of this one. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * @param limit milliseconds
 * @returns why it does not fit; undefined: it does
 */
export const structuredProblem = (
  schema: JsonObject | undefined,
  content: unknown,
  limit = checkLimit,
): string | undefined => {
  if (schema === undefined) return undefined;
  if (content === undefined) return 'The tool names a form for its results, and this one has none.';
  try {
    const text = JSON.stringify(schema);
    if (text.length > schemaLimit || JSON.stringify(content).length > contentLimit) {
      return 'The result was not compared with its schema: it is too large.';
    }
    let problem: string | undefined;
    inTime(limit, () => {
      const validate = new AjvJsonSchemaValidator().getValidator(jsonObject.parse(harmless(schema)));
      const outcome = validate(content);
      if (!outcome.valid) problem = outcome.errorMessage ?? '';
    });
    if (problem === undefined) return undefined;
    return `The result does not fit the tool's output schema: ${plainWords(problem, 300)}`;
  } catch (error) {
    if (isTimeout(error)) return 'The result was not compared with its schema: that took too long.';
    return `The tool's output schema cannot be used: ${plainWords(reasonOf(error), 300)}`;
  }
};
