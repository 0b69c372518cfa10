/** What was spent and what may be, in words, and the command that shows it. */
import * as vscode from 'vscode';
import type { Budgets, SpendingPlace } from '../core/budgets.ts';
import type { Jobs } from '../core/jobs.ts';
import type { Store } from '../core/store.ts';
import {
  type BudgetLimits,
  type BudgetScope,
  budgetScopes,
  type LimitKind,
  type Spending,
} from '../shared/budget.ts';
import type { CurrentChat } from './currentChat.ts';
import { count, money, short } from './words.ts';

export type Spent = Readonly<Record<BudgetScope, Spending>>;
export type Limits = Readonly<Record<BudgetScope, BudgetLimits>>;
/** How often which limit was raised. */
export type Raises = Readonly<Partial<Record<LimitKind, number>>>;
export type Raised = Readonly<Partial<Record<BudgetScope, Raises>>>;

const scopeNames: Record<BudgetScope, string> = {
  job: 'The last answer',
  chat: 'This chat',
  agent: 'This agent today',
  day: 'All agents today',
};

const whole = (number: number): string => Math.round(number).toLocaleString('en');

const minutesText = (minutes: number): string => {
  const rounded = Math.round(minutes * 10) / 10;
  return minutes > 0 && rounded === 0 ? 'under 0.1' : rounded.toLocaleString('en');
};

/** A limit that was raised n times may be spent n + 1 times. */
const ofLimit = (limit: number | undefined, raised = 0, write: (value: number) => string): string => {
  if (limit === undefined) return '';
  return Number.isNaN(limit) ? ' (its limit is not understood)' : ` of ${write(limit * (raised + 1))}`;
};

/** `$0.42 of $10.00 · 128,000 tokens · 12 requests · 3.5 minutes · 2 requests of unknown price`. */
export const spendingText = (
  { usd, tokens, requests, minutes, unpriced }: Spending,
  limits: BudgetLimits = {},
  raised: Raises = {},
): string =>
  [
    `${money(usd)}${ofLimit(limits.usd, raised.usd, money)}`,
    `${whole(tokens)}${ofLimit(limits.tokens, raised.tokens, whole)} tokens`,
    limits.requests === undefined
      ? count(requests, 'request')
      : `${whole(requests)}${ofLimit(limits.requests, raised.requests, whole)} requests`,
    `${minutesText(minutes)}${ofLimit(limits.minutes, raised.minutes, minutesText)} minutes`,
    ...(unpriced > 0 ? [`${count(unpriced, 'request')} of unknown price`] : []),
  ].join(' · ');

const isNothing = ({ tokens, usd }: Spending): boolean => tokens === 0 && usd === 0;

/** `$0.42 · 128k tokens`; where prices are not known, `128k tokens` or `$0.42+ · 128k tokens`. */
const shortText = ({ usd, tokens, unpriced }: Spending): string => {
  const cost = unpriced > 0 ? (usd > 0 ? `${money(usd)}+` : '') : money(usd);
  return [cost, `${short(tokens)} tokens`].filter((part) => part !== '').join(' · ');
};

/** For the status bar; undefined when nothing was spent. */
export const statusText = ({ chat, day }: Spent): string | undefined => {
  if (!isNothing(chat)) {
    const isMore = day.usd > chat.usd && money(day.usd) !== money(chat.usd);
    return `${shortText(chat)}${isMore ? ` · ${money(day.usd)} today` : ''}`;
  }
  return isNothing(day) ? undefined : `${shortText(day)} today`;
};

export const spendingLines = (spent: Spent, limits: Limits, raised?: Raised): readonly string[] =>
  budgetScopes.map((scope) => {
    const raises = raised?.[scope] ?? {};
    const times = Object.values(raises).reduce((sum, each) => sum + each, 0);
    const text = `${scopeNames[scope]}: ${spendingText(spent[scope], limits[scope], raises)}`;
    return times === 0 ? text : `${text} · limit raised ${count(times, 'time')}`;
  });

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

export interface SpendingSource {
  /** Of the shown chat and its last answer. */
  place(): Promise<SpendingPlace>;
  spent(): Promise<Spent>;
}

export const createSpendingSource = (ports: {
  readonly budgets: Pick<Budgets, 'spent'>;
  readonly jobs: Pick<Jobs, 'runningIn'>;
  readonly store: Pick<Store, 'readPage'>;
  readonly current: Pick<CurrentChat, 'sessionId' | 'agentAndModel'>;
}): SpendingSource => {
  const { budgets, jobs, store, current } = ports;
  const place = async (): Promise<SpendingPlace> => {
    const sessionId = current.sessionId();
    const { agent } = await current.agentAndModel();
    if (sessionId === undefined) return { jobId: '', sessionId: '', agentId: agent.id };
    const running = jobs.runningIn(sessionId);
    const jobId = running ?? (await store.readPage(sessionId, 1)).items.at(-1)?.jobId ?? '';
    return { jobId, sessionId, agentId: agent.id };
  };
  return { place, spent: async () => budgets.spent(await place()) };
};

export const createSpendingCommands = (ports: {
  readonly spending: SpendingSource;
  readonly store: Pick<Store, 'spent'>;
  limits(): Limits;
  now(): number;
}) => {
  const { spending, store } = ports;
  return {
    showSpending: async () => {
      const place = await spending.place();
      const [spent, kept] = await Promise.all([
        spending.spent(),
        store.spent({ ...place, since: startOfDay(ports.now()) }),
      ]);
      const raised: Raised = {
        job: kept.job.raisedBy ?? {},
        chat: kept.chat.raisedBy ?? {},
        agent: kept.agent.raisedBy ?? {},
        day: kept.day.raisedBy ?? {},
      };
      const openSettings = 'Open Settings';
      const limits = ports.limits();
      const hasUnpriced = budgetScopes.some((scope) => spent[scope].unpriced > 0);
      const detail = [
        ...spendingLines(spent, limits, raised),
        ...(hasUnpriced
          ? ['Requests of unknown price are not in the dollars. Set their prices in the settings.']
          : []),
        'At a limit the agent stops and asks.',
      ].join('\n\n');
      const choice = await vscode.window.showInformationMessage(
        'What agents have spent',
        { modal: true, detail },
        openSettings,
      );
      if (choice === openSettings) {
        await vscode.commands.executeCommand('workbench.action.openSettings', 'anycowork.budget');
      }
      return spent;
    },
  };
};
