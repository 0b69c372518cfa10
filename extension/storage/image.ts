import { crc32 } from 'node:zlib';
import type { Disk } from './disk.ts';
import type { JournalHeader } from './journalFormat.ts';
import type { OpenSqlite, Sqlite } from './sqlite.ts';

/** A snapshot that was read and found intact. */
export interface Image {
  readonly sqlite: Sqlite;
  /** The last transaction it holds. */
  readonly sequence: number;
  /** The journal that was begun together with it; 0 when it was written to repair a store. */
  readonly generation: number;
  readonly size: number;
}

const signature = Buffer.from('SQLite format 3\0', 'latin1');

const metaNumber = (sqlite: Sqlite, key: string): number => {
  const value = sqlite.query('SELECT value FROM meta WHERE key = ?', [key])[0]?.value;
  if (typeof value !== 'number') throw new Error(`The snapshot has no ${key}`);
  return value;
};

export const isSound = (sqlite: Sqlite): boolean =>
  sqlite.query('PRAGMA quick_check(1)')[0]?.quick_check === 'ok';

/** @param journal header of the journal that belongs to it, if any: it knows the snapshot's checksum */
export const readImage = (
  disk: Disk,
  openSqlite: OpenSqlite,
  file: string,
  journal: JournalHeader | undefined,
): Image | 'missing' | 'damaged' => {
  const bytes = disk.readFile(file);
  if (bytes === undefined) return 'missing';
  // SQLite takes an empty file for an empty database, which would be the worst answer here.
  if (!bytes.subarray(0, signature.length).equals(signature)) return 'damaged';
  let sqlite: Sqlite | undefined;
  try {
    sqlite = openSqlite(bytes);
    const sequence = metaNumber(sqlite, 'sequence');
    const generation = metaNumber(sqlite, 'generation');
    const isPair = journal !== undefined && journal.imageBytes > 0 && journal.generation === generation;
    const isIntact = isPair
      ? bytes.length === journal.imageBytes && crc32(bytes) === journal.imageCrc
      : isSound(sqlite);
    if (isIntact) return { sqlite, sequence, generation, size: bytes.length };
  } catch {
    // SQLite's own words for damage help nobody; what is done about it is told by the caller.
  }
  sqlite?.close();
  return 'damaged';
};

/** The database as a snapshot's bytes. The two numbers are of this image only, so they are not journaled. */
export const makeImage = (sqlite: Sqlite, sequence: number, generation: number): Uint8Array => {
  const sql = 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)';
  sqlite.run(sql, ['sequence', sequence]);
  sqlite.run(sql, ['generation', generation]);
  return sqlite.image();
};
