/** What a chat's file may hold. A file can be anything, and comes from anywhere. */
import * as z from 'zod';
import { errorActions, errorKinds } from '../shared/event.ts';
import {
  imageDataLimit,
  imageMediaTypes,
  type JsonObject,
  type JsonValue,
  providerIds,
} from '../shared/message.ts';
import { goneText } from './goneContent.ts';

export const format = 'anycowork-chat';
export const version = 2;

/** Levels of objects and arrays in what a model gave to a tool. */
const depthLimit = 100;

const isJson = (value: unknown, depth: number): value is JsonValue => {
  if (typeof value !== 'object' || value === null)
    return ['string', 'number', 'boolean'].includes(typeof value) || value === null;
  return depth < depthLimit && Object.values(value).every((each) => isJson(each, depth + 1));
};

const isBase64 = (data: string): boolean => {
  const end = data.indexOf('=');
  return data.length % 4 === 0 && !/[^A-Za-z0-9+/=]/.test(data) && (end === -1 || end >= data.length - 2);
};

const text = z.string().max(50_000_000);
const id = z.string().min(1).max(1_000);
const time = z.number().int().min(0).max(8_640_000_000_000_000);
const count = z.number().int().min(0);
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value, 0),
  'Expected a JSON object',
);
const modelRef = z.strictObject({ provider: z.enum(providerIds), model: z.string().min(1).max(200) });

const textBlock = z.strictObject({ type: z.literal('text'), text });
const imageBlock = z.strictObject({
  type: z.literal('image'),
  mediaType: z.enum(imageMediaTypes),
  // The words stand in files of earlier versions, in the place of a picture that was lost.
  data: z
    .string()
    .max(imageDataLimit)
    .refine((data) => data === goneText || isBase64(data), 'Expected base64'),
  name: z.string().max(1_000).exactOptional(),
});
const thinkingBlock = z.strictObject({ type: z.literal('thinking'), text });
const toolCallBlock = z.strictObject({
  type: z.literal('toolCall'),
  id,
  name: z.string().max(1_000),
  input: jsonObject,
  inputError: text.exactOptional(),
});
const userContent = z.array(z.discriminatedUnion('type', [textBlock, imageBlock])).max(1_000);
const assistantContent = z
  .array(z.discriminatedUnion('type', [textBlock, thinkingBlock, toolCallBlock]))
  .max(10_000);

const attachedSkill = z.strictObject({ id, name: id, text, taint: text.exactOptional() });
const attachedContext = z.strictObject({
  id,
  kind: z.enum(['resource', 'prompt']),
  server: text,
  label: text,
  uri: text,
  text,
  taint: text.exactOptional(),
});
const userMessage = z.strictObject({
  role: z.literal('user'),
  id,
  content: userContent,
  createdAt: time,
  via: text.exactOptional(),
  skills: z.array(attachedSkill).max(20).readonly().exactOptional(),
  attached: z.array(attachedContext).max(50).readonly().exactOptional(),
});
const assistantMessage = z.strictObject({
  role: z.literal('assistant'),
  id,
  model: modelRef,
  content: assistantContent,
  stopReason: z.enum(['end', 'toolCalls', 'length', 'refused', 'interrupted']),
  createdAt: time,
});
const toolMessage = z.strictObject({
  role: z.literal('tool'),
  id,
  callId: id,
  toolName: z.string().max(1_000),
  content: userContent,
  outcome: z.enum(['completed', 'failed', 'rejected', 'cancelled', 'interrupted']),
  createdAt: time,
  taint: text.exactOptional(),
});

const diff = z.strictObject({
  path: text,
  kind: z.enum(['created', 'changed', 'deleted', 'moved']),
  movedTo: text.exactOptional(),
  added: count,
  removed: count,
  patch: text,
  omittedLines: count,
});
const diffs = z.array(diff).max(10_000);
/** Without what it could be widened to: nobody is asked any more. */
const prompt = z.strictObject({
  title: text,
  detail: text,
  diffs,
  reason: text.exactOptional(),
  isCautioned: z.boolean().exactOptional(),
  // As version 1 has it.
  grant: z.strictObject({ key: text, label: text }).exactOptional(),
  caution: text.exactOptional(),
});
const step = z.strictObject({
  id,
  messageId: id,
  callId: id,
  tool: z.string().max(1_000),
  input: jsonObject,
  title: text,
  effect: z.enum(['read', 'write', 'execute', 'network']),
  targets: z.array(text).max(10_000),
});
export const record = z
  .strictObject({
    step,
    status: z.enum(['waiting', 'running', 'completed', 'failed', 'rejected', 'cancelled', 'interrupted']),
    startedAt: time,
    endedAt: time.exactOptional(),
    prompt: prompt.exactOptional(),
    decision: z
      .strictObject({ approved: z.boolean(), by: z.enum(['rule', 'user', 'telegram']), reason: text })
      .exactOptional(),
    result: toolMessage.exactOptional(),
    summary: text,
    diffs,
  })
  .refine(
    ({ status, result }) => result !== undefined || ['waiting', 'running', 'interrupted'].includes(status),
    'A step that has ended needs its result',
  );

const error = z.strictObject({
  kind: z.enum(errorKinds),
  message: text,
  actions: z.array(z.enum(errorActions)).max(errorActions.length),
});
export const notice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('failed'), error }),
  z.strictObject({ kind: z.literal('cancelled') }),
  z.strictObject({ kind: z.literal('interrupted'), error }),
]);

const item = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('user'), id, jobId: id, message: userMessage }),
  z.strictObject({ kind: z.literal('assistant'), id, jobId: id, message: assistantMessage }),
  z.strictObject({ kind: z.literal('step'), id, jobId: id, record }),
  z.strictObject({ kind: z.literal('notice'), id, jobId: id, notice, at: time }),
]);
export type FileItem = z.infer<typeof item>;

export const checkedItem = item.refine(
  (each) => each.id === ownId(each),
  'The entry and what it holds have different ids',
);

const ownId = (each: FileItem): string => {
  if (each.kind === 'notice') return each.id;
  return each.kind === 'step' ? each.record.step.id : each.message.id;
};

export const chatFile = z.strictObject({
  format: z.literal(format),
  version: z.union([z.literal(1), z.literal(version)]),
  session: z.strictObject({
    title: text,
    titleBy: z.enum(['message', 'model', 'person']),
    agentId: id,
    model: modelRef,
    folder: z.string().max(10_000),
    createdAt: time,
    updatedAt: time,
  }),
  /** Sum over the whole chat, for who reads the file. */
  usage: z.strictObject({
    input: count,
    output: count,
    cachedInput: count,
    cacheWrite: count,
    reasoning: count,
  }),
  /** Each is looked at on its own. */
  items: z.array(z.unknown()).max(500_000),
});
