import { decodePayload, type JournalRecord } from './journalFormat.ts';
import type { Sqlite } from './sqlite.ts';

export interface Replay {
  /** Sequence number of the last transaction the database holds now. */
  readonly sequence: number;
  /** The records that were applied, a gapless run. */
  readonly applied: readonly JournalRecord[];
  /** Who asked for them. */
  readonly calls: readonly string[];
  /** It ended at a gap in the sequence, or at a record that SQLite refused. */
  readonly isStopped: boolean;
}

/**
 * Applies the records that come next, in order. A record whose number is already taken is void: its writer had lost
 * the lock without knowing and will notice.
 */
export const replay = (sqlite: Sqlite, from: number, records: readonly JournalRecord[]): Replay => {
  const applied: JournalRecord[] = [];
  const calls: string[] = [];
  let sequence = from;
  let isStopped = false;
  sqlite.run('BEGIN');
  for (const record of records) {
    if (record.sequence <= sequence) continue;
    isStopped = record.sequence !== sequence + 1;
    if (isStopped) break;
    const { call, statements } = decodePayload(record.payload);
    sqlite.run('SAVEPOINT record');
    try {
      for (const { sql, params } of statements) sqlite.run(sql, params);
    } catch {
      sqlite.run('ROLLBACK TO record');
      isStopped = true;
    }
    sqlite.run('RELEASE record');
    if (isStopped) break;
    sequence = record.sequence;
    applied.push(record);
    calls.push(call);
  }
  sqlite.run('COMMIT');
  return { sequence, applied, calls, isStopped };
};
