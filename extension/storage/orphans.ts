import path from 'node:path';
import { inSlices, type Sliced } from '../core/slices.ts';
import type { ColdMover } from './coldMove.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import { runningJobs } from './interruptedJobs.ts';
import type { Query } from './sqlite.ts';
import { isImageNeeded } from './versions.ts';

export interface StoredFile {
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

/** The files in a folder, not those in its folders. */
export const filesIn = (disk: Disk, folder: string): readonly StoredFile[] =>
  disk.list(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const state = disk.stat(file);
    return state === undefined ? [] : [{ file, name, bytes: state.size, changedAt: state.changedAt }];
  });

function* filesByHash(disk: Disk, folder: string): Sliced<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  for (const prefix of disk.list(folder)) {
    found.push(...filesIn(disk, path.join(folder, prefix)));
    yield;
  }
  return found;
}

/** Everything under blobs/, one folder of it at each step. */
export const blobFiles = (disk: Disk, folder: string): Sliced<readonly StoredFile[]> =>
  filesByHash(disk, path.join(folder, 'blobs'));

/** Everything under before/, as blobFiles. */
export const imageFiles = (disk: Disk, folder: string): Sliced<readonly StoredFile[]> =>
  filesByHash(disk, beforeFolder(folder));

/** Where whoever makes steps undoable keeps what files were before: one file for each content, as blobs have it. */
export const beforeFolder = (folder: string): string => path.join(folder, 'before');

/** Younger files may be of something that is just being written; milliseconds. */
const restMs = 60 * 60_000;
const temporaryRestMs = 24 * 60 * 60_000;

const isBlobName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

const isBlobNeeded = (query: Query, hash: string): boolean =>
  query(
    'SELECT 1 FROM blob_refs WHERE hash = ?1 UNION ALL SELECT 1 FROM doomed_blobs WHERE hash = ?1 LIMIT 1',
    [hash],
  ).length > 0;

interface Orphan extends StoredFile {
  /** Asked anew under the lock. */
  readonly isNeeded: (query: Query) => boolean;
}

export interface FoundFiles {
  readonly blobs: readonly StoredFile[];
  readonly images: readonly StoredFile[];
  /** In the store's folder itself. */
  readonly others: readonly StoredFile[];
}

/** Files that no chat refers to, and what crashes have left half written. */
export function* orphansAmong(
  query: Query,
  { blobs, images, others }: FoundFiles,
): Sliced<readonly Orphan[]> {
  const now = Date.now();
  const orphans: Orphan[] = others
    .filter(({ name, changedAt }) => name.endsWith('.tmp') && changedAt < now - temporaryRestMs)
    .map((file) => ({ ...file, isNeeded: () => false }));
  for (const [files, isHashNeeded] of [
    [blobs, isBlobNeeded],
    [images, isImageNeeded],
  ] as const) {
    for (const file of files) {
      const isWhole = isBlobName(file.name);
      const isNeeded = (current: Query): boolean => isWhole && isHashNeeded(current, file.name);
      const isOld = file.changedAt < now - (isWhole ? restMs : temporaryRestMs);
      if (isOld && !isNeeded(query)) orphans.push({ ...file, isNeeded });
      yield;
    }
  }
  return orphans;
}

export interface OrphanOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly database: Database;
  readonly mover: ColdMover;
}

const atOnce = 200;

/**
 * Deletes what no chat refers to. Under the lock, and looked up again there: a transaction that comes to refer to a file
 * makes sure under the lock that it is there, and writes it again if not.
 * @returns how much that was
 */
export const deleteOrphans = async (
  { folder, disk, database, mover }: OrphanOptions,
  call: string,
): Promise<{ readonly files: number; readonly bytes: number }> => {
  await database.refresh();
  const orphans = await inSlices(
    orphansAmong(database.query, {
      blobs: await inSlices(blobFiles(disk, folder)),
      images: await inSlices(imageFiles(disk, folder)),
      others: filesIn(disk, folder),
    }),
  );
  let files = 0;
  let bytes = 0;
  for (let from = 0; from < orphans.length; from += atOnce) {
    await database.transact(`${call}:${from}`, (query) => {
      for (const orphan of orphans.slice(from, from + atOnce)) {
        // Who comes to need what is there already says so by touching it.
        if (orphan.isNeeded(query) || disk.stat(orphan.file)?.changedAt !== orphan.changedAt) continue;
        disk.remove(orphan.file);
        files += 1;
        bytes += orphan.bytes;
      }
      return [];
    });
  }
  const cold = await mover.collect();
  return { files: files + cold.files, bytes: bytes + cold.bytes };
};

/**
 * Deletes what was kept to undo steps with, and no version needs any more. While a job runs somewhere, what is young is
 * left: it may be of a step that is just being made undoable.
 * @returns bytes that were freed
 */
export const deleteUnneededImages = async (
  { folder, disk, database }: OrphanOptions,
  call: string,
): Promise<number> => {
  const images = await inSlices(imageFiles(disk, folder));
  let bytes = 0;
  for (let from = 0; from < images.length; from += atOnce) {
    await database.transact(`${call}:images:${from}`, (query) => {
      const newest = runningJobs(query).length === 0 ? Number.POSITIVE_INFINITY : Date.now() - restMs;
      for (const { file, name } of images.slice(from, from + atOnce)) {
        const state = disk.stat(file);
        // What is half written is left to whoever collects orphans.
        if (state === undefined || state.changedAt > newest || !isBlobName(name)) continue;
        if (isImageNeeded(query, name)) continue;
        disk.remove(file);
        bytes += state.size;
      }
      return [];
    });
  }
  return bytes;
};
