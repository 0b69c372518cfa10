import { realpath } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { workspaceRoots } from './workspaceRoots.ts';

/** The path by which the editor knows a real path: below the folder as it was opened. */
const editorPath = async (file: string): Promise<string> => {
  for (const root of workspaceRoots()) {
    try {
      const relative = path.relative(await realpath(root.path), file);
      if (!relative.startsWith('..') && !path.isAbsolute(relative)) return path.join(root.path, relative);
    } catch {
      // The folder is gone.
    }
  }
  return file;
};

/**
 * Opens a file with another text in the place of its own, not saved: the person looks through it first.
 * @param file real path @throws when the editor does not take it
 */
export const openWithText = async (file: string, text: string): Promise<void> => {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(await editorPath(file)));
  const end = document.lineAt(document.lineCount - 1).range.end;
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(new vscode.Position(0, 0), end), text);
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error('The editor could not change this file.');
  await vscode.window.showTextDocument(document, { preview: false });
};
