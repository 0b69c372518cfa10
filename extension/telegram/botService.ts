/** One bot while this window has its lease: hands each update to the part that it is for. */
import type { Update } from 'grammy/types';
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Schedules } from '../core/schedules.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { admit, isOpenChat } from './access.ts';
import { createApprovalCards } from './approvalCards.ts';
import { createAttachments } from './attachments.ts';
import { createBotCommands } from './commands.ts';
import type { BotContext, Conversations } from './context.ts';
import { continueChat } from './continueChat.ts';
import { createConversations } from './conversation.ts';
import { toIncoming } from './incoming.ts';
import { createNotices } from './notices.ts';
import { pairingReply } from './pairing.ts';
import { schedulesText } from './scheduleEntries.ts';
import { createSchedulePress } from './schedulePress.ts';
import type { Incoming, IncomingMessage, Outgoing, Press, Sender } from './types.ts';

export interface BotService {
  /** Closes what an earlier window left open; called once before updates come. */
  recover(): Promise<void>;
  /** Resolves once what the update means is kept; it may come again until then. */
  onUpdate(update: Update): Promise<void>;
  readonly conversations: Conversations;
  /** @throws InputError where that chat is not allowed */
  continueHere(sessionId: string, chatId: number): Promise<void>;
  /** The menu of commands follows who is allowed. */
  configChanged(): void;
  /** Says something in a chat, unless it is not allowed any more. */
  tell(chatId: number, message: Outgoing): Promise<void>;
  /** Tells a person that they were let in. */
  welcome(userId: number): Promise<void>;
  close(): Promise<void>;
}

export const createBotService = (
  context: BotContext,
  ports: {
    /** A stranger wrote. @returns the code they get; undefined: no reply */
    meet(sender: Sender): string | undefined;
    /** Work of other bots of this window is none of the desk. */
    isOfBot(jobId: string): boolean;
    /** A group has another id from now on. */
    moveChat(from: number, to: number): Promise<void>;
    readonly schedules: Pick<Schedules, 'list' | 'runNow'>;
  },
): BotService => {
  const { courier, store } = context;
  const conversations = createConversations({ ...context, attachments: createAttachments(context) });
  const entryOf = conversations.entryOf;
  const cards = createApprovalCards({ ...context, entryOf, isOfBot: ports.isOfBot });
  const commands = createBotCommands({
    ...context,
    conversations,
    cards,
    schedulesText: async () =>
      schedulesText(await ports.schedules.list(), context.config().id, context.now()),
  });
  const schedulePress = createSchedulePress({ ...context, schedules: ports.schedules });
  const notices = createNotices({ ...context, entryOf, isOfBot: ports.isOfBot });

  /** In the background: the next update must not wait for what Telegram takes to show an answer. */
  const behind = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      context.count('errors');
      context.logError(error);
    });
  };

  const meet = (from: Sender, chatId: number): void => {
    const code = ports.meet(from);
    if (code === undefined) return;
    context.log(`User ${from.userId} asked to be let in.`);
    behind(courier.send({ chatId, topicId: 0 }, pairingReply(code)));
  };

  /** How the number of a group is learnt, which is needed to add it. */
  const noteGroup = ({ from, chatKind, chatId, chatTitle }: IncomingMessage | Press): void => {
    const { allowedUsers, allowedChats } = context.config();
    if (chatKind !== 'group' || allowedChats.some((chat) => chat.chatId === chatId)) return;
    if (allowedUsers.every(({ userId }) => userId !== from?.userId)) return;
    context.log(
      `Somebody who may talk to it wrote in the group “${chatTitle}” (id ${chatId}), which was not added.`,
    );
  };

  const run = async (message: IncomingMessage): Promise<void> => {
    try {
      await commands.run(message);
    } catch (error) {
      if (!(error instanceof InputError)) context.logError(error);
      const text = error instanceof InputError ? error.message : `That did not work: ${reasonOf(error)}`;
      await courier.send(message, { html: escapeHtml(text), plain: text }, { replyTo: message.messageId });
    }
  };

  const press = async (pressed: Press): Promise<void> => {
    const part = { a1: cards, c1: commands, q1: conversations, s1: schedulePress }[pressed.data.slice(0, 2)];
    try {
      if (part === undefined || pressed.data[2] !== ':') {
        await courier.acknowledge(pressed.callbackId, 'This button is of an older version.', true);
        return;
      }
      await part.press(pressed);
    } catch (error) {
      if (!(error instanceof InputError)) context.logError(error);
      const text = error instanceof InputError ? error.message : 'That did not work. The log says why.';
      await courier.acknowledge(pressed.callbackId, text.slice(0, 190), true);
    }
  };

  const take = async (incoming: Incoming): Promise<void> => {
    if (incoming.kind === 'moved') {
      if (context.config().allowedChats.every(({ chatId }) => chatId !== incoming.from)) return;
      await ports.moveChat(incoming.from, incoming.to);
      conversations.moved(incoming.from, incoming.to);
      return;
    }
    const admission = admit(incoming, context.config());
    if (admission.kind !== 'admitted') {
      context.count('ignored');
      noteGroup(incoming);
      if (admission.kind === 'stranger' && admission.mayPair && incoming.from !== undefined) {
        meet(incoming.from, incoming.chatId);
      }
      return;
    }
    if (incoming.kind === 'press') {
      if (await isNew(incoming.updateId)) behind(press(incoming));
      return;
    }
    context.count('received');
    const isCommand = incoming.kind === 'message' && commands.isOwn(incoming.text);
    if (!isCommand) {
      await conversations.receive(incoming);
      return;
    }
    if (await isNew(incoming.updateId)) behind(run(incoming));
  };

  /** At most once: what a command or a press does is kept by the part that does it. */
  const isNew = (updateId: number): Promise<boolean> =>
    store.takeUpdate(context.config().id, updateId, context.now());

  return {
    recover: async () => {
      await cards.recover();
      await conversations.recover();
      behind(commands.publish());
    },
    onUpdate: async (update) => {
      const { botId, username } = context.config();
      const incoming = toIncoming(update, { botId, username });
      if (incoming !== undefined) await take(incoming);
    },
    conversations,
    continueHere: async (sessionId, chatId) => {
      checkAllowed(context.config(), chatId);
      await continueChat(context, sessionId, { configId: context.config().id, chatId, topicId: 0 });
    },
    configChanged: () => behind(commands.publish()),
    tell: async (chatId, message) => {
      checkAllowed(context.config(), chatId);
      await courier.send({ chatId, topicId: 0 }, message);
    },
    welcome: async (userId) => {
      const text = 'You are in. Write what is to be done, or /help.';
      await courier.send({ chatId: userId, topicId: 0 }, { html: text, plain: text });
    },
    close: async () => {
      cards.close();
      notices.close();
      await conversations.close();
    },
  };
};

const checkAllowed = (config: TelegramConfig, chatId: number): void => {
  if (isOpenChat(chatId, config)) return;
  throw new InputError(`@${config.username} does not talk in that chat. Pair it first.`);
};

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
