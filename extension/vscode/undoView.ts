/** Shows files as they are next to how they were, in read-only documents. */
import * as vscode from 'vscode';
import type { FileState } from '../shared/undo.ts';
import { readableText } from './undoMerge.ts';
import { formatBytes } from './words.ts';

export const undoScheme = 'anycowork-undo';

export interface ShownSide {
  readonly state: FileState;
  /** Called when it comes into view. @returns undefined where the content is not to be had */
  read(): Promise<Uint8Array | undefined>;
}

export interface ShownFile {
  readonly label: string;
  /** Absolute. */
  readonly file: string;
  readonly left: ShownSide;
  readonly right: ShownSide;
}

export interface UndoView extends vscode.Disposable {
  /** @param what each side is: `now ↔ as it was` */
  show(files: readonly ShownFile[], what: string): Promise<void>;
  /** Closes what is shown. */
  close(): Promise<void>;
}

const textOf = async ({ state, read }: ShownSide): Promise<string> => {
  switch (state.kind) {
    case 'missing':
      return '';
    case 'folder':
      return 'A folder.\n';
    case 'link':
      return `A symbolic link to ${state.target}\n`;
    case 'file': {
      if (state.size === 0) return '';
      const size = formatBytes(state.size);
      const bytes = await read().catch(() => undefined);
      if (bytes === undefined)
        return `A file of ${size}, which is too large to be shown, or cannot be read.\n`;
      return readableText(bytes) ?? `A binary file of ${size}, ${state.hash.slice(0, 12)}.\n`;
    }
  }
};

const isShown = (tab: vscode.Tab, titles: ReadonlySet<string>): boolean => {
  const { input } = tab;
  if (input instanceof vscode.TabInputTextDiff) return input.modified.scheme === undoScheme;
  if (input instanceof vscode.TabInputText) return input.uri.scheme === undoScheme;
  // What a multi-diff editor shows is not told; its title is.
  return [...titles].some((title) => tab.label.startsWith(title));
};

export const createUndoView = (): UndoView => {
  const sides = new Map<string, ShownSide>();
  const titles = new Set<string>();
  let shows = 0;

  const provider = vscode.workspace.registerTextDocumentContentProvider(undoScheme, {
    provideTextDocumentContent: ({ path, query }) => {
      const side = sides.get(`${query} ${path}`);
      return side === undefined ? 'This was shown before. Choose Undo again to see it.' : textOf(side);
    },
  });

  const show: UndoView['show'] = async (files, what) => {
    shows += 1;
    sides.clear();
    const document = (name: 'left' | 'right', { label, [name]: side }: ShownFile): vscode.Uri => {
      // The file's own path on both sides: it is coloured as what it is, and not taken for renamed.
      const [path, query] = [`/${label}`, `${name} ${shows}`];
      sides.set(`${query} ${path}`, side);
      return vscode.Uri.from({ scheme: undoScheme, path, query });
    };
    const rows = files.map((file) => ({
      ...file,
      uris: [document('left', file), document('right', file)] as const,
    }));
    const [first] = rows;
    if (first === undefined) return;
    if (rows.length === 1) {
      const title = `${first.label} (${what})`;
      await vscode.commands.executeCommand('vscode.diff', ...first.uris, title, { preview: true });
      return;
    }
    // VS Code puts the number of files behind it.
    const title = `Undo: ${what}`;
    titles.add(title);
    const resources = rows.map(({ file, left, right, uris }) => [
      vscode.Uri.file(file),
      left.state.kind === 'missing' ? undefined : uris[0],
      right.state.kind === 'missing' ? undefined : uris[1],
    ]);
    await vscode.commands.executeCommand('vscode.changes', title, resources);
  };

  const close = async (): Promise<void> => {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = tabs.filter((tab) => isShown(tab, titles));
    titles.clear();
    sides.clear();
    if (shown.length > 0) await vscode.window.tabGroups.close(shown, true);
  };

  return { show, close, dispose: () => provider.dispose() };
};
