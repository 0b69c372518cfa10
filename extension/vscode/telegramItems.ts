/** Rows of the view of bots. */
import * as vscode from 'vscode';
import type { BotInfo } from '../core/telegramBots.ts';
import type { BotStatus, PairingRequest, TelegramChatAccess, TelegramUser } from '../shared/telegram.ts';
import { modeWords } from './ruleWords.ts';
import { visible } from './skillWords.ts';
import {
  budgetText,
  called,
  countersText,
  folderName,
  groupsOf,
  isBotRunning,
  noticesText,
  pairHint,
  peopleText,
  personText,
  statusDetail,
  statusText,
} from './telegramWords.ts';
import { count, timeOf } from './words.ts';

const states = vscode.TreeItemCollapsibleState;

const icons: Record<BotStatus['kind'], readonly [icon: string, color?: string]> = {
  stopped: ['circle-outline', 'disabledForeground'],
  unavailable: ['circle-slash', 'disabledForeground'],
  connecting: ['loading~spin'],
  running: ['broadcast', 'charts.green'],
  elsewhere: ['multiple-windows'],
  conflict: ['warning', 'list.warningForeground'],
  rejected: ['error', 'list.errorForeground'],
};

const iconOf = ([icon, color]: readonly [string, string?]): vscode.ThemeIcon =>
  new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));

/** What can be done with it, as the menus of the manifest ask. */
export const contextOf = (status: BotStatus): string => {
  const { kind } = status;
  const runsHere = isBotRunning(status);
  const flags: readonly (readonly [string, boolean])[] = [
    ['canStart', kind === 'stopped' || kind === 'rejected'],
    ['canStop', runsHere || kind === 'elsewhere'],
    ['canRestart', runsHere],
    ['canContinue', kind === 'running'],
    ['needsToken', kind === 'rejected' || kind === 'conflict'],
  ];
  return ['bot', ...flags.filter(([, holds]) => holds).map(([flag]) => flag)].join(' ');
};

/** Names and paths in it are of other people: they are written as text, and the document runs nothing. */
const tooltipOf = (info: BotInfo, agent: string, now: number): vscode.MarkdownString => {
  const { config, status, counters } = info;
  const detail = statusDetail(status, now);
  const approvers = config.allowedUsers.filter(({ isApprover }) => isApprover);
  const talkers = config.allowedUsers.filter(({ isApprover }) => !isApprover);
  const names = (users: readonly TelegramUser[]): string => users.map(personText).join(', ');
  const tooltip = new vscode.MarkdownString();
  tooltip
    .appendMarkdown('**')
    .appendText(`${called(config.name)} · @${config.username}`)
    .appendMarkdown('**');
  const row = (label: string, text: string): void => {
    tooltip.appendMarkdown(`\n\n${label}: `).appendText(visible(text).replaceAll(/\s+/g, ' '));
  };
  row('Status', [statusText(status), ...(detail === undefined ? [] : [detail])].join('. '));
  row('Agent', agent);
  row('Folder', config.folder);
  row('Approvers', approvers.length === 0 ? 'nobody' : names(approvers));
  if (talkers.length > 0) row('May talk only', names(talkers));
  const groups = groupsOf(config);
  if (groups.length > 0) row('Groups', groups.map(({ title }) => called(title)).join(', '));
  row(
    'Mode',
    `at widest ${modeWords[config.mode].name}; the phone ${config.allowsRules ? 'may' : 'may not'} allow for a whole chat`,
  );
  row(
    'Budget',
    `${budgetText(config)}; ${count(config.messagesPerHour, 'message')} an hour from each person`,
  );
  row('Tells approvers unasked', noticesText(config));
  row('Starts by itself', config.autoStart ? 'yes' : 'no');
  row('Messages', countersText(info));
  // One that runs has had an answer within two minutes, and its row is not drawn anew for each.
  if (status.kind !== 'running')
    row(
      'Last answer of Telegram',
      counters.lastPollAt === undefined ? 'none' : timeOf(counters.lastPollAt, now),
    );
  return tooltip;
};

export class BotItem extends vscode.TreeItem {
  readonly info: BotInfo;
  constructor(info: BotInfo, agent: string, pairings: number, now: number) {
    const { config, status } = info;
    super(called(config.name), pairings > 0 ? states.Expanded : states.Collapsed);
    this.info = info;
    this.id = `bot ${config.id}`;
    const waiting = pairings === 0 ? [] : [`${count(pairings, 'person waits', 'people wait')} for you`];
    this.description = [`@${config.username}`, statusText(status), ...waiting].join(' · ');
    this.tooltip = tooltipOf(info, agent, now);
    this.contextValue = contextOf(status);
    this.iconPath = iconOf(icons[status.kind]);
    this.accessibilityInformation = {
      label: `Bot ${called(config.name)}, @${config.username}: ${[statusText(status), ...waiting].join(', ')}. Agent ${agent}, folder ${folderName(config)}, ${peopleText(config)}.`,
    };
  }
}

/** Somebody who waits to be let in. */
export class PairingItem extends vscode.TreeItem {
  readonly request: PairingRequest;
  constructor(request: PairingRequest, now: number) {
    super(called(request.name), states.None);
    this.request = request;
    this.id = `pairing ${request.configId} ${request.userId}`;
    const minutes = Math.max(1, Math.ceil((request.expiresAt - now) / 60_000));
    this.description = `wants to talk · code ${request.code}`;
    this.tooltip = visible(
      `${personText(request)}${request.username === undefined ? '' : `, @${request.username}`} wants to talk to this bot.\nThe code ${request.code} stands on their phone too.\nThe request ends in ${count(minutes, 'minute')}.`,
    );
    this.contextValue = 'pairing';
    this.iconPath = iconOf(['bell-dot', 'list.warningForeground']);
    this.accessibilityInformation = {
      label: `${personText(request)} wants to talk to this bot. Code ${request.code}. Enter answers.`,
    };
    this.command = { command: 'anycowork.pairTelegramUser', title: 'Answer', arguments: [this] };
  }
}

/** Somebody who may talk. */
export class PersonItem extends vscode.TreeItem {
  readonly configId: string;
  readonly user: TelegramUser;
  constructor(configId: string, user: TelegramUser) {
    super(called(user.name), states.None);
    this.configId = configId;
    this.user = user;
    this.id = `person ${configId} ${user.userId}`;
    const role = user.isApprover ? 'approver' : 'may talk';
    this.description = `${role} · id ${user.userId}`;
    this.tooltip = user.isApprover
      ? 'May talk to the bot, and answers what it asks.'
      : 'May talk to the bot. What it asks is answered by approvers, or here.';
    this.contextValue = 'person';
    this.iconPath = new vscode.ThemeIcon(user.isApprover ? 'verified' : 'person');
    this.accessibilityInformation = { label: `${personText(user)}, ${role}` };
  }
}

export class GroupItem extends vscode.TreeItem {
  readonly configId: string;
  readonly chat: TelegramChatAccess;
  constructor(configId: string, chat: TelegramChatAccess) {
    super(called(chat.title), states.None);
    this.configId = configId;
    this.chat = chat;
    this.id = `group ${configId} ${chat.chatId}`;
    this.description = `group · id ${chat.chatId}`;
    this.tooltip = 'The bot answers here when it is mentioned by somebody who may talk to it.';
    this.contextValue = 'group';
    this.iconPath = new vscode.ThemeIcon('organization');
    this.accessibilityInformation = { label: `Group ${called(chat.title)}, id ${chat.chatId}` };
  }
}

/** Nobody may talk to it yet: what to do about that. */
export class NobodyItem extends vscode.TreeItem {
  readonly info: BotInfo;
  constructor(info: BotInfo) {
    super('Nobody may talk to it yet', states.None);
    const { config } = info;
    this.info = info;
    this.id = `nobody ${config.id}`;
    this.description = `send any message to @${config.username}`;
    this.tooltip = pairHint(config);
    this.contextValue = 'nobody';
    this.iconPath = new vscode.ThemeIcon('info');
    this.accessibilityInformation = { label: `Nobody may talk to it yet. ${pairHint(config)}` };
  }
}

/** What approvers are told without being asked. */
export class NoticesItem extends vscode.TreeItem {
  readonly configId: string;
  constructor({ config }: BotInfo) {
    super('Notices', states.None);
    this.configId = config.id;
    this.id = `notices ${config.id}`;
    this.description = noticesText(config);
    this.tooltip = 'What approvers are told without being asked, of work in the bot’s folder.';
    this.contextValue = 'notices';
    this.iconPath = new vscode.ThemeIcon('bell');
    this.accessibilityInformation = { label: `Notices: ${noticesText(config)}` };
  }
}
