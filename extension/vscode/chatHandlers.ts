/** What the chat webview can ask for: one handler per message, typed by the protocol. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Budgets } from '../core/budgets.ts';
import type { Chats } from '../core/chats.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Store } from '../core/store.ts';
import { BoundaryError, type WorkspaceFiles } from '../core/workspace.ts';
import type { ToHost } from '../shared/protocol.ts';
import type { Answers } from './answers.ts';
import type { Attachments } from './attachments.ts';
import type { ChatActions } from './chatActions.ts';
import type { CurrentChat } from './currentChat.ts';
import type { Handlers, Post } from './handlerTypes.ts';
import type { ModelChoice } from './modelChoice.ts';
import { checkOffered } from './offered.ts';
import { askAboutFiles } from './resendFiles.ts';
import type { Review } from './review.ts';
import { createSessionHandlers } from './sessionHandlers.ts';
import type { SpendingSource } from './spending.ts';
import { withoutLinks } from './words.ts';

const command = async (id: string, ...values: readonly unknown[]): Promise<void> => {
  await vscode.commands.executeCommand(id, ...values);
};

/** Puts files back; each shows first what it would change. */
export interface UndoActions {
  undoStep(sessionId: string, stepId: string): Promise<unknown>;
  /** Asks whether the chat goes back too. */
  restoreBefore(sessionId: string, itemId: string): Promise<unknown>;
  /** The files only. @returns false when the person thought better of it */
  restoreFiles(sessionId: string, itemId: string): Promise<boolean>;
}

export const createChatHandlers = (options: {
  readonly chats: Chats;
  readonly current: CurrentChat;
  readonly actions: ChatActions;
  readonly answers: Answers;
  readonly models: ModelChoice;
  readonly review: Review;
  readonly files: WorkspaceFiles;
  readonly store: Pick<Store, 'readPage' | 'listVersions'>;
  readonly approvals: Pick<ApprovalBroker, 'pending'>;
  readonly elsewhere: Pick<Elsewhere, 'waiting' | 'list'>;
  readonly budgets: Pick<Budgets, 'raise'>;
  readonly spending: Pick<SpendingSource, 'place'>;
  readonly undo: UndoActions;
  readonly attachments: Attachments;
  /** Absolute path of the folder with the files that MCP servers gave. */
  readonly keptFolder: string;
  logError(error: unknown): void;
}): ((message: ToHost, post: Post) => Promise<void>) => {
  const { current, answers, models, review, files, undo, attachments } = options;

  const openFile = async (name: string, line: number | undefined): Promise<void> => {
    try {
      // What MCP servers gave lies outside of the workspace, in a folder that nobody else writes to.
      if (path.dirname(path.normalize(name)) === options.keptFolder) {
        await command('vscode.open', vscode.Uri.file(name));
        return;
      }
      const resolved = await files.resolve(name);
      if (!resolved.exists) throw new BoundaryError(`${name} is not in this workspace.`);
      const position = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
      await vscode.window.showTextDocument(vscode.Uri.file(resolved.file), {
        preview: true,
        ...(line === undefined ? {} : { selection: new vscode.Range(position, position) }),
      });
    } catch (error) {
      const message = `Could not open ${path.basename(name)}: ${reasonOf(error)}`;
      vscode.window.showInformationMessage(withoutLinks(message));
    }
  };

  /** A message belongs into the chat under which it was written, also when another was opened just then. */
  const checkShown = (sessionId: string): void => {
    if (sessionId === (current.sessionId() ?? '')) return;
    throw new InputError(
      'This chat is not shown any more in this view; another one was opened. Nothing was sent. Look which chat is shown now, then try again.',
    );
  };

  const act: Handlers['act'] = async ({ action, sessionId }) => {
    switch (action) {
      case 'setKey': {
        const { model } = await current.agentAndModel();
        const set = await models.setApiKey(model.provider);
        if (set !== undefined) await current.useProvider(set);
        return;
      }
      case 'retry':
      case 'continue': {
        checkShown(sessionId);
        await current.goOn();
        return;
      }
      case 'raiseBudget': {
        checkShown(sessionId);
        await options.budgets.raise(await options.spending.place());
        // While that was kept the person may have gone to another chat.
        checkShown(sessionId);
        await current.goOn();
        return;
      }
      case 'changeModel':
        return command('anycowork.pickModel');
      case 'openSettings':
        return command('workbench.action.openSettings', '@ext:anycowork.anycowork');
      case 'openLog':
        return command('anycowork.showLog');
      case 'newChat':
        return command('anycowork.newChat');
      case 'openFolder':
        return command('workbench.action.files.openFolder');
      case 'manageTrust':
        return command('workbench.trust.manage');
    }
  };

  const handlers: Handlers = {
    ...createSessionHandlers(options),
    ...attachments.handlers,
    ready: async () => undefined,
    send: async ({ requestId, sessionId, text, images, skills = [], attached = [], replaces }, post) => {
      // The person may go to another chat while this is being sent.
      const shown = current.sessionId() ?? '';
      try {
        const blocks = images.map(({ name, ...image }) => ({
          type: 'image' as const,
          ...image,
          ...(name === undefined ? {} : { name }),
        }));
        checkShown(sessionId);
        const taken = attachments.take(attached, replaces !== undefined);
        if (replaces !== undefined && sessionId !== '') {
          if (!(await askAboutFiles(options, sessionId, replaces))) {
            throw new InputError(
              'The edit was not sent. What you wrote is still here, and the chat is as it was.',
            );
          }
          checkShown(sessionId);
        }
        const message = {
          text,
          images: [...blocks, ...taken.images],
          skills,
          attached: taken.attached,
          keepAttached: taken.keep,
        };
        await current.send(message, replaces);
        attachments.sent(attached);
        post({ type: 'accepted', requestId });
      } catch (error) {
        options.logError(error);
        post({ type: 'refused', requestId, message: reasonOf(error), sessionId: shown });
      }
    },
    stop: ({ jobId }) => answers.stop(jobId),
    decide: async ({ stepId, approved, scope, reason }, post) => {
      let isDecided = false;
      try {
        if (approved) await checkOffered(options, stepId, scope);
        isDecided = await answers.decide(stepId, {
          approved,
          scope: approved ? scope : 'once',
          by: 'user',
          surface: 'chat',
          ...(reason === undefined ? {} : { reason }),
        });
      } finally {
        const waits =
          options.approvals.pending().some(({ request }) => request.step.id === stepId) ||
          // In a window that may hang.
          options.elsewhere.waiting().some(({ step }) => step.id === stepId);
        if (waits && !isDecided) post({ type: 'undecided', stepId });
      }
    },
    review: ({ stepId }) => review.open(stepId),
    act,
    newChat: () => current.startNew(),
    undoStep: ({ sessionId, stepId }) => undo.undoStep(sessionId, stepId),
    restoreBefore: ({ sessionId, itemId }) => undo.restoreBefore(sessionId, itemId),
    pickMode: () => command('anycowork.pickMode'),
    pickAgent: () => command('anycowork.pickAgent'),
    pickModel: () => command('anycowork.pickModel'),
    openFile: ({ path: name, line }) => openFile(name, line),
    openLink: async ({ href }) => {
      // VS Code asks before it opens a link to a site that is not trusted yet.
      const uri = vscode.Uri.parse(href, true);
      if (['http', 'https', 'mailto'].includes(uri.scheme)) await vscode.env.openExternal(uri);
    },
    copy: async ({ text }) => vscode.env.clipboard.writeText(text),
    insertAtCursor: async ({ text }) => {
      const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
      if (editor === undefined) {
        vscode.window.showInformationMessage('Open a file first; the code goes where its cursor is.');
        return;
      }
      await editor.edit((edit) => edit.replace(editor.selection, text));
    },
  };

  const dispatch = <Type extends ToHost['type']>(
    message: Extract<ToHost, { type: Type }>,
    post: Post,
  ): Promise<unknown> => {
    const handler: (typed: Extract<ToHost, { type: Type }>, post: Post) => Promise<unknown> =
      handlers[message.type as Type];
    return handler(message, post);
  };
  return async (message, post) => {
    await dispatch(message, post);
  };
};
