/** Hands a chat over to the phone: it goes on in a chat of a bot, and stays here too. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { BotInfo, TelegramBots } from '../core/telegramBots.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import type { ChatPicker } from './chatPicker.ts';
import { givenSession } from './commandInput.ts';
import { botOfRow, pickBot } from './telegramPicker.ts';
import { called } from './telegramWords.ts';
import { titleOf, withoutIcons, withoutLinks } from './words.ts';

export interface TelegramContinuePorts {
  readonly bots: Pick<TelegramBots, 'list' | 'isRunning' | 'continueOn'>;
  readonly picker: Pick<ChatPicker, 'session'>;
}

/** Where a chat can go on: with each approver, those who may only talk, and in each group. */
const placesOf = ({ allowedUsers, allowedChats }: TelegramConfig) => {
  const people = allowedUsers
    .filter(({ userId }) => allowedChats.some(({ chatId }) => chatId === userId))
    .toSorted((one, other) => Number(other.isApprover) - Number(one.isApprover))
    .map(({ userId, name, isApprover }) => ({
      label: withoutIcons(called(name)),
      description: `${isApprover ? 'approver' : 'may talk'} · id ${userId}`,
      chatId: userId,
    }));
  const groups = allowedChats
    .filter(({ kind }) => kind === 'group')
    .map(({ chatId, title }) => ({
      label: withoutIcons(called(title)),
      description: `group: everybody there reads it · id ${chatId}`,
      chatId,
    }));
  return [...people, ...groups];
};

export const createTelegramContinue = ({ bots, picker }: TelegramContinuePorts) => {
  const chooseBot = async (row: unknown): Promise<BotInfo | undefined> => {
    if (row !== undefined) return pickBot(bots, row, { title: '' });
    const running = (await bots.list()).filter(({ config }) => bots.isRunning(config.id));
    const [first] = running;
    if (first === undefined)
      throw new InputError(
        'No Telegram bot runs in this window. Start one, or add one with “Add Telegram Bot…”. The chat stays as it is.',
      );
    if (running.length === 1) return first;
    const isHere = ({ config }: BotInfo): boolean => bots.isRunning(config.id);
    return pickBot(bots, undefined, { title: 'Continue with which bot', fits: isHere });
  };

  return {
    /** By code and from a chat's menu with the chat, from a bot's menu with the bot. @returns whether it goes on there */
    continueOnTelegram: async (given?: unknown): Promise<boolean> => {
      const row = botOfRow(given) === undefined ? undefined : given;
      const id = row === undefined ? givenSession(given) : undefined;
      const session = await picker.session(id, {
        title: 'Continue which chat on Telegram',
        none: 'There are no chats yet.',
      });
      if (session === undefined) return false;
      const info = await chooseBot(row);
      if (info === undefined) return false;
      const { config } = info;
      if (!bots.isRunning(config.id))
        throw new InputError(
          `@${config.username} does not run in this window. Start it here first. The chat stays as it is.`,
        );
      const places = placesOf(config);
      if (places.length === 0)
        throw new InputError(
          `Nobody may talk to @${config.username} yet. Send it a message in Telegram and let yourself in first. The chat stays as it is.`,
        );
      const [first] = places;
      // A group has to be chosen: others read there.
      const only = places.length === 1 && first !== undefined && first.chatId > 0 ? first : undefined;
      const options = {
        title: withoutIcons(`Continue “${titleOf(session)}” on @${config.username}`),
        placeHolder: 'With whom',
      };
      const place = only ?? (await vscode.window.showQuickPick(places, options));
      if (place === undefined) return false;
      await bots.continueOn(session.id, config.id, place.chatId);
      const message = `“${titleOf(session)}” goes on in Telegram, with @${config.username}, and stays here too.`;
      vscode.window.showInformationMessage(withoutLinks(message));
      return true;
    },
  };
};
