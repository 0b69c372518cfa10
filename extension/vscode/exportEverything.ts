/** The command that writes the whole history into ordinary files. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Agents } from '../core/agents.ts';
import { jsonParts } from '../core/chatFile.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { joinInSlices } from '../core/slices.ts';
import type { Store } from '../core/store.ts';
import { markdownParts } from '../core/transcript.ts';
import type { SessionSummary } from '../shared/session.ts';
import { parse } from './commandInput.ts';
import { fileNameOf, uniqueNames, writeWhole } from './exportFiles.ts';
import { count, firstLine, titleOf, withoutLinks } from './words.ts';

export interface Exported {
  /** Path or address of the new folder. */
  readonly folder: string;
  readonly chats: number;
  /** Chats that could not be read or written, and why. */
  readonly skipped: readonly {
    readonly sessionId: string;
    readonly title: string;
    readonly problem: string;
  }[];
  readonly isCancelled: boolean;
}

const optionsSchema = z.object({
  folder: z.string().refine((value) => path.isAbsolute(value), 'Expected an absolute path'),
});

/** More chats than anybody has. */
const everyChat = 10_000_000;

/** `2026-11-24`, where the person is. */
const dateOf = (at: number): string => {
  const date = new Date(at);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, '0')).join('-');
};

const exists = async (uri: vscode.Uri): Promise<boolean> => {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
};

/** A folder that was not there before. */
const newFolder = async (parent: vscode.Uri, name: string): Promise<vscode.Uri> => {
  let folder = vscode.Uri.joinPath(parent, name);
  for (let number = 2; await exists(folder); number += 1) {
    folder = vscode.Uri.joinPath(parent, `${name}-${number}`);
  }
  await vscode.workspace.fs.createDirectory(folder);
  return folder;
};

interface IndexRow {
  readonly session: SessionSummary;
  readonly name: string;
}

/** Text that stands in a link or a list and must not become Markdown of its own. */
const escaped = (text: string): string => firstLine(text, 200).replaceAll(/[\\`*_[\]<>|#!()]/g, '\\$&');

const indexOf = (exported: readonly IndexRow[], result: Omit<Exported, 'folder'>, now: number): string => {
  const rows = exported.map(({ session, name }) => {
    const link = (ending: string) =>
      `${encodeURIComponent(name).replaceAll('(', '%28').replaceAll(')', '%29')}.${ending}`;
    const where = session.folder === '' ? '' : ` · \`${session.folder.replaceAll('`', "'")}\``;
    const archived = session.shelf === 'archived' ? ' · archived' : '';
    return `- ${dateOf(session.updatedAt)} [${escaped(titleOf(session))}](${link('md')}) ([JSON](${link('json')}))${where}${archived}`;
  });
  const skipped = result.skipped.map(({ title, problem }) => `- ${escaped(title)}: ${escaped(problem)}`);
  return [
    '# AnyCowork export',
    '',
    `Made on ${new Date(now).toLocaleString()}. ${count(result.chats, 'chat')}, each as Markdown to be read and as JSON to be imported again with “AnyCowork: Import Chat…”. Agents are in [agents.json](agents.json). API keys are never exported; deleted chats are left out.`,
    ...(result.isCancelled ? ['', '**The export was stopped before its end: chats are missing.**'] : []),
    '',
    ...rows,
    ...(skipped.length === 0 ? [] : ['', '## Left out, because they could not be exported', '', ...skipped]),
    '',
  ].join('\n');
};

export const createExportEverything = (ports: {
  readonly store: Store;
  readonly agents: Agents;
  now(): number;
}) => {
  const { store, agents, now } = ports;

  const write = async (
    parent: vscode.Uri,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    isCancelled: () => boolean,
  ): Promise<{ readonly target: vscode.Uri; readonly result: Exported }> => {
    const shelves = await Promise.all(
      (['active', 'archived'] as const).map((shelf) =>
        store.listSessions({ shelf, limit: everyChat, folderFirst: '' }),
      ),
    );
    const sessions = shelves.flatMap((page) => page.sessions);
    const known = await agents.list();
    const target = await newFolder(parent, `anycowork-export-${dateOf(now())}`);
    const unique = uniqueNames();
    const exported: IndexRow[] = [];
    const skipped: Exported['skipped'][number][] = [];
    await writeWhole(vscode.Uri.joinPath(target, 'agents.json'), `${JSON.stringify(known, undefined, 2)}\n`);
    for (const session of sessions) {
      if (isCancelled()) break;
      const message = `${exported.length + skipped.length + 1} of ${sessions.length}: ${titleOf(session)}`;
      progress.report({ message, increment: 100 / sessions.length });
      try {
        const items = await store.readAll(session.id);
        const usage = (await store.sessionUsage(session.id)).total;
        const agentName = known.find((agent) => agent.id === session.agentId)?.name;
        const name = unique(`${dateOf(session.createdAt)} ${fileNameOf(session.title)}`);
        const json = await joinInSlices(jsonParts(session, items, usage));
        await writeWhole(vscode.Uri.joinPath(target, `${name}.json`), json);
        const markdown = await joinInSlices(markdownParts(session, items, agentName));
        await writeWhole(vscode.Uri.joinPath(target, `${name}.md`), markdown);
        exported.push({ session, name });
      } catch (error) {
        // The rest of the history is not held up by one chat.
        skipped.push({ sessionId: session.id, title: titleOf(session), problem: reasonOf(error) });
      }
    }
    const result = { chats: exported.length, skipped, isCancelled: isCancelled() };
    await writeWhole(vscode.Uri.joinPath(target, 'index.md'), indexOf(exported, result, now()));
    const folder = target.scheme === 'file' ? target.fsPath : target.toString();
    return { target, result: { folder, ...result } };
  };

  const tell = async (
    target: vscode.Uri,
    { chats, skipped, isCancelled, folder }: Exported,
  ): Promise<void> => {
    const openFolder = 'Open Folder';
    const [first] = skipped;
    const what = `${isCancelled ? 'The export was stopped. ' : ''}Exported ${count(chats, 'chat')} to ${folder}.`;
    const names = skipped.slice(0, 3).map(({ title }) => `“${title}”`);
    const rest = skipped.length > names.length ? ` and ${skipped.length - names.length} more` : '';
    const chosen =
      first === undefined
        ? await vscode.window.showInformationMessage(withoutLinks(what), openFolder)
        : await vscode.window.showWarningMessage(
            withoutLinks(
              `${what} ${count(skipped.length, 'chat')} could not be exported: ${names.join(', ')}${rest}. ${first.problem}`,
            ),
            openFolder,
          );
    if (chosen !== openFolder) return;
    // Where the files are on this computer, its file manager shows them; else VS Code does.
    if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.joinPath(target, 'index.md'));
    } else await vscode.commands.executeCommand('vscode.open', vscode.Uri.joinPath(target, 'index.md'));
  };

  return {
    exportEverything: async (options?: unknown): Promise<Exported | undefined> => {
      if (options !== undefined) {
        const { folder } = parse(optionsSchema, options);
        return (await write(vscode.Uri.file(folder), { report: () => undefined }, () => false)).result;
      }
      const [parent] =
        (await vscode.window.showOpenDialog({
          title: 'Export everything: choose where the new folder goes',
          openLabel: 'Export Here',
          canSelectFiles: false,
          canSelectFolders: true,
        })) ?? [];
      if (parent === undefined) return undefined;
      const { target, result } = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: 'Exporting chats', cancellable: true },
        (progress, token) => write(parent, progress, () => token.isCancellationRequested),
      );
      void tell(target, result);
      return result;
    },
  };
};
