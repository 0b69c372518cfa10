import { encodeRecord, type JournalRecord } from './journalFormat.ts';
import type { Query, Sqlite, Statement } from './sqlite.ts';

/** Looks at the rows as they are after every other window's writes, and says what to change; throws to change nothing. */
export type BuildTransaction = (query: Query) => readonly Statement[];

export interface Change {
  /** Unique name, found again by `wasSaved`. */
  readonly call: string;
  readonly build: BuildTransaction;
  /** Whether to wait for the disk: without, it survives a crash of the process, and a power cut mostly. */
  readonly isDurable: boolean;
}

/** `again`: another window's transaction came in between, which only a broken lock allows; nothing was changed. */
export type Outcome = 'saved' | 'again' | { readonly error: unknown };

/** Runs each change in its own savepoint, inside a transaction; what throws is taken back alone. */
export const runChanges = (
  sqlite: Sqlite,
  sequence: number,
  changes: readonly Change[],
): {
  readonly outcomes: readonly Outcome[];
  /** Of those that changed anything. */
  readonly records: readonly Pick<JournalRecord, 'sequence' | 'bytes'>[];
} => {
  const records: Pick<JournalRecord, 'sequence' | 'bytes'>[] = [];
  const outcomes = changes.map((change): Outcome => {
    sqlite.run('SAVEPOINT change');
    try {
      const statements = change.build(sqlite.query);
      for (const { sql, params } of statements) sqlite.run(sql, params);
      const next = sequence + records.length + 1;
      if (statements.length > 0) {
        records.push({ sequence: next, bytes: encodeRecord(next, { call: change.call, statements }) });
      }
      return 'saved';
    } catch (error) {
      sqlite.run('ROLLBACK TO change');
      return { error };
    } finally {
      sqlite.run('RELEASE change');
    }
  });
  return { outcomes, records };
};
