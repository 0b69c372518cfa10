/** What a bot says about itself: the texts of /start, /help, /whoami and of the end of /status. Pure. */
import type { Agent } from '../shared/agent.ts';
import type { BudgetLimits, Spending } from '../shared/budget.ts';
import { limitKinds } from '../shared/budget.ts';
import type { ModelRef } from '../shared/message.ts';
import type { ApprovalMode } from '../shared/rule.ts';
import type { TelegramConfig, TelegramUser } from '../shared/telegram.ts';
import { note, oneLine } from './replyWords.ts';
import type { MenuCommand, Outgoing, Place } from './types.ts';

/** The last part of a path of any system. */
const folderName = (folder: string): string =>
  folder.split(/[/\\]/).findLast((part) => part !== '') ?? folder;

const modeWords: Readonly<Record<ApprovalMode, string>> = {
  ask: 'ask (reading runs, everything else asks)',
  smart: 'smart (edits in the folder run too, other things ask)',
  autopilot: 'autopilot (what the sandbox holds runs too)',
};

/** @param user who asks @param agent of new chats; absent: it is not there any more */
export const startText = (
  config: TelegramConfig,
  agent: Agent | undefined,
  user: TelegramUser,
  menu: readonly MenuCommand[],
): Outgoing => {
  const who =
    agent === undefined
      ? `Its agent is not there any more: ${user.isApprover ? 'choose one' : 'an approver can choose one'} with /agent, or in VS Code.`
      : `New chats are with the agent ${oneLine(agent.name, 100)} (${oneLine(agent.model.model, 100)}).`;
  const may = user.isApprover
    ? 'You may give it work, and answer what it asks before it changes anything.'
    : 'You may give it work. What it asks before it changes anything, an approver answers.';
  return note(
    `${oneLine(config.name, 100)} works in the folder ${oneLine(folderName(config.folder), 100)} of VS Code.`,
    `${who} ${may}\n\nWrite what is to be done. Pictures, text files and voice messages can come with it.\n\n${commandLines(menu)}`,
  );
};

const commandLines = (menu: readonly MenuCommand[]): string =>
  menu.map(({ command, description }) => `/${command} – ${description}`).join('\n');

export const helpText = (menu: readonly MenuCommand[], isGroup: boolean): Outgoing =>
  note(
    'Commands',
    `${commandLines(menu)}\n\nEverything else is for the agent${isGroup ? ', where it mentions the bot or answers it' : ''}; a skill is chosen by its name, as in “/pdf read the report”. While the agent works, further messages wait their turn.`,
  );

export const whoText = (user: TelegramUser, { chatId, topicId }: Place): Outgoing =>
  note(
    `Your user id: ${user.userId}`,
    [
      `This chat: ${chatId}${topicId === 0 ? '' : `, topic ${topicId}`}`,
      user.isApprover ? 'You are an approver.' : 'You may talk, and not approve.',
    ].join('\n'),
  );

const round = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

const amounts: Readonly<Record<keyof BudgetLimits, (value: number) => string>> = {
  usd: (value) => `$${value.toFixed(2)}`,
  tokens: (value) => `${round(value)} tokens`,
  requests: (value) => `${round(value)} model requests`,
  minutes: (value) => `${round(value)} minutes of work`,
};

/** `$3.20 of $5.00`; what is left of each limit. */
const leftText = (spent: Spending, limits: BudgetLimits): string => {
  const parts = limitKinds.flatMap((kind) => {
    const limit = limits[kind];
    if (limit === undefined) return [];
    const text = amounts[kind];
    return [`${text(Math.max(0, limit - spent[kind]))} of ${text(limit)}`];
  });
  const unpriced =
    limits.usd === undefined || spent.unpriced === 0
      ? ''
      : ` (besides ${spent.unpriced} requests whose price is not known)`;
  return parts.length === 0 ? 'no limit' : `${parts.join(', ')}${unpriced}`;
};

export interface Standing {
  readonly config: TelegramConfig;
  readonly agentName: string;
  /** Absent where neither the chat nor its agent is there. */
  readonly model?: ModelRef;
  readonly mode: ApprovalMode;
  /** Title of the chat that goes on; absent: none does yet. */
  readonly title?: string;
  /** Since midnight. */
  readonly spent: Spending;
}

export const standingLines = ({ config, agentName, model, mode, title, spent }: Standing): string =>
  [
    title === undefined ? 'Chat: none yet; your next message begins one' : `Chat: ${oneLine(title, 100)}`,
    `Agent: ${oneLine(agentName, 100)}`,
    ...(model === undefined ? [] : [`Model: ${oneLine(model.model, 100)}`]),
    `Mode: ${modeWords[mode]}`,
    `Left of today’s budget: ${leftText(spent, config.dailyBudget)}`,
    `Bot: @${config.username}, folder ${oneLine(folderName(config.folder), 100)}`,
  ].join('\n');
