/** What of a bot can be changed, and how that is asked. */
import * as vscode from 'vscode';
import { type Agents, InputError } from '../core/agents.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { chooseMode } from './modeCommands.ts';
import { modeWords } from './ruleWords.ts';
import { askToken } from './telegramAskToken.ts';
import { chooseAgent, folderItem } from './telegramCreate.ts';
import {
  budgetText,
  called,
  folderName,
  groupsOf,
  noticeKinds,
  noticesText,
  peopleText,
} from './telegramWords.ts';
import { count, withoutIcons } from './words.ts';

/** Fields of a bot. */
export type BotPatch = Partial<Omit<TelegramConfig, 'id' | 'botId' | 'username' | 'createdAt' | 'updatedAt'>>;

export interface BotChange {
  readonly patch?: BotPatch;
  readonly token?: string;
}

export interface EditPorts {
  readonly bots: Pick<TelegramBots, 'checkToken'>;
  readonly agents: Pick<Agents, 'list'>;
  /** Absolute paths of the open ones. */
  folders(): readonly string[];
}

type Answer = BotChange | undefined;

/** @returns undefined for what is no number of at least `least` */
const readNumber = (text: string, least: number): number | undefined => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= least ? value : undefined;
};

const yesNo = async (title: string, isOn: boolean, on: string, off: string): Promise<boolean | undefined> => {
  const now = (is: boolean) => (is ? { description: 'now' } : {});
  const items = [
    { label: 'Yes', ...now(isOn), detail: on, value: true },
    { label: 'No', ...now(!isOn), detail: off, value: false },
  ];
  return (await vscode.window.showQuickPick(items, { title }))?.value;
};

const editName = async ({ name }: TelegramConfig): Promise<Answer> => {
  const problem = (text: string): string | undefined =>
    text.trim() === '' || text.trim().length > 100 ? 'Type a name of at most 100 characters.' : undefined;
  const typed = await vscode.window.showInputBox({
    title: `Name of ${called(name)} in VS Code`,
    value: name,
    validateInput: problem,
  });
  return typed === undefined ? undefined : { patch: { name: typed.trim() } };
};

const editFolder = async (config: TelegramConfig, folders: readonly string[]): Promise<Answer> => {
  const others = folders.filter((folder) => folder !== config.folder);
  if (others.length === 0) {
    throw new InputError(
      `A bot moves to a folder that is open in this window, and there is no other one than ${folderName(config)}. Open the folder, and edit the bot there. Nothing was changed.`,
    );
  }
  const items = others.map(folderItem);
  const options = {
    title: `Folder of ${called(config.name)}`,
    placeHolder: `Now ${config.folder}. It runs in windows that have its folder open`,
  };
  const picked = await vscode.window.showQuickPick(items, options);
  return picked === undefined ? undefined : { patch: { folder: picked.path } };
};

const editBudget = async ({ name, dailyBudget }: TelegramConfig): Promise<Answer> => {
  const problem = (text: string): string | undefined =>
    text.trim() === '' || readNumber(text, 0) !== undefined
      ? undefined
      : 'Type an amount, such as 5 or 0.50; nothing for no limit.';
  const typed = await vscode.window.showInputBox({
    title: `Daily budget of ${called(name)}`,
    prompt:
      'Dollars since midnight, for all that it starts. 0: nothing may be spent. Empty: no limit of its own',
    value: dailyBudget.usd === undefined ? '' : String(dailyBudget.usd),
    validateInput: problem,
  });
  if (typed === undefined) return undefined;
  const wrong = problem(typed);
  if (wrong !== undefined) throw new InputError(wrong);
  const { usd: _, ...others } = dailyBudget;
  const usd = readNumber(typed, 0);
  return { patch: { dailyBudget: usd === undefined ? others : { ...others, usd } } };
};

const editRate = async ({ name, messagesPerHour }: TelegramConfig): Promise<Answer> => {
  const problem = (text: string): string | undefined => {
    const value = readNumber(text, 1);
    return value !== undefined && Number.isInteger(value) && value <= 10_000
      ? undefined
      : 'Type a whole number from 1 to 10,000.';
  };
  const typed = await vscode.window.showInputBox({
    title: `Messages an hour to ${called(name)}`,
    prompt: 'Of each person. More are refused, and the person is told',
    value: String(messagesPerHour),
    validateInput: problem,
  });
  if (typed === undefined) return undefined;
  const wrong = problem(typed);
  if (wrong !== undefined) throw new InputError(wrong);
  return { patch: { messagesPerHour: Number(typed) } };
};

const noticeItems = {
  approvals: { label: 'Questions', detail: 'An agent asks for an approval, at the desk too' },
  completed: { label: 'Finished work', detail: 'A job has ended' },
  failed: { label: 'Failures', detail: 'A job has failed, or was cut off' },
} as const;

export const editNotices = async ({ name, notices }: TelegramConfig): Promise<Answer> => {
  const items = noticeKinds.map((kind) => ({ ...noticeItems[kind], picked: notices[kind], notice: kind }));
  const options = {
    title: `What ${called(name)} tells approvers without being asked`,
    placeHolder: 'Of all work in its folder. None: nothing',
    canPickMany: true,
  } as const;
  const picked = await vscode.window.showQuickPick(items, options);
  if (picked === undefined) return undefined;
  const has = (kind: (typeof noticeKinds)[number]): boolean => picked.some(({ notice }) => notice === kind);
  return {
    patch: { notices: { approvals: has('approvals'), completed: has('completed'), failed: has('failed') } },
  };
};

export const editToken = async (bots: EditPorts['bots'], config: TelegramConfig): Promise<Answer> => {
  const checked = await askToken(bots, `New token of @${config.username}`);
  if (checked === undefined) return undefined;
  if (checked.owner.botId !== config.botId) {
    throw new InputError(
      `This is the token of @${checked.owner.username}, not of @${config.username}. Nothing was changed. Copy the one of @${config.username} from BotFather, or add the other bot with “Add Telegram Bot…”.`,
    );
  }
  return { token: checked.token };
};

interface Part extends vscode.QuickPickItem {
  readonly part?: 'people' | 'groups';
  readonly choose?: () => Promise<Answer>;
}

const change = (patch: BotPatch | undefined): Answer => (patch === undefined ? undefined : { patch });

/** The list of what can be changed; people and groups have lists of their own. */
export const botParts = (config: TelegramConfig, agentName: string, ports: EditPorts): readonly Part[] => {
  const { name } = config;
  const title = called(name);
  return [
    { label: 'Name', description: withoutIcons(title), choose: () => editName(config) },
    {
      label: 'Agent',
      description: withoutIcons(agentName),
      choose: async () => {
        const agentId = await chooseAgent(ports.agents, `Agent of ${title}`, config.agentId);
        return change(agentId === undefined ? undefined : { agentId });
      },
    },
    {
      label: 'Folder',
      description: config.folder,
      choose: () => editFolder(config, ports.folders()),
    },
    { label: 'People', description: peopleText(config), part: 'people' },
    {
      label: 'Groups',
      description: groupsOf(config).length === 0 ? 'none' : count(groupsOf(config).length, 'group'),
      part: 'groups',
    },
    {
      label: 'Approval mode',
      description: `at widest ${modeWords[config.mode].name}`,
      choose: async () => {
        const mode = await chooseMode(`Widest approval mode of what ${title} starts`, config.mode);
        return change(mode === undefined ? undefined : { mode });
      },
    },
    {
      label: 'Rules from the phone',
      description: config.allowsRules ? 'yes' : 'no',
      choose: async () => {
        const on = 'An approver may allow the same for the rest of a chat. Never for a workspace';
        const off = 'Each approval counts once';
        const allowsRules = await yesNo(`Rules from the phone for ${title}`, config.allowsRules, on, off);
        return change(allowsRules === undefined ? undefined : { allowsRules });
      },
    },
    { label: 'Daily budget', description: budgetText(config), choose: () => editBudget(config) },
    {
      label: 'Messages an hour',
      description: `${config.messagesPerHour.toLocaleString('en')} from each person`,
      choose: () => editRate(config),
    },
    { label: 'Notices', description: noticesText(config), choose: () => editNotices(config) },
    {
      label: 'Start by itself',
      description: config.autoStart ? 'yes' : 'no',
      choose: async () => {
        const on = 'When its folder opens in a trusted window';
        const off = 'Only when you start it';
        const autoStart = await yesNo(`Start ${title} by itself`, config.autoStart, on, off);
        return change(autoStart === undefined ? undefined : { autoStart });
      },
    },
    { label: 'Token', description: `of @${config.username}`, choose: () => editToken(ports.bots, config) },
  ];
};
