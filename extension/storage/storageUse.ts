import path from 'node:path';
import { inSlices, type Sliced } from '../core/slices.ts';
import type { SessionSpace, SpacePart, StorageUse } from '../core/storageReport.ts';
import { coldFolder } from './coldFiles.ts';
import type { ColdMover } from './coldMove.ts';
import { chatBytes } from './coldRows.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import { storeFiles } from './files.ts';
import { blobFiles, filesIn, imageFiles, orphansAmong, type StoredFile } from './orphans.ts';
import { text } from './rows.ts';
import { getSession } from './sessions.ts';
import type { Query } from './sqlite.ts';

export interface UseOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly database: Database;
  readonly mover: ColdMover;
}

const largestShown = 50;

interface ChatSpace {
  readonly id: string;
  readonly isDeleted: boolean;
  readonly isCold: boolean;
  readonly rows: number;
  readonly blobs: number;
}

/** What each chat takes, one at each step. */
function* spaceOfChats(query: Query, blobBytes: ReadonlyMap<string, number>): Sliced<readonly ChatSpace[]> {
  const found: ChatSpace[] = [];
  for (const row of query('SELECT id, shelf, cold_file, cold_bytes FROM sessions')) {
    const id = text(row, 'id');
    const isCold = row.cold_file !== null;
    let blobs = 0;
    for (const each of query('SELECT hash FROM blob_refs WHERE session_id = ?', [id])) {
      blobs += blobBytes.get(text(each, 'hash')) ?? 0;
    }
    found.push({
      id,
      isDeleted: row.shelf === 'deleted',
      isCold,
      rows: isCold ? Number(row.cold_bytes) : chatBytes(query, id),
      blobs,
    });
    yield;
  }
  return found;
}

/** The files that only deleted chats need. */
const onlyDeleted = (query: Query): readonly string[] =>
  query(`SELECT DISTINCT hash FROM blob_refs AS mine
      WHERE session_id IN (SELECT id FROM sessions WHERE shelf = 'deleted')
        AND NOT EXISTS (SELECT 1 FROM blob_refs JOIN sessions ON sessions.id = blob_refs.session_id
          WHERE blob_refs.hash = mine.hash AND sessions.shelf <> 'deleted')`).map((row) => text(row, 'hash'));

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const bytesOf = (files: readonly StoredFile[]): number => total(files.map(({ bytes }) => bytes));

/** The full outputs of commands that are not of today: a newer one may still be read by the model. */
export const oldOutputs = (disk: Disk, folder: string, now: number): readonly StoredFile[] =>
  filesIn(disk, outputFolder(folder)).filter(
    ({ name, changedAt }) => isOutput(name) && changedAt < now - 24 * 60 * 60_000,
  );

const outputFolder = (folder: string): string => path.join(folder, 'output');
const isOutput = (name: string): boolean => name.startsWith('output-') && name.endsWith('.log');

export const isBackup = (name: string): boolean => /^anycowork\.db\.version-[0-9]+$/.test(name);
export const isDamagedFile = (name: string): boolean => /^anycowork\..*\.corrupt-/.test(name);

/** What everything takes on disk. In slices, and cheap enough to be asked now and then. */
export const measureUse = async ({ folder, disk, database, mover }: UseOptions): Promise<StorageUse> => {
  await database.refresh();
  const { query } = database;
  const files = storeFiles(folder);
  const inFolder = filesIn(disk, folder);
  const blobs = await inSlices(blobFiles(disk, folder));
  const images = await inSlices(imageFiles(disk, folder));
  const unused = await inSlices(orphansAmong(query, { blobs, images, others: inFolder }));
  const orphans = [...unused, ...mover.leftOver(query)];
  const isOrphan = new Set(orphans.map(({ file }) => file));
  const named = (...wanted: readonly string[]) => inFolder.filter(({ file }) => wanted.includes(file));
  const coldFiles = filesIn(disk, coldFolder(folder)).filter(({ file }) => !isOrphan.has(file));

  const blobBytes = new Map(blobs.map(({ name, bytes }) => [name, bytes]));
  const chats = await inSlices(spaceOfChats(query, blobBytes));
  const ofDeleted = onlyDeleted(query).filter((hash) => blobBytes.has(hash));
  const bytesOfDeleted = total(ofDeleted.map((hash) => blobBytes.get(hash) ?? 0));
  const deletedRows = (isCold: boolean): number =>
    total(chats.filter((chat) => chat.isDeleted && chat.isCold === isCold).map(({ rows }) => rows));
  const attachments = blobs.filter(({ file }) => !isOrphan.has(file));

  const database_ = named(files.image);
  const rowsHere = Math.min(deletedRows(false), bytesOf(database_));
  const rowsThere = Math.min(deletedRows(true), bytesOf(coldFiles));
  const part = (kind: SpacePart['kind'], of: readonly StoredFile[], besides = { bytes: 0, files: 0 }) => ({
    kind,
    bytes: bytesOf(of) - besides.bytes,
    files: of.length - besides.files,
  });
  const parts: readonly SpacePart[] = [
    part('database', database_, { bytes: rowsHere, files: 0 }),
    part('journal', named(files.journal, files.previousJournal)),
    part('previousSnapshot', named(files.previousImage)),
    part('oldChats', coldFiles, { bytes: rowsThere, files: 0 }),
    part('attachments', attachments, { bytes: bytesOfDeleted, files: ofDeleted.length }),
    { kind: 'deletedChats', bytes: rowsHere + rowsThere + bytesOfDeleted, files: ofDeleted.length },
    part(
      'backups',
      inFolder.filter(({ name }) => isBackup(name)),
    ),
    part(
      'damagedFiles',
      inFolder.filter(({ name }) => isDamagedFile(name)),
    ),
    part('orphans', orphans),
    part(
      'commandOutput',
      filesIn(disk, outputFolder(folder)).filter(({ name }) => isOutput(name)),
    ),
    part(
      'undo',
      images.filter(({ file }) => !isOrphan.has(file)),
    ),
  ];
  const largest = chats
    .toSorted((a, b) => b.rows + b.blobs - (a.rows + a.blobs))
    .slice(0, largestShown)
    .flatMap(({ id, rows, blobs: ofChat }): readonly SessionSpace[] => {
      const session = getSession(query, id);
      return session === undefined ? [] : [{ session, bytes: rows + ofChat }];
    });
  return { folder, bytes: total(parts.map(({ bytes }) => bytes)), parts, largest };
};
