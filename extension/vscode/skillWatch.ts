import * as path from 'node:path';
import * as vscode from 'vscode';
import { createNestedWatch, foldersBelow } from './nestedWatch.ts';

/** Of `.agents/skills` in a new folder both may be missing. */
const missingLevels = 2;

/** `outer`, and what leads from it to `inner`. */
const chain = (outer: string, inner: string): readonly string[] => {
  const names = path
    .relative(outer, inner)
    .split(path.sep)
    .filter((name) => name !== '');
  return [outer, ...names.map((_, index) => path.join(outer, ...names.slice(0, index + 1)))];
};

/**
 * Watches a folder through the editor, inside the workspace or not; also one that is not there yet.
 * @param folder absolute path
 */
export const watchFolder = (folder: string, onChange: () => void): vscode.Disposable => {
  const leadsHere = (file: string): boolean => file === folder || folder.startsWith(file + path.sep);
  const foldersOf = async (top: string): Promise<readonly string[]> =>
    leadsHere(top) ? [...chain(top, folder), ...(await foldersBelow(folder))] : foldersBelow(top);
  const nested = process.platform === 'linux' ? createNestedWatch(onChange, foldersOf) : undefined;
  const changed = ({ fsPath }: vscode.Uri): void => {
    onChange();
    // One that was moved over another counts as changed.
    if (path.dirname(fsPath) === folder) void nested?.renew(fsPath);
    // What was made in it before the editor's watcher got there is never told: neither now nor when it changes.
    else if (leadsHere(fsPath)) void nested?.renew(fsPath).then(onChange);
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
