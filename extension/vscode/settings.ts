import * as vscode from 'vscode';
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

/** Whether approvals are asked with a modal message, besides the card in the chat. */
export const usesDialogs = (): boolean =>
  vscode.workspace.getConfiguration('anycowork').get<boolean>('approvals.dialog', true);

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
