import { createHash } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import { type Disk, replaceFile } from './disk.ts';

/** Strings longer than this (in UTF-16 units) live in a file of their own. */
export const blobThreshold = 16 * 1024;

const referenceSchema = z.strictObject({
  $blob: z.string().regex(/^[0-9a-f]{64}$/),
  as: z.enum(['base64', 'utf8', 'utf16le']),
});
type Reference = z.infer<typeof referenceSchema>;

/** Keys that could be taken for a reference get one more dollar sign on the way in and lose it on the way out. */
const looksReserved = /^\$+blob$/;
const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const missingText = '[This content was stored in a separate file, which is gone.]';

/** JSON whose long strings (tool output, images) are files named by their SHA-256, each written once and never changed. */
export class Blobs {
  readonly #disk: Disk;
  readonly #folder: string;

  /** @param folder of the store */
  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = path.join(folder, 'blobs');
  }

  /** @returns the JSON text to keep in a row; the files it refers to are durable. @throws the system's error */
  pack(value: unknown): string {
    const plain = JSON.stringify(value);
    const isSmall = plain.length <= blobThreshold && !plain.includes('$blob"');
    return isSmall ? plain : JSON.stringify(this.#packed(JSON.parse(plain)));
  }

  /** The value as it was packed; a string whose file is gone says so. */
  unpack<T>(text: string): T {
    const value: unknown = JSON.parse(text);
    // The row was packed from a T, and migrations bring old rows to today's types.
    return (text.includes('$blob"') ? this.#unpacked(value) : value) as T;
  }

  #packed(value: unknown): unknown {
    if (typeof value === 'string') return value.length > blobThreshold ? this.#write(value) : value;
    if (Array.isArray(value)) return value.map((each) => this.#packed(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        looksReserved.test(key) ? `$${key}` : key,
        this.#packed(each),
      ]),
    );
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
    return path.join(this.#folder, hash.slice(0, 2), hash);
  }

  #write(text: string): Reference {
    // UTF-8 has no half surrogate pairs, which a cut text can end with.
    const as = isBase64.test(text) ? 'base64' : text.isWellFormed() ? 'utf8' : 'utf16le';
    const bytes = Buffer.from(text, as);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const file = this.#file(hash);
    if (this.#disk.stat(file)?.size !== bytes.length) {
      const folder = path.dirname(file);
      if (this.#disk.stat(folder) === undefined) {
        this.#disk.makeFolder(folder);
        this.#disk.syncFolder(this.#folder);
        this.#disk.syncFolder(path.dirname(this.#folder));
      }
      replaceFile(this.#disk, file, [bytes]);
    }
    return { $blob: hash, as };
  }

  #read({ $blob, as }: Reference): string {
    return this.#disk.readFile(this.#file($blob))?.toString(as) ?? missingText;
  }
}
