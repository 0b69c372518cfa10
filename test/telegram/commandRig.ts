import type { ModelInfo } from '../../extension/core/provider.ts';
import type { TelegramThread } from '../../extension/core/telegramStore.ts';
import type { Tool } from '../../extension/core/tool.ts';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { type BotCommandsContext, createBotCommands } from '../../extension/telegram/commands.ts';
import type { Button, IncomingMessage, Upload } from '../../extension/telegram/types.ts';
import { house } from '../core/house.ts';
import { createFakeCourier } from '../fakes/courier.ts';
import type { ScriptedReply } from '../fakes/provider.ts';
import { ann, botConfig, groupId } from './cardHouse.ts';

/** The commands of a bot, on the core of a window with a scripted model. */
export const commandRig = (
  options: {
    readonly replies?: readonly ScriptedReply[];
    readonly tools?: readonly Tool[];
    readonly models?: readonly ModelInfo[];
    readonly config?: Partial<TelegramConfig>;
    readonly context?: Partial<BotCommandsContext>;
  } = {},
) => {
  const core = house(options.replies ?? [], options.tools);
  const courier = createFakeCourier();
  const state = { config: botConfig({ folder: '/folder', ...options.config }) };
  /** By path. */
  const files = new Map<string, Upload>();
  const answered: string[] = [];
  let listings = 0;
  const context: BotCommandsContext = {
    ...core,
    courier,
    store: core.store.telegram,
    history: core.store,
    config: () => state.config,
    conversations: {
      stop: async (thread) => `Stopped in ${thread.chatId}.`,
      status: async () => 'Nothing runs.',
    },
    cards: {
      answer: async (id, isApproved) => {
        answered.push(`${id} ${isApproved}`);
        return 'Answered.';
      },
    },
    listModels: async () => {
      listings += 1;
      return options.models ?? [];
    },
    transcribe: async () => undefined,
    readWorkspaceFile: async (path) => {
      const file = files.get(path);
      if (file === undefined) throw new Error(`no file ${path}`);
      return file;
    },
    saveReceived: async (name) => `received/${name}`,
    origin: () => ({
      configId: 'bot',
      via: 'test',
      mode: () => 'ask',
      checkBudget: async () => undefined,
      onStart: async () => undefined,
    }),
    count: () => undefined,
    log: () => undefined,
    logError: (error) => void core.errors.push(error),
    ...options.context,
  };
  const commands = createBotCommands(context);

  let lastId = 0;
  const message = (text: string, userId = ann.userId, chatId = userId): IncomingMessage => {
    lastId += 1;
    return {
      kind: 'message',
      updateId: lastId,
      messageId: lastId,
      chatId,
      chatKind: chatId === groupId ? 'group' : 'private',
      chatTitle: '',
      topicId: 0,
      from: { userId, name: 'x' },
      sentAt: 0,
      text,
      files: [],
      isForwarded: false,
      isForBot: true,
    };
  };
  const thread = (chatId = ann.userId): TelegramThread => ({ configId: 'bot', chatId, topicId: 0 });
  const buttons = (chatId = ann.userId): readonly Button[] => courier.buttonsOf(courier.last(chatId));

  return {
    ...core,
    courier,
    context,
    commands,
    state,
    files,
    answered,
    message,
    thread,
    buttons,
    listings: () => listings,
    /** Sends a command. @returns what the bot said last */
    say: async (text: string, userId = ann.userId, chatId = userId): Promise<string> => {
      await commands.run(message(text, userId, chatId));
      return courier.last(chatId).text.plain;
    },
    /** Presses a button of the last message there, by what stands on it or by its data. */
    press: async (wanted: string, userId = ann.userId, chatId = userId): Promise<void> => {
      const last = courier.last(chatId);
      const button = courier.buttonsOf(last).find(({ text }) => text.includes(wanted));
      lastId += 1;
      await commands.press({
        kind: 'press',
        updateId: lastId,
        callbackId: `press-${lastId}`,
        messageId: last.messageId,
        chatId,
        chatKind: chatId === groupId ? 'group' : 'private',
        chatTitle: '',
        topicId: 0,
        from: { userId, name: 'x' },
        data: button?.data ?? wanted,
      });
    },
    /** A chat of the desk with an answer, and bound where a place is given. */
    chat: async (text = 'hello', boundTo?: TelegramThread): Promise<string> => {
      const { sessionId, jobId } = await core.chats.send({ text });
      await core.ended(jobId);
      if (boundTo !== undefined) await core.store.telegram.saveBinding({ ...boundTo, sessionId });
      return sessionId;
    },
  };
};
