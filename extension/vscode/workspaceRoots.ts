import * as vscode from 'vscode';
import type { WorkspaceRoot } from '../core/workspace.ts';

/** The open folders on disk, with names that tell them apart. */
export const workspaceRoots = (): readonly WorkspaceRoot[] => {
  const taken = new Set<string>();
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === 'file')
    .map((folder) => {
      let name = folder.name;
      for (let count = 2; taken.has(name); count += 1) name = `${folder.name}-${count}`;
      taken.add(name);
      return { name, path: folder.uri.fsPath };
    });
};
