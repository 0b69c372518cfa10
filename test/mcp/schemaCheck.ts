/** What vendors of models take as the schema of a tool. */
import assert from 'node:assert/strict';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import * as z from 'zod';
import { modelSchema } from '../../extension/mcp/modelSchema.ts';
import type { JsonObject } from '../../extension/shared/message.ts';

export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const validator = new AjvJsonSchemaValidator();
/** As JSON Schema 2020-12. False for a schema that refers to itself in circles, of which nothing can be said. */
export const accepts = (schema: JsonObject, value: unknown): boolean => {
  try {
    return validator.getValidator(schema)(value).valid;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

export const words = new Set([
  ...['type', 'title', 'description', 'enum', 'default', 'format', 'pattern', 'uniqueItems'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
  ...['properties', 'required', 'additionalProperties', 'items', 'anyOf'],
]);

/** What OpenAI, Anthropic and Gemini all take, as their refusals tell. @returns what they would refuse */
export const problems = (schema: unknown, at = '#'): readonly string[] => {
  const parsed = jsonObject.safeParse(schema);
  if (!parsed.success) return [`${at}: no object`];
  const given = parsed.data;
  const unknown = Object.keys(given).filter((word) => !words.has(word));
  const own = unknown.map((word) => `${at}: ${word}`);
  if (at === '#' && (given.type !== 'object' || given.anyOf !== undefined || given.enum !== undefined))
    own.push(`${at}: no plain object`);
  if (at === '#' && given.properties === undefined) own.push(`${at}: no properties`);
  const isArray = given.type === 'array' || (Array.isArray(given.type) && given.type.includes('array'));
  if (isArray && given.items === undefined) own.push(`${at}: no items`);
  const properties = jsonObject.parse(given.properties ?? {});
  const names = Object.keys(properties);
  own.push(...names.filter((name) => !/^[A-Za-z0-9_.-]{1,64}$/.test(name)).map((name) => `${at}: ${name}`));
  const required = z.array(z.string()).parse(given.required ?? []);
  own.push(...required.filter((name) => !names.includes(name)).map((name) => `${at}: required ${name}`));
  const below = [
    ...Object.entries(properties),
    ...(given.items === undefined ? [] : [['items', given.items]]),
    ...(typeof given.additionalProperties === 'object' ? [['more', given.additionalProperties]] : []),
    ...z
      .array(z.json())
      .parse(given.anyOf ?? [])
      .map((each, index) => [index, each]),
  ];
  return [...own, ...below.flatMap(([name, each]) => problems(each, `${at}/${String(name)}`))];
};

/** The schema for models, which all of them take. */
export const check = (schema: JsonObject): JsonObject => {
  const before = JSON.stringify(schema);
  const result = modelSchema(schema);
  assert.equal(JSON.stringify(schema), before, 'the given one was changed');
  assert.deepEqual(problems(result), []);
  validator.getValidator(result);
  return result;
};
