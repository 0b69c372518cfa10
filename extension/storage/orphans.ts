import path from 'node:path';
import { inSlices, type Sliced } from '../core/slices.ts';
import type { ColdMover } from './coldMove.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import type { Query } from './sqlite.ts';

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

/** Everything under blobs/, one folder of it at each step. */
export function* blobFiles(disk: Disk, folder: string): Sliced<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  for (const prefix of disk.list(path.join(folder, 'blobs'))) {
    found.push(...filesIn(disk, path.join(folder, 'blobs', prefix)));
    yield;
  }
  return found;
}

/** Younger files may be of something that is just being written; milliseconds. */
const restMs = 60 * 60_000;
const temporaryRestMs = 24 * 60 * 60_000;

const isBlobName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

const isNeeded = (query: Query, hash: string): boolean =>
  query(
    'SELECT 1 FROM blob_refs WHERE hash = ?1 UNION ALL SELECT 1 FROM doomed_blobs WHERE hash = ?1 LIMIT 1',
    [hash],
  ).length > 0;

/** Files that no chat refers to, and what crashes have left half written. */
export function* orphansAmong(
  query: Query,
  blobs: readonly StoredFile[],
  others: readonly StoredFile[],
): Sliced<readonly StoredFile[]> {
  const now = Date.now();
  const orphans = others.filter(
    ({ name, changedAt }) => name.endsWith('.tmp') && changedAt < now - temporaryRestMs,
  );
  for (const blob of blobs) {
    const isOld = blob.changedAt < now - (isBlobName(blob.name) ? restMs : temporaryRestMs);
    if (isOld && !(isBlobName(blob.name) && isNeeded(query, blob.name))) orphans.push(blob);
    yield;
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
  const blobs = await inSlices(blobFiles(disk, folder));
  const orphans = await inSlices(orphansAmong(database.query, blobs, filesIn(disk, folder)));
  let files = 0;
  let bytes = 0;
  for (let from = 0; from < orphans.length; from += atOnce) {
    await database.transact(`${call}:${from}`, (query) => {
      for (const orphan of orphans.slice(from, from + atOnce)) {
        if (isBlobName(orphan.name) && isNeeded(query, orphan.name)) continue;
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
