import type { TelegramStore } from '../core/telegramStore.ts';
import type { BuildTransaction } from './changes.ts';
import { botSpending, countJob } from './spending.ts';
import type { Query, Statement } from './sqlite.ts';
import {
  bindingsOf,
  deleteBot,
  deleteCard,
  getBinding,
  listBots,
  listCards,
  moveChat,
  saveBinding,
  saveBot,
  saveCard,
} from './telegramBots.ts';
import { countEntries, openEntries, saveEntry, takeUpdate } from './telegramEntries.ts';
import { claimSchedule, deleteSchedule, listSchedules, saveSchedule } from './telegramSchedules.ts';

/** What bots keep, as the storage thread offers it: see StoreHandlers. */
export type TelegramHandlers = {
  readonly [M in keyof TelegramStore as `telegram${Capitalize<M>}`]: (
    call: string,
    ...args: Parameters<TelegramStore[M]>
  ) => ReturnType<TelegramStore[M]>;
};

export interface TelegramPorts {
  readonly read: <T>(reader: (query: Query) => T) => Promise<T>;
  readonly save: (call: string, build: BuildTransaction) => Promise<void>;
}

export const createTelegramHandlers = ({ read, save }: TelegramPorts): TelegramHandlers => {
  /** @returns whether there was anything to write: who asks for the same at the same time finds that it is done */
  const claim = async (
    call: string,
    build: (query: Query) => readonly Statement[] | undefined,
  ): Promise<boolean> => {
    let isClaimed = false;
    await save(call, (query) => {
      const statements = build(query);
      isClaimed = statements !== undefined;
      return statements ?? [];
    });
    return isClaimed;
  };

  return {
    telegramListBots: () => read(listBots),
    telegramSaveBot: (call, config) => save(call, () => saveBot(config)),
    telegramDeleteBot: (call, id) => save(call, () => deleteBot(id)),
    telegramTakeUpdate: (call, configId, updateId, at, entry) =>
      claim(call, (query) => takeUpdate(query, configId, updateId, at, entry)),
    telegramSaveEntry: (call, entry) => save(call, () => saveEntry(entry)),
    telegramOpenEntries: (_, configId) => read((query) => openEntries(query, configId)),
    telegramCountEntries: (_, configId, userId, since) =>
      read((query) => countEntries(query, configId, userId, since)),
    telegramGetBinding: (_, thread) => read((query) => getBinding(query, thread)),
    telegramSaveBinding: (call, binding) => save(call, () => saveBinding(binding)),
    telegramBindingsOf: (_, sessionId) => read((query) => bindingsOf(query, sessionId)),
    telegramMoveChat: (call, configId, from, to) =>
      save(call, (query) => moveChat(query, configId, from, to)),
    telegramSaveCard: (call, card) => save(call, () => saveCard(card)),
    telegramDeleteCard: (call, id) => save(call, () => deleteCard(id)),
    telegramListCards: (_, configId) => read((query) => listCards(query, configId)),
    telegramCountJob: (call, configId, jobId, at) => save(call, () => countJob(configId, jobId, at)),
    telegramBotSpending: (_, configId, since) => read((query) => botSpending(query, configId, since)),
    telegramListSchedules: () => read(listSchedules),
    telegramSaveSchedule: (call, schedule) => save(call, () => saveSchedule(schedule)),
    telegramDeleteSchedule: (call, id) => save(call, () => deleteSchedule(id)),
    telegramClaimSchedule: (call, id, from, through) =>
      claim(call, (query) => claimSchedule(query, id, from, through)),
  };
};
