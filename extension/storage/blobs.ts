import { createHash } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import type { BuildTransaction } from './changes.ts';
import { type Disk, replaceFile } from './disk.ts';
import { text } from './rows.ts';
import type { Query, Statement } from './sqlite.ts';
import { gone, withoutGone } from './withoutGone.ts';

/** Strings longer than this (in UTF-16 units) live in a file of their own. */
export const blobThreshold = 16 * 1024;

const referenceSchema = z.strictObject({
  $blob: z.string().regex(/^[0-9a-f]{64}$/),
  as: z.enum(['base64', 'utf8', 'utf16le']),
});
type Reference = z.infer<typeof referenceSchema>;

/** Keys that could be taken for a reference get one more dollar sign on the way in and lose it on the way out. */
const looksReserved = /^\$+blob$/;
/** Whether the bytes behind the text give exactly this text again. (A regular expression overflows at some megabytes.) */
const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text;

/** A reference as it stands in packed JSON. What a person or a model wrote has its quotes escaped there. */
const referencePattern = /"\$blob":"([0-9a-f]{64})"/g;

/** The names of all files that a packed text refers to. */
export const hashesIn = (packed: string): readonly string[] => [
  ...new Set([...packed.matchAll(referencePattern)].map((match) => match[1] ?? '')),
];

/** @param folder of the store */
export const blobFile = (folder: string, hash: string): string =>
  path.join(folder, 'blobs', hash.slice(0, 2), hash);

const isThere = (disk: Disk, file: string, bytes: Buffer): boolean => disk.stat(file)?.size === bytes.length;

/** JSON whose long strings (tool output, images) are files named by their SHA-256, each written once and never changed. */
export class Blobs {
  readonly #disk: Disk;
  readonly #folder: string;

  /** @param folder of the store */
  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = path.join(folder, 'blobs');
  }

  /** For the values of one transaction. */
  packer(): Packer {
    return new Packer((hash, bytes) => this.#write(hash, bytes));
  }

  /** The value as it was packed; what was in a file that is gone says so. */
  unpack<T>(text: string): T {
    const value: unknown = JSON.parse(text);
    // The row was packed from a T, and migrations bring old rows to today's types.
    return (text.includes('$blob"') ? withoutGone(this.#unpacked(value)) : value) as T;
  }

  /** Under the lock only, and only what no row refers to. */
  remove(hash: string): void {
    this.#disk.remove(this.#file(hash));
  }

  #unpacked(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#unpacked(each));
    if (typeof value !== 'object' || value === null) return value;
    const reference = '$blob' in value ? referenceSchema.safeParse(value).data : undefined;
    if (reference !== undefined) return this.#read(reference);
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        looksReserved.test(key) ? key.slice(1) : key,
        this.#unpacked(each),
      ]),
    );
  }

  #file(hash: string): string {
    return blobFile(path.dirname(this.#folder), hash);
  }

  #write(hash: string, bytes: Buffer): void {
    const file = this.#file(hash);
    if (isThere(this.#disk, file, bytes)) return;
    const folder = path.dirname(file);
    if (this.#disk.stat(folder) === undefined) {
      this.#disk.makeFolder(folder);
      this.#disk.syncFolder(this.#folder);
      this.#disk.syncFolder(path.dirname(this.#folder));
    }
    replaceFile(this.#disk, file, [bytes]);
  }

  #read({ $blob, as }: Reference): string | typeof gone {
    const bytes = this.#disk.readFile(this.#file($blob));
    // No string of a file is empty: that is one whose content is lost.
    return bytes === undefined || bytes.length === 0 ? gone : bytes.toString(as);
  }
}

/** Packs the values of one transaction: writes their files before the lock is taken, and accounts for them under it. */
export class Packer {
  readonly #write: (hash: string, bytes: Buffer) => void;
  readonly #written = new Map<string, Buffer>();

  constructor(write: (hash: string, bytes: Buffer) => void) {
    this.#write = write;
  }

  /** @returns the JSON text to keep in a row; the files it refers to are durable. @throws the system's error */
  readonly pack = (value: unknown): string => {
    const plain = JSON.stringify(value);
    const isSmall = plain.length <= blobThreshold && !plain.includes('$blob"');
    return isSmall ? plain : JSON.stringify(this.#packed(JSON.parse(plain)));
  };

  /**
   * What says that a chat needs the files. Under the lock: another window may have deleted a chat with the same file
   * since it was packed here, and then it is written once more.
   */
  references(sessionId: string): readonly Statement[] {
    return [...this.#written].flatMap(([hash, bytes]) => {
      this.#write(hash, bytes);
      return referTo(sessionId, hash);
    });
  }

  /** What has the files deleted, unless others need them: the chat they were meant for is gone. */
  discard(): readonly Statement[] {
    return [...this.#written.keys()].map((hash) => ({
      sql: `INSERT OR IGNORE INTO doomed_blobs (hash)
        SELECT ? WHERE NOT EXISTS (SELECT 1 FROM blob_refs WHERE hash = ?)`,
      params: [hash, hash],
    }));
  }

  #packed(value: unknown): unknown {
    if (typeof value === 'string') return value.length > blobThreshold ? this.#keep(value) : value;
    if (Array.isArray(value)) return value.map((each) => this.#packed(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        looksReserved.test(key) ? `$${key}` : key,
        this.#packed(each),
      ]),
    );
  }

  #keep(text: string): Reference {
    // UTF-8 has no half surrogate pairs, which a cut text can end with.
    const as = isBase64(text) ? 'base64' : text.isWellFormed() ? 'utf8' : 'utf16le';
    const bytes = Buffer.from(text, as);
    const hash = createHash('sha256').update(bytes).digest('hex');
    this.#write(hash, bytes);
    this.#written.set(hash, bytes);
    return { $blob: hash, as };
  }
}

const referTo = (sessionId: string, hash: string): readonly Statement[] => [
  { sql: 'INSERT OR IGNORE INTO blob_refs (session_id, hash) VALUES (?, ?)', params: [sessionId, hash] },
  { sql: 'DELETE FROM doomed_blobs WHERE hash = ?', params: [hash] },
];

/** Lets go of a chat's files; those that no other chat needs are then doomed. */
export const releaseBlobs = (sessionId: string): readonly Statement[] => [
  {
    sql: `INSERT OR IGNORE INTO doomed_blobs (hash)
      SELECT hash FROM blob_refs AS mine WHERE session_id = ?
        AND NOT EXISTS (SELECT 1 FROM blob_refs WHERE hash = mine.hash AND session_id <> ?)`,
    params: [sessionId, sessionId],
  },
  { sql: 'DELETE FROM blob_refs WHERE session_id = ?', params: [sessionId] },
];

export const doomedBlobs = (query: Query): readonly string[] =>
  query('SELECT hash FROM doomed_blobs ORDER BY hash').map((row) => text(row, 'hash'));

/**
 * Deletes files that are doomed for good.
 * @param hashes read before: what doomed them is durable. One that is needed again by now is left.
 */
export const deleteDoomed =
  (hashes: readonly string[], remove: (hash: string) => void): BuildTransaction =>
  (query) => {
    const doomed = new Set(doomedBlobs(query));
    return hashes
      .filter((hash) => doomed.has(hash))
      .map((hash) => {
        remove(hash);
        return { sql: 'DELETE FROM doomed_blobs WHERE hash = ?', params: [hash] };
      });
  };
