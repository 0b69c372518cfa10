/** One bot on the core of a window, and what phones send it; without a network. */
import type { Message, Update, User } from 'grammy/types';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { createBotService } from '../../extension/telegram/botService.ts';
import type { BotContext } from '../../extension/telegram/context.ts';
import { botOrigin } from '../../extension/telegram/origin.ts';
import type { house } from '../core/house.ts';
import { createFakeCourier } from '../fakes/courier.ts';

const personOf = (id: number): User => ({ id, is_bot: false, first_name: `Person ${id}` });
const chatOf = (id: number) => ({ id, type: 'private', first_name: `Person ${id}` }) as const;

export const botDrill = (core: ReturnType<typeof house>, config: TelegramConfig) => {
  const courier = createFakeCourier();
  const log: string[] = [];
  const now = Date.now;
  const store = core.store.telegram;
  const context: BotContext = {
    ...core,
    now,
    store,
    history: core.store,
    courier,
    config: () => config,
    listModels: async () => [],
    transcribe: async () => undefined,
    readWorkspaceFile: async (name) => ({ name, bytes: new Uint8Array([1]), kind: 'document' }),
    saveReceived: async (name) => `received/${name}`,
    origin: (who) =>
      botOrigin(
        { store, now, config: () => config, budget: { assumedPrice: () => ({ input: 1, output: 1 }) } },
        who,
      ),
    count: () => undefined,
    log: (line) => void log.push(line),
    logError: (error) => void core.errors.push(error),
  };
  const service = createBotService(context, {
    meet: () => 'ABCDEFGH',
    isOfBot: () => false,
    moveChat: async () => undefined,
    schedules: { list: async () => [], runNow: async () => undefined },
  });
  let last = 0;
  const update = (rest: Omit<Update, 'update_id'>): Promise<void> => {
    last += 1;
    return service.onUpdate({ update_id: last, ...rest });
  };
  const message = (
    userId: number,
    text: string,
    more: Pick<Message, 'forward_origin'> = {},
  ): Message & Update.NonChannel => ({
    message_id: 100 + last,
    date: Math.floor(now() / 1_000),
    chat: chatOf(userId),
    from: personOf(userId),
    text,
    ...more,
  });

  return {
    courier,
    log,
    service,
    /** In the private chat of this person. */
    write: (userId: number, text: string) => update({ message: message(userId, text) }),
    forward: (userId: number, text: string) =>
      update({
        message: message(userId, text, {
          forward_origin: { type: 'hidden_user', sender_user_name: 'Mallory', date: 1 },
        }),
      }),
    edit: (userId: number, text: string) =>
      update({
        edited_message: { ...message(userId, text), edit_date: Math.floor(now() / 1_000) },
      }),
    /** A button of a message in the private chat `chatId`. */
    press: (userId: number, chatId: number, messageId: number, data: string) =>
      update({
        callback_query: {
          id: `press-${last + 1}`,
          from: personOf(userId),
          chat_instance: '',
          message: { ...message(chatId, 'x'), message_id: messageId },
          data,
        },
      }),
  };
};
