/** The log of a bot as a document that cannot be changed, and follows what is added. */
import * as vscode from 'vscode';
import type { TelegramBots } from '../core/telegramBots.ts';
import type { TelegramConfig } from '../shared/telegram.ts';

const telegramLogScheme = 'anycowork-telegram';

export interface TelegramLog {
  show(config: Pick<TelegramConfig, 'id' | 'username'>): Promise<void>;
}

const nothing =
  'Nothing has happened yet in this window. A bot that runs in another window keeps its log there.\n';

/** It goes on for as long as the window: VS Code may ask for an open log at any time. */
export const createTelegramLog = (bots: Pick<TelegramBots, 'log' | 'onChange'>): TelegramLog => {
  const shown = new Map<string, vscode.Uri>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  vscode.workspace.registerTextDocumentContentProvider(telegramLogScheme, {
    onDidChange: changed.event,
    // The id stands in the query: the path is what the tab says.
    provideTextDocumentContent: ({ query }) => {
      const lines = bots.log(query);
      return lines.length === 0 ? nothing : `${lines.join('\n')}\n`;
    },
  });
  bots.onChange(() => {
    const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
    for (const uri of shown.values()) if (open.has(uri.toString())) changed.fire(uri);
  });
  return {
    show: async ({ id, username }) => {
      const uri = vscode.Uri.from({ scheme: telegramLogScheme, path: `/@${username}.log`, query: id });
      shown.set(id, uri);
      // VS Code keeps what it has read for a while after the tab is closed.
      changed.fire(uri);
      await vscode.window.showTextDocument(uri, { preview: false });
    },
  };
};
