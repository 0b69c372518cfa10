import { setTimeout as delay } from 'node:timers/promises';
import { inSlices } from '../core/slices.ts';
import type { FreeableKind, RepairKind, StorageUse } from '../core/storageReport.ts';
import { imageState } from './checkFiles.ts';
import { lostImages } from './checkUndo.ts';
import type { ColdMover } from './coldMove.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import { corruptName, storeFiles } from './files.ts';
import { readJournalFile } from './journal.ts';
import { deleteOrphans, deleteUnneededImages, filesIn, type StoredFile } from './orphans.ts';
import { deletedBefore, deleteSession } from './sessions.ts';
import type { OpenSqlite } from './sqlite.ts';
import { isBackup, isDamagedFile, oldOutputs } from './storageUse.ts';
import { bytesInWords, counted } from './storageWords.ts';
import { forgetAllVersions, forgetVersions, versionHashes } from './versions.ts';

export interface RepairOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly now: () => number;
  readonly database: Database;
  readonly mover: ColdMover;
  readonly rebuildIndex: () => Promise<void>;
  /** Deletes the files that no chat needs any more. @param call unique name */
  readonly deleteBlobs: (call: string) => Promise<void>;
  readonly measureUse: () => Promise<StorageUse>;
}

/** Sets aside what is damaged, and writes a snapshot and the one before it anew. */
const repairSnapshot = async (options: RepairOptions, call: string): Promise<string> => {
  const { disk, folder, database } = options;
  const files = storeFiles(folder);
  const kept: string[] = [];
  const now = options.now();
  // Under the lock. What is renamed here is not needed: everything is in memory, and the journal still stands.
  await database.transact(call, () => {
    for (const [image, journal] of [
      [files.image, files.journal],
      [files.previousImage, files.previousJournal],
    ] as const) {
      if (imageState(options, image, readJournalFile(disk, journal)?.header) !== 'damaged') continue;
      const aside = corruptName(image, now);
      kept.push(aside);
      disk.rename(image, aside);
    }
    const journal = readJournalFile(disk, files.journal);
    if (journal !== undefined && journal.scan.state === 'damaged') {
      const aside = corruptName(files.journal, now);
      kept.push(aside);
      disk.copy(files.journal, aside);
    }
    return [];
  });
  // Twice, so that the previous one is whole as well.
  await database.snapshot(true);
  await database.snapshot(true);
  const bytes = bytesInWords(disk.stat(files.image)?.size ?? 0);
  return `A snapshot of everything was written, twice (${bytes} each).${kept.length === 0 ? '' : ` What was damaged is kept as ${kept.join(' and ')}.`}`;
};

/** Forgets what was kept of steps as far as it is not there any more. */
const forgetLost = async ({ disk, folder, database }: RepairOptions, call: string): Promise<string> => {
  const lost = await inSlices(lostImages(disk, folder, await database.read(versionHashes)));
  await database.transact(call, () => forgetVersions(lost));
  return lost.length === 0
    ? 'There was nothing that had to be forgotten.'
    : `What could not be undone any more was forgotten: ${counted(lost.length, 'content')} of files ${lost.length === 1 ? 'was' : 'were'} gone.`;
};

/** @param call unique name @returns what was done */
export const repairStorage = async (
  options: RepairOptions,
  call: string,
  kind: RepairKind,
): Promise<string> => {
  switch (kind) {
    case 'snapshot':
      return repairSnapshot(options, call);
    case 'searchIndex': {
      await options.rebuildIndex();
      const [row] = options.database.query('SELECT count(*) AS messages FROM search_docsize');
      return `The search index was made anew: ${counted(Number(row?.messages), 'message')} can be found.`;
    }
    case 'orphans': {
      const { files, bytes } = await deleteOrphans(options, call);
      return files === 0
        ? 'There was no file that could be deleted.'
        : `${counted(files, 'file')} that no chat refers to ${files === 1 ? 'was' : 'were'} deleted (${bytesInWords(bytes)}).`;
    }
    case 'undo':
      return forgetLost(options, call);
  }
};

const remove = (disk: Disk, files: readonly StoredFile[]): number => {
  for (const { file } of files) disk.remove(file);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
};

/** The longest step of the clock that files are marked with; milliseconds. */
const clockMs = 20;

/** For good, from everything that is on the disk: the snapshots and the files of old chats are written without them. */
const freeDeletedChats = async (options: RepairOptions, call: string): Promise<number> => {
  const { database, deleteBlobs, mover, measureUse } = options;
  const before = await measureUse();
  await database.transact(call, (query) =>
    deletedBefore(query, Number.MAX_SAFE_INTEGER).flatMap(deleteSession),
  );
  await deleteBlobs(`${call}:blobs`);
  await deleteUnneededImages(options, call);
  await mover.tidy();
  // A file that chats have left goes with the snapshots before that, told apart by the time: it must have passed.
  await delay(clockMs);
  await database.compact();
  await database.snapshot(true);
  await mover.tidy();
  return Math.max(0, before.bytes - (await measureUse()).bytes);
};

/** @param call unique name @returns bytes that were freed */
export const freeStorage = async (
  options: RepairOptions,
  call: string,
  kind: FreeableKind,
): Promise<number> => {
  const { disk, folder } = options;
  switch (kind) {
    case 'deletedChats':
      return freeDeletedChats(options, call);
    case 'backups':
      return remove(
        disk,
        filesIn(disk, folder).filter(({ name }) => isBackup(name)),
      );
    case 'damagedFiles':
      return remove(
        disk,
        filesIn(disk, folder).filter(({ name }) => isDamagedFile(name)),
      );
    case 'orphans':
      return (await deleteOrphans(options, call)).bytes;
    case 'commandOutput':
      return remove(disk, oldOutputs(disk, folder, Date.now()));
    case 'undo':
      await options.database.transact(call, () => [forgetAllVersions()]);
      return deleteUnneededImages(options, call);
  }
};
