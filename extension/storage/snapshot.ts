import { crc32 } from 'node:zlib';
import type { Disk } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { makeImage } from './image.ts';
import { Journal, writeJournal } from './journal.ts';
import type { Sqlite } from './sqlite.ts';

/**
 * Writes the database as the new snapshot and begins a new journal. Under the lock, with everything applied. A crash
 * between any two steps leaves a store that loads to the same rows: until the new journal stands under its name, the
 * old one (under either name) still holds every transaction, and those the snapshot has are skipped by their number.
 *
 * @returns the new journal and the snapshot's size
 */
export const writeSnapshot = (
  disk: Disk,
  files: StoreFiles,
  sqlite: Sqlite,
  sequence: number,
  journal: Journal,
): { readonly journal: Journal; readonly size: number } => {
  const generation = journal.header.generation + 1;
  const image = makeImage(sqlite, sequence, generation);
  const temporary = `${files.image}.tmp`;
  try {
    disk.writeFile(temporary, [image]);
  } catch (error) {
    disk.remove(temporary);
    throw error;
  }
  if (disk.stat(files.image) !== undefined) disk.rename(files.image, files.previousImage);
  disk.rename(temporary, files.image);
  disk.syncFolder(files.folder);

  disk.rename(files.journal, files.previousJournal);
  // Nobody can have appended since, unless the lock failed; then those transactions go on into the new journal.
  const late = journal.readTail();
  const header = { generation, base: sequence, imageBytes: image.length, imageCrc: crc32(image) };
  writeJournal(disk, files.journal, header, late.records);
  const next = Journal.open(disk, files.journal);
  if (next === undefined) throw new Error('The new journal cannot be read back');
  journal.close();
  return { journal: next, size: image.length };
};
