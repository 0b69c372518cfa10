import * as vscode from 'vscode';
import type { Editor, Problem } from '../core/workspace.ts';

const severities: Record<vscode.DiagnosticSeverity, Problem['severity']> = {
  [vscode.DiagnosticSeverity.Error]: 'error',
  [vscode.DiagnosticSeverity.Warning]: 'warning',
  [vscode.DiagnosticSeverity.Information]: 'info',
  [vscode.DiagnosticSeverity.Hint]: 'hint',
};

const openDocument = (file: string): vscode.TextDocument | undefined =>
  vscode.workspace.textDocuments.find(
    (document) => !document.isClosed && document.uri.scheme === 'file' && document.uri.fsPath === file,
  );

const apply = async (fill: (edit: vscode.WorkspaceEdit) => void): Promise<boolean> => {
  const edit = new vscode.WorkspaceEdit();
  fill(edit);
  return vscode.workspace.applyEdit(edit);
};

/** The Editor port on VS Code: unsaved text is read, and edits of open files go through the editor's undo stack. */
export const createEditor = (): Editor => ({
  openText: (file) => {
    const document = openDocument(file);
    return document === undefined ? undefined : { text: document.getText(), isDirty: document.isDirty };
  },
  replaceText: async (file, text) => {
    const document = openDocument(file);
    if (document === undefined) return false;
    const end = document.lineAt(document.lineCount - 1).range.end;
    const all = new vscode.Range(new vscode.Position(0, 0), end);
    if (!(await apply((edit) => edit.replace(document.uri, all, text)))) return false;
    return document.save();
  },
  moveFile: (from, to) =>
    apply((edit) => edit.renameFile(vscode.Uri.file(from), vscode.Uri.file(to), { overwrite: false })),
  deleteFile: (file) => apply((edit) => edit.deleteFile(vscode.Uri.file(file), { recursive: false })),
  problems: (file) => {
    const entries =
      file === undefined
        ? vscode.languages.getDiagnostics()
        : [[vscode.Uri.file(file), vscode.languages.getDiagnostics(vscode.Uri.file(file))] as const];
    return entries.flatMap(([uri, diagnostics]) =>
      diagnostics.map((diagnostic) => ({
        file: uri.fsPath,
        line: diagnostic.range.start.line + 1,
        column: diagnostic.range.start.character + 1,
        severity: severities[diagnostic.severity],
        message: diagnostic.message,
        source: diagnostic.source ?? '',
      })),
    );
  },
});
