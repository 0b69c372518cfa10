/** Problems of a skill's files in the Problems panel, while they are edited. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { SkillProblem } from '../shared/skill.ts';

/** Milliseconds without a key after which a file is read again. */
const delay = 300;

/** In any case of letters, as the catalogue finds them. */
const describing: readonly string[] = ['skill.yaml', 'skill.md'];

const isDescribing = ({ uri }: vscode.TextDocument): boolean =>
  uri.scheme === 'file' && describing.includes(path.basename(uri.fsPath).toLowerCase());

const severities: Record<SkillProblem['severity'], vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
};

export const createSkillDiagnostics = (ports: {
  /** @param file absolute path @param text as it stands in the editor, not on the disk */
  parse(file: string, text: string): Promise<readonly SkillProblem[]>;
  logError(error: unknown): void;
}): vscode.Disposable => {
  const collection = vscode.languages.createDiagnosticCollection('anycowork-skills');
  const timers = new Map<string, NodeJS.Timeout>();

  const read = async (document: vscode.TextDocument): Promise<void> => {
    const { version } = document;
    const problems = await ports.parse(document.uri.fsPath, document.getText());
    // Another key was pressed, or it was closed: what was read is not about what is shown.
    if (document.isClosed || document.version !== version) return;
    const name = path.basename(document.uri.fsPath);
    // `.` is the skill as a whole.
    const own = problems.filter(({ file }) => file === name || file === '.');
    collection.set(
      document.uri,
      own.map(({ line, severity, message }) => {
        const at = document.lineAt(Math.min(Math.max(0, (line ?? 1) - 1), document.lineCount - 1));
        const diagnostic = new vscode.Diagnostic(at.range, message, severities[severity]);
        diagnostic.source = 'AnyCowork';
        return diagnostic;
      }),
    );
  };

  const forget = ({ uri }: vscode.TextDocument): void => {
    clearTimeout(timers.get(uri.toString()));
    timers.delete(uri.toString());
  };
  const soon = (document: vscode.TextDocument): void => {
    if (!isDescribing(document)) return;
    forget(document);
    const timer = setTimeout(() => {
      timers.delete(document.uri.toString());
      read(document).catch(ports.logError);
    }, delay);
    timers.set(document.uri.toString(), timer);
  };
  for (const document of vscode.workspace.textDocuments) {
    if (isDescribing(document)) read(document).catch(ports.logError);
  }
  return vscode.Disposable.from(
    collection,
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (isDescribing(document)) read(document).catch(ports.logError);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => soon(document)),
    // What it names may have been made meanwhile.
    vscode.workspace.onDidSaveTextDocument(soon),
    vscode.workspace.onDidCloseTextDocument((document) => {
      forget(document);
      collection.delete(document.uri);
    }),
    {
      dispose: () => {
        for (const timer of timers.values()) clearTimeout(timer);
      },
    },
  );
};
