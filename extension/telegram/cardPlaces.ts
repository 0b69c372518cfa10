/** Whom a question is put to. Pure. */
import type { TelegramEntry } from '../core/telegramStore.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { reachableApprovers } from './access.ts';
import type { Place } from './types.ts';

export interface CardPlace extends Place {
  /** Whose answer counts there. */
  readonly userId: number;
}

export interface CardPlaces {
  readonly places: readonly CardPlace[];
  /** Who talks is not who is asked: they are told that it waits. */
  readonly tellsThread: boolean;
}

/** @param entry what the job works on; absent for work at the desk */
export const cardPlacesOf = (entry: TelegramEntry | undefined, config: TelegramConfig): CardPlaces => {
  const approvers = reachableApprovers(config);
  const all = approvers.map(({ userId }) => ({ userId, chatId: userId, topicId: 0 }));
  if (entry === undefined) return { places: config.notices.approvals ? all : [], tellsThread: false };
  const { chatId, topicId } = entry;
  const isOwn = approvers.some(({ userId }) => userId === chatId);
  return isOwn
    ? { places: [{ userId: chatId, chatId, topicId }], tellsThread: false }
    : { places: all, tellsThread: true };
};
