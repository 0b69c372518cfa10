import * as vscode from 'vscode';
import * as z from 'zod';
import { type BudgetLimits, type BudgetScope, limitKinds, type Price } from '../shared/budget.ts';
import type { Effect } from '../shared/event.ts';
import { type ModelRef, type ProviderId, providerIds } from '../shared/message.ts';

const read = (name: string): string =>
  vscode.workspace.getConfiguration('anycowork').get<string>(name, '').trim();

export const baseUrl = (provider: ProviderId): string | undefined => {
  const url = read(`${provider}.baseUrl`).replace(/\/+$/, '');
  return url === '' ? undefined : url;
};

/** `provider/model` of the setting; undefined when it is empty or names no provider. */
export const defaultModelSetting = (): ModelRef | undefined => {
  const value = read('defaultModel');
  const slash = value.indexOf('/');
  const provider = providerIds.find((id) => id === value.slice(0, slash));
  const model = value.slice(slash + 1).trim();
  return provider === undefined || model === '' ? undefined : { provider, model };
};

export const onSettingsChange = (listener: () => void): vscode.Disposable =>
  vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('anycowork')) listener();
  });

const setting = (name: string): unknown => vscode.workspace.getConfiguration('anycowork').get<unknown>(name);

/** Where a question is asked, besides the card in the chat. */
export const approvalSurfaces = ['dialog', 'notification', 'chat'] as const;
export type ApprovalSurface = (typeof approvalSurfaces)[number];

export const approvalSurface = (effect: Effect): ApprovalSurface =>
  approvalSurfaces.find((surface) => surface === setting(`approvals.${effect}`)) ?? 'dialog';

/** Milliseconds after which nobody's answer counts any more; undefined: never. */
export const approvalExpiry = (): number | undefined => {
  const minutes = setting('approvals.expireAfterMinutes');
  const valid = typeof minutes === 'number' && Number.isFinite(minutes) && minutes >= 0 ? minutes : 30;
  return valid === 0 ? undefined : valid * 60_000;
};

export const notifiesWhenUnfocused = (): boolean => setting('approvals.notifyWhenUnfocused') !== false;

/**
 * Where the person has set nothing of a scope. Not as the defaults of the settings: VS Code would mix those into what the
 * person set, and who sets dollars only would have the minutes of the default too.
 */
const defaultLimits: Readonly<Record<BudgetScope, BudgetLimits>> = {
  job: { tokens: 5_000_000, minutes: 60, usd: 10 },
  chat: { usd: 50 },
  agent: {},
  day: { usd: 50 },
};

const isSet = (name: string): boolean => {
  const found = vscode.workspace.getConfiguration('anycowork').inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some(
    (value) => value !== undefined,
  );
};

/** What is none of ours: nobody knows what it was to limit. */
const notUnderstood: BudgetLimits = Object.fromEntries(limitKinds.map((kind) => [kind, Number.NaN]));

/** What stands in a settings file may be anything. What is not understood is no number, which counts as reached. */
const limitsOf = (scope: BudgetScope): BudgetLimits => {
  const name = `budget.${scope}`;
  if (!isSet(name)) return defaultLimits[scope];
  const given = z.record(z.string(), z.unknown()).safeParse(setting(name)).data;
  if (given === undefined || !Object.keys(given).every((key) => limitKinds.some((kind) => kind === key))) {
    return notUnderstood;
  }
  return Object.fromEntries(
    Object.entries(given).map(([kind, value]) => [kind, amount.safeParse(value).data ?? Number.NaN]),
  );
};

export const budgetLimits = (): Readonly<Record<BudgetScope, BudgetLimits>> => ({
  job: limitsOf('job'),
  chat: limitsOf('chat'),
  agent: limitsOf('agent'),
  day: limitsOf('day'),
});

const amount = z.number().nonnegative();
const priceSchema = z.object({
  input: amount,
  output: amount,
  cachedInput: amount.exactOptional(),
  cacheWrite: amount.exactOptional(),
});

/** The person's own prices, by model name; those that are none are left out. */
export const ownPrices = (): ReadonlyMap<string, Price> => {
  const given = z.record(z.string(), z.unknown()).safeParse(setting('prices') ?? {}).data ?? {};
  return new Map(
    Object.entries(given).flatMap(([model, value]) => {
      const price = priceSchema.safeParse(value).data;
      return price === undefined ? [] : [[model, price] as const];
    }),
  );
};

/** Counts against limits where a price is not known. */
export const assumedPrice = (): Price =>
  priceSchema.safeParse(setting('budget.assumedPrice')).data ?? { input: 5, output: 25 };

/** How much room before-images may take, in bytes. */
export const undoQuotaBytes = (): number => megabytes('undo.quotaMb', 1_024, 0);

/** Whether the model writes a chat's title after its first answer. */
export const generatesTitles = (): boolean =>
  vscode.workspace.getConfiguration('anycowork').get<boolean>('chats.generateTitles', true);

const megabytes = (name: string, fallback: number, least: number): number => {
  const value = vscode.workspace.getConfiguration('anycowork').get<unknown>(name, fallback);
  // What stands in a settings file may be anything.
  const number = typeof value === 'number' && Number.isFinite(value) ? Math.max(least, value) : fallback;
  return Math.round(number * 1024 * 1024);
};

/** How much of the history is kept in memory, in bytes; older chats are kept in files of their own. */
export const liveBytes = (): number => megabytes('storage.liveMb', 200, 50);

/** Size of the whole history above which the person is warned, in bytes; 0: never. */
export const quotaBytes = (): number => megabytes('storage.quotaMb', 2_048, 0);

/** Address of the container engine; undefined: it is found by itself. */
export const sandboxHost = (): string | undefined => textOf('sandbox.host');

/** Image that sandboxed commands run in; empty: none is set. */
export const commandImage = (): string => textOf('sandbox.commandImage') ?? '';

/** What stands in a settings file may be anything. */
const textOf = (name: string): string | undefined => {
  const value = setting(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};
