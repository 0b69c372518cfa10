import { chmod, lstat, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readPlainFile } from './moveTree.ts';

/** A file, link or folder with all that it holds, kept in memory. */
export type KeptTree =
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly mode: number; readonly entries: ReadonlyMap<string, KeptTree> };

/** What may still be kept; goes down while something is. */
export interface KeepingRoom {
  bytes: number;
  entries: number;
}

/** @returns undefined where it is not there, is something else (a pipe), or there is no room for the whole of it */
export const keepTree = async (file: string, room: KeepingRoom): Promise<KeptTree | undefined> => {
  room.entries -= 1;
  if (room.entries < 0) return undefined;
  const stat = await lstat(file).catch(() => undefined);
  if (stat === undefined) return undefined;
  const mode = stat.mode & 0o7777;
  if (stat.isSymbolicLink()) return { kind: 'link', target: await readlink(file) };
  if (stat.isFile()) {
    room.bytes -= stat.size;
    if (room.bytes < 0) return undefined;
    const bytes = await readPlainFile(file, stat.size);
    return bytes && { kind: 'file', bytes, mode };
  }
  if (!stat.isDirectory()) return undefined;
  const entries = new Map<string, KeptTree>();
  for (const name of (await readdir(file).catch(() => [])).sort()) {
    const kept = await keepTree(path.join(file, name), room);
    if (kept === undefined) return undefined;
    entries.set(name, kept);
  }
  return { kind: 'folder', mode, entries };
};

export const isSameTree = (one: KeptTree, other: KeptTree): boolean => {
  if (one.kind === 'file')
    return other.kind === 'file' && one.mode === other.mode && one.bytes.equals(other.bytes);
  if (one.kind === 'link') return other.kind === 'link' && one.target === other.target;
  return (
    other.kind === 'folder' &&
    one.mode === other.mode &&
    one.entries.size === other.entries.size &&
    [...one.entries].every(([name, entry]) => {
      const there = other.entries.get(name);
      return there !== undefined && isSameTree(entry, there);
    })
  );
};

/** Writes a tree where nothing is; nothing that is there is followed or written over. @throws the system's error */
export const writeTree = async (file: string, tree: KeptTree): Promise<void> => {
  if (tree.kind === 'link') return symlink(tree.target, file);
  if (tree.kind === 'file') {
    await writeFile(file, tree.bytes, { flag: 'wx', mode: tree.mode });
    return chmod(file, tree.mode);
  }
  await mkdir(file);
  for (const [name, entry] of tree.entries) await writeTree(path.join(file, name), entry);
  await chmod(file, tree.mode);
};
