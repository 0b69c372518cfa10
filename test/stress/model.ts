/** What a writer says about what it does, and what has to be found of it after it was killed. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

/** Item id and hash of its text. */
const items = z.array(z.tuple([z.string(), z.string()]));

const changeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('begin'), chat: z.string() }),
  /** One more item; a message of the person's brings the chat back into the list. */
  z.object({
    kind: z.literal('item'),
    chat: z.string(),
    id: z.string(),
    hash: z.string(),
    isSent: z.boolean(),
  }),
  z.object({ kind: z.literal('copy'), chat: z.string(), title: z.string(), items }),
  /** These items go; the chat as it was is another one from then on. */
  z.object({ kind: z.literal('rewind'), chat: z.string(), earlier: z.string(), gone: z.array(z.string()) }),
  z.object({
    kind: z.literal('set'),
    chat: z.string(),
    title: z.string().optional(),
    isPinned: z.boolean().optional(),
    shelf: z.enum(['active', 'archived', 'deleted']).optional(),
  }),
  z.object({ kind: z.literal('remove'), chat: z.string() }),
  /** A session rule, or what a file was before a step of the chat. */
  z.object({
    kind: z.literal('keep'),
    chat: z.string(),
    what: z.enum(['rule', 'version']),
    /** Of a version, the step's item. */
    id: z.string(),
  }),
  z.object({ kind: z.literal('unrule'), chat: z.string(), id: z.string() }),
]);
export type Change = z.infer<typeof changeSchema>;

/**
 * A line of a writer: what it is about to ask for, then that it was acknowledged, or why not: then it ends. It does one
 * thing at a time.
 */
export const lineSchema = z.union([
  z.object({ trying: changeSchema }),
  z.object({ done: z.literal(true), problems: z.array(z.string()) }),
  z.object({ refused: z.string() }),
]);

export interface ChatModel {
  readonly title: string;
  readonly isPinned: boolean;
  readonly shelf: 'active' | 'archived' | 'deleted';
  /** Hashes by item id. */
  readonly items: ReadonlyMap<string, string>;
  /** Items that were taken out of it. */
  readonly gone: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
  /** Steps of which a version of a file is kept. */
  readonly versions: ReadonlySet<string>;
}

/** By id; undefined for one that was removed. */
export type Model = ReadonlyMap<string, ChatModel | undefined>;

const newChat: ChatModel = {
  title: 'A chat',
  isPinned: false,
  shelf: 'active',
  items: new Map(),
  gone: new Set(),
  rules: new Set(),
  versions: new Set(),
};

export const apply = (model: Model, change: Change): Model => {
  const next = new Map(model);
  const chat = model.get(change.chat) ?? newChat;
  switch (change.kind) {
    case 'begin':
      return next.set(change.chat, newChat);
    case 'item':
      return next.set(change.chat, {
        ...chat,
        items: new Map(chat.items).set(change.id, change.hash),
        ...(change.isSent ? { shelf: 'active' as const } : {}),
      });
    case 'copy':
      return next.set(change.chat, { ...newChat, title: change.title, items: new Map(change.items) });
    case 'rewind':
      next.set(change.earlier, {
        ...newChat,
        shelf: 'archived',
        items: chat.items,
        // They go with their steps.
        versions: new Set([...chat.versions].filter((id) => change.gone.includes(id))),
      });
      return next.set(change.chat, {
        ...chat,
        versions: new Set([...chat.versions].filter((id) => !change.gone.includes(id))),
        items: new Map([...chat.items].filter(([id]) => !change.gone.includes(id))),
        gone: new Set([...chat.gone, ...change.gone]),
      });
    case 'set':
      return next.set(change.chat, {
        ...chat,
        title: change.title ?? chat.title,
        isPinned: change.isPinned ?? chat.isPinned,
        shelf: change.shelf ?? chat.shelf,
      });
    case 'remove':
      return next.set(change.chat, undefined);
    case 'keep': {
      const key = change.what === 'rule' ? 'rules' : 'versions';
      return next.set(change.chat, { ...chat, [key]: new Set([...chat[key], change.id]) });
    }
    case 'unrule':
      return next.set(change.chat, {
        ...chat,
        rules: new Set([...chat.rules].filter((id) => id !== change.id)),
      });
  }
};

/** The chats that a change is about. */
export const touchedBy = (change: Change): readonly string[] =>
  change.kind === 'rewind' ? [change.chat, change.earlier] : [change.chat];

export type FoundChat = Omit<ChatModel, 'gone'>;

/** As the store would have it. */
export const foundIn = (model: Model, id: string): FoundChat | undefined => {
  const chat = model.get(id);
  if (chat === undefined) return undefined;
  const { gone: _, ...found } = chat;
  return found;
};

/** What is wrong with what was found of a chat. There may be more items than were acknowledged. */
export const problemsOf = (
  id: string,
  expected: ChatModel | undefined,
  found: FoundChat | undefined,
): readonly string[] => {
  if (expected === undefined) return found === undefined ? [] : [`${id} was removed and is there`];
  if (found === undefined) return [`${id} was acknowledged and is not there`];
  const problems: string[] = [];
  for (const [item, hash] of expected.items) {
    if (!found.items.has(item)) problems.push(`${item} was acknowledged in ${id} and is not there`);
    else if (found.items.get(item) !== hash) problems.push(`${item} in ${id} is not what was acknowledged`);
  }
  for (const item of expected.gone) {
    if (found.items.has(item)) problems.push(`${item} was taken out of ${id} and is there`);
  }
  for (const key of ['rules', 'versions'] as const) {
    if (!isDeepStrictEqual(found[key], expected[key])) {
      problems.push(`${id}: ${key} are ${[...found[key]]}, not ${[...expected[key]]}`);
    }
  }
  for (const key of ['title', 'isPinned', 'shelf'] as const) {
    if (found[key] !== expected[key]) problems.push(`${id}: ${key} is ${found[key]}, not ${expected[key]}`);
  }
  return problems;
};

/** Whether it can be told that a change has not happened: pinning what is pinned leaves no trace. */
export const leavesTrace = (model: Model, change: Change): boolean => {
  const after = apply(model, change);
  return touchedBy(change).some((id) => problemsOf(id, after.get(id), foundIn(model, id)).length > 0);
};
