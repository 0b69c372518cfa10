import type { TelegramStore } from '../core/telegramStore.ts';
import type { WorkerClient } from './workerClient.ts';

/** What bots keep, asked of the storage thread. */
export const telegramCalls = (client: WorkerClient): TelegramStore => ({
  listBots: () => client.call({ method: 'telegramListBots', args: [] }),
  saveBot: (config) => client.call({ method: 'telegramSaveBot', args: [config] }),
  deleteBot: (id) => client.call({ method: 'telegramDeleteBot', args: [id] }),
  takeUpdate: (configId, updateId, at, entry) =>
    client.call({ method: 'telegramTakeUpdate', args: [configId, updateId, at, entry] }),
  saveEntry: (entry) => client.call({ method: 'telegramSaveEntry', args: [entry] }),
  openEntries: (configId) => client.call({ method: 'telegramOpenEntries', args: [configId] }),
  countEntries: (configId, userId, since) =>
    client.call({ method: 'telegramCountEntries', args: [configId, userId, since] }),
  getBinding: (thread) => client.call({ method: 'telegramGetBinding', args: [thread] }),
  saveBinding: (binding) => client.call({ method: 'telegramSaveBinding', args: [binding] }),
  bindingsOf: (sessionId) => client.call({ method: 'telegramBindingsOf', args: [sessionId] }),
  moveChat: (configId, from, to) => client.call({ method: 'telegramMoveChat', args: [configId, from, to] }),
  saveCard: (card) => client.call({ method: 'telegramSaveCard', args: [card] }),
  deleteCard: (id) => client.call({ method: 'telegramDeleteCard', args: [id] }),
  listCards: (configId) => client.call({ method: 'telegramListCards', args: [configId] }),
  countJob: (configId, jobId, at) => client.call({ method: 'telegramCountJob', args: [configId, jobId, at] }),
  botSpending: (configId, since) => client.call({ method: 'telegramBotSpending', args: [configId, since] }),
  listSchedules: () => client.call({ method: 'telegramListSchedules', args: [] }),
  saveSchedule: (schedule) => client.call({ method: 'telegramSaveSchedule', args: [schedule] }),
  deleteSchedule: (id) => client.call({ method: 'telegramDeleteSchedule', args: [id] }),
  claimSchedule: (id, from, through) =>
    client.call({ method: 'telegramClaimSchedule', args: [id, from, through] }),
});
