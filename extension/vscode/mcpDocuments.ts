/** Read-only documents about MCP servers: what they start, ask and have changed, with nothing hidden in them. */
import * as vscode from 'vscode';
import { visible } from './skillWords.ts';

export const mcpScheme = 'anycowork-mcp';

/** One text on both sides; absent where it is not there. */
export interface ComparedText {
  /** For the title of its part: a tool's name. */
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface McpDocuments extends vscode.Disposable {
  /** As text, whatever stands in it. */
  show(title: string, text: string): Promise<void>;
  /** Side by side; several in one editor. */
  compare(title: string, texts: readonly ComparedText[]): Promise<void>;
}

/** Characters that are shown of one text. */
const mostShown = 2_000_000;
/** More are not shown side by side. */
const mostCompared = 200;
/** Documents that are kept besides those that are open. */
const mostKept = 500;

const gone = 'This was shown before. Ask for it again.\n';

/**
 * Everything that cannot be seen as an escape. A line in front says so: else a text that has the escape itself would
 * look the same as one that has the character.
 */
export const shownText = (text: string): string => {
  const cut = text.length <= mostShown ? text : `${text.slice(0, mostShown)}\n… cut here\n`;
  const plain = cut.replaceAll(/\r\n?/g, '\n');
  const shown = visible(plain);
  if (shown === plain) return shown;
  return `[Characters that cannot be seen stand here as \\u{…}]\n${shown}`;
};

/** The path is what a tab says. */
const pathOf = (name: string): string => `/${visible(name).replaceAll(/[/\\?#\n]/g, '-')}.txt`;

export const createMcpDocuments = (): McpDocuments => {
  const texts = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  let compared = 0;

  const provider = vscode.workspace.registerTextDocumentContentProvider(mcpScheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? gone,
  });

  const tidy = (): void => {
    if (texts.size <= mostKept) return;
    const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
    for (const name of [...texts.keys()].slice(0, texts.size - mostKept)) {
      if (!open.has(name)) texts.delete(name);
    }
  };
  const put = (uri: vscode.Uri, text: string): vscode.Uri => {
    const name = uri.toString();
    texts.delete(name);
    texts.set(name, shownText(text));
    // VS Code keeps what it has read for a while after the tab is closed.
    changed.fire(uri);
    tidy();
    return uri;
  };

  return {
    show: async (title, text) => {
      const uri = put(vscode.Uri.from({ scheme: mcpScheme, path: pathOf(title) }), text);
      // What it is compared with stands in a tab that the next one would take.
      await vscode.window.showTextDocument(uri, { preview: false });
    },
    compare: async (title, all) => {
      compared += 1;
      const sideOf = (index: number, name: string, side: 'before' | 'after', text: string | undefined) =>
        text === undefined
          ? undefined
          : put(
              // The query keeps what was compared before as it was.
              vscode.Uri.from({
                scheme: mcpScheme,
                path: pathOf(name),
                query: `${compared}-${index}-${side}`,
              }),
              text,
            );
      const rows = all.slice(0, mostCompared).map(({ name, before, after }, index) => ({
        name,
        before: sideOf(index, name, 'before', before),
        after: sideOf(index, name, 'after', after),
      }));
      const [first] = rows;
      if (first === undefined) return;
      if (rows.length === 1) {
        const empty = (side: 'before' | 'after') =>
          put(
            vscode.Uri.from({ scheme: mcpScheme, path: pathOf('nothing'), query: `${compared}-${side}` }),
            '',
          );
        const [before, after] = [first.before ?? empty('before'), first.after ?? empty('after')];
        const options = { preview: false };
        await vscode.commands.executeCommand('vscode.diff', before, after, `${visible(title)}`, options);
        return;
      }
      const resources = rows.map(({ name, before, after }) => [
        vscode.Uri.from({ scheme: mcpScheme, path: pathOf(name) }),
        before,
        after,
      ]);
      await vscode.commands.executeCommand('vscode.changes', visible(title), resources);
    },
    dispose: () => {
      provider.dispose();
      changed.dispose();
    },
  };
};
