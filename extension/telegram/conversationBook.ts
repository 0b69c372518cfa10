/** The messages of a bot as they stand now; what is changed about one is kept before anybody goes on. */
import type { TelegramEntry, TelegramStore, TelegramThread } from '../core/telegramStore.ts';

export interface EntryBook {
  /** Reads what an earlier window left. @returns oldest first */
  load(configId: string): Promise<readonly TelegramEntry[]>;
  /** @returns false: it was known */
  take(entry: TelegramEntry, now: number): Promise<boolean>;
  /** Takes up what is kept and not known here, and is not done. @returns oldest first */
  loadUnknown(configId: string): Promise<readonly TelegramEntry[]>;
  /** Adds it, or puts it in the place of the one with its update. */
  put(entry: TelegramEntry): Promise<void>;
  get(updateId: number): TelegramEntry | undefined;
  /** As it is kept: another window may have gone on with it. @returns undefined where it is done */
  kept(configId: string, updateId: number): Promise<TelegramEntry | undefined>;
  /** Counts here, and is not kept. */
  note(entry: TelegramEntry): void;
  /** In this window it counts at once; resolves once it is kept. @throws where there is no such entry */
  change(updateId: number, change: Partial<TelegramEntry>): Promise<TelegramEntry>;
  /** Those of a thread that are not done, oldest first. */
  openIn(thread: TelegramThread): readonly TelegramEntry[];
  withJob(jobId: string): TelegramEntry | undefined;
  /** Also one that was joined to another; of those that are done only the latest are known. */
  withMessage(chatId: number, messageId: number): TelegramEntry | undefined;
  /** A group has another id: kept under that from now on. */
  moved(from: number, to: number): void;
}

/** Entries that are done and still known: an edit or a notice may be about them. */
const keptDone = 200;

export const isThread = (entry: TelegramThread, { chatId, topicId }: TelegramThread): boolean =>
  entry.chatId === chatId && entry.topicId === topicId;

export const createEntryBook = (
  store: Pick<TelegramStore, 'takeUpdate' | 'saveEntry' | 'openEntries'>,
): EntryBook => {
  const entries = new Map<number, TelegramEntry>();
  /** Being kept: the store may have them already. */
  const taking = new Set<number>();

  const know = (entry: TelegramEntry): void => {
    // Those that were changed last stand at the end.
    if (entry.state === 'done') entries.delete(entry.updateId);
    entries.set(entry.updateId, entry);
    const done = [...entries.values()].filter(({ state }) => state === 'done');
    for (const { updateId } of done.slice(0, Math.max(0, done.length - keptDone))) entries.delete(updateId);
  };
  const find = (matches: (entry: TelegramEntry) => boolean): TelegramEntry | undefined =>
    [...entries.values()].findLast(matches);

  return {
    load: async (configId) => {
      const open = await store.openEntries(configId);
      for (const entry of open) know(entry);
      return open;
    },
    take: async (entry, now) => {
      taking.add(entry.updateId);
      try {
        if (!(await store.takeUpdate(entry.configId, entry.updateId, now, entry))) return false;
        know(entry);
        return true;
      } finally {
        taking.delete(entry.updateId);
      }
    },
    loadUnknown: async (configId) => {
      const open = await store.openEntries(configId);
      const unknown = open.filter(({ updateId }) => !entries.has(updateId) && !taking.has(updateId));
      for (const entry of unknown) know(entry);
      return unknown;
    },
    put: async (entry) => {
      know(entry);
      await store.saveEntry(entry);
    },
    get: (updateId) => entries.get(updateId),
    note: know,
    kept: async (configId, updateId) =>
      (await store.openEntries(configId)).find((entry) => entry.updateId === updateId),
    change: async (updateId, change) => {
      const entry = entries.get(updateId);
      if (entry === undefined) throw new Error(`There is no entry ${updateId}.`);
      const changed = { ...entry, ...change };
      know(changed);
      await store.saveEntry(changed);
      return changed;
    },
    openIn: (thread) =>
      [...entries.values()]
        .filter((entry) => entry.state !== 'done' && isThread(entry, thread))
        .sort((a, b) => a.receivedAt - b.receivedAt || a.updateId - b.updateId),
    withJob: (jobId) => find(({ jobIds = [] }) => jobIds.includes(jobId)),
    withMessage: (chatId, messageId) =>
      find(
        ({ chatId: id, joined = [] }) => id === chatId && joined.some((each) => each.messageId === messageId),
      ) ?? find((entry) => entry.chatId === chatId && entry.messageId === messageId),
    moved: (from, to) => {
      for (const [updateId, entry] of entries) {
        if (entry.chatId === from) entries.set(updateId, { ...entry, chatId: to });
      }
    },
  };
};
