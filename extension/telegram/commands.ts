/** The commands of a bot, and the buttons of their answers. Who may talk was asked before. */
import { InputError } from '../core/agents.ts';
import { isOpenChat } from './access.ts';
import { createAgentCommands } from './agentCommands.ts';
import { botMenu } from './botMenu.ts';
import { createChatCommands } from './chatCommands.ts';
import type { CommandCall, CommandSet } from './commandCall.ts';
import type { ApprovalCards, BotCommands, BotContext, Conversations } from './context.ts';
import { createFileCommands } from './fileCommands.ts';
import { createModelCommands } from './modelCommands.ts';
import { parseCommand } from './parseCommand.ts';
import { createSelfCommands } from './selfCommands.ts';
import type { IncomingMessage, Press } from './types.ts';

export type BotCommandsContext = BotContext & {
  readonly conversations: Pick<Conversations, 'stop' | 'status'>;
  readonly cards: Pick<ApprovalCards, 'answer'>;
  /** Markdown. */
  schedulesText?(): Promise<string>;
};

/** How long Telegram shows a note of a pressed button. Characters. */
const noteLimit = 190;

export const createBotCommands = (context: BotCommandsContext): BotCommands => {
  const { courier } = context;
  const menu = botMenu.filter(
    ({ command }) => command !== 'schedules' || context.schedulesText !== undefined,
  );
  const sets: readonly CommandSet[] = [
    createSelfCommands(context, menu),
    createAgentCommands(context),
    createModelCommands(context),
    createChatCommands(context),
    createFileCommands(context),
  ];
  const written = new Map(sets.flatMap((set) => Object.entries(set.written)));
  const pressed = new Map(sets.flatMap((set) => Object.entries(set.pressed)));

  const parsed = (text: string) => parseCommand(text, context.config().username);

  /** Undefined for whom nobody let in: they may have been taken off the list meanwhile. */
  const callOf = (from: IncomingMessage | Press, argument: string): CommandCall | undefined => {
    const { id, allowedUsers } = context.config();
    const user = allowedUsers.find(({ userId }) => userId === from.from?.userId);
    if (user === undefined) return undefined;
    const thread = { configId: id, chatId: from.chatId, topicId: from.topicId };
    return { thread, user, isGroup: from.chatKind !== 'private', argument };
  };

  /** Where a menu was shown since the bot began. */
  const shownIn = new Set<number>();

  const publishNow = async (): Promise<void> => {
    const config = context.config();
    const chatIds = config.allowedChats
      .map(({ chatId }) => chatId)
      .filter((chatId) => isOpenChat(chatId, config));
    await courier.publishCommands(undefined, []);
    for (const chatId of shownIn) {
      if (!chatIds.includes(chatId)) await courier.publishCommands(chatId, []);
    }
    shownIn.clear();
    for (const chatId of chatIds) {
      shownIn.add(chatId);
      await courier.publishCommands(chatId, menu);
    }
  };
  /** One after the other: the last one is what is shown. */
  let published: Promise<void> = Promise.resolve();

  return {
    isOwn: (text) => {
      const command = parsed(text);
      return command !== undefined && written.has(command.name);
    },
    run: async (message) => {
      const command = parsed(message.text);
      const run = command === undefined ? undefined : written.get(command.name);
      if (command === undefined || run === undefined) return false;
      const call = callOf(message, command.argument);
      if (call === undefined) return true;
      // Somebody else wrote it, and who forwards it need not have read it.
      if (message.isForwarded) {
        throw new InputError(
          `/${command.name} was forwarded, or came through another bot, so nothing was done. Write it yourself if you want it.`,
        );
      }
      const options = call.isGroup ? { replyTo: message.messageId } : {};
      await run({ ...call, message, reply: (text) => courier.send(call.thread, text, options) });
      return true;
    },
    press: async (press) => {
      const [, kind = '', argument = ''] = /^c1:([a-z]+):(.*)$/s.exec(press.data) ?? [];
      const run = pressed.get(kind);
      const call = callOf(press, argument);
      if (run === undefined || call === undefined) {
        await courier.acknowledge(press.callbackId, 'This button does nothing any more.', true);
        return;
      }
      const { chatId, messageId } = press;
      await run({
        ...call,
        press,
        done: (text) => courier.acknowledge(press.callbackId, text?.slice(0, noteLimit).toWellFormed()),
        // What was chosen counts, and was said on the button, whether the message is still there or not.
        replace: (text) => courier.edit({ chatId, messageId }, text).catch(context.logError),
      });
    },
    publish: () => {
      published = published.then(publishNow).catch(context.logError);
      return published;
    },
  };
};
