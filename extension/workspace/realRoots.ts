import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { WorkspaceRoot } from '../core/workspace.ts';
import { isInside, labelOf } from './boundary.ts';

/** An open folder, and where it really lies. */
export interface RealRoot {
  readonly root: WorkspaceRoot;
  readonly real: string;
}

/** Where a path belongs. */
export interface RootedFile {
  /** Absolute real path. */
  readonly file: string;
  /** As WorkspacePath.label. */
  readonly label: string;
  /** Real path of its root. */
  readonly root: string;
}

/** Folders that are not there are left out. */
export const realRootsOf = async (roots: readonly WorkspaceRoot[]): Promise<readonly RealRoot[]> => {
  const all = await Promise.all(
    roots.map(async (root) => ({ root, real: await realpath(root.path).catch(() => undefined) })),
  );
  return all.flatMap(({ root, real }) => (real === undefined ? [] : [{ root, real }]));
};

/** The innermost root, where one lies within another; undefined outside of all. */
export const rootOf = (file: string, roots: readonly RealRoot[]): RealRoot | undefined =>
  roots.filter(({ real }) => isInside(real, file)).sort((a, b) => b.real.length - a.real.length)[0];

export const rooted = (file: string, roots: readonly RealRoot[]): RootedFile | undefined => {
  const home = rootOf(file, roots);
  if (home === undefined) return undefined;
  const label = labelOf(
    home.root,
    path.relative(home.real, file),
    roots.map(({ root }) => root),
  );
  return { file, label, root: home.real };
};

/** Below the real root, for a path below the root as it was opened. */
export const toReal = (file: string, roots: readonly RealRoot[]): string => {
  const place = rootOf(file, roots);
  // Spelled as the root is: Windows writes `c:` and `C:` for the same drive.
  if (place !== undefined) return path.join(place.real, path.relative(place.real, file));
  const home = roots.find(({ root }) => isInside(root.path, file));
  return home === undefined ? file : path.join(home.real, path.relative(home.root.path, file));
};

/** The history is git's, and packages are made anew from their list: neither is ever put back. */
const unfollowed = new Set(['.git', 'node_modules']);

export const isFollowed = ({ file, root }: Pick<RootedFile, 'file' | 'root'>): boolean =>
  !path
    .relative(root, file)
    .split(path.sep)
    .some((part) => unfollowed.has(part.toLowerCase()));

export const isFollowedName = (name: string): boolean => !unfollowed.has(name.toLowerCase());

/** Runs at most so many at once; the order of the results is that of the items. */
export const mapSome = async <T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
};
