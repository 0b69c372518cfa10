import { crc32 } from 'node:zlib';
import type { SqlParam, Statement } from './sqlite.ts';

/**
 * The bytes of a journal file: one header, then one record per transaction.
 *
 * ```
 * header  "ACWJRNL1" | generation u48 | base u48 | imageBytes u48 | imageCrc u32 | crc32 of these u32      34 bytes
 * record  AC C0 DE 01 | length u32 | crc32 of what follows u32 | sequence u48 | payload                  18 + length
 * payload UTF-8 JSON { call, statements: [{ sql, params }] }; bytes among the params as { base64 }
 * ```
 * Integers are little-endian. The record mark holds a byte that UTF-8 never has, so it cannot occur in a payload.
 */
export interface JournalHeader {
  /** Counts the journals of a store, from 1. */
  readonly generation: number;
  /** Sequence number of the last transaction before this journal: what its snapshot holds. */
  readonly base: number;
  /** Size and checksum of that snapshot; 0 where there is none. */
  readonly imageBytes: number;
  readonly imageCrc: number;
}

export interface Transaction {
  /** Who asked for it: `<owner>:<number>`, unique, so that it can be looked up after a crash. */
  readonly call: string;
  readonly statements: readonly Statement[];
}

export interface JournalRecord {
  readonly sequence: number;
  readonly payload: Buffer;
  /** The whole record, as it stands in the file. */
  readonly bytes: Buffer;
}

const magic = Buffer.from('ACWJRNL1', 'latin1');
const mark = Buffer.from([0xac, 0xc0, 0xde, 0x01]);
export const headerBytes = 34;
const recordOverhead = 18;

export const encodeHeader = (header: JournalHeader): Buffer => {
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes, 0);
  bytes.writeUIntLE(header.generation, 8, 6);
  bytes.writeUIntLE(header.base, 14, 6);
  bytes.writeUIntLE(header.imageBytes, 20, 6);
  bytes.writeUInt32LE(header.imageCrc, 26);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 30)), 30);
  return bytes;
};

/** @returns undefined when these are not the bytes of an intact header */
export const decodeHeader = (bytes: Buffer): JournalHeader | undefined => {
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(magic)) return undefined;
  if (bytes.readUInt32LE(30) !== crc32(bytes.subarray(0, 30))) return undefined;
  return {
    generation: bytes.readUIntLE(8, 6),
    base: bytes.readUIntLE(14, 6),
    imageBytes: bytes.readUIntLE(20, 6),
    imageCrc: bytes.readUInt32LE(26),
  };
};

/** A journal, but of a later layout: not damage, and not to be touched. */
export const isOtherFormat = (bytes: Buffer): boolean =>
  bytes.length > 8 &&
  bytes.subarray(0, 7).equals(magic.subarray(0, 7)) &&
  !bytes.subarray(0, 8).equals(magic);

const encodeParam = (param: SqlParam) =>
  param instanceof Uint8Array ? { base64: Buffer.from(param).toString('base64') } : param;

export const encodeRecord = (sequence: number, { call, statements }: Transaction): Buffer => {
  const payload = JSON.stringify({
    call,
    statements: statements.map(({ sql, params }) => ({ sql, params: params.map(encodeParam) })),
  });
  const length = Buffer.byteLength(payload);
  const bytes = Buffer.allocUnsafe(recordOverhead + length);
  mark.copy(bytes, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeUIntLE(sequence, 12, 6);
  bytes.write(payload, recordOverhead);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  return bytes;
};

export const decodePayload = (payload: Buffer): Transaction => {
  // Written by encodeRecord of some version of this file, and its checksum was right.
  const raw: { call: string; statements: { sql: string; params: (SqlParam | { base64: string })[] }[] } =
    JSON.parse(payload.toString('utf8'));
  const decodeParam = (param: SqlParam | { base64: string }): SqlParam =>
    typeof param === 'object' && param !== null && 'base64' in param
      ? Buffer.from(param.base64, 'base64')
      : param;
  return {
    call: raw.call,
    statements: raw.statements.map(({ sql, params }) => ({ sql, params: params.map(decodeParam) })),
  };
};

/** The checksum that stands in a record. */
export const recordCrc = (record: Buffer): number => record.readUInt32LE(8);

const recordAt = (bytes: Buffer, start: number): JournalRecord | undefined => {
  if (start + recordOverhead > bytes.length) return undefined;
  if (!bytes.subarray(start, start + 4).equals(mark)) return undefined;
  const end = start + recordOverhead + bytes.readUInt32LE(start + 4);
  if (end > bytes.length) return undefined;
  if (bytes.readUInt32LE(start + 8) !== crc32(bytes.subarray(start + 12, end))) return undefined;
  const sequence = bytes.readUIntLE(start + 12, 6);
  return {
    sequence,
    payload: bytes.subarray(start + recordOverhead, end),
    bytes: bytes.subarray(start, end),
  };
};

export interface Scan {
  /** Every intact record, also those after damage. */
  readonly records: readonly JournalRecord[];
  /** Where the last intact record ends. */
  readonly end: number;
  /**
   * `clean`: records and nothing else. `torn`: something unfinished after the last record, which is what a crash
   * leaves. `damaged`: something broken before an intact record, which no crash can leave.
   */
  readonly state: 'clean' | 'torn' | 'damaged';
}

/** Reads records from `start` (just behind the header, or where an earlier scan ended). */
export const scanRecords = (bytes: Buffer, start: number): Scan => {
  const records: JournalRecord[] = [];
  let end = start;
  let isDamaged = false;
  let at = start;
  while (at < bytes.length) {
    const record = recordAt(bytes, at);
    if (record !== undefined) {
      if (at !== end) isDamaged = true;
      records.push(record);
      end = at + record.bytes.length;
      at = end;
    } else {
      const next = bytes.indexOf(mark, at + 1);
      if (next === -1) break;
      at = next;
    }
  }
  return { records, end, state: isDamaged ? 'damaged' : end === bytes.length ? 'clean' : 'torn' };
};
