/** Bots in words. Pure. */
import * as path from 'node:path';
import type { BotInfo } from '../core/telegramBots.ts';
import type { BotStatus, PairingRequest, TelegramConfig } from '../shared/telegram.ts';
import { visible } from './skillWords.ts';
import { count, firstLine, money, timeOf } from './words.ts';

/** What somebody else calls themselves or a group: a line, nothing hidden. */
export const called = (name: string, limit = 60): string => {
  const line = firstLine(visible(name), limit);
  return line === '' ? 'no name' : line;
};

/** Whoever it is, the number says so; names can be anybody's. */
export const personText = ({ name, userId }: { readonly name: string; readonly userId: number }): string =>
  `${called(name)} (id ${userId})`;

export const isBotRunning = ({ kind }: BotStatus): boolean =>
  kind === 'running' || kind === 'connecting' || kind === 'conflict';

/** As much as stands behind a name in a list. */
export const statusText = (status: BotStatus): string => {
  switch (status.kind) {
    case 'stopped':
      return 'stopped';
    case 'unavailable':
      return 'cannot run in this window';
    case 'connecting':
      return 'connecting…';
    case 'running':
      return 'running';
    case 'elsewhere':
      return `running in another window (${called(status.place)})`;
    case 'conflict':
      return 'another program uses its token';
    case 'rejected':
      return 'token rejected';
  }
};

/** What it means and what to do, where there is more to say. */
export const statusDetail = (status: BotStatus, now: number): string | undefined => {
  switch (status.kind) {
    case 'stopped':
      return 'Start it to have its messages answered. Telegram keeps them for 24 hours.';
    case 'running':
      return `Since ${timeOf(status.since, now)}.`;
    case 'connecting':
      return status.message ?? `Since ${timeOf(status.since, now)}.`;
    case 'elsewhere':
      return status.staysThere === true
        ? 'It can be stopped from here.'
        : 'This window takes over when that one closes.';
    case 'conflict': {
      const time = new Date(status.retryAt).toLocaleTimeString(undefined, { timeStyle: 'medium' });
      return `${status.message} Tries again at ${time}.`;
    }
    case 'unavailable':
    case 'rejected':
      return status.message;
  }
};

const noticeNames = { approvals: 'questions', completed: 'finished work', failed: 'failures' } as const;
export const noticeKinds = ['approvals', 'completed', 'failed'] as const;

/** What approvers are told of unasked: `questions, failures`; `nothing`. */
export const noticesText = ({ notices }: Pick<TelegramConfig, 'notices'>): string => {
  const on = noticeKinds.filter((kind) => notices[kind]).map((kind) => noticeNames[kind]);
  return on.length === 0 ? 'nothing' : on.join(', ');
};

export const budgetText = ({ dailyBudget }: Pick<TelegramConfig, 'dailyBudget'>): string => {
  const { usd, tokens, requests, minutes } = dailyBudget;
  const limits = [
    ...(usd === undefined ? [] : [money(usd)]),
    ...(tokens === undefined ? [] : [count(tokens, 'token')]),
    ...(requests === undefined ? [] : [count(requests, 'request')]),
    ...(minutes === undefined ? [] : [count(minutes, 'minute')]),
  ];
  return limits.length === 0 ? 'no limit of its own' : `${limits.join(', ')} a day`;
};

/** `3 received, 2 answered, 1 ignored`. */
export const countersText = ({ counters }: Pick<BotInfo, 'counters'>): string =>
  [
    `${counters.received.toLocaleString('en')} received`,
    `${counters.answered.toLocaleString('en')} answered`,
    `${counters.ignored.toLocaleString('en')} from strangers ignored`,
    count(counters.approvals, 'approval'),
    count(counters.errors, 'error'),
  ].join(', ');

/** Paths of another system may be in a store that several share. */
export const folderName = ({ folder }: Pick<TelegramConfig, 'folder'>): string => path.win32.basename(folder);

export const groupsOf = ({ allowedChats }: Pick<TelegramConfig, 'allowedChats'>) =>
  allowedChats.filter(({ kind }) => kind === 'group');

/** `2 people, 1 approver`. */
export const peopleText = ({ allowedUsers }: Pick<TelegramConfig, 'allowedUsers'>): string => {
  if (allowedUsers.length === 0) return 'nobody yet';
  const approvers = allowedUsers.filter(({ isApprover }) => isApprover).length;
  return `${count(allowedUsers.length, 'person', 'people')}, ${count(approvers, 'approver')}`;
};

export const pairHint = ({ username }: Pick<TelegramConfig, 'username'>): string =>
  `Send any message to @${username} in Telegram. It answers with a code, and this window asks you to let you in.`;

/** Of one that waits; the code is compared by eye. @param address of the bot, with its @ */
export const pairingText = (request: PairingRequest, address: string): string =>
  `${personText(request)} wants to talk to ${address}. Code ${request.code} — does it match the phone?`;
