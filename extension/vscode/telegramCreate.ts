/** Makes a bot of a token: from the palette step by step, by code with what it is to be. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { type Agents, InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { parse } from './commandInput.ts';
import { askToken, openInTelegram } from './telegramAskToken.ts';
import { confirmWider } from './telegramConsent.ts';
import { called, folderName, pairHint } from './telegramWords.ts';
import { withoutIcons, withoutLinks } from './words.ts';

const steps = [
  '1. Open @BotFather in Telegram and send it /newbot.',
  '2. Give the bot a name, and a username that ends in “bot”.',
  '3. BotFather answers with a token. Copy it: the next field asks for it.',
  'The token is the key to the bot. Do not send it to anybody.',
].join('\n');

const nameSchema = z.object({ name: z.string() });
const tokenSchema = z.string().min(1).max(200);

export const chooseAgent = async (
  agents: Pick<Agents, 'list'>,
  title: string,
  before?: string,
): Promise<string | undefined> => {
  const items = (await agents.list()).map(({ id, name, model }) => ({
    label: withoutIcons(name),
    description: id === before ? 'now' : model.model,
    id,
  }));
  const [first] = items;
  if (before === undefined && items.length === 1) return first?.id;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose an agent' }))?.id;
};

export const folderItem = (folder: string) => ({
  label: withoutIcons(folderName({ folder })),
  description: folder,
  path: folder,
});

/** @throws InputError where no folder is open */
const chooseFolder = async (folders: readonly string[], title: string): Promise<string | undefined> => {
  const [first] = folders;
  if (first === undefined)
    throw new InputError('A bot works in a folder, and none is open in this window. Open its folder first.');
  if (folders.length === 1) return first;
  const items = folders.map(folderItem);
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'The folder that it works in' }))
    ?.path;
};

export interface TelegramCreatePorts {
  readonly bots: Pick<TelegramBots, 'checkToken' | 'create' | 'start'>;
  readonly agents: Pick<Agents, 'list'>;
  /** Absolute paths of the open ones. */
  folders(): readonly string[];
}

export const createTelegramCreate = ({ bots, agents, folders }: TelegramCreatePorts) => {
  const offerTelegram = async (config: TelegramConfig): Promise<void> => {
    const open = 'Open in Telegram';
    const message = `The bot @${config.username} was added. ${pairHint(config)}`;
    if ((await vscode.window.showInformationMessage(withoutLinks(message), open)) === open)
      await openInTelegram(config.username);
  };

  const explain = async (): Promise<boolean> => {
    const proceed = 'I Have the Token';
    const open = 'Open BotFather';
    const answer = await vscode.window.showInformationMessage(
      'A Telegram bot is made by BotFather, Telegram’s own bot for that.',
      { modal: true, detail: steps },
      proceed,
      open,
    );
    if (answer === open) await openInTelegram('BotFather');
    return answer === open || answer === proceed;
  };

  const askAll = async (): Promise<TelegramConfig | undefined> => {
    // Before anything is typed that would be lost.
    if (folders().length === 0) await chooseFolder([], '');
    if (!(await explain())) return undefined;
    const checked = await askToken(bots, 'Add a Telegram bot');
    if (checked === undefined) return undefined;
    const { token, owner } = checked;
    const agentId = await chooseAgent(agents, `Agent that answers as @${owner.username}`);
    if (agentId === undefined) return undefined;
    const folder = await chooseFolder(folders(), `Folder of @${owner.username}`);
    if (folder === undefined) return undefined;
    const config = await bots.create({ name: owner.name, agentId, folder }, token);
    try {
      await bots.start(config.id);
    } catch (error) {
      const message = `AnyCowork: The bot @${config.username} was added, and its token kept, but it did not start: ${reasonOf(error)}`;
      vscode.window.showErrorMessage(withoutLinks(message));
      return config;
    }
    // Not waited for: it stays until the person looks at it.
    offerTelegram(config).catch(() => undefined);
    return config;
  };

  const byCode = async (input: unknown, given: unknown): Promise<TelegramConfig | undefined> => {
    const name = nameSchema.safeParse(input).data?.name ?? 'that is made';
    if (!(await confirmWider(name, input))) return undefined;
    const token =
      given === undefined
        ? (await askToken(bots, `Token of the Telegram bot ${called(name)}`))?.token
        : parse(tokenSchema, given);
    return token === undefined ? undefined : bots.create(input, token);
  };

  return {
    /**
     * By code with the fields of a bot and its token: it is not started. A menu may pass the row that is selected.
     * @returns undefined when the person did not want it
     */
    createTelegramConfig: async (input?: unknown, token?: unknown): Promise<TelegramConfig | undefined> => {
      if (input instanceof vscode.TreeItem) return askAll();
      const isByHand = (input === undefined || input === null) && (token === undefined || token === null);
      return isByHand ? askAll() : byCode(input ?? {}, token);
    },
  };
};
