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
