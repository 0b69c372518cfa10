import type {
  TelegramBinding,
  TelegramCard,
  TelegramEntry,
  TelegramStore,
} from '../../extension/core/telegramStore.ts';
import type { AgentEvent, EventOf } from '../../extension/shared/event.ts';
import type { Schedule, TelegramConfig } from '../../extension/shared/telegram.ts';

export interface FakeTelegramStore extends TelegramStore {
  /** What is spent counts for the bot that its job was counted for. */
  record(event: AgentEvent): void;
  /** A chat of ours is gone for good. */
  forgetSession(sessionId: string): void;
}

const weekMs = 7 * 24 * 60 * 60 * 1_000;

const keyOf = (...parts: readonly (string | number)[]): string => JSON.stringify(parts);
const keyOfEntry = ({ configId, updateId }: TelegramEntry): string => keyOf(configId, updateId);
const inOrder = <T>(values: Iterable<T>, place: (value: T) => readonly [number, string | number]): T[] =>
  [...values].sort((a, b) => {
    const [first, second] = [place(a), place(b)];
    return first[0] - second[0] || (first[1] < second[1] ? -1 : 1);
  });

/** What bots keep, in memory, as the real store does it. */
export const createFakeTelegramStore = (): FakeTelegramStore => {
  const bots = new Map<string, TelegramConfig>();
  const updates = new Map<string, { readonly configId: string; readonly at: number }>();
  const entries = new Map<string, TelegramEntry>();
  const bindings = new Map<string, TelegramBinding>();
  const cards = new Map<string, TelegramCard>();
  const jobs = new Map<string, string>();
  const schedules = new Map<string, Schedule>();
  const usages: EventOf<'Usage'>[] = [];

  const keyOfBinding = ({ configId, chatId, topicId }: TelegramBinding): string =>
    keyOf(configId, chatId, topicId);
  const deleteWhere = <K, V>(map: Map<K, V>, isMeant: (value: V) => boolean): void => {
    for (const [key, value] of map) if (isMeant(value)) map.delete(key);
  };
  const forgetOld = (before: number): void => {
    deleteWhere(updates, ({ at }) => at < before);
    deleteWhere(entries, ({ state, receivedAt }) => state === 'done' && receivedAt < before);
  };

  return {
    listBots: async () => inOrder(bots.values(), ({ createdAt, id }) => [createdAt, id]),
    saveBot: async (config) => void bots.set(config.id, config),
    deleteBot: async (id) => {
      bots.delete(id);
      const isOfBot = ({ configId }: { readonly configId: string }): boolean => configId === id;
      deleteWhere(updates, isOfBot);
      deleteWhere(entries, isOfBot);
      deleteWhere(bindings, isOfBot);
      deleteWhere(cards, isOfBot);
      deleteWhere(jobs, (configId) => configId === id);
      for (const { telegram, ...schedule } of [...schedules.values()]) {
        if (telegram?.configId === id) schedules.set(schedule.id, { ...schedule, isEnabled: false });
      }
    },

    takeUpdate: async (configId, updateId, at, entry) => {
      const key = keyOf(configId, updateId);
      if (updates.has(key) || entries.has(key)) return false;
      forgetOld(at - weekMs);
      updates.set(key, { configId, at });
      if (entry !== undefined) entries.set(keyOfEntry(entry), entry);
      return true;
    },
    saveEntry: async (entry) => {
      const isDone = entries.get(keyOfEntry(entry))?.state === 'done';
      if (!isDone || entry.state === 'done') entries.set(keyOfEntry(entry), entry);
    },
    openEntries: async (id) =>
      inOrder(
        [...entries.values()].filter(({ configId, state }) => configId === id && state !== 'done'),
        ({ receivedAt, updateId }) => [receivedAt, updateId],
      ),
    countEntries: async (configId, userId, since) =>
      [...entries.values()].filter(
        (entry) =>
          entry.configId === configId &&
          entry.userId === userId &&
          entry.updateId > 0 &&
          entry.receivedAt >= since,
      ).length,

    getBinding: async ({ configId, chatId, topicId }) =>
      bindings.get(keyOf(configId, chatId, topicId)) ?? { configId, chatId, topicId },
    saveBinding: async (binding) => void bindings.set(keyOfBinding(binding), binding),
    bindingsOf: async (sessionId) => {
      const found = [...bindings.values()].filter((binding) => binding.sessionId === sessionId);
      return found.sort(
        (a, b) =>
          (a.configId === b.configId ? 0 : a.configId < b.configId ? -1 : 1) ||
          a.chatId - b.chatId ||
          a.topicId - b.topicId,
      );
    },
    moveChat: async (configId, from, to) => {
      const isThere = (each: { readonly configId: string; readonly chatId: number }): boolean =>
        each.configId === configId && each.chatId === from;
      for (const binding of [...bindings.values()].filter(isThere)) {
        bindings.delete(keyOfBinding(binding));
        bindings.set(keyOfBinding({ ...binding, chatId: to }), { ...binding, chatId: to });
      }
      for (const [key, entry] of entries) if (isThere(entry)) entries.set(key, { ...entry, chatId: to });
      for (const [key, card] of cards) if (isThere(card)) cards.set(key, { ...card, chatId: to });
      for (const [key, schedule] of schedules) {
        const { telegram } = schedule;
        if (telegram !== undefined && isThere(telegram)) {
          schedules.set(key, { ...schedule, telegram: { ...telegram, chatId: to } });
        }
      }
      const bot = bots.get(configId);
      if (bot === undefined || from === to) return;
      const isKnown = bot.allowedChats.some(({ chatId }) => chatId === to);
      const allowedChats = bot.allowedChats.flatMap((chat) =>
        chat.chatId !== from ? [chat] : isKnown ? [] : [{ ...chat, chatId: to }],
      );
      bots.set(configId, { ...bot, allowedChats });
    },

    saveCard: async (card) => void cards.set(card.id, card),
    deleteCard: async (id) => void cards.delete(id),
    listCards: async (id) =>
      inOrder(
        [...cards.values()].filter(({ configId }) => configId === id),
        (card) => [card.expiresAt, card.id],
      ),

    countJob: async (configId, jobId) => void jobs.set(jobId, configId),
    botSpending: async (configId, since) => {
      const own = usages.filter(({ jobId, at }) => jobs.get(jobId) === configId && at >= since);
      return {
        requests: own.length,
        tokens: own.reduce((sum, { usage }) => sum + usage.input + usage.output, 0),
        minutes: own.reduce((sum, { workMs = 0 }) => sum + workMs, 0) / 60_000,
        usd: own.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0),
        unpriced: own.filter(({ costUsd }) => costUsd === undefined).length,
      };
    },

    listSchedules: async () => inOrder(schedules.values(), ({ createdAt, id }) => [createdAt, id]),
    saveSchedule: async (schedule) => {
      const doneThrough = Math.max(schedule.doneThrough, schedules.get(schedule.id)?.doneThrough ?? 0);
      schedules.set(schedule.id, { ...schedule, doneThrough });
    },
    deleteSchedule: async (id) => void schedules.delete(id),
    claimSchedule: async (id, from, through) => {
      const schedule = schedules.get(id);
      if (schedule?.doneThrough !== from || through <= from) return false;
      schedules.set(id, { ...schedule, doneThrough: through });
      return true;
    },

    record: (event) => {
      if (event.type === 'Usage') usages.push(event);
    },
    forgetSession: (id) => {
      for (const [key, binding] of bindings) {
        const { sessionId, ...rest } = binding;
        if (sessionId === id) bindings.set(key, rest);
      }
    },
  };
};
