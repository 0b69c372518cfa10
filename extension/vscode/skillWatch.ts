import * as vscode from 'vscode';

/**
 * Watches a folder through the editor, inside the workspace or not; also one that is not there yet.
 * @param folder absolute path
 */
export const watchFolder = (folder: string, onChange: () => void): vscode.Disposable => {
  const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), '**/*');
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(onChange),
    watcher.onDidChange(onChange),
    watcher.onDidDelete(onChange),
  );
};
