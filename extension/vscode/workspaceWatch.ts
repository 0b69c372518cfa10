import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';

/** Events reach an extension this late, in milliseconds; a while without any means that they have all come. */
const quiet = 200;
/** Something else may be writing all the time. */
const longest = 1_500;

/**
 * Watches folders through the editor, which does it already; what `files.watcherExclude` leaves out is not told.
 * @returns absolute paths that were made, changed or removed since
 */
export const watchWorkspace = (
  roots: readonly string[],
): { changed(): Promise<readonly string[]>; close(): void } => {
  const changed = new Set<string>();
  let events = 0;
  const note = ({ fsPath }: vscode.Uri): void => {
    events += 1;
    changed.add(fsPath);
  };
  const subscriptions = roots.flatMap((root) => {
    const pattern = new vscode.RelativePattern(vscode.Uri.file(root), '**/*');
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    return [watcher, watcher.onDidCreate(note), watcher.onDidChange(note), watcher.onDidDelete(note)];
  });
  return {
    changed: async () => {
      const end = performance.now() + longest;
      for (let before = -1; before !== events && performance.now() < end; ) {
        before = events;
        await pause(quiet);
      }
      return [...changed];
    },
    close: () => {
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
};
