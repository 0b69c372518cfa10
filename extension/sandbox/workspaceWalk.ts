import type { Dir } from 'node:fs';
import { opendir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './errorCode.ts';

/** What a look through a workspace found; all paths `/`-separated below it, the shallow ones first. */
export interface WorkspaceView {
  /** What is protected by its name; nothing below it is listed. */
  readonly protected: readonly string[];
  /** Where each symbolic link leads, as it is written. */
  readonly links: ReadonlyMap<string, string>;
  /** Folders that git takes for repositories although they are not called .git, and how their HEAD is written. */
  readonly bare: ReadonlyMap<string, string>;
  /** Folders and links that could not be looked into. */
  readonly unseen: ReadonlySet<string>;
  /** False: there was more than is looked at. */
  readonly isComplete: boolean;
  readonly entries: number;
}

export interface WalkPorts {
  /** Why a path is protected by its name, or undefined. */
  protectedReason(label: string): string | undefined;
  /** Is called with the path of each folder before it is looked into. */
  beforeFolder?(folder: string, label: string): Promise<void>;
}

/** They hold more than all the rest, and nobody opens them in an editor. */
const skipped = new Set(['node_modules']);
const atOnce = 16;

/** Names that are no UTF-8 are read with this in the place of what they hold, and do not lead to anything. */
const isOdd = (label: string): boolean => label.includes('\uFFFD');

/**
 * How the HEAD of a repository is written. In one that shares what it holds with another, `commondir` stands for objects
 * and refs. File systems that ignore case open them however they are written.
 */
const headOf = (names: readonly string[]): string | undefined => {
  const has = (wanted: string): boolean => names.some((name) => name.toLowerCase() === wanted);
  if (!has('commondir') && !(has('objects') && has('refs'))) return undefined;
  return names.find((name) => name === 'HEAD') ?? names.find((name) => name.toLowerCase() === 'head');
};

const gitNames = new Set(['head', 'objects', 'refs', 'commondir']);

/**
 * Looks through a workspace level by level, without following links.
 * @param mostEntries files, folders and links to look at
 */
export const walkWorkspace = async (
  workspace: string,
  mostEntries: number,
  { protectedReason, beforeFolder }: WalkPorts,
): Promise<WorkspaceView> => {
  const found: string[] = [];
  const links = new Map<string, string>();
  const bare = new Map<string, string>();
  const unseen = new Set<string>();
  let entries = 0;
  let isComplete = true;

  const open = async (folder: string): Promise<Dir | undefined> => {
    const whole = path.join(workspace, folder);
    await beforeFolder?.(whole, folder || '.');
    try {
      return await opendir(whole, { bufferSize: 256 });
    } catch (error) {
      const isGone = errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
      if (!isGone || isOdd(folder)) unseen.add(folder || '.');
      return undefined;
    }
  };

  const lookAt = async (folder: string): Promise<readonly string[]> => {
    const below: string[] = [];
    const names: string[] = [];
    const parent = path.posix.basename(folder);
    for await (const entry of (await open(folder)) ?? []) {
      // One folder alone can hold more than there is memory for.
      if (entries >= mostEntries) {
        isComplete = false;
        break;
      }
      entries += 1;
      if (gitNames.has(entry.name.toLowerCase())) names.push(entry.name);
      const label = folder === '' ? entry.name : `${folder}/${entry.name}`;
      // Nothing above it is protected, and names look no further up than their parent.
      const isProtected =
        protectedReason(parent === '' ? entry.name : `${parent}/${entry.name}`) !== undefined;
      if (isProtected) found.push(label);
      if (entry.isSymbolicLink()) {
        const target = await readlink(path.join(workspace, label)).catch(() => undefined);
        if (target !== undefined) links.set(label, target);
        else if (isOdd(entry.name)) unseen.add(label);
      } else if (entry.isDirectory() && !isProtected && !skipped.has(entry.name)) {
        below.push(label);
      }
    }
    const head = headOf(names);
    if (head !== undefined) bare.set(folder === '' ? '.' : folder, head);
    return below;
  };

  let level: readonly string[] = [''];
  while (level.length > 0 && isComplete) {
    const next: string[] = [];
    for (let start = 0; start < level.length && isComplete; start += atOnce) {
      const belows = await Promise.all(level.slice(start, start + atOnce).map(lookAt));
      for (const below of belows) next.push(...below);
    }
    level = next;
  }
  const depth = (label: string): number => label.split('/').length;
  const sorted = found.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  return { protected: sorted, links, bare, unseen, isComplete, entries };
};
