/** The view of rules as VS Code asks for it, before the product has been loaded. */
import * as vscode from 'vscode';

export interface RulesTree {
  /** Of the view itself without a parent. @throws StoreError */
  children(parent?: vscode.TreeItem): Promise<vscode.TreeItem[]>;
  /** There may be other rules now, or they stand elsewhere. */
  onChange(listener: () => void): () => void;
}

/** Loads, and reads, nothing until the view is shown. */
export const lazyRulesTree = (
  load: () => Promise<RulesTree>,
): vscode.TreeDataProvider<vscode.TreeItem> & vscode.Disposable => {
  const changed = new vscode.EventEmitter<undefined>();
  let unlisten: (() => void) | undefined;
  return {
    onDidChangeTreeData: changed.event,
    getTreeItem: (item) => item,
    getChildren: async (parent) => {
      const tree = await load();
      unlisten ??= tree.onChange(() => changed.fire(undefined));
      return tree.children(parent);
    },
    dispose: () => {
      unlisten?.();
      changed.dispose();
    },
  };
};
