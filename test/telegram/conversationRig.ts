import type { TelegramThread } from '../../extension/core/telegramStore.ts';
import { type TelegramConfig, telegramDefaults } from '../../extension/shared/telegram.ts';
import type { TakenFiles } from '../../extension/telegram/context.ts';
import { type BotConversations, createConversations } from '../../extension/telegram/conversation.ts';
import type { ConversationContext } from '../../extension/telegram/conversationTools.ts';
import type { IncomingMessage, Press } from '../../extension/telegram/types.ts';
import { atRest, createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { type Arrived, createFakeCourier, type FakeCourier } from '../fakes/courier.ts';
import { createFakeTelegramStore, type FakeTelegramStore } from '../fakes/telegramStore.ts';
import { createWorld, type World } from './conversationWorld.ts';

export const config: TelegramConfig = {
  ...telegramDefaults,
  id: 'bot',
  botId: 77,
  username: 'house_bot',
  name: 'House',
  agentId: 'coder',
  folder: '/home/user/shop',
  allowedChats: [
    { chatId: 5, kind: 'private', title: 'Ann' },
    // A group, also by the number that it gets when it grows.
    { chatId: -3, kind: 'group', title: 'Team' },
    { chatId: -1003, kind: 'group', title: 'Team' },
  ],
  allowedUsers: [{ userId: 5, name: 'Ann', isApprover: true }],
  createdAt: 0,
  updatedAt: 0,
};

export const thread: TelegramThread = { configId: 'bot', chatId: 5, topicId: 0 };

export interface Rig {
  readonly clock: FakeClock;
  readonly world: World;
  readonly store: FakeTelegramStore;
  readonly courier: FakeCourier;
  readonly context: ConversationContext;
  readonly errors: unknown[];
  config: TelegramConfig;
  taken: TakenFiles;
  conversations: BotConversations;
  /** A message that came just now. @returns its update id */
  message(text: string, more?: Partial<IncomingMessage>): IncomingMessage;
  say(text: string, more?: Partial<IncomingMessage>): Promise<IncomingMessage>;
  press(message: Arrived, label: string): Promise<string | undefined>;
  /** The process dies and another window takes the bot over. */
  restart(kill?: boolean): Promise<void>;
  /** Texts that stand in the chat, without status messages that have ended well. */
  texts(): readonly string[];
  find(part: string): Arrived;
  /** Lets what is under way come to rest, with the time in which messages are joined. */
  settle(): Promise<void>;
}

export const createRig = (): Rig => {
  const clock = createFakeClock();
  const world = createWorld(clock.now);
  const store = createFakeTelegramStore();
  const courier = createFakeCourier();
  const errors: unknown[] = [];
  let ids = 0;
  let updates = 100;

  const context: ConversationContext = {
    ...world,
    store,
    courier,
    approvals: { pending: () => [], answer: () => 'unknown', listen: () => () => undefined },
    attachments: { take: async () => rig.taken },
    listModels: async () => [],
    transcribe: async () => undefined,
    readWorkspaceFile: () => Promise.reject(new Error('not here')),
    saveReceived: () => Promise.reject(new Error('not here')),
    config: () => rig.config,
    origin: (via) => ({
      configId: 'bot',
      via,
      mode: () => 'ask',
      checkBudget: async () => undefined,
      onStart: (jobId) => store.countJob('bot', jobId, clock.now()),
    }),
    count: () => undefined,
    log: () => undefined,
    logError: (error) => void errors.push(error),
    newId: () => {
      ids += 1;
      return `chat-${ids}`;
    },
    now: clock.now,
  };

  const rig: Rig = {
    clock,
    world,
    store,
    courier,
    context,
    errors,
    config,
    taken: { images: [], text: '', notes: [] },
    conversations: createConversations(context, clock.setTimer),
    message: (text, more = {}) => {
      updates += 1;
      return {
        ...{ kind: 'message', updateId: updates, messageId: updates, chatId: 5, chatKind: 'private' },
        ...{ chatTitle: 'Ann', topicId: 0, from: { userId: 5, name: 'Ann' }, sentAt: clock.now(), text },
        ...{ files: [], isForwarded: false, isForBot: true },
        ...more,
      };
    },
    say: async (text, more = {}) => {
      const message = rig.message(text, more);
      await rig.conversations.receive(message);
      await rig.settle();
      return message;
    },
    press: async (message, label) => {
      const button = courier.buttonsOf(message).find(({ text }) => text === label);
      if (button === undefined) throw new Error(`“${message.text.plain}” has no button ${label}.`);
      updates += 1;
      const press: Press = {
        ...{ kind: 'press', updateId: updates, callbackId: `call-${updates}`, chatId: message.chatId },
        ...{ chatKind: 'private', chatTitle: 'Ann', topicId: message.topicId, messageId: message.messageId },
        from: { userId: 5, name: 'Ann' },
        data: button.data,
      };
      const pressing = rig.conversations.press(press);
      await rig.clock.advance(6_000);
      await pressing;
      return courier.acknowledged.at(-1)?.text;
    },
    restart: async (kill = true) => {
      if (kill) world.kill();
      rig.conversations = createConversations(context, clock.setTimer);
      await rig.conversations.recover();
      await clock.advance(2_000);
    },
    texts: () => courier.inChat(5).map(({ text }) => text.plain),
    find: (part) => {
      const found = courier.inChat(5).findLast(({ text }) => text.plain.includes(part));
      if (found === undefined) throw new Error(`“${part}” is not in: ${rig.texts().join(' | ')}`);
      return found;
    },
    settle: () => clock.advance(600),
  };
  return rig;
};

export { atRest };
