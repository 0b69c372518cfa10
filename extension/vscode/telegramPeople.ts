/** Who may talk to a bot, and in which groups it listens. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { TelegramConfig, TelegramUser } from '../shared/telegram.ts';
import { openInTelegram } from './telegramAskToken.ts';
import type { BotPatch } from './telegramEdit.ts';
import { called, groupsOf, pairHint, personText } from './telegramWords.ts';
import { firstLine, withoutIcons, withoutLinks } from './words.ts';

type People = Pick<TelegramConfig, 'allowedUsers' | 'allowedChats'>;

/**
 * Lists are changed as they are when it is done: somebody may have been let in, or taken out, while a question was open.
 */
export type PeopleChange = (now: People) => BotPatch;

/** With the chat that the person has with the bot. */
const withPerson = ({ allowedUsers, allowedChats }: People, user: TelegramUser): BotPatch => {
  const isThere = allowedChats.some(({ chatId }) => chatId === user.userId);
  const chat = { chatId: user.userId, kind: 'private' as const, title: user.name };
  return {
    allowedUsers: [...allowedUsers.filter(({ userId }) => userId !== user.userId), user],
    allowedChats: isThere ? allowedChats : [...allowedChats, chat],
  };
};

export const withoutPerson = ({ allowedUsers, allowedChats }: People, gone: number): BotPatch => ({
  allowedUsers: allowedUsers.filter(({ userId }) => userId !== gone),
  allowedChats: allowedChats.filter(({ chatId }) => chatId !== gone),
});

const roles = [
  {
    label: 'Approver',
    detail: 'May talk to the bot, and answers what it asks',
    isApprover: true,
  },
  {
    label: 'Talk only',
    detail: 'May talk to the bot; what it asks is answered by approvers, or here',
    isApprover: false,
  },
];

/** @param sign of the numbers that are meant: those of groups are negative */
export const idProblem = (text: string, sign: 1 | -1): string | undefined => {
  const id = /^-?\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id) && id * sign > 0) return undefined;
  return sign > 0
    ? 'Type the numeric id of a person, such as 123456789. Names do not count: they can change.'
    : 'Type the numeric id of a group, such as -1001234567890. It begins with a minus sign.';
};

const askId = async (title: string, prompt: string, sign: 1 | -1): Promise<number | undefined> => {
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    placeHolder: sign > 0 ? '123456789' : '-1001234567890',
    ignoreFocusOut: true,
    validateInput: (text) => idProblem(text, sign),
  });
  if (typed === undefined) return undefined;
  const problem = idProblem(typed, sign);
  if (problem !== undefined) throw new InputError(problem);
  return Number(typed);
};

const askTitle = (title: string): Thenable<string | undefined> =>
  vscode.window.showInputBox({
    title,
    prompt: 'What it is called here. Nothing is decided by it',
    ignoreFocusOut: true,
  });

const addPerson = async (config: TelegramConfig): Promise<PeopleChange | undefined> => {
  const title = `Add a person to @${config.username}`;
  const prompt = 'Their numeric id: /whoami says it to them in a chat with a bot that knows them';
  const userId = await askId(title, prompt, 1);
  const name = userId === undefined ? undefined : await askTitle(title);
  if (userId === undefined || name === undefined) return undefined;
  const role = await vscode.window.showQuickPick(roles, { title });
  if (role === undefined) return undefined;
  const user = { userId, name: name.trim(), isApprover: role.isApprover };
  return (now) => withPerson(now, user);
};

/** What is to become of somebody who may talk. @returns undefined when the person thought better of it */
export const editPerson = async (
  config: TelegramConfig,
  user: TelegramUser,
): Promise<PeopleChange | undefined> => {
  const remove = {
    label: 'Remove',
    detail: 'Gets no answer any more',
    isApprover: undefined,
  };
  const items = [...roles.filter(({ isApprover }) => isApprover !== user.isApprover), remove];
  const title = withoutIcons(`${personText(user)} and @${config.username}`);
  const picked = await vscode.window.showQuickPick(items, { title });
  if (picked === undefined) return undefined;
  const { isApprover } = picked;
  return (now) =>
    isApprover === undefined ? withoutPerson(now, user.userId) : withPerson(now, { ...user, isApprover });
};

export const editPeople = async (config: TelegramConfig): Promise<PeopleChange | undefined> => {
  const items = [
    ...config.allowedUsers.map((user) => ({
      label: withoutIcons(personText(user)),
      description: user.isApprover ? 'approver' : 'may talk',
      user,
    })),
    { label: 'Pair a phone', detail: 'The usual way: a message to the bot, and a code', isPairing: true },
    { label: 'Add by numeric id…', detail: 'Without a code', isNew: true },
  ];
  const title = `Who may talk to @${config.username}`;
  const picked = await vscode.window.showQuickPick(items, { title });
  if (picked === undefined) return undefined;
  if ('user' in picked) return editPerson(config, picked.user);
  if ('isNew' in picked) return addPerson(config);
  const open = 'Open in Telegram';
  const answer = await vscode.window.showInformationMessage(withoutLinks(pairHint(config)), open);
  if (answer === open) await openInTelegram(config.username);
  return undefined;
};

const groupSteps = (username: string): string =>
  [
    `1. Telegram keeps most of a group’s messages from a bot. To have @${username} see where it is mentioned, send /setprivacy to @BotFather, choose it, and choose Disable.`,
    '2. Add the bot to the group. If it is there already, remove it and add it again: Telegram looks at this setting only then.',
    `3. Mention @${username} in the group, as somebody who may talk to it. It does not answer yet, but its log says the number of the group.`,
    'In a group it answers only who may talk to it, and only where it is mentioned or answered. Everybody there reads its answers.',
  ].join('\n');

/**
 * Groups that a log speaks of, with the newest line that does. Of a line the last number counts: the one of the group
 * stands behind its title, and a title can hold the number of another group.
 */
export const seenGroups = (lines: readonly string[]): ReadonlyMap<number, string> =>
  new Map(
    lines.flatMap((line) =>
      [...line.matchAll(/(?<![\w.:-])-\d{6,16}(?![\w:-])/g)]
        .slice(-1)
        .map(([id]) => [Number(id), line] as const),
    ),
  );

const addGroup = async (
  config: TelegramConfig,
  bots: Pick<TelegramBots, 'log'>,
  showLog: () => Promise<void>,
): Promise<PeopleChange | undefined> => {
  const { id, username, allowedChats } = config;
  const go = 'Choose the Group';
  const log = 'Show Log';
  const father = 'Open BotFather';
  const answer = await vscode.window.showInformationMessage(
    `Add @${username} to a group`,
    { modal: true, detail: groupSteps(username) },
    go,
    log,
    father,
  );
  if (answer === log) await showLog();
  if (answer === father) await openInTelegram('BotFather');
  if (answer !== go) return undefined;
  const title = `Group of @${username}`;
  const seen = [...seenGroups(bots.log(id))]
    .filter(([chatId]) => !allowedChats.some((chat) => chat.chatId === chatId))
    .map(([chatId, line]) => ({
      label: String(chatId),
      detail: withoutIcons(firstLine(line)),
      chatId,
    }));
  const other = { label: 'Type an id…', chatId: undefined };
  const picked = seen.length === 0 ? other : await vscode.window.showQuickPick([...seen, other], { title });
  if (picked === undefined) return undefined;
  const prompt = 'The numeric id of the group. The bot’s log says it once somebody mentions the bot there';
  const chatId = picked.chatId ?? (await askId(title, prompt, -1));
  const name = chatId === undefined ? undefined : await askTitle(title);
  if (chatId === undefined || name === undefined) return undefined;
  const chat = { chatId, kind: 'group' as const, title: name.trim() };
  return (now) => ({ allowedChats: [...now.allowedChats.filter((each) => each.chatId !== chatId), chat] });
};

export const withoutGroup = ({ allowedChats }: People, gone: number): BotPatch => ({
  allowedChats: allowedChats.filter(({ chatId }) => chatId !== gone),
});

/** @param showLog of this bot */
export const editGroups = async (
  config: TelegramConfig,
  bots: Pick<TelegramBots, 'log'>,
  showLog: () => Promise<void>,
): Promise<PeopleChange | undefined> => {
  const items = [
    ...groupsOf(config).map(({ title, chatId }) => ({
      label: withoutIcons(`Remove ${called(title)}`),
      description: `id ${chatId}`,
      chatId,
    })),
    { label: 'Add a group…', chatId: undefined },
  ];
  const title = `Groups of @${config.username}`;
  const picked = await vscode.window.showQuickPick(items, { title });
  if (picked === undefined) return undefined;
  if (picked.chatId === undefined) return addGroup(config, bots, showLog);
  const gone = picked.chatId;
  return (now) => withoutGroup(now, gone);
};
