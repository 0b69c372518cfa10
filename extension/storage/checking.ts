import type { StorageFinding, StorageUse } from '../core/storageReport.ts';
import type { ColdFiles } from './coldFiles.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import type { OpenSqlite } from './sqlite.ts';

export interface CheckOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly openSqlite: OpenSqlite;
  readonly database: Database;
  readonly cold: ColdFiles;
  /** Bytes of the database in memory from which old chats are put away. */
  readonly liveBytes: number;
  /** Whether a (formatted) owner still runs. */
  readonly isAlive: (owner: string) => boolean;
  readonly measureUse: () => Promise<StorageUse>;
}

/** What one part of the check says. */
export interface Said {
  readonly facts: readonly string[];
  readonly findings: readonly StorageFinding[];
}

export const said = (fact: string, ...findings: readonly StorageFinding[]): Said => ({
  facts: [fact],
  findings,
});
