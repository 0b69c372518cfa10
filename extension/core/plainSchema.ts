import * as z from 'zod';
import type { JsonObject } from '../shared/message.ts';

const jsonSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** What every vendor's function calling understands; zod enforces the rest (lengths, ranges). */
const kept = new Set([
  'type',
  'description',
  'properties',
  'required',
  'items',
  'enum',
  'additionalProperties',
]);

const plain = (schema: JsonObject): JsonObject => {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (!kept.has(key)) continue;
    if (key === 'properties') {
      const properties = jsonSchema.parse(value);
      result[key] = Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, plain(jsonSchema.parse(property))]),
      );
    } else if (key === 'items') {
      result[key] = plain(jsonSchema.parse(value));
    } else {
      result[key] = value;
    }
  }
  return result;
};

/** Tools are made anew for every chat, their schemas are not. */
const known = new WeakMap<z.ZodType, JsonObject>();

/** The JSON Schema of a zod object, reduced to the words that all providers take. */
export const plainSchema = (schema: z.ZodType): JsonObject => {
  const made = known.get(schema) ?? plain(jsonSchema.parse(z.toJSONSchema(schema, { io: 'input' })));
  known.set(schema, made);
  return made;
};
