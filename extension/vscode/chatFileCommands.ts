/** Commands that write chats into files, and read them back. */

import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import { chatFileLimit, jsonParts, parsingChat } from '../core/chatFile.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { inSlices, joinInSlices } from '../core/slices.ts';
import type { Store } from '../core/store.ts';
import { markdownParts } from '../core/transcript.ts';
import type { SessionSummary } from '../shared/session.ts';
import type { ChatPicker } from './chatPicker.ts';
import { givenSession, isFromMenu, parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { fileNameOf, writeWhole } from './exportFiles.ts';
import { count, titleOf, withoutLinks } from './words.ts';

const filePath = z.string().refine((value) => path.isAbsolute(value), 'Expected an absolute path');
const exportSchema = z.object({ format: z.enum(['markdown', 'json']), file: filePath });
const importSchema = z.union([filePath.transform((file) => [file]), z.array(filePath).min(1).max(1_000)]);

type Format = z.infer<typeof exportSchema>['format'];

const formats: Record<Format, { readonly label: string; readonly detail: string; readonly ending: string }> =
  {
    markdown: {
      label: 'Markdown',
      detail: 'To be read, sent to somebody or kept with a project',
      ending: 'md',
    },
    json: { label: 'JSON', detail: 'Everything; AnyCowork can import it again', ending: 'json' },
  };

/** The bytes as text, a megabyte at a time. */
function* decoded(bytes: Uint8Array): Generator<string, void> {
  const decoder = new TextDecoder();
  const size = 1_000_000;
  for (let from = 0; from < bytes.length; from += size) {
    yield decoder.decode(bytes.subarray(from, from + size), { stream: true });
  }
  yield decoder.decode();
}

export type Imported =
  | { readonly file: string; readonly sessionId: string; readonly title: string }
  | { readonly file: string; readonly problem: string };

export const createChatFileCommands = (ports: {
  readonly store: Store;
  readonly current: CurrentChat;
  readonly picker: ChatPicker;
  agentName(agentId: string): Promise<string | undefined>;
  /** The list of chats says something else now. */
  sessionsChanged(): void;
  focusChat(): Promise<void>;
  newId(): string;
}) => {
  const { store, current, picker } = ports;
  /** Where the person last wrote to or read from. */
  let folder = vscode.Uri.file(os.homedir());

  const textOf = async (session: SessionSummary, format: Format): Promise<string> => {
    const items = await store.readAll(session.id);
    const parts =
      format === 'json'
        ? jsonParts(session, items, (await store.sessionUsage(session.id)).total)
        : markdownParts(session, items, await ports.agentName(session.agentId));
    return joinInSlices(parts);
  };

  const pickFormat = async (): Promise<Format | undefined> => {
    const items = (['markdown', 'json'] as const).map((format) => ({ ...formats[format], format }));
    const picked = await vscode.window.showQuickPick(items, {
      title: 'Export chat',
      placeHolder: 'Choose a format',
    });
    return picked?.format;
  };

  const offerToOpen = async (session: SessionSummary, target: vscode.Uri): Promise<void> => {
    const message = withoutLinks(`Exported “${titleOf(session)}” to ${path.posix.basename(target.path)}.`);
    const open = 'Open';
    if ((await vscode.window.showInformationMessage(message, open)) === open) {
      await vscode.commands.executeCommand('vscode.open', target);
    }
  };

  /** @returns path or address of the file */
  const exportSession = async (given?: unknown, options?: unknown): Promise<string | undefined> => {
    const byCode = options === undefined || isFromMenu(given) ? undefined : parse(exportSchema, options);
    const session = await picker.session(givenSession(given), {
      title: 'Export chat',
      none: 'There are no chats yet.',
    });
    if (session === undefined) return undefined;
    if (byCode !== undefined) {
      await writeWhole(vscode.Uri.file(byCode.file), await textOf(session, byCode.format));
      return byCode.file;
    }
    const format = await pickFormat();
    if (format === undefined) return undefined;
    const { label, ending } = formats[format];
    const target = await vscode.window.showSaveDialog({
      title: 'Export chat',
      saveLabel: 'Export',
      defaultUri: vscode.Uri.joinPath(folder, `${fileNameOf(session.title)}.${ending}`),
      filters: { [label]: [ending] },
    });
    if (target === undefined) return undefined;
    await writeWhole(target, await textOf(session, format));
    folder = vscode.Uri.joinPath(target, '..');
    void offerToOpen(session, target);
    return target.scheme === 'file' ? target.fsPath : target.toString();
  };

  const importFile = async (file: vscode.Uri): Promise<Imported> => {
    const name = file.scheme === 'file' ? file.fsPath : file.toString();
    try {
      const { size } = await vscode.workspace.fs.stat(file);
      // UTF-8 takes up to three bytes for a character.
      if (size > chatFileLimit * 3) {
        throw new InputError(`This file is larger than ${chatFileLimit / 1_000_000} MB, so it was not read.`);
      }
      const text = await joinInSlices(decoded(await vscode.workspace.fs.readFile(file)));
      const { session, items } = await inSlices(parsingChat(text, ports.newId));
      await store.importSession(session, items);
      return { file: name, sessionId: session.id, title: session.title };
    } catch (error) {
      return { file: name, problem: reasonOf(error) };
    }
  };

  const tellImported = (results: readonly Imported[]): void => {
    const titles = results.flatMap((each) => ('title' in each ? [titleOf(each)] : []));
    const [only] = titles;
    if (only !== undefined) {
      const what = titles.length === 1 ? `“${only}”` : count(titles.length, 'chat');
      vscode.window.showInformationMessage(withoutLinks(`Imported ${what}.`));
    }
    for (const each of results) {
      if (!('problem' in each)) continue;
      vscode.window.showErrorMessage(withoutLinks(`${path.basename(each.file)}: ${each.problem}`));
    }
  };

  const importSession = async (given?: unknown): Promise<readonly Imported[]> => {
    const isByCode = given !== undefined && !isFromMenu(given);
    const files = isByCode
      ? parse(importSchema, given).map((file) => vscode.Uri.file(file))
      : await vscode.window.showOpenDialog({
          title: 'Import chats',
          openLabel: 'Import',
          canSelectMany: true,
          defaultUri: folder,
          filters: { 'Exported chats': ['json'] },
        });
    const results: Imported[] = [];
    for (const file of files ?? []) {
      results.push(await importFile(file));
      folder = vscode.Uri.joinPath(file, '..');
    }
    if (results.length === 0) return results;
    ports.sessionsChanged();
    if (!isByCode) tellImported(results);
    const last = results.findLast((each) => 'sessionId' in each);
    if (last !== undefined && 'sessionId' in last) {
      await current.open(last.sessionId);
      if (!isByCode) await ports.focusChat();
    }
    return results;
  };

  return { exportSession, importSession };
};
