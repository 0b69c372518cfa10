import { type Disk, replaceFile } from './disk.ts';
import { corruptName, type StoreFiles } from './files.ts';
import { makeImage } from './image.ts';
import { type JournalFile, writeJournal } from './journal.ts';
import type { JournalRecord } from './journalFormat.ts';
import type { Sqlite } from './sqlite.ts';

/** What loading found, and what there is now in memory. */
export interface Findings {
  readonly image: 'intact' | 'missing' | 'damaged';
  /** A snapshot has to be written, since it was missing or damaged and memory was filled without it. */
  readonly needsImage: boolean;
  readonly current: JournalFile | undefined;
  /** Read only when it was needed. */
  readonly previous: JournalFile | undefined;
  readonly isJournalBroken: boolean;
  /** Transactions applied to the snapshot that memory was filled from. */
  readonly applied: readonly JournalRecord[];
  readonly sequence: number;
  /** The highest generation that was seen anywhere. */
  readonly generation: number;
  readonly time: number;
}

/** Cuts a torn tail, writes a journal without its damage, or begins one. */
const mendJournal = (disk: Disk, files: StoreFiles, findings: Findings): void => {
  const { current, previous, isJournalBroken, sequence } = findings;
  if (current?.header !== undefined && !isJournalBroken) {
    // As a new file: what a crash has left is cut off, but so may be what another window has read, and must notice.
    if (current.scan.state === 'torn')
      writeJournal(disk, files.journal, current.header, current.scan.records);
    return;
  }
  // A snapshot just written holds everything; else the journal has to keep what is newer than the snapshot.
  const kept = findings.needsImage ? [] : findings.applied;
  const base = (kept[0]?.sequence ?? sequence + 1) - 1;
  if (isJournalBroken) {
    // Copied, not moved: at every moment the transactions stand under the journal's name.
    disk.copy(files.journal, corruptName(files.journal, findings.time));
    if (previous !== undefined)
      disk.copy(files.previousJournal, corruptName(files.previousJournal, findings.time));
  }
  const header = { generation: findings.generation + 1, base, imageBytes: 0, imageCrc: 0 };
  writeJournal(disk, files.journal, header, kept);
};

/**
 * Puts the files in order after a crash or damage; what was damaged stays beside them. Under the lock. Each step leaves
 * files that load to the same rows.
 * @returns the names under which damaged files are kept
 */
export const mend = (
  disk: Disk,
  files: StoreFiles,
  sqlite: Sqlite,
  findings: Findings,
): readonly string[] => {
  const kept: string[] = [];
  if (findings.needsImage) {
    if (findings.image === 'damaged') {
      disk.rename(files.image, corruptName(files.image, findings.time));
      kept.push(corruptName(files.image, findings.time));
    }
    replaceFile(disk, files.image, [makeImage(sqlite, findings.sequence, 0)]);
  }
  mendJournal(disk, files, findings);
  // Of a snapshot that a crash has cut short: left there, it would explain a journal that goes missing later.
  if (disk.stat(files.nextJournal) !== undefined) disk.remove(files.nextJournal);
  if (findings.isJournalBroken) kept.push(corruptName(files.journal, findings.time));
  return kept;
};
