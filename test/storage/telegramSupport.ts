import type { TelegramCard, TelegramEntry, TelegramStore } from '../../extension/core/telegramStore.ts';
import { type Schedule, type TelegramConfig, telegramDefaults } from '../../extension/shared/telegram.ts';
import type { StoreHandlers } from '../../extension/storage/storeService.ts';
import { uniqueName } from './support.ts';

export const nasty = 'a\0b \ud800 “ü” "; DROP TABLE telegram_entries';
/** More than 32 bits. */
export const supergroup = -1_001_234_567_890;

export const bot = (id: string, changes: Partial<TelegramConfig> = {}): TelegramConfig => ({
  ...telegramDefaults,
  id,
  botId: 7_000_000_001,
  username: 'some_bot',
  name: 'Some bot',
  agentId: 'agent',
  folder: '/home/me/project',
  allowedChats: [],
  allowedUsers: [],
  createdAt: 1,
  updatedAt: 1,
  ...changes,
});

export const entry = (
  configId: string,
  updateId: number,
  changes: Partial<TelegramEntry> = {},
): TelegramEntry => ({
  configId,
  chatId: 100,
  topicId: 0,
  updateId,
  messageId: 5,
  userId: 100,
  userName: 'Ann',
  text: 'Hello',
  files: [],
  isForwarded: false,
  sentAt: 1_000,
  receivedAt: 1_000 + updateId,
  state: 'waiting',
  attempts: 0,
  sentParts: 0,
  isSending: false,
  ...changes,
});

export const card = (id: string, configId: string, changes: Partial<TelegramCard> = {}): TelegramCard => ({
  id,
  configId,
  stepId: 'step',
  jobId: 'job',
  payloadHash: 'ab'.repeat(32),
  chatId: 100,
  messageId: 6,
  approvers: [100],
  expiresAt: 2_000,
  ...changes,
});

export const schedule = (id: string, changes: Partial<Schedule> = {}): Schedule => ({
  id,
  agentId: 'agent',
  folder: '/home/me/project',
  cron: '0 9 * * 1-5',
  when: 'every weekday at 9:00',
  prompt: 'What is new?',
  isEnabled: true,
  doneThrough: 1_000,
  createdAt: 1,
  ...changes,
});

/** What bots keep, without a thread, with a unique name for each call. */
export const telegramOf = (service: StoreHandlers): TelegramStore => {
  const named =
    <A extends readonly unknown[], R>(method: (call: string, ...args: A) => R) =>
    (...args: A): R =>
      method(uniqueName(), ...args);
  return {
    listBots: named(service.telegramListBots),
    saveBot: named(service.telegramSaveBot),
    deleteBot: named(service.telegramDeleteBot),
    takeUpdate: named(service.telegramTakeUpdate),
    saveEntry: named(service.telegramSaveEntry),
    openEntries: named(service.telegramOpenEntries),
    countEntries: named(service.telegramCountEntries),
    getBinding: named(service.telegramGetBinding),
    saveBinding: named(service.telegramSaveBinding),
    bindingsOf: named(service.telegramBindingsOf),
    moveChat: named(service.telegramMoveChat),
    saveCard: named(service.telegramSaveCard),
    deleteCard: named(service.telegramDeleteCard),
    listCards: named(service.telegramListCards),
    countJob: named(service.telegramCountJob),
    botSpending: named(service.telegramBotSpending),
    listSchedules: named(service.telegramListSchedules),
    saveSchedule: named(service.telegramSaveSchedule),
    deleteSchedule: named(service.telegramDeleteSchedule),
    claimSchedule: named(service.telegramClaimSchedule),
  };
};
