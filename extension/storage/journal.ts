import path from 'node:path';
import { type Disk, replaceFile } from './disk.ts';
import {
  decodeHeader,
  encodeHeader,
  headerBytes,
  isOtherFormat,
  type JournalHeader,
  type JournalRecord,
  type Scan,
  scanRecords,
} from './journalFormat.ts';
import { unreadable } from './problems.ts';

/** The journal file that is being read and appended to, held open. */
export class Journal {
  readonly header: JournalHeader;
  readonly inode: bigint;
  /** Behind the last record that has been applied here. */
  offset: number;
  readonly #disk: Disk;
  readonly #file: string;
  readonly #descriptor: number;

  private constructor(disk: Disk, file: string, descriptor: number, header: JournalHeader, inode: bigint) {
    this.#disk = disk;
    this.#file = file;
    this.#descriptor = descriptor;
    this.header = header;
    this.inode = inode;
    this.offset = headerBytes;
  }

  /** @returns undefined when there is no such file or its header is broken */
  static open(disk: Disk, file: string): Journal | undefined {
    const inode = disk.stat(file)?.inode;
    if (inode === undefined) return undefined;
    const descriptor = disk.openAppend(file);
    const header = decodeHeader(disk.read(descriptor, 0, headerBytes));
    if (header === undefined) {
      disk.close(descriptor);
      return undefined;
    }
    return new Journal(disk, file, descriptor, header, inode);
  }

  /** What stands behind the offset, also after the file was moved away from its name. Positions count from the offset. */
  readTail(): Scan {
    const length = this.#disk.size(this.#descriptor) - this.offset;
    return scanRecords(this.#disk.read(this.#descriptor, this.offset, Math.max(0, length)), 0);
  }

  /** What stands behind the offset is not to be read by anybody who comes by way of this one. */
  skipTail(): void {
    this.offset = this.#disk.size(this.#descriptor);
  }

  append(bytes: Uint8Array): void {
    this.#disk.append(this.#descriptor, bytes);
  }

  syncData(): void {
    this.#disk.syncData(this.#descriptor);
  }

  /** Cuts off what is behind the offset: an append that failed. Under the lock only. */
  cut(): void {
    this.#disk.truncate(this.#file, this.offset);
    this.#disk.syncData(this.#descriptor);
  }

  close(): void {
    try {
      this.#disk.close(this.#descriptor);
    } catch {
      // A network drive may say only now that something was not written; the fdatasync has said so before.
    }
  }
}

export interface JournalFile {
  readonly header: JournalHeader | undefined;
  readonly bytes: Buffer;
  readonly scan: Scan;
}

/** Reads a whole journal file, intact or not. @returns undefined when there is none. @throws StoreError for a newer format */
export const readJournalFile = (disk: Disk, file: string): JournalFile | undefined => {
  const bytes = disk.readFile(file);
  if (bytes === undefined || bytes.length === 0) return undefined;
  if (isOtherFormat(bytes)) throw unreadable(path.dirname(file), 'a newer version of AnyCowork wrote it');
  const header = decodeHeader(bytes);
  // With a broken header the first record is found by its mark.
  const scan = scanRecords(bytes, header === undefined ? 0 : headerBytes);
  return { header, bytes, scan };
};

export const journalBytes = (
  header: JournalHeader,
  records: readonly JournalRecord[],
): readonly Uint8Array[] => [encodeHeader(header), ...records.map((record) => record.bytes)];

/** Writes a journal of just these records under its name. */
export const writeJournal = (
  disk: Disk,
  file: string,
  header: JournalHeader,
  records: readonly JournalRecord[],
): void => replaceFile(disk, file, journalBytes(header, records));
