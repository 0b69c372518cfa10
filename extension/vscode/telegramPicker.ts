/** Which bot a command is about: given by code with its id, by a menu with a row of the view, else chosen. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { BotInfo, TelegramBots } from '../core/telegramBots.ts';
import { idSchema, parse } from './commandInput.ts';
import { BotItem, GroupItem, NobodyItem, NoticesItem, PairingItem, PersonItem } from './telegramItems.ts';
import { called, folderName, statusText } from './telegramWords.ts';
import { withoutIcons } from './words.ts';

const noBots = 'There are no Telegram bots yet. “Add Telegram Bot…” makes one.';

export interface BotChoice {
  readonly title: string;
  /** Which can be chosen; one that is named is taken in any case. */
  readonly fits?: (info: BotInfo) => boolean;
  /** Said where none fits. */
  readonly none?: string;
}

/** The bot that a row stands for, or stands below. */
export const botOfRow = (given: unknown): string | undefined => {
  if (given instanceof BotItem || given instanceof NobodyItem) return given.info.config.id;
  if (given instanceof PairingItem) return given.request.configId;
  if (given instanceof PersonItem || given instanceof GroupItem || given instanceof NoticesItem)
    return given.configId;
  return undefined;
};

/**
 * @returns as it is now; undefined when the person thought better of it, or there is nothing to choose
 * @throws InputError for an id that there is not
 */
export const pickBot = async (
  bots: Pick<TelegramBots, 'list'>,
  given: unknown,
  { title, fits = () => true, none = noBots }: BotChoice,
): Promise<BotInfo | undefined> => {
  const all = await bots.list();
  if (given !== undefined && given !== null) {
    const id = botOfRow(given) ?? parse(idSchema, given);
    const found = all.find(({ config }) => config.id === id);
    if (found === undefined)
      throw new InputError(
        'There is no Telegram bot with this id. It may have been deleted; the view Telegram has those that there are.',
      );
    return found;
  }
  const fitting = all.filter(fits);
  if (fitting.length === 0) {
    vscode.window.showInformationMessage(all.length === 0 ? noBots : none);
    return undefined;
  }
  const items = fitting.map((info) => ({
    label: withoutIcons(called(info.config.name)),
    description: withoutIcons(`@${info.config.username} · ${statusText(info.status)}`),
    detail: withoutIcons(folderName(info.config)),
    info,
  }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a bot' }))?.info;
};
