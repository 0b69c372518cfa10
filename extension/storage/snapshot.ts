import { crc32 } from 'node:zlib';
import type { Disk } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { makeImage } from './image.ts';
import { Journal, journalBytes } from './journal.ts';
import type { JournalRecord } from './journalFormat.ts';
import type { Sqlite } from './sqlite.ts';

export interface SnapshotSource {
  readonly sqlite: Sqlite;
  /** The last transaction that it holds. */
  readonly sequence: number;
  /** Higher than that of any journal that was there. */
  readonly generation: number;
  /** Where the journal goes that stands under its name; none where no journal does. */
  readonly oldJournal?: string;
  /** What stands in that journal behind what the database holds. */
  readonly late?: () => readonly JournalRecord[];
}

/**
 * Writes the database as the new snapshot and begins a new journal. Under the lock, with everything applied. A crash
 * between any two steps leaves a store that loads to the same rows: until the new journal stands under its name, the
 * old one (under either name) still holds every transaction, and those the snapshot has are skipped by their number. And
 * it leaves a sign: while no journal stands under its name, the new one is there under the name it was written under. A
 * journal that is missing without it was taken away by somebody.
 *
 * @returns the new journal and the snapshot's size
 */
export const writeSnapshot = (
  disk: Disk,
  files: StoreFiles,
  { sqlite, sequence, generation, oldJournal, late }: SnapshotSource,
): { readonly journal: Journal; readonly size: number } => {
  const image = makeImage(sqlite, sequence, generation);
  const header = { generation, base: sequence, imageBytes: image.length, imageCrc: crc32(image) };
  const temporary = `${files.image}.tmp`;
  try {
    disk.writeFile(temporary, [image]);
    disk.writeFile(files.nextJournal, journalBytes(header, []));
  } catch (error) {
    disk.remove(temporary);
    disk.remove(files.nextJournal);
    throw error;
  }
  if (disk.stat(files.image) !== undefined) disk.rename(files.image, files.previousImage);
  disk.rename(temporary, files.image);
  disk.syncFolder(files.folder);

  if (oldJournal !== undefined) disk.rename(files.journal, oldJournal);
  // Nobody can have appended since, unless the lock failed; then those transactions go on into the new journal.
  const records = late?.() ?? [];
  if (records.length > 0) disk.writeFile(files.nextJournal, journalBytes(header, records));
  disk.rename(files.nextJournal, files.journal);
  disk.syncFolder(files.folder);
  const next = Journal.open(disk, files.journal);
  if (next === undefined) throw new Error('The new journal cannot be read back');
  return { journal: next, size: image.length };
};
