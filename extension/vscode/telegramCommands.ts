/** Commands about bots: from the palette, from the view with the row that was clicked, and by code with an id. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { BotInfo, TelegramBots } from '../core/telegramBots.ts';
import type { BotCounters, BotStatus, TelegramConfig } from '../shared/telegram.ts';
import { idSchema, parse } from './commandInput.ts';
import { confirmWider } from './telegramConsent.ts';
import { createTelegramContinue, type TelegramContinuePorts } from './telegramContinue.ts';
import { createTelegramCreate, type TelegramCreatePorts } from './telegramCreate.ts';
import { type BotChange, botParts, editNotices, editToken } from './telegramEdit.ts';
import { GroupItem, NoticesItem, PersonItem } from './telegramItems.ts';
import { createTelegramLog, type TelegramLog } from './telegramLog.ts';
import { createPairingCommands } from './telegramPairing.ts';
import {
  editGroups,
  editPeople,
  editPerson,
  type PeopleChange,
  withoutGroup,
  withoutPerson,
} from './telegramPeople.ts';
import { type BotChoice, botOfRow, pickBot } from './telegramPicker.ts';
import { called, isBotRunning, personText, statusText } from './telegramWords.ts';
import { withoutIcons } from './words.ts';

export interface TelegramCommandPorts
  extends Omit<TelegramCreatePorts, 'bots'>,
    Omit<TelegramContinuePorts, 'bots'> {
  readonly bots: TelegramBots;
  now(): number;
}

const isAtWork = ({ status }: BotInfo): boolean => isBotRunning(status) || status.kind === 'elsewhere';

export const createTelegramCommands = (ports: TelegramCommandPorts) => {
  const { bots, agents } = ports;
  let documents: TelegramLog | undefined;
  const showLog = async (config: TelegramConfig): Promise<void> => {
    documents ??= createTelegramLog(bots);
    await documents.show(config);
  };

  /** @returns as the bot is afterwards; undefined where the person did not want that */
  const apply = async (config: TelegramConfig, change: BotChange | undefined) => {
    if (change === undefined) return undefined;
    const { patch = {}, token } = change;
    if (!(await confirmWider(config.name, patch, config))) return undefined;
    return bots.update(config.id, patch, token);
  };

  /** The lists as they are after the questions, not before. */
  const applyPeople = async (before: TelegramConfig, change: PeopleChange | undefined) => {
    if (change === undefined) return undefined;
    const find = async (): Promise<TelegramConfig> =>
      (await bots.list()).find(({ config }) => config.id === before.id)?.config ?? before;
    const now = await find();
    if (!(await confirmWider(now.name, change(now), now))) return undefined;
    return bots.update(now.id, change(await find()));
  };

  const editByHand = async (config: TelegramConfig): Promise<TelegramConfig | undefined> => {
    const agent = (await agents.list()).find(({ id }) => id === config.agentId);
    const parts = botParts(config, agent?.name ?? 'one that was deleted', ports);
    const picked = await vscode.window.showQuickPick(parts, { title: `Edit ${called(config.name)}` });
    if (picked === undefined) return undefined;
    if (picked.part === 'people') return people(config);
    if (picked.part === 'groups') return groups(config);
    return apply(config, await picked.choose?.());
  };

  const people = async (config: TelegramConfig) => applyPeople(config, await editPeople(config));

  const groups = async (config: TelegramConfig) =>
    applyPeople(config, await editGroups(config, bots, () => showLog(config)));

  /** A command about one bot. @returns false where there is none, or the person thought better of it */
  const about =
    (choice: BotChoice, act: (info: BotInfo) => Promise<boolean>) =>
    async (given?: unknown): Promise<boolean> => {
      const info = await pickBot(bots, given, choice);
      return info === undefined ? false : act(info);
    };

  /** The view may be folded: what was done stands in the status bar too. */
  const tellStatus = async (id: string): Promise<true> => {
    const now = (await bots.list()).find(({ config }) => config.id === id);
    if (now !== undefined)
      vscode.window.setStatusBarMessage(
        withoutIcons(`@${now.config.username}: ${statusText(now.status)}`),
        5_000,
      );
    return true;
  };

  return {
    ...createTelegramCreate(ports),
    ...createPairingCommands(ports),
    ...createTelegramContinue(ports),
    /** Without tokens, which are in secret storage only. */
    getTelegramConfigs: async (): Promise<
      readonly (TelegramConfig & { readonly status: BotStatus; readonly counters: BotCounters })[]
    > => (await bots.list()).map(({ config, status, counters }) => ({ ...config, status, counters })),
    updateTelegramConfig: async (
      given?: unknown,
      patch?: unknown,
      token?: unknown,
    ): Promise<TelegramConfig | undefined> => {
      // A menu passes arguments of its own behind the row.
      const isByCode = botOfRow(given) === undefined && (patch !== undefined || token !== undefined);
      const info = await pickBot(bots, given, { title: 'Edit a Telegram bot' });
      if (info === undefined) return undefined;
      const { config } = info;
      if (given instanceof NoticesItem) return apply(config, await editNotices(config));
      if (!isByCode) return editByHand(config);
      const checked = token === undefined ? undefined : parse(idSchema, token);
      if (!(await confirmWider(config.name, patch, config))) return undefined;
      return bots.update(config.id, patch ?? {}, checked);
    },
    deleteTelegramConfig: async (given?: unknown): Promise<boolean> => {
      const info = await pickBot(bots, given, { title: 'Delete a Telegram bot' });
      if (info === undefined) return false;
      const { id, name, username } = info.config;
      if (typeof given !== 'string') {
        const detail = `It stops, and its token, people and queue are forgotten. Its chats stay. In Telegram @${username} goes on to be there until BotFather deletes it.`;
        const answer = await vscode.window.showWarningMessage(
          `Delete the Telegram bot ${called(name)}?`,
          { modal: true, detail },
          'Delete',
        );
        if (answer !== 'Delete') return false;
      }
      await bots.delete(id);
      return true;
    },
    startTelegramBot: about(
      {
        title: 'Start a Telegram bot',
        fits: (info) => !isAtWork(info),
        none: 'Every Telegram bot runs already.',
      },
      async ({ config, status }) => {
        // It was started, and waits for another token, or for another try with this one.
        await (status.kind === 'rejected' ? bots.restart(config.id) : bots.start(config.id));
        return tellStatus(config.id);
      },
    ),
    stopTelegramBot: about(
      {
        title: 'Stop a Telegram bot',
        fits: isAtWork,
        none: 'No Telegram bot runs that this window knows of.',
      },
      async ({ config }) => {
        await bots.stop(config.id);
        return tellStatus(config.id);
      },
    ),
    restartTelegramBot: about(
      {
        title: 'Restart a Telegram bot',
        fits: ({ status }) => isBotRunning(status),
        none: 'No Telegram bot runs in this window.',
      },
      async ({ config }) => {
        await bots.restart(config.id);
        return tellStatus(config.id);
      },
    ),
    showTelegramBots: async () => {
      await vscode.commands.executeCommand('anycowork.telegram.focus');
    },
    showTelegramLog: about({ title: 'Log of a Telegram bot' }, async ({ config }) => {
      await showLog(config);
      return true;
    }),
    setTelegramToken: about({ title: 'New token of a Telegram bot' }, async ({ config }) => {
      const change = await editToken(bots, config);
      return (await apply(config, change)) !== undefined;
    }),
    /** From the row of a person: what is to become of them. @returns whether something changed */
    manageTelegramPeople: async (given?: unknown): Promise<boolean> => {
      const info = await pickBot(bots, given, { title: 'Who may talk to a Telegram bot' });
      if (info === undefined) return false;
      const { config } = info;
      if (!(given instanceof PersonItem)) return (await people(config)) !== undefined;
      const user = config.allowedUsers.find(({ userId }) => userId === given.user.userId);
      if (user === undefined) throw new InputError('This person may not talk to the bot any more.');
      return (await applyPeople(config, await editPerson(config, user))) !== undefined;
    },
    manageTelegramGroups: about({ title: 'Groups of a Telegram bot' }, async ({ config }) => {
      return (await groups(config)) !== undefined;
    }),
    /** From the row of a person or group. @returns whether something changed */
    removeTelegramAccess: async (given?: unknown): Promise<boolean> => {
      if (!(given instanceof PersonItem || given instanceof GroupItem))
        throw new InputError('Choose a person or a group in the view Telegram.');
      const info = await pickBot(bots, given, { title: '' });
      if (info === undefined) return false;
      const { config } = info;
      const isPerson = given instanceof PersonItem;
      const who = isPerson ? personText(given.user) : `the group ${called(given.chat.title)}`;
      const answer = await vscode.window.showWarningMessage(
        `Remove ${who} from @${config.username}?`,
        { modal: true, detail: 'The bot does not answer there any more. It can be let in again.' },
        'Remove',
      );
      if (answer !== 'Remove') return false;
      const changed = await applyPeople(config, (now) =>
        isPerson ? withoutPerson(now, given.user.userId) : withoutGroup(now, given.chat.chatId),
      );
      return changed !== undefined;
    },
  };
};
