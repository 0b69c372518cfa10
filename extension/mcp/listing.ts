/** What servers list, as far as it can be used: tools, resources and prompts. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { McpToolDefinition, McpToolHints } from '../shared/mcp.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';
import type { McpPrompt, McpResource } from './types.ts';

/** Tools, resources or prompts of one server. */
export const listLimit = 2_000;
export const pageLimit = 64;
const nameLimit = 200;
const toolLimit = 256_000;

const jsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** The same text for the same value, whatever the order of its keys. */
export const canonicalJson = (value: JsonValue): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
};

/** With the hash of all that it says. */
export const definitionOf = (tool: Omit<McpToolDefinition, 'hash'>): McpToolDefinition => {
  const { name, title, description, inputSchema, outputSchema } = tool;
  const { readOnly, destructive, idempotent, openWorld } = tool.hints;
  const hints: McpToolHints = {
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(destructive === undefined ? {} : { destructive }),
    ...(idempotent === undefined ? {} : { idempotent }),
    ...(openWorld === undefined ? {} : { openWorld }),
  };
  const said = {
    name,
    ...(title === undefined ? {} : { title }),
    description,
    inputSchema,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    hints,
  };
  const text = canonicalJson({ ...said, hints: { ...hints } });
  return { ...said, hash: createHash('sha256').update(text).digest('hex') };
};

const nameSchema = z.string().refine((name) => name !== '' && !/\p{Cc}/u.test(name));
const named = z.looseObject({ name: nameSchema });
const optionalText = z.string().optional().catch(undefined);
const optionalFlag = z.boolean().optional().catch(undefined);
const toolSchema = z.object({
  name: nameSchema,
  title: optionalText,
  description: z.string().catch(''),
  inputSchema: jsonObjectSchema,
  outputSchema: jsonObjectSchema.optional().catch(undefined),
  execution: z
    .object({ taskSupport: z.literal('required') })
    .optional()
    .catch(undefined),
  annotations: z
    .object({
      title: optionalText,
      readOnlyHint: optionalFlag,
      destructiveHint: optionalFlag,
      idempotentHint: optionalFlag,
      openWorldHint: optionalFlag,
    })
    .catch({}),
});

const defined = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** @returns the definition, or why it is left out */
export const readTool = (raw: unknown): McpToolDefinition | string => {
  const name = named.safeParse(raw).data?.name;
  if (name === undefined) return 'a tool without a usable name';
  if (name.length > nameLimit)
    return `the tool ${name.slice(0, 40)}…: its name has ${name.length} characters`;
  const parsed = toolSchema.safeParse(raw).data;
  if (parsed === undefined) return `the tool ${name}: its input schema is not an object`;
  const { annotations: notes, outputSchema } = parsed;
  // An extension of the protocol, which is not offered: every call of it would fail.
  if (parsed.execution !== undefined) return `the tool ${name}: it can only be run as a task`;
  // Absent, it can only be meant: arguments are always an object.
  const inputSchema =
    'type' in parsed.inputSchema ? parsed.inputSchema : { type: 'object', ...parsed.inputSchema };
  if (inputSchema.type !== 'object') return `the tool ${name}: its input schema is not that of an object`;
  const title = parsed.title ?? notes.title;
  const tool = {
    name,
    ...(title === undefined ? {} : { title }),
    description: parsed.description,
    inputSchema,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    hints: defined({
      readOnly: notes.readOnlyHint,
      destructive: notes.destructiveHint,
      idempotent: notes.idempotentHint,
      openWorld: notes.openWorldHint,
    }),
  };
  try {
    const length = JSON.stringify(tool).length;
    if (length > toolLimit) return `the tool ${name}: its definition has ${length} characters`;
    return definitionOf(tool);
  } catch {
    return `the tool ${name}: its schema is nested too deep`;
  }
};

const resourceSchema = z.object({
  name: z.string().catch(''),
  title: optionalText,
  description: optionalText,
  mimeType: optionalText,
});
const uriSchema = z.object({ uri: z.string().min(1) });
const templateSchema = z.object({ uriTemplate: z.string().min(1) });

/** A resource, or a template of some; undefined: it has no address. */
export const readResourceEntry = (raw: unknown): McpResource | undefined => {
  const uri = uriSchema.safeParse(raw).data?.uri ?? templateSchema.safeParse(raw).data?.uriTemplate;
  const rest = resourceSchema.safeParse(raw).data;
  if (uri === undefined || rest === undefined) return undefined;
  return {
    uri,
    name: rest.title ?? (rest.name === '' ? uri : rest.name),
    ...defined({ description: rest.description, mediaType: rest.mimeType }),
  };
};

const promptSchema = z.object({
  name: nameSchema.max(nameLimit),
  title: optionalText,
  description: optionalText,
  arguments: z.array(z.unknown()).catch([]),
});
const argumentSchema = z.object({
  name: z.string().min(1).max(nameLimit),
  description: optionalText,
  required: z.boolean().catch(false),
});

export const readPrompt = (raw: unknown): McpPrompt | undefined => {
  const prompt = promptSchema.safeParse(raw).data;
  if (prompt === undefined) return undefined;
  return {
    name: prompt.name,
    description: prompt.description ?? prompt.title ?? '',
    arguments: prompt.arguments.flatMap((item) => {
      const one = argumentSchema.safeParse(item).data;
      if (one === undefined) return [];
      return [{ name: one.name, ...defined({ description: one.description }), isRequired: one.required }];
    }),
  };
};
