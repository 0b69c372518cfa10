/**
 * Results as they come from a server, before the SDK checks them. It refuses a whole answer for one part it does not know,
 * and a whole list for one entry that is wrong: what counts is read here instead, and goes along with an empty answer of
 * the right shape.
 */
import * as z from 'zod';
import type { McpToolDefinition } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import { createRoom, readContents, readResourceBodies } from './callResult.ts';
import { readPrompt, readResourceEntry, readTool } from './listing.ts';
import type { McpContent, McpPrompt, McpResource } from './types.ts';

export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: McpContent;
}

interface Page<T> {
  readonly items: readonly T[];
  /** Entries of it that cannot be used. */
  readonly problems: readonly string[];
  readonly next?: string;
}

/** What an answer holds. */
export interface Payloads {
  call: {
    readonly kind: 'call';
    readonly content: readonly McpContent[];
    /** As it came; whether it fits is another question. */
    readonly structured?: unknown;
    readonly isError: boolean;
  };
  contents: { readonly kind: 'contents'; readonly contents: readonly McpContent[] };
  messages: { readonly kind: 'messages'; readonly messages: readonly PromptMessage[] };
  values: { readonly kind: 'values'; readonly values: readonly string[] };
  tools: Page<McpToolDefinition> & { readonly kind: 'tools' };
  resources: Page<McpResource> & { readonly kind: 'resources' };
  prompts: Page<McpPrompt> & { readonly kind: 'prompts' };
}
export type PayloadKind = keyof Payloads;
type Payload = Payloads[PayloadKind];

const key = 'anycowork/payload';
const kept = new WeakMap<object, Payload>();
const carrier = z.looseObject({
  _meta: z.looseObject({ [key]: z.custom<object>((value) => value instanceof Object) }),
});

/** @throws Error where the answer is none of that kind */
export const payloadOf = <K extends PayloadKind>(result: unknown, kind: K): Payloads[K] => {
  const handle = carrier.safeParse(result).data?._meta[key];
  const payload = typeof handle === 'object' && handle !== null ? kept.get(handle) : undefined;
  const isKind = (value: Payload | undefined): value is Payloads[K] => value?.kind === kind;
  if (!isKind(payload)) throw new Error('the answer has another shape than it should');
  return payload;
};

const carrying = (payload: Payload): { readonly _meta: JsonObject | { [key]: object } } => {
  const handle = {};
  kept.set(handle, payload);
  return { _meta: { [key]: handle } };
};

const resultSchema = z.looseObject({});
const list = z.array(z.unknown()).catch([]);
const cursorSchema = z.string().min(1).optional().catch(undefined);

const callSchema = z.looseObject({
  content: z.unknown().optional(),
  structuredContent: z.unknown().optional(),
  isError: z.unknown().optional(),
});
const messageSchema = z.object({
  role: z.enum(['user', 'assistant']).catch('user'),
  content: z.unknown().optional(),
});
const valuesSchema = z.object({ completion: z.object({ values: list }) });

const pageOf = <T>(
  raw: unknown,
  nextCursor: unknown,
  read: (item: unknown) => T | string | undefined,
  what: string,
): Page<T> => {
  const items: T[] = [];
  const problems: string[] = [];
  for (const item of list.parse(raw)) {
    const one = read(item);
    if (one === undefined) problems.push(`${what} without a usable name or address`);
    else if (typeof one === 'string') problems.push(one);
    else items.push(one);
  }
  const next = cursorSchema.parse(nextCursor);
  return { items, problems, ...(next === undefined ? {} : { next }) };
};

/** What the SDK looks at of an input schema: `x-mcp-header` below `properties`. */
const outlineOf = (schema: JsonObject): JsonObject => {
  const { properties } = schema;
  const isObject = typeof properties === 'object' && properties !== null && !Array.isArray(properties);
  return { type: 'object', ...(isObject ? { properties } : {}) };
};

const readers: Readonly<Record<string, (raw: z.infer<typeof resultSchema>) => object>> = {
  'tools/call': (raw) => {
    const result = callSchema.parse(raw);
    return {
      content: [],
      ...carrying({
        kind: 'call',
        content: readContents(result.content, createRoom()),
        ...(result.structuredContent === undefined ? {} : { structured: result.structuredContent }),
        isError: result.isError === true,
      }),
    };
  },
  'resources/read': (raw) => {
    const contents = readResourceBodies(raw.contents, createRoom());
    return { contents: [], ...carrying({ kind: 'contents', contents }) };
  },
  'prompts/get': (raw) => {
    const room = createRoom();
    const messages = list.parse(raw.messages).flatMap((item) => {
      const message = messageSchema.safeParse(item).data;
      if (message === undefined) return [];
      return readContents(message.content, room).map((content) => ({ role: message.role, content }));
    });
    return { messages: [], ...carrying({ kind: 'messages', messages }) };
  },
  'completion/complete': (raw) => {
    const values = valuesSchema.safeParse(raw).data?.completion.values ?? [];
    const texts = values.flatMap((value) => (typeof value === 'string' ? [value] : [])).slice(0, 100);
    return { completion: { values: [] }, ...carrying({ kind: 'values', values: texts }) };
  },
  'tools/list': (raw) => {
    const page = pageOf(raw.tools, raw.nextCursor, readTool, 'a tool');
    const tools = page.items.map(({ name, inputSchema }) => ({ name, inputSchema: outlineOf(inputSchema) }));
    return { tools, ...carrying({ kind: 'tools', ...page }) };
  },
  'resources/list': (raw) => {
    const page = pageOf(raw.resources, raw.nextCursor, readResourceEntry, 'a resource');
    return { resources: [], ...carrying({ kind: 'resources', ...page }) };
  },
  'resources/templates/list': (raw) => {
    const page = pageOf(raw.resourceTemplates, raw.nextCursor, readResourceEntry, 'a template');
    return { resourceTemplates: [], ...carrying({ kind: 'resources', ...page }) };
  },
  'prompts/list': (raw) => {
    const page = pageOf(raw.prompts, raw.nextCursor, readPrompt, 'a prompt');
    return { prompts: [], ...carrying({ kind: 'prompts', ...page }) };
  },
};

/** Words of the protocol that stand beside what an answer holds. */
const keptKeys = ['ttlMs', 'cacheScope'];

/** @returns what the SDK gets to see of the answer to a request */
export const mendResult = (method: string, raw: unknown): unknown => {
  const read = Object.hasOwn(readers, method) ? readers[method] : undefined;
  const result = resultSchema.safeParse(raw).data;
  if (read === undefined || result === undefined) return raw;
  // Not an answer yet: the server wants something first.
  if (result.resultType !== undefined && result.resultType !== 'complete') return raw;
  // Absent, it stands for `complete` in every revision; the SDK insists on it.
  const beside = keptKeys.flatMap((name) =>
    result[name] === undefined ? [] : [[name, result[name]] as const],
  );
  return { resultType: 'complete', ...Object.fromEntries(beside), ...read(result) };
};
