import * as path from 'node:path';
import * as vscode from 'vscode';
import { createNestedWatch } from './nestedWatch.ts';

/** Of `.agents/skills` in a new folder both may be missing. */
const missingLevels = 2;

/**
 * Watches a folder through the editor, inside the workspace or not; also one that is not there yet.
 * @param folder absolute path
 */
export const watchFolder = (folder: string, onChange: () => void): vscode.Disposable => {
  const nested = process.platform === 'linux' ? createNestedWatch(onChange) : undefined;
  const changed = ({ fsPath }: vscode.Uri): void => {
    onChange();
    // One that was moved over another counts as changed.
    if (path.dirname(fsPath) === folder) void nested?.renew(fsPath);
  };
  const watch = (base: string, glob: string): vscode.Disposable => {
    const pattern = new vscode.RelativePattern(vscode.Uri.file(base), glob);
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    return vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(changed),
      watcher.onDidChange(changed),
      watcher.onDidDelete(changed),
    );
  };
  const watchers = [watch(folder, '**/*')];
  // Of a folder that is made with all it holds, the system may tell only that it was made.
  for (let level = 0, inner = folder; level < missingLevels; level += 1) {
    const outer = path.dirname(inner);
    if (outer === inner) break;
    watchers.push(watch(outer, path.basename(inner)));
    inner = outer;
  }
  return vscode.Disposable.from(...watchers, ...(nested === undefined ? [] : [nested]));
};
