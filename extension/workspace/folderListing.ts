/** The names in the workspace before a command, within limits: what tells a file that it made from one it changed. */
import type { Dirent } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { comparableName } from './comparableName.ts';
import { isFollowedName, mapSome } from './realRoots.ts';

export type NameKind = 'file' | 'folder' | 'link' | 'other';

export interface FolderListing {
  /** Whether something was at a path; undefined where nobody looked. */
  existed(file: string): NameKind | 'nothing' | undefined;
  /** Paths of names beside it that a forgiving file system takes for the same. */
  alike(file: string): readonly string[];
  /** Symbolic links, and where they led. */
  readonly links: ReadonlyMap<string, string>;
  /** Everything that was listed below a folder. */
  below(folder: string): readonly { readonly file: string; readonly kind: NameKind }[];
}

export interface ListingLimits {
  readonly entries: number;
  readonly milliseconds: number;
}

const kindOf = (entry: Dirent): NameKind => {
  if (entry.isFile()) return 'file';
  if (entry.isSymbolicLink()) return 'link';
  return entry.isDirectory() ? 'folder' : 'other';
};

/** Nearest folders first; symbolic links are not followed. Names and links only, so that it costs little. */
export const listFolders = async (
  roots: readonly string[],
  limits: ListingLimits,
): Promise<FolderListing> => {
  const names = new Map<string, ReadonlyMap<string, NameKind>>();
  const end = performance.now() + limits.milliseconds;
  const links = new Map<string, string>();
  let entries = 0;
  let level: readonly string[] = roots;
  const listOne = async (folder: string): Promise<readonly string[]> => {
    if (entries >= limits.entries || performance.now() > end) return [];
    const found = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (found === undefined) return [];
    entries += found.length;
    names.set(folder, new Map(found.map((entry) => [entry.name, kindOf(entry)])));
    for (const entry of found) {
      if (!entry.isSymbolicLink()) continue;
      const target = await readlink(path.join(folder, entry.name)).catch(() => undefined);
      if (target !== undefined) links.set(path.join(folder, entry.name), target);
    }
    return found.flatMap((entry) =>
      entry.isDirectory() && isFollowedName(entry.name) ? [path.join(folder, entry.name)] : [],
    );
  };
  while (level.length > 0) level = (await mapSome(level, 8, listOne)).flat();

  const existed: FolderListing['existed'] = (file) => {
    const parent = path.dirname(file);
    if (parent === file) return undefined;
    const listed = names.get(parent);
    if (listed !== undefined) return listed.get(path.basename(file)) ?? 'nothing';
    const above = existed(parent);
    // Below a file there was nothing either.
    return above === 'nothing' || above === 'file' ? 'nothing' : undefined;
  };
  const alikeIn = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const alike: FolderListing['alike'] = (file) => {
    const folder = path.dirname(file);
    const own = path.basename(file);
    const groups = alikeIn.get(folder) ?? Map.groupBy(names.get(folder)?.keys() ?? [], comparableName);
    alikeIn.set(folder, groups);
    const others = groups.get(comparableName(own)) ?? [];
    return others.flatMap((name) => (name === own ? [] : [path.join(folder, name)]));
  };
  const below: FolderListing['below'] = (folder) =>
    [...(names.get(folder) ?? [])].flatMap(([name, kind]) => {
      const file = path.join(folder, name);
      return [{ file, kind }, ...(kind === 'folder' ? below(file) : [])];
    });
  return { existed, alike, links, below };
};
