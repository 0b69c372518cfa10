/** Read-only documents about skills: reports with links of our own making, and files of skills as they are. */
import { lstat, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { readableText } from './undoMerge.ts';
import { formatBytes } from './words.ts';

export const skillScheme = 'anycowork-skill';

/** A part of a line that leads to a file. Lines and columns from 0. */
export interface ReportLink {
  readonly line: number;
  readonly from: number;
  readonly to: number;
  /** `/`-separated, below the report's folder. */
  readonly file: string;
  /** From 1. */
  readonly atLine?: number;
}

export interface Report {
  readonly text: string;
  readonly links: readonly ReportLink[];
}

/** A file on both sides; absent where it is not there. Absolute folders. */
export interface ComparedFile {
  /** `/`-separated, below both folders. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface SkillDocuments extends vscode.Disposable {
  /** As text. @param folder absolute: what the links are below of */
  show(name: string, report: Report, folder?: string): Promise<void>;
  /** Drawn. @param markdown without anything that fetches; see `harmless` */
  preview(name: string, markdown: string): Promise<void>;
  compare(title: string, files: readonly ComparedFile[]): Promise<void>;
  /** Closes what is about files of this folder, which is about to go. @param folder absolute */
  close(folder: string): Promise<void>;
}

/** Larger files are not shown. */
const largestShown = 2_000_000;

/** More files are not shown side by side. */
const mostCompared = 200;

const contentOf = async (file: string): Promise<string> => {
  try {
    const state = await lstat(file);
    if (!state.isFile()) return 'This is no regular file.\n';
    if (state.size > largestShown)
      return `A file of ${formatBytes(state.size)}, which is too large to be shown.\n`;
    return readableText(await readFile(file)) ?? `A binary file of ${formatBytes(state.size)}.\n`;
  } catch {
    return 'This file is not there, or was not kept.\n';
  }
};

/**
 * Markdown of a program, so that drawing it fetches nothing: no picture from elsewhere and no HTML. What is not seen
 * stands between the two signs that would begin one, in code as well.
 */
export const harmless = (markdown: string): string =>
  markdown.replaceAll('![', '!\u200b[').replaceAll(/<(?=[A-Za-z/!?])/g, '<\u200b');

/** In a tab of its own: the usual preview goes on to draw whatever Markdown is shown next. */
export const drawn = async (uri: vscode.Uri): Promise<void> => {
  await vscode.commands.executeCommand('vscode.openWith', uri, 'vscode.markdown.preview.editor');
};

export const createSkillDocuments = (): SkillDocuments => {
  const reports = new Map<string, { readonly report: Report; readonly folder: string | undefined }>();
  /** Only below these. */
  const folders = new Set<string>();
  /** Folders by the titles of what compares files of them: VS Code does not tell what such a tab shows. */
  const titles = new Map<string, readonly string[]>();
  const changed = new vscode.EventEmitter<vscode.Uri>();

  /** The folder stands in the query: it is of this computer, and the path is what the tab says. */
  const fileUri = (folder: string, below: string, fragment = ''): vscode.Uri => {
    folders.add(folder);
    return vscode.Uri.from({ scheme: skillScheme, path: `/${below}`, query: folder, fragment });
  };

  const provider = vscode.workspace.registerTextDocumentContentProvider(skillScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: ({ path: name, query }) => {
      if (query === '') return reports.get(name)?.report.text ?? 'This was shown before. Ask for it again.\n';
      const file = path.join(query, name);
      const isInside = folders.has(query) && file.startsWith(path.join(query, path.sep));
      return isInside ? contentOf(file) : 'This was shown before. Ask for it again.\n';
    },
  });
  const links = vscode.languages.registerDocumentLinkProvider(
    { scheme: skillScheme },
    {
      provideDocumentLinks: ({ uri }) => {
        const shown = uri.query === '' ? reports.get(uri.path) : undefined;
        const folder = shown?.folder;
        if (shown === undefined || folder === undefined) return [];
        return shown.report.links.map(({ line, from, to, file, atLine }) => {
          const target = fileUri(folder, file, atLine === undefined ? '' : `L${atLine}`);
          return new vscode.DocumentLink(new vscode.Range(line, from, line, to), target);
        });
      },
    },
  );

  const put = (name: string, report: Report, folder: string | undefined): vscode.Uri => {
    const uri = vscode.Uri.from({ scheme: skillScheme, path: `/${name.replaceAll(/[/\\]/g, '-')}.md` });
    reports.set(uri.path, { report, folder });
    changed.fire(uri);
    return uri;
  };

  const isAbout = (folder: string, { scheme, path: name, query }: vscode.Uri): boolean =>
    scheme === skillScheme && (query === '' ? reports.get(name)?.folder === folder : query === folder);
  const shows = ({ input, label }: vscode.Tab, folder: string): boolean => {
    if (input instanceof vscode.TabInputText) return isAbout(folder, input.uri);
    if (input instanceof vscode.TabInputTextDiff)
      return isAbout(folder, input.original) || isAbout(folder, input.modified);
    return [...titles].some(([title, of]) => label.startsWith(title) && of.includes(folder));
  };

  return {
    show: async (name, report, folder) => {
      // What it is compared with stands in a tab that the next one would take.
      await vscode.window.showTextDocument(put(name, report, folder), { preview: false });
    },
    preview: async (name, markdown) => {
      const uri = put(name, { text: markdown, links: [] }, undefined);
      await drawn(uri);
    },
    compare: async (title, files) => {
      const rows = files.slice(0, mostCompared).map(({ path: below, before, after }) => ({
        below,
        before: before === undefined ? undefined : fileUri(before, below),
        after: after === undefined ? undefined : fileUri(after, below),
      }));
      const [first] = rows;
      if (first === undefined) return;
      if (rows.length === 1 && first.before !== undefined && first.after !== undefined) {
        await vscode.commands.executeCommand(
          'vscode.diff',
          first.before,
          first.after,
          `${first.below} (${title})`,
          { preview: true },
        );
        return;
      }
      titles.set(
        title,
        files.flatMap(({ before, after }) => [before, after].filter((each) => each !== undefined)),
      );
      const resources = rows.map(({ below, before, after }) => [
        vscode.Uri.from({ scheme: skillScheme, path: `/${below}` }),
        before,
        after,
      ]);
      await vscode.commands.executeCommand('vscode.changes', title, resources);
    },
    close: async (folder) => {
      const { all } = vscode.window.tabGroups;
      const tabs = all.flatMap((group) => group.tabs).filter((tab) => shows(tab, folder));
      if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
      folders.delete(folder);
      for (const [name, { folder: own }] of [...reports]) if (own === folder) reports.delete(name);
      for (const [title, of] of [...titles]) if (of.includes(folder)) titles.delete(title);
    },
    dispose: () => {
      provider.dispose();
      links.dispose();
      changed.dispose();
    },
  };
};
