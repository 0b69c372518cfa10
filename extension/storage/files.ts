import path from 'node:path';

/** Where everything of one store lies. */
export interface StoreFiles {
  readonly folder: string;
  /** The last snapshot and the one before it. */
  readonly image: string;
  readonly previousImage: string;
  /** Transactions since the snapshot, and those between the two snapshots. */
  readonly journal: string;
  readonly previousJournal: string;
  /** Of a snapshot that is being written: the journal that begins with it. */
  readonly nextJournal: string;
  readonly lock: string;
}

export const storeFiles = (folder: string): StoreFiles => ({
  folder,
  image: path.join(folder, 'anycowork.db'),
  previousImage: path.join(folder, 'anycowork.db.1'),
  journal: path.join(folder, 'anycowork.journal'),
  previousJournal: path.join(folder, 'anycowork.journal.1'),
  nextJournal: path.join(folder, 'anycowork.journal.tmp'),
  lock: path.join(folder, 'anycowork.lock'),
});

/** `anycowork.db.corrupt-2026-01-31T12-00-00-000Z`: a name for what is kept aside. */
export const corruptName = (file: string, now: number): string =>
  `${file}.corrupt-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
