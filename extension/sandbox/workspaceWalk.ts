import type { Dirent } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';

/** What a look through a workspace found; all paths `/`-separated below it, the shallow ones first. */
export interface WorkspaceView {
  /** What is protected by its name; nothing below it is listed. */
  readonly protected: readonly string[];
  /** Where each symbolic link leads, as it is written. */
  readonly links: ReadonlyMap<string, string>;
  /** Folders that git takes for repositories although they are not called .git. */
  readonly bare: ReadonlySet<string>;
  /** False: there was more than is looked at. */
  readonly isComplete: boolean;
  readonly entries: number;
}

export interface WalkPorts {
  /** Why a path is protected by its name, or undefined. */
  protectedReason(label: string): string | undefined;
}

/** They hold more than all the rest, and nobody opens them in an editor. */
const skipped = new Set(['node_modules']);
const atOnce = 16;

const read = (folder: string): Promise<readonly Dirent[]> =>
  // Gone meanwhile, or not readable by the person: then not by the editor either.
  readdir(folder, { withFileTypes: true }).catch(() => []);

const isBare = (entries: readonly Dirent[]): boolean => {
  const names = new Set(entries.map(({ name }) => name));
  return names.has('HEAD') && names.has('objects') && names.has('refs');
};

/**
 * Looks through a workspace level by level, without following links.
 * @param mostEntries files, folders and links to look at
 */
export const walkWorkspace = async (
  workspace: string,
  mostEntries: number,
  { protectedReason }: WalkPorts,
): Promise<WorkspaceView> => {
  const found: string[] = [];
  const links = new Map<string, string>();
  const bare = new Set<string>();
  let entries = 0;
  let isComplete = true;

  const lookAt = async (folder: string): Promise<readonly string[]> => {
    const below: string[] = [];
    const listed = await read(path.join(workspace, folder));
    if (isBare(listed)) bare.add(folder === '' ? '.' : folder);
    const parent = path.posix.basename(folder);
    for (const entry of listed) {
      entries += 1;
      const label = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // Nothing above it is protected, and names look no further up than their parent.
      const isProtected =
        protectedReason(parent === '' ? entry.name : `${parent}/${entry.name}`) !== undefined;
      if (isProtected) found.push(label);
      if (entry.isSymbolicLink()) {
        const target = await readlink(path.join(workspace, label)).catch(() => undefined);
        if (target !== undefined) links.set(label, target);
      } else if (entry.isDirectory() && !isProtected && !skipped.has(entry.name)) {
        below.push(label);
      }
    }
    return below;
  };

  let level: readonly string[] = [''];
  while (level.length > 0) {
    const next: string[] = [];
    for (let start = 0; start < level.length; start += atOnce) {
      if (entries >= mostEntries) {
        isComplete = false;
        break;
      }
      const belows = await Promise.all(level.slice(start, start + atOnce).map(lookAt));
      for (const below of belows) next.push(...below);
    }
    if (!isComplete) break;
    level = next;
  }
  const depth = (label: string): number => label.split('/').length;
  const sorted = found.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  return { protected: sorted, links, bare, isComplete, entries };
};
