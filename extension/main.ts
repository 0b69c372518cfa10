/** Entry point. Activation registers names and nothing else; the product loads when one of them is first used. */
import * as vscode from 'vscode';
import type { App } from './app.ts';
import { mcpCommandNames, skillCommandNames, telegramCommandNames } from './commandNames.ts';
import type { AgentEvent } from './shared/event.ts';
import { createAutoStart } from './vscode/autoStart.ts';
import { chatHtml } from './vscode/chatHtml.ts';
import { lazyRulesTree } from './vscode/rulesTree.ts';
import { watchForStuckView } from './vscode/stuckView.ts';
import { withoutLinks } from './vscode/words.ts';

/** What other extensions get from `activate()`. */
export interface AnyCoworkApi {
  readonly version: string;
  /** Delivers every event of every job in this window. */
  onEvent(listener: (event: AgentEvent) => void): vscode.Disposable;
}

const commandNames = [
  'openChat',
  'newChat',
  'showSessions',
  'openSession',
  'showLog',
  'chat',
  'createAgent',
  'getAgents',
  'updateAgent',
  'deleteAgent',
  'pickAgent',
  'pickModel',
  'approveAction',
  'rejectAction',
  'reviewAction',
  'cancelJob',
  'getSessions',
  'getMessages',
  'setApiKey',
  'renameSession',
  'pinSession',
  'unpinSession',
  'archiveSession',
  'unarchiveSession',
  'deleteSession',
  'restoreSession',
  'forkSession',
  'editMessage',
  'retryMessage',
  'copySession',
  'exportSession',
  'importSession',
  'searchSessions',
  'checkStorage',
  'openStorageFolder',
  'exportEverything',
  'manageStorage',
  'pickMode',
  'undoStep',
  'restoreBefore',
  'rejectChange',
  'showRules',
  'addRule',
  'editRule',
  'deleteRule',
  'exportAuditLog',
  'showSpending',
  ...skillCommandNames,
  ...telegramCommandNames,
  ...mcpCommandNames,
] as const satisfies readonly (keyof App['commands'])[];

/** For code only: they are not in the palette, and without arguments too a caller waits for the answer. */
const dataCommands: readonly string[] = ['getAgents', 'getSessions', 'getTelegramConfigs'];

/** A menu hands over what was clicked: an element of the chat view, a row of a tree. */
const isFromMenu = (value: unknown): boolean =>
  value instanceof vscode.TreeItem ||
  (typeof value === 'object' && value !== null && 'webviewSection' in value);

let app: Promise<App> | undefined;

export const activate = (context: vscode.ExtensionContext): AnyCoworkApi => {
  const listeners = new Set<(event: AgentEvent) => void>();
  const load = (): Promise<App> => {
    app ??= import('./app.ts').then(({ createApp }) => {
      const created = createApp(context);
      created.onEvent((event) => {
        for (const listener of listeners) {
          try {
            listener(event);
          } catch (error) {
            // Another extension's fault must not hide the event from the rest.
            console.error(error);
          }
        }
      });
      return created;
    });
    return app;
  };

  /** A failure from the palette or a menu is told in a message; a caller's code gets the rejection. */
  const run = async (name: (typeof commandNames)[number], values: readonly unknown[]): Promise<unknown> => {
    try {
      const { commands } = await load();
      const command: (...inputs: unknown[]) => Promise<unknown> = commands[name];
      return await command(...values);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const isByCode = values.length > 0 && !isFromMenu(values[0]);
      if (isByCode || dataCommands.includes(name)) throw error;
      void vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reason}`));
      return undefined;
    }
  };

  const stuckView = watchForStuckView(context.workspaceState);
  const resources = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  const provider: vscode.WebviewViewProvider = {
    resolveWebviewView: async (view) => {
      stuckView.resolved(view);
      view.webview.options = { enableScripts: true, localResourceRoots: [resources] };
      // At once, so that the view paints while the rest loads.
      view.webview.html = chatHtml(view.webview, resources);
      // What it says while the rest loads must not be lost.
      const early: unknown[] = [];
      const listening = view.webview.onDidReceiveMessage((message: unknown) => early.push(message));
      const { attach } = await load();
      listening.dispose();
      attach(view, early);
    },
  };
  const rulesTree = lazyRulesTree(async () => (await load()).rules);
  const skillsTree = lazyRulesTree(async () => (await load()).skills);
  const telegramTree = lazyRulesTree(async () => (await load()).telegram);
  const schedulesTree = lazyRulesTree(async () => (await load()).schedules);
  const mcpTree = lazyRulesTree(async () => (await load()).mcp);
  const autoStart = createAutoStart(context.globalState);
  /** Bots and schedules of the open folders start by themselves; where there are none, nothing is loaded for it. */
  const startByItself = async (): Promise<void> => {
    const folders = vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [];
    if (!vscode.workspace.isTrusted || !(await autoStart.hasOne(folders))) return;
    await (await load()).autoStart();
  };
  const startSoon = (): void => void startByItself().catch((error: unknown) => console.error(error));
  startSoon();
  context.subscriptions.push(
    stuckView,
    rulesTree,
    skillsTree,
    telegramTree,
    schedulesTree,
    mcpTree,
    vscode.workspace.onDidGrantWorkspaceTrust(startSoon),
    vscode.workspace.onDidChangeWorkspaceFolders(startSoon),
    vscode.window.registerTreeDataProvider('anycowork.rules', rulesTree),
    vscode.window.registerTreeDataProvider('anycowork.skills', skillsTree),
    vscode.window.registerTreeDataProvider('anycowork.telegram', telegramTree),
    vscode.window.registerTreeDataProvider('anycowork.schedules', schedulesTree),
    vscode.window.registerTreeDataProvider('anycowork.mcp', mcpTree),
    vscode.window.registerWebviewViewProvider('anycowork.chat', provider),
    ...commandNames.map((name) =>
      vscode.commands.registerCommand(`anycowork.${name}`, (...values: unknown[]) => run(name, values)),
    ),
  );

  const version: unknown = context.extension.packageJSON.version;
  return {
    version: typeof version === 'string' ? version : '',
    onEvent: (listener) => {
      listeners.add(listener);
      return new vscode.Disposable(() => listeners.delete(listener));
    },
  };
};

export const deactivate = async (): Promise<void> => {
  await (await app)?.close();
};
