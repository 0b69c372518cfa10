/** What a person is asked before a bot may do more: also where code, or a link that somebody pressed, asks for it. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { type ApprovalMode, approvalModes } from '../shared/rule.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { alwaysAsks, modeWords } from './ruleWords.ts';
import { called, personText } from './telegramWords.ts';
import { count } from './words.ts';

/** As much of a change as widens what a bot does. Whatever the store takes fits here. */
const wideningSchema = z.object({
  mode: z.enum(approvalModes).optional(),
  allowsRules: z.boolean().optional(),
  allowedUsers: z
    .array(z.object({ userId: z.number(), name: z.string(), isApprover: z.boolean() }))
    .optional(),
  allowedChats: z.array(z.object({ chatId: z.number(), kind: z.string(), title: z.string() })).optional(),
});

/** More people than that are counted: the buttons below have to stay on the screen. */
const mostListed = 10;

/** What a mode means where the message comes from a phone. */
const fromPhone: Record<ApprovalMode, string> = {
  ask: 'Everything but reading asks, on the approver’s phone and here.',
  smart:
    'Whoever may talk to it can have files in its folder changed by a message, while nobody looks at this screen. Edits can be undone; commands ask.',
  autopilot:
    'Whoever may talk to it can have files in its folder changed, and commands run in the sandbox, by a message, while nobody looks at this screen. Commands outside the sandbox ask.',
};

const wide = (mode: ApprovalMode): number => approvalModes.indexOf(mode);

/** What a bot could do after the change that it cannot do now, a paragraph each. */
const widenings = (change: unknown, before?: TelegramConfig): readonly string[] => {
  const parsed = wideningSchema.safeParse(change);
  // What is none of it, the bots refuse.
  if (!parsed.success) return [];
  const { mode, allowsRules, allowedUsers = [], allowedChats = [] } = parsed.data;
  const listed = (texts: readonly string[]): string =>
    texts.length <= mostListed
      ? texts.join(', ')
      : `${texts.slice(0, mostListed).join(', ')} and ${texts.length - mostListed} more`;
  const approves = (userId: number): boolean =>
    before?.allowedUsers.some((user) => user.userId === userId && user.isApprover) === true;
  const talks = (userId: number): boolean =>
    before?.allowedUsers.some((user) => user.userId === userId) === true;
  const approvers = allowedUsers.filter(({ userId, isApprover }) => isApprover && !approves(userId));
  const talkers = allowedUsers.filter(({ userId, isApprover }) => !isApprover && !talks(userId));
  const groups = allowedChats.filter(
    ({ chatId, kind }) =>
      kind !== 'private' && before?.allowedChats.some((chat) => chat.chatId === chatId) !== true,
  );
  return [
    ...(mode !== undefined && wide(mode) > wide(before?.mode ?? 'ask')
      ? [`${modeWords[mode].name}: ${fromPhone[mode]} ${alwaysAsks}`]
      : []),
    ...(allowsRules === true && before?.allowsRules !== true
      ? [
          'Rules from the phone: a press there can allow the same for the rest of that chat, without another question. Never for a workspace.',
        ]
      : []),
    ...(approvers.length === 0
      ? []
      : [
          `${count(approvers.length, 'new approver')}: ${listed(approvers.map(personText))}. They may talk to the bot, and answer what it asks: what they approve runs on this computer.`,
        ]),
    ...(talkers.length === 0
      ? []
      : [
          `May talk to it: ${listed(talkers.map(personText))}. What they ask for reads the files of its folder, and spends on your key.`,
        ]),
    ...(groups.length === 0
      ? []
      : [
          `${count(groups.length, 'new group')}: ${listed(groups.map(({ title, chatId }) => `${called(title)} (id ${chatId})`))}. Everybody in a group reads what the bot answers there.`,
        ]),
  ];
};

/** @returns false when the person does not want that; true too where nothing gets wider */
export const confirmWider = async (
  name: string,
  change: unknown,
  before?: TelegramConfig,
): Promise<boolean> => {
  const found = widenings(change, before);
  if (found.length === 0) return true;
  const allow = 'Allow';
  const answer = await vscode.window.showWarningMessage(
    `Let the Telegram bot ${called(name)} do more?`,
    { modal: true, detail: found.join('\n\n') },
    allow,
  );
  return answer === allow;
};
