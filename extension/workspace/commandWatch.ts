/**
 * What a command changed in the workspace, as far as that can be told from outside.
 *
 * Kept before it starts, within limits: the files its arguments name, those with unsaved text, those of the chat, and
 * those that git would not have. While it runs, a watch says which paths change. What was not kept beforehand is had
 * from git's objects where git knew the file to be unchanged; what was not there before needs no content. Of anything
 * else it is said that it cannot be put back. `.git` and `node_modules` are not followed.
 */
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { PreparedStep } from '../core/tool.ts';
import type { Editor, WorkspaceRoot } from '../core/workspace.ts';
import type { LookAfter } from './afterStates.ts';
import type { BeforeImages } from './beforeImages.ts';
import { resolveInside } from './boundary.ts';
import { type CommandChanges, changesOf, type KeptFile } from './commandChanges.ts';
import { namedPaths, wildcard } from './commandPaths.ts';
import { statusOf } from './fileState.ts';
import { type FolderListing, listFolders } from './folderListing.ts';
import { type GitTree, openGitTree } from './gitTree.ts';
import { isFollowed, mapSome, realRootsOf, rooted, toReal } from './realRoots.ts';

/** A watch on the workspace that has begun. */
export interface WorkspaceWatch {
  /** Absolute paths that were made, changed or removed since; waits until what is still on its way has come. */
  changed(): Promise<readonly string[]>;
  close(): void;
}

export interface CommandWatchOptions {
  readonly images: BeforeImages;
  roots(): readonly WorkspaceRoot[];
  readonly editor: Pick<Editor, 'unsavedDocuments'>;
  /** @param roots absolute paths, as they were opened */
  watch(roots: readonly string[]): WorkspaceWatch;
  /** Absolute paths that the chat has read or changed: likely to be changed again. */
  candidates(sessionId: string): Promise<readonly string[]>;
  logError(error: unknown): void;
  /** How long git and the listing of names may take before the command starts, in milliseconds. */
  readonly patienceMs?: { readonly git: number; readonly listing: number };
}

export interface CommandRun {
  /** What the command's own words name, as it was. */
  readonly named: readonly KeptFile[];
  /** @param limit it is not looked at any more once this is aborted */
  finish(lookAfter: LookAfter, limit: AbortSignal): Promise<CommandChanges>;
}

const limits = { files: 500, bytes: 64_000_000, below: 200, links: 2_000 };

/** Equal for a file that nobody has touched. */
const printOf = async (file: string): Promise<string> => {
  const status = await lstat(file, { bigint: true }).catch(() => undefined);
  return status === undefined ? '' : [status.ino, status.size, status.mtimeNs, status.ctimeNs].join(' ');
};

/** A folder's files come in its place, as many as are looked at; a pattern's matches in its. */
const expanded = async (file: string): Promise<readonly string[]> => {
  const pattern = wildcard(path.basename(file));
  const status = await statusOf(file).catch(() => undefined);
  if (status === undefined && pattern !== undefined) {
    const names = await readdir(path.dirname(file)).catch(() => []);
    const matching = names.filter((name) => pattern.test(name)).slice(0, limits.below);
    return matching.map((name) => path.join(path.dirname(file), name));
  }
  if (status?.isDirectory() !== true) return [file];
  const found: string[] = [file];
  for (let index = 0; index < found.length && found.length < limits.below; index += 1) {
    const folder = found[index] ?? '';
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    found.push(...entries.slice(0, limits.below).map((entry) => path.join(folder, entry.name)));
  }
  return found.slice(0, limits.below);
};

export const startCommandWatch = async (
  options: CommandWatchOptions,
  sessionId: string,
  command: PreparedStep['access']['command'],
  signal: AbortSignal,
): Promise<CommandRun> => {
  const { images, logError } = options;
  const roots = await realRootsOf(options.roots());
  const patience = options.patienceMs ?? { git: 1_500, listing: 300 };
  const watch = options.watch(roots.map(({ root }) => root.path));
  const trees: GitTree[] = [];
  const kept = new Map<string, KeptFile & { readonly print: string }>();
  let room = limits.bytes;

  /** Nothing where it is outside, not followed, or past a limit. */
  const keep = async (given: string): Promise<void> => {
    const place = rooted(toReal(given, roots), roots);
    if (place === undefined || !isFollowed(place) || kept.has(place.file)) return;
    const status = await statusOf(place.file).catch(() => undefined);
    const size = status?.isFile() === true ? status.size : 0;
    if (signal.aborted || kept.size >= limits.files || size > room) return;
    room -= size;
    const print = await printOf(place.file);
    const before = await images.keep(place.file).catch(() => undefined);
    if (before !== undefined) kept.set(place.file, { ...place, before, print });
  };
  const keepAll = async (files: readonly string[]): Promise<void> => {
    await mapSome(files, 8, keep);
  };

  const namedFiles = async (): Promise<readonly string[]> => {
    if (command === undefined) return [];
    const folder = await resolveInside(command.folder, options.roots()).catch(() => undefined);
    if (folder === undefined) return [];
    const { line, words = [], root, isSandboxed } = command;
    const meant = { given: words, ...(isSandboxed ? { workspace: root } : {}) };
    const inside = namedPaths(line, folder.file, meant).filter((file) => rooted(file, roots) !== undefined);
    const all = await mapSome(inside, 8, expanded);
    return all.flat().filter((file) => file !== folder.file);
  };

  const openTrees = async (): Promise<void> => {
    await mapSome(roots, 4, async ({ real }) => {
      const tree = await openGitTree(real, patience.git);
      if (tree !== undefined) trees.push(tree);
    });
  };

  const closeAll = async (): Promise<void> => {
    watch.close();
    await Promise.all(trees.map((tree) => tree.close()));
  };

  let listing: FolderListing;
  let named: readonly KeptFile[];
  try {
    const [listed] = await Promise.all([
      listFolders(
        roots.map(({ real }) => real),
        { entries: 50_000, milliseconds: patience.listing },
      ),
      openTrees(),
    ]);
    listing = listed;
    await keepAll(await namedFiles());
    named = [...kept.values()].map(({ print: _, ...each }) => each);
    await keepAll(options.editor.unsavedDocuments().map(({ file }) => file));
    await keepAll(await options.candidates(sessionId));
    await keepAll(trees.flatMap(({ dirty }) => dirty));
    await images.settle();
    signal.throwIfAborted();
  } catch (error) {
    await closeAll();
    throw error;
  }

  const finish: CommandRun['finish'] = async (lookAfter, limit) => {
    try {
      const told = await watch.changed();
      const touched = await mapSome([...kept.values()], 16, async ({ file, print }) =>
        (await printOf(file)) === print ? [] : [file],
      );
      // The editor's watch may be told to leave folders out.
      const differing = await mapSome(trees, 4, (tree) =>
        tree.changedSince().catch((error: unknown) => {
          logError(error);
          return [];
        }),
      );
      // Not every watch tells of links.
      const turned = await mapSome([...listing.links].slice(0, limits.links), 16, async ([file, target]) =>
        (await readlink(file).catch(() => undefined)) === target ? [] : [file],
      );
      return await changesOf({
        images,
        roots,
        listing,
        kept,
        trees,
        lookAfter,
        limit,
        changed: [
          ...touched.flat(),
          ...turned.flat(),
          ...differing.flat(),
          ...told.map((file) => toReal(file, roots)),
        ],
        logError,
      });
    } finally {
      await closeAll();
    }
  };
  return { named, finish };
};
