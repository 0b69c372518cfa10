/** A chat as a file: everything it takes to show it again, in another window or on another machine. Pure. */
import type * as z from 'zod';
import type { ChatItem, StepRecord } from '../shared/chat.ts';
import type { ApprovalPrompt } from '../shared/event.ts';
import type {
  AssistantMessage,
  ContentBlock,
  TokenUsage,
  UserBlock,
  UserMessage,
} from '../shared/message.ts';
import type { Session } from '../shared/session.ts';
import { InputError } from './agents.ts';
import {
  chatFile,
  checkedItem,
  type FileItem,
  format,
  type notice,
  type record,
  version,
} from './chatFileSchema.ts';
import { gonePicture, goneText } from './goneContent.ts';
import { promptOfToday } from './olderPrompt.ts';
import type { Sliced } from './slices.ts';

/** Characters of a file that is read. */
export const chatFileLimit = 200_000_000;

const withoutReplay = <B extends ContentBlock>(content: readonly B[]): B[] =>
  content.map((block) => {
    if (!('replay' in block)) return block;
    const { replay: _, ...kept } = block;
    // Without the one optional key it is the same kind of block.
    return kept as B;
  });

/** Whoever reads the file takes none of it for their own words. */
const withoutTaint = <M extends UserMessage | AssistantMessage>({ taint: _, ...message }: M) => message;

const toFilePrompt = ({ title, detail, diffs, reason, isCautioned }: ApprovalPrompt) => ({
  title,
  detail,
  diffs,
  reason,
  isCautioned,
});

const toFileItem = (each: ChatItem): FileItem | undefined => {
  const { id: itemId, jobId } = each;
  switch (each.kind) {
    case 'user':
      return {
        kind: 'user',
        id: itemId,
        jobId,
        message: { ...withoutTaint(each.message), content: withoutReplay(each.message.content) },
      };
    case 'assistant':
      // What is still being written stands in the store when it is done.
      if (each.streaming) return undefined;
      return {
        kind: 'assistant',
        id: itemId,
        jobId,
        message: { ...withoutTaint(each.message), content: withoutReplay(each.message.content) },
      };
    case 'step': {
      const {
        liveOutput: _,
        // What can be undone here cannot be undone elsewhere.
        undo: __,
        step: { sessionId: ___, ...ofStep },
        prompt,
        result,
        ...rest
      } = each.record;
      const kept =
        result === undefined ? {} : { result: { ...result, content: withoutReplay(result.content) } };
      const asked = prompt === undefined ? {} : { prompt: toFilePrompt(prompt) };
      // The lists of the file's type are not readonly; nothing changes them.
      return {
        kind: 'step',
        id: itemId,
        jobId,
        record: { ...rest, step: ofStep, ...asked, ...kept } as z.infer<typeof record>,
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

const withoutGone = (content: readonly UserBlock[]): readonly UserBlock[] =>
  content.map((block) =>
    block.type === 'image' && block.data === goneText ? gonePicture(block.name) : block,
  );

/** Anybody may have written a file: what stands in it is as foreign as a web page, until the person says something. */
const imported = 'an imported chat';

const ended = ({ prompt, result, ...read }: z.infer<typeof record>, sessionId: string): StepRecord => {
  const isOpen = read.status === 'waiting' || read.status === 'running';
  return {
    ...read,
    ...(prompt === undefined ? {} : { prompt: promptOfToday(prompt) }),
    ...(result === undefined
      ? {}
      : { result: { ...result, content: withoutGone(result.content), taint: result.taint ?? imported } }),
    step: { ...read.step, sessionId },
    liveOutput: '',
    ...(isOpen ? { status: 'interrupted', endedAt: read.endedAt ?? read.startedAt } : {}),
  };
};

const toChatItem = (read: FileItem, sessionId: string): ChatItem => {
  switch (read.kind) {
    case 'user': {
      const { via: sender, ...message } = read.message;
      // It stands beside the message as who sent it.
      const via = cleanLine(sender ?? '', 400);
      return {
        ...read,
        message: {
          ...message,
          content: withoutGone(message.content),
          taint: imported,
          ...(via === '' ? {} : { via }),
        },
      };
    }
    case 'assistant':
      return { ...read, message: { ...read.message, taint: imported }, streaming: false };
    case 'step':
      return { ...read, record: ended(read.record, sessionId) };
    case 'notice':
      return read;
  }
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
