/** Commands with which a person looks after the history: checks and mends it, sees what it takes, frees space. */

import { access } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { reasonOf } from '../core/reasonOf.ts';
import type { FreeableKind, RepairKind, StorageReport, StorageUse } from '../core/storageReport.ts';
import type { Store } from '../core/store.ts';
import type { SessionSummary } from '../shared/session.ts';
import type { ChatActions } from './chatActions.ts';
import { parse } from './commandInput.ts';
import {
  freeableKinds,
  isFreeable,
  partWords,
  problemsOf,
  repairKinds,
  repairLabels,
  repairsOf,
  reportText,
} from './storageReportText.ts';
import { count, formatBytes, titleOf, withoutIcons, withoutLinks } from './words.ts';

const reportScheme = 'anycowork-report';

const checkSchema = z.object({ repair: z.enum(repairKinds).optional() });
const manageSchema = z.object({ free: z.enum(freeableKinds).optional() });

interface UseItem extends vscode.QuickPickItem {
  readonly free?: { readonly kind: FreeableKind; readonly bytes: number };
  readonly chats?: true;
}

const deletable = ({ largest }: StorageUse) => largest.filter(({ session }) => session.shelf !== 'deleted');

const useItems = (use: StorageUse): UseItem[] => {
  const part = ({ kind, bytes, files }: StorageUse['parts'][number]): UseItem => {
    const { label, detail } = partWords[kind];
    const canFree = isFreeable(kind) && bytes > 0;
    return {
      label: `${canFree ? '$(trash)' : '$(blank)'} ${label}`,
      description: [formatBytes(bytes), ...(files > 0 ? [count(files, 'file')] : [])].join(' · '),
      detail,
      ...(isFreeable(kind) && bytes > 0 ? { free: { kind, bytes } } : {}),
    };
  };
  const heading = (label: string): UseItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  // What was written since the last snapshot is counted as journal; a deleted chat can be freed all the same.
  const ofDeleted = use.largest.filter(({ session }) => session.shelf === 'deleted');
  const atLeast = ofDeleted.reduce((sum, { bytes }) => sum + bytes, 0);
  const counted = use.parts.map((each) =>
    each.kind === 'deletedChats' ? { ...each, bytes: Math.max(each.bytes, atLeast) } : each,
  );
  const parts = counted.filter(({ bytes }) => bytes > 0).toSorted((a, b) => b.bytes - a.bytes);
  const freed = parts.filter(({ kind }) => isFreeable(kind));
  const kept = parts.filter(({ kind }) => !isFreeable(kind));
  const total = freed.reduce((sum, { bytes }) => sum + bytes, 0);
  const large = deletable(use).length;
  const chats: readonly UseItem[] = [
    heading('Chats'),
    {
      label: '$(checklist) Delete large chats…',
      description: count(large, 'chat'),
      detail: 'Choose among the largest; they can be restored for 7 days',
      chats: true,
    },
  ];
  return [
    ...(freed.length === 0 ? [] : [heading(`Can be freed · ${formatBytes(total)}`)]),
    ...freed.map(part),
    ...(large === 0 ? [] : chats),
    heading('In use'),
    ...kept.map(part),
  ];
};

export type StorageCare = ReturnType<typeof createStorageCare>;

export const createStorageCare = (ports: {
  readonly store: Store;
  readonly actions: Pick<ChatActions, 'moveTo'>;
  /** Absolute path. */
  readonly folder: string;
  sessionsChanged(): void;
  now(): number;
}) => {
  const { store, actions } = ports;
  let text = '';
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const document = vscode.Uri.from({ scheme: reportScheme, path: '/AnyCowork storage.md' });
  const documents = vscode.workspace.registerTextDocumentContentProvider(reportScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: () => text,
  });

  const show = async (report: StorageReport): Promise<void> => {
    text = reportText(report, ports.now());
    changed.fire(document);
    await vscode.window.showTextDocument(document, { preview: true });
  };

  /** Cancelled: the check goes on in its thread, and nobody waits for it. */
  const checkWithProgress = (): Thenable<StorageReport | undefined> =>
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Checking the history', cancellable: true },
      (_progress, token) =>
        new Promise<StorageReport | undefined>((resolve, reject) => {
          token.onCancellationRequested(() => resolve(undefined));
          store.check().then(resolve, reject);
        }),
    );

  const repair = (kind: RepairKind): Thenable<string> =>
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: repairLabels[kind] },
      () => store.repair(kind),
    );

  /** Until nothing is left to repair, or the person has seen enough. */
  const offerRepairs = async (first: StorageReport): Promise<void> => {
    let report = first;
    for (;;) {
      const repairs = repairsOf(report);
      const labels = repairs.map((kind) => repairLabels[kind]);
      const { length } = problemsOf(report);
      const chosen =
        length === 0
          ? await vscode.window.showInformationMessage('Everything is in order.', ...labels)
          : await vscode.window.showWarningMessage(
              `${count(length, 'problem')}; the report says which.`,
              ...labels,
            );
      const kind = repairs.find((each) => repairLabels[each] === chosen);
      if (kind === undefined) return;
      vscode.window.showInformationMessage(await repair(kind));
      const next = await checkWithProgress();
      if (next === undefined) return;
      report = next;
      await show(report);
    }
  };

  const checkStorage = async (options?: unknown): Promise<StorageReport | string | undefined> => {
    if (options !== undefined) {
      const { repair: kind } = parse(checkSchema, options);
      return kind === undefined ? store.check() : store.repair(kind);
    }
    const report = await checkWithProgress();
    if (report === undefined) return undefined;
    await show(report);
    offerRepairs(report).catch((error: unknown) => {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    });
    return report;
  };

  const offerPath = async (): Promise<void> => {
    const copy = 'Copy Path';
    const where = vscode.env.remoteName === undefined ? '' : ` on ${vscode.env.remoteName}`;
    const message = `The history is in this folder${where}: ${ports.folder}`;
    if ((await vscode.window.showInformationMessage(message, copy)) === copy) {
      await vscode.env.clipboard.writeText(ports.folder);
    }
  };

  const openStorageFolder = async (): Promise<string> => {
    const isLocal = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
    if (!isLocal) {
      void offerPath();
      return ports.folder;
    }
    try {
      // A file in it is shown inside the folder; the folder itself would be shown among its neighbours.
      const database = path.join(ports.folder, 'anycowork.db');
      await access(database);
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(database));
    } catch {
      if (!(await vscode.env.openExternal(vscode.Uri.file(ports.folder)))) void offerPath();
    }
    return ports.folder;
  };

  /** @returns undefined when the person has seen enough */
  const pickUse = async (): Promise<{ readonly item: UseItem; readonly use: StorageUse } | undefined> => {
    const picker = vscode.window.createQuickPick<UseItem>();
    picker.title = 'What uses the space';
    picker.placeholder = 'Adding up…';
    picker.busy = true;
    try {
      return await new Promise((resolve, reject) => {
        let use: StorageUse | undefined;
        picker.onDidHide(() => resolve(undefined));
        picker.onDidAccept(() => {
          const [item] = picker.selectedItems;
          // The rest is there to be read.
          if (use !== undefined && (item?.free !== undefined || item?.chats === true)) resolve({ item, use });
        });
        picker.show();
        store.use().then((found) => {
          use = found;
          picker.busy = false;
          picker.placeholder = `${formatBytes(found.bytes)} in all. Choose what to free`;
          picker.items = useItems(found);
        }, reject);
      });
    } finally {
      picker.dispose();
    }
  };

  const free = async ({ kind, bytes }: NonNullable<UseItem['free']>): Promise<void> => {
    const { label, detail } = partWords[kind];
    const button = `Free ${formatBytes(bytes)}`;
    const question = `Remove ${label.toLowerCase()} (${formatBytes(bytes)}) for good?`;
    const answer = await vscode.window.showWarningMessage(
      question,
      { modal: true, detail: `${detail}.` },
      button,
    );
    if (answer !== button) return;
    const freed = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Freeing ${formatBytes(bytes)}` },
      () => store.free(kind),
    );
    const done = freed > 0 ? `Freed ${formatBytes(freed)}.` : `Removed ${label.toLowerCase()}.`;
    vscode.window.showInformationMessage(done);
    if (kind === 'deletedChats') ports.sessionsChanged();
  };

  const offerUndo = async (deleted: readonly SessionSummary[], message: string): Promise<void> => {
    const undo = 'Undo';
    if ((await vscode.window.showInformationMessage(message, undo)) !== undo) return;
    for (const session of deleted) {
      try {
        await actions.moveTo(session.id, session.shelf);
      } catch (error) {
        const message = `“${titleOf(session)}” was not restored. It stays under Deleted. ${reasonOf(error)}`;
        vscode.window.showErrorMessage(withoutLinks(message));
      }
    }
  };

  const deleteChats = async (use: StorageUse): Promise<void> => {
    const items = deletable(use).map(({ session, bytes }) => ({
      label: withoutIcons(titleOf(session)),
      description: `${formatBytes(bytes)}${session.shelf === 'archived' ? ' · archived' : ''}`,
      session,
      bytes,
    }));
    const chosen = await vscode.window.showQuickPick(items, {
      title: 'Delete large chats',
      placeHolder: 'Choose chats; they can be restored for 7 days',
      canPickMany: true,
    });
    if (chosen === undefined || chosen.length === 0) return;
    const deleted: typeof items = [];
    for (const item of chosen) {
      try {
        await actions.moveTo(item.session.id, 'deleted');
        deleted.push(item);
      } catch (error) {
        const message = `“${titleOf(item.session)}” was not deleted. ${reasonOf(error)}`;
        vscode.window.showErrorMessage(withoutLinks(message));
      }
    }
    if (deleted.length === 0) return;
    const bytes = deleted.reduce((sum, item) => sum + item.bytes, 0);
    const message = `Deleted ${count(deleted.length, 'chat')} (${formatBytes(bytes)}). The space is free after 7 days, or once you free “Deleted chats”.`;
    offerUndo(
      deleted.map(({ session }) => session),
      message,
    ).catch((error: unknown) => {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    });
  };

  /** By code: with `{ free }` it frees and returns the bytes, with `{}` it returns what uses the space. */
  const manageStorage = async (options?: unknown): Promise<StorageUse | number | undefined> => {
    if (options !== undefined) {
      const { free: kind } = parse(manageSchema, options);
      return kind === undefined ? store.use() : store.free(kind);
    }
    for (;;) {
      const picked = await pickUse();
      if (picked === undefined) return undefined;
      if (picked.item.free !== undefined) await free(picked.item.free);
      else await deleteChats(picked.use);
    }
  };

  return {
    commands: { checkStorage, openStorageFolder, manageStorage },
    dispose: () => {
      documents.dispose();
      changed.dispose();
    },
  };
};
