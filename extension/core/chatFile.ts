/** A chat as a file: everything it takes to show it again, in another window or on another machine. Pure. */
import * as z from 'zod';
import type { ChatItem, StepRecord } from '../shared/chat.ts';
import { errorActions, errorKinds } from '../shared/event.ts';
import {
  type ContentBlock,
  imageDataLimit,
  imageMediaTypes,
  type JsonObject,
  type JsonValue,
  providerIds,
  type TokenUsage,
} from '../shared/message.ts';
import type { Session } from '../shared/session.ts';
import { InputError } from './agents.ts';
import type { Sliced } from './slices.ts';

const format = 'anycowork-chat';
const version = 1;

/** Characters of a file that is read. */
export const chatFileLimit = 200_000_000;

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
  data: z.string().max(imageDataLimit).refine(isBase64, 'Expected base64'),
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

const userMessage = z.strictObject({ role: z.literal('user'), id, content: userContent, createdAt: time });
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
const prompt = z.strictObject({
  title: text,
  detail: text,
  diffs,
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
const record = z
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
const notice = z.discriminatedUnion('kind', [
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
type FileItem = z.infer<typeof item>;

const checkedItem = item.refine(
  (each) => each.id === ownId(each),
  'The entry and what it holds have different ids',
);

const ownId = (each: FileItem): string => {
  if (each.kind === 'notice') return each.id;
  return each.kind === 'step' ? each.record.step.id : each.message.id;
};

const chatFile = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
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

const withoutReplay = <B extends ContentBlock>(content: readonly B[]): B[] =>
  content.map((block) => {
    if (!('replay' in block)) return block;
    const { replay: _, ...kept } = block;
    // Without the one optional key it is the same kind of block.
    return kept as B;
  });

const toFileItem = (each: ChatItem): FileItem | undefined => {
  const { id: itemId, jobId } = each;
  switch (each.kind) {
    case 'user':
      return {
        kind: 'user',
        id: itemId,
        jobId,
        message: { ...each.message, content: withoutReplay(each.message.content) },
      };
    case 'assistant':
      // What is still being written stands in the store when it is done.
      if (each.streaming) return undefined;
      return {
        kind: 'assistant',
        id: itemId,
        jobId,
        message: { ...each.message, content: withoutReplay(each.message.content) },
      };
    case 'step': {
      const {
        liveOutput: _,
        step: { sessionId: __, ...ofStep },
        result,
        ...rest
      } = each.record;
      const kept =
        result === undefined ? {} : { result: { ...result, content: withoutReplay(result.content) } };
      // The lists of the file's type are not readonly; nothing changes them.
      return {
        kind: 'step',
        id: itemId,
        jobId,
        record: { ...rest, step: ofStep, ...kept } as z.infer<typeof record>,
      };
    }
    case 'notice':
      return {
        kind: 'notice',
        id: itemId,
        jobId,
        notice: each.notice as z.infer<typeof notice>,
        at: each.at,
      };
  }
};

/** What stands before the entries, of which each has a line of its own, and behind them. */
const opening = '\n  "items": [\n';
const closing = '\n  ]\n}';

/** A file that `parsingChat` reads, in parts. Provider-opaque data stays out; what is still streaming, too. */
export function* jsonParts(
  session: Session,
  all: readonly ChatItem[],
  usage: TokenUsage,
): Generator<string, void> {
  const { title, titleBy, agentId, model, folder, createdAt, updatedAt } = session;
  const head: Omit<z.infer<typeof chatFile>, 'items'> = {
    format,
    version,
    session: { title, titleBy, agentId, model, folder, createdAt, updatedAt },
    usage,
  };
  yield `${JSON.stringify(head, undefined, 2).slice(0, -'\n}'.length)},${opening}`;
  let isFirst = true;
  for (const each of all) {
    const kept = toFileItem(each);
    if (kept === undefined) continue;
    yield `${isFirst ? '' : ',\n'}    ${JSON.stringify(kept)}`;
    isFirst = false;
  }
  yield `${closing}\n`;
}

/**
 * Reads a file line by line, as `jsonParts` writes it.
 * @returns undefined for any other text, also for one that somebody has only formatted anew
 */
function* readingLines(content: string): Sliced<unknown> {
  const start = content.indexOf(opening);
  const end = content.lastIndexOf(closing);
  if (start === -1 || end < start + opening.length || content.slice(end + closing.length).trim() !== '')
    return undefined;
  const head: unknown = JSON.parse(`${content.slice(0, start)}${opening}${closing}`);
  const entries: unknown[] = [];
  for (let from = start + opening.length; from < end; ) {
    const lineEnd = content.indexOf('\n', from);
    const isLast = lineEnd >= end;
    if (!isLast && content[lineEnd - 1] !== ',') return undefined;
    entries.push(JSON.parse(content.slice(from, isLast ? end : lineEnd - 1)));
    from = lineEnd + 1;
    yield;
  }
  return isObject(head) ? { ...head, items: entries } : undefined;
}

function* reading(content: string): Sliced<unknown> {
  try {
    const read = yield* readingLines(content);
    if (read !== undefined) return read;
  } catch {
    // Then it is no such file, or damaged, which reading it as a whole shows.
  }
  return JSON.parse(content);
}

/** @throws InputError for the first that is not right */
function* checkedItems(entries: readonly unknown[], sessionId: string): Sliced<readonly ChatItem[]> {
  const checked: ChatItem[] = [];
  const ids = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const parsed = checkedItem.safeParse(entry);
    if (!parsed.success) throw damaged(parsed.error, ['items', index]);
    if (ids.has(parsed.data.id)) throw damagedAt(`items.${index}`, 'Two entries have the same id');
    ids.add(parsed.data.id);
    checked.push(toChatItem(parsed.data, sessionId));
    yield;
  }
  return checked;
}

/** One line, without what cannot be seen or turns the direction of writing. */
const cleanLine = (value: string, limit: number): string =>
  value
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .trim()
    .slice(0, limit)
    .toWellFormed();

const ended = (read: z.infer<typeof record>, sessionId: string): StepRecord => {
  const isOpen = read.status === 'waiting' || read.status === 'running';
  return {
    ...read,
    step: { ...read.step, sessionId },
    liveOutput: '',
    ...(isOpen ? { status: 'interrupted', endedAt: read.endedAt ?? read.startedAt } : {}),
  };
};

const toChatItem = (read: FileItem, sessionId: string): ChatItem => {
  if (read.kind === 'assistant') return { ...read, streaming: false };
  return read.kind === 'step' ? { ...read, record: ended(read.record, sessionId) } : read;
};

export interface ParsedChat {
  readonly session: Session;
  readonly items: readonly ChatItem[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const notOurs = 'This file is not a chat that AnyCowork exported as JSON, so nothing was imported.';

const damagedAt = (where: string, what: string): InputError =>
  new InputError(
    `This exported chat is damaged, so nothing was imported. What is not right: ${where || 'the file'} (${what}).`,
  );

const damaged = ({ issues: [issue] }: z.ZodError, place: readonly PropertyKey[]): InputError =>
  damagedAt([...place, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'unknown');

/**
 * The chat of an exported file, as a new one.
 * @param content the file's text
 * @throws InputError where it is no such file, is from a newer version, cut off, or damaged
 */
export function* parsingChat(content: string, newId: () => string): Sliced<ParsedChat> {
  if (content.length > chatFileLimit) {
    throw new InputError(`This file is larger than ${chatFileLimit / 1_000_000} MB, so it was not read.`);
  }
  let value: unknown;
  try {
    value = yield* reading(content.replace(/^\ufeff/, ''));
  } catch {
    throw new InputError(
      content.slice(0, 1_000).includes(`"${format}"`)
        ? 'This exported chat is cut off or damaged: it does not end where it should. Nothing was imported. Export it again, or copy the file again.'
        : notOurs,
    );
  }
  if (!isObject(value) || value.format !== format) throw new InputError(notOurs);
  if (typeof value.version === 'number' && value.version > version) {
    throw new InputError(
      'This chat was exported by a newer version of AnyCowork. Update AnyCowork, then import it. Nothing was imported.',
    );
  }
  const parsed = chatFile.safeParse(value);
  if (!parsed.success) throw damaged(parsed.error, []);
  const { session } = parsed.data;
  const sessionId = newId();
  const read = yield* checkedItems(parsed.data.items, sessionId);
  return {
    session: {
      ...session,
      id: sessionId,
      title: cleanLine(session.title, 200) || 'Imported chat',
      folder: session.folder.toWellFormed().replaceAll(/\p{Cc}/gu, ''),
    },
    items: read,
  };
}
