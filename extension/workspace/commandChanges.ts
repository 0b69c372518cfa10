/** From the paths that a command touched to how they were before, where that is known. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isSameState, missing } from '../core/restorePlan.ts';
import type { FileState } from '../shared/undo.ts';
import type { LookAfter } from './afterStates.ts';
import type { BeforeImages } from './beforeImages.ts';
import { isInside } from './boundary.ts';
import { newFileMode, permissionsOf, statusOf } from './fileState.ts';
import type { FolderListing } from './folderListing.ts';
import type { GitTree, TrackedFile } from './gitTree.ts';
import { isFollowed, mapSome, type RealRoot, type RootedFile, rooted } from './realRoots.ts';

export interface KeptFile extends RootedFile {
  readonly before: FileState;
}

export interface CommandChanges {
  /** `after` is absent where it could not be seen. */
  readonly files: readonly (KeptFile & { readonly after?: FileState })[];
  /** Labels of what changed, of which it is not known how it was. */
  readonly unknown: readonly string[];
}

/** What was found out before the command started, and which paths have changed since. */
export interface Evidence {
  readonly images: BeforeImages;
  readonly roots: readonly RealRoot[];
  readonly listing: FolderListing;
  readonly kept: ReadonlyMap<string, KeptFile>;
  readonly trees: readonly GitTree[];
  /** Absolute real paths. */
  readonly changed: readonly string[];
  readonly lookAfter: LookAfter;
  /** It is not looked at any more once this is aborted. */
  readonly limit: AbortSignal;
  logError(error: unknown): void;
}

/** More changed paths than these are not looked at one by one. */
const most = 5_000;
/** Bytes that are had from git for one command. */
const largestFromGit = 64_000_000;

/** Everything below a folder that was not there before, or that is not there any more. */
const walk = async (folder: string, found: Set<string>): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (found.size > most) return;
    const file = path.join(folder, entry.name);
    found.add(file);
    if (entry.isDirectory()) await walk(file, found);
  }
};

/** A watch may tell only of a folder that came or went, and not of what it holds. */
const withContents = async ({ changed, listing, kept, roots }: Evidence): Promise<ReadonlySet<string>> => {
  // What was kept counts for itself: it can be put back, whatever else there is.
  const all = new Set(changed.filter((file) => kept.has(file)));
  for (const file of changed) {
    const place = rooted(file, roots);
    if (all.size > most || place === undefined || !isFollowed(place) || place.root === file) continue;
    all.add(file);
    const isFolder = (await statusOf(file).catch(() => undefined))?.isDirectory() === true;
    const had = listing.existed(file);
    if (isFolder && had === 'nothing') await walk(file, all);
    if (!isFolder && had === 'folder') {
      for (const each of listing.below(file)) all.add(each.file);
    }
    if (!isFolder) {
      for (const each of kept.keys()) if (isInside(file, each)) all.add(each);
    }
  }
  return all;
};

const newFolderMode = (): number => 0o777 & ~process.umask();

/** Git keeps no more of the mode than whether a file can be run. */
const modeOf = async (tracked: TrackedFile): Promise<number> => {
  const status = await statusOf(tracked.file).catch(() => undefined);
  const isExecutable = tracked.kind === 'executable';
  if (status?.isFile() === true && ((status.mode & 0o100) !== 0) === isExecutable)
    return permissionsOf(status);
  return isExecutable ? newFolderMode() : newFileMode();
};

/**
 * Which new names are other spellings of what was there: where case does not count, `mv Foo foo` looks like a new file
 * beside a changed one, and deleting the new one would delete the only one.
 */
const renamedIn = (listing: FolderListing): ((file: string) => Promise<boolean>) => {
  const known = new Map<string, Promise<boolean>>();
  const identity = async (file: string): Promise<string | undefined> => {
    const status = await lstat(file, { bigint: true }).catch(() => undefined);
    return status === undefined ? undefined : `${status.dev} ${status.ino}`;
  };
  const look = async (file: string): Promise<boolean> => {
    if (listing.existed(file) !== 'nothing') return false;
    const [own, ...others] = await Promise.all([file, ...listing.alike(file)].map(identity));
    if (own !== undefined && others.includes(own)) return true;
    return isRenamed(path.dirname(file));
  };
  const isRenamed = (file: string): Promise<boolean> => {
    const found = known.get(file) ?? look(file);
    known.set(file, found);
    return found;
  };
  return isRenamed;
};

/** The states of those files that git knew to be unchanged when the command started. */
const fromGit = async (
  evidence: Evidence,
  files: readonly string[],
): Promise<ReadonlyMap<string, FileState>> => {
  const states = new Map<string, FileState>();
  let room = largestFromGit;
  for (const tree of evidence.trees) {
    try {
      const clean = (await tree.cleanAmong(files.filter((file) => tree.holds(file)))).filter(({ size }) => {
        room -= size;
        return room >= 0;
      });
      const contents = await tree.contents(clean);
      await mapSome(clean, 16, async (tracked) => {
        const bytes = contents.get(tracked.object);
        if (bytes === undefined || states.has(tracked.file) || evidence.limit.aborted) return;
        const state: FileState =
          tracked.kind === 'link'
            ? { kind: 'link', target: bytes.toString('utf8') }
            : await evidence.images.keepBytes(bytes, await modeOf(tracked));
        states.set(tracked.file, state);
      });
    } catch (error) {
      evidence.logError(error);
    }
  }
  return states;
};

export const changesOf = async (evidence: Evidence): Promise<CommandChanges> => {
  const { listing, kept, roots } = evidence;
  const touched = await withContents(evidence);
  const isTooMuch = touched.size > most;
  const known = [...touched].filter((file) => kept.has(file));
  const looked = [...known, ...[...touched].filter((file) => !kept.has(file)).slice(0, most)];
  const askGit = looked.filter((file) => !kept.has(file) && listing.existed(file) !== 'nothing');
  const git = await fromGit(evidence, askGit);

  /** Undefined where it is not known. */
  const beforeOf = (file: string): FileState | undefined => {
    const known = kept.get(file)?.before ?? git.get(file);
    if (known !== undefined) return known;
    const target = listing.links.get(file);
    if (target !== undefined) return { kind: 'link', target };
    const had = listing.existed(file);
    if (had === 'nothing') return missing;
    return had === 'folder' ? { kind: 'folder', mode: newFolderMode() } : undefined;
  };

  const isRenamed = renamedIn(listing);
  const unknown = new Set<string>();
  const all = [...new Set([...looked, ...git.keys()])];
  const files = await mapSome(all, 16, async (file): Promise<CommandChanges['files']> => {
    const place = rooted(file, roots);
    if (place === undefined || !isFollowed(place)) return [];
    const before = beforeOf(file);
    const after = await evidence.lookAfter(file, before).catch(() => undefined);
    if (before !== undefined && after === undefined && kept.has(file)) return [{ ...place, before }];
    if (before?.kind === 'missing' && !kept.has(file) && (await isRenamed(file))) {
      unknown.add(place.label);
      return [];
    }
    if (before === undefined || after === undefined) {
      // A folder's entries count for themselves.
      if (after?.kind !== 'folder') unknown.add(place.label);
      return [];
    }
    // Of a folder that is still there, the mode before is only known where it was kept.
    if (before.kind === 'folder' && after.kind === 'folder' && !kept.has(file)) return [];
    return isSameState(before, after) ? [] : [{ ...place, before, after }];
  });
  return {
    files: files.flat(),
    unknown: [...[...unknown].sort(), ...(isTooMuch ? ['and more'] : [])],
  };
};
