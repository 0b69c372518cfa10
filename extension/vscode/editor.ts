import * as vscode from 'vscode';
import type { Editor, Problem } from '../core/workspace.ts';
import { isSameFile } from './sameFile.ts';

const severities: Record<vscode.DiagnosticSeverity, Problem['severity']> = {
  [vscode.DiagnosticSeverity.Error]: 'error',
  [vscode.DiagnosticSeverity.Warning]: 'warning',
  [vscode.DiagnosticSeverity.Information]: 'info',
  [vscode.DiagnosticSeverity.Hint]: 'hint',
};

const openDocuments = (): readonly vscode.TextDocument[] =>
  vscode.workspace.textDocuments.filter(({ isClosed, uri }) => !isClosed && uri.scheme === 'file');

const openDocument = (file: string): vscode.TextDocument | undefined =>
  openDocuments().find(({ uri }) => isSameFile(uri.fsPath, file));

const apply = async (fill: (edit: vscode.WorkspaceEdit) => void): Promise<boolean> => {
  const edit = new vscode.WorkspaceEdit();
  fill(edit);
  return vscode.workspace.applyEdit(edit);
};

const replaceAll = (document: vscode.TextDocument, text: string): Promise<boolean> => {
  const end = document.lineAt(document.lineCount - 1).range.end;
  const all = new vscode.Range(new vscode.Position(0, 0), end);
  return apply((edit) => edit.replace(document.uri, all, text));
};

/** The Editor port on VS Code: unsaved text is read, and edits of open files go through the editor's undo stack. */
export const createEditor = (): Editor => ({
  openText: (file) => {
    const document = openDocument(file);
    return document === undefined ? undefined : { text: document.getText(), isDirty: document.isDirty };
  },
  unsavedDocuments: () =>
    openDocuments()
      .filter(({ isDirty }) => isDirty)
      .map((document) => ({ file: document.uri.fsPath, text: document.getText() })),
  replaceText: async (file, text) => {
    const document = openDocument(file);
    if (document === undefined) return 'notOpen';
    const before = document.getText();
    if (!(await replaceAll(document, text))) return document.isClosed ? 'notOpen' : 'notSaved';
    // It is false, or rejects when the document was closed, for a read-only file and where the disk has another version.
    const isSaved = await Promise.resolve(document.save()).catch(() => false);
    if (isSaved) return 'saved';
    if (!document.isClosed) await replaceAll(document, before);
    return 'notSaved';
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
