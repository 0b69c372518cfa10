import path from 'node:path';
import { crc32 } from 'node:zlib';
import { StoreError } from '../core/store.ts';
import type { Disk } from './disk.ts';
import { isSound } from './image.ts';
import { textOrNone } from './rows.ts';
import type { Migration } from './schema.ts';
import type { OpenSqlite, Query, Sqlite } from './sqlite.ts';

/**
 * Old chats whose messages are not held in memory: files under `cold/`, each a database of the same tables, written
 * once and never changed. Which file a chat lies in stands in its row of the live database. The name of a file says how
 * many chats were put into it and what the checksum of its bytes is: `mhq3k2v0-12-8d3c01af.db`.
 */
export interface ColdName {
  readonly chats: number;
  readonly crc: number;
}

export const coldName = (now: number, chats: number, image: Uint8Array): string =>
  `${now.toString(36)}-${chats}-${crc32(image).toString(16).padStart(8, '0')}.db`;

/** What the names of the transactions begin with that put chats away. */
export const coldCall = 'cold:';

/** @returns undefined for what is no name of a cold file */
export const parseColdName = (name: string): ColdName | undefined => {
  const found = /^[0-9a-z]+-([0-9]+)-([0-9a-f]{8})\.db$/.exec(name);
  return found === null ? undefined : { chats: Number(found[1]), crc: Number.parseInt(found[2] ?? '', 16) };
};

/** Thrown while a transaction is built that needs rows which lie in a cold file: they have to be brought back first. */
export class ColdChat extends StoreError {
  readonly sessionId: string;

  constructor(sessionId: string) {
    super('This old chat was just being put away. Nothing was changed. Try again.');
    this.sessionId = sessionId;
  }
}

export const coldFileOf = (query: Query, sessionId: string): string | undefined => {
  const row = query('SELECT cold_file FROM sessions WHERE id = ?', [sessionId])[0];
  return row === undefined ? undefined : textOrNone(row, 'cold_file');
};

/** @throws ColdChat */
export const needWarm = (query: Query, sessionId: string | undefined): void => {
  if (sessionId !== undefined && coldFileOf(query, sessionId) !== undefined) throw new ColdChat(sessionId);
};

export const coldFolder = (folder: string): string => path.join(folder, 'cold');

/** An empty database with the tables of the schema. */
export const emptyDatabase = (openSqlite: OpenSqlite, migrations: readonly Migration[]): Sqlite => {
  const sqlite = openSqlite();
  migrate(sqlite, migrations);
  return sqlite;
};

const migrate = (sqlite: Sqlite, migrations: readonly Migration[]): void => {
  for (const { version, statements } of migrations) {
    if (version <= sqlite.schemaVersion()) continue;
    for (const { sql, params } of statements(sqlite.query)) sqlite.run(sql, params);
    sqlite.run(`PRAGMA user_version = ${version}`);
  }
};

export type ColdState = 'intact' | 'altered' | 'damaged' | 'missing';

export interface ColdOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly migrations: readonly Migration[];
  readonly report: (problem: string) => void;
}

const keptOpen = 2;
const closeAfterMs = 60_000;

/** Opens cold files on demand. */
export class ColdFiles {
  readonly #options: ColdOptions;
  /** The one that was used last is the last one. */
  readonly #open = new Map<string, Sqlite>();
  readonly #told = new Set<string>();
  #closing: NodeJS.Timeout | undefined;

  constructor(options: ColdOptions) {
    this.#options = options;
  }

  pathOf(name: string): string {
    return path.join(coldFolder(this.#options.folder), name);
  }

  /** Reads the rows of a chat wherever they lie. @throws StoreError when they lie in a file that cannot be read */
  queryFor(live: Query, sessionId: string): Query {
    const name = coldFileOf(live, sessionId);
    return name === undefined ? live : this.open(name).query;
  }

  /** Not to be kept: the next files that are opened close it. @throws StoreError when it cannot be read */
  open(name: string): Sqlite {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.close(), closeAfterMs).unref();
    const known = this.#open.get(name);
    if (known !== undefined) {
      this.#open.delete(name);
      this.#open.set(name, known);
      return known;
    }
    const { state, sqlite } = this.read(name);
    if (sqlite === undefined) {
      throw new StoreError(
        `The messages of this old chat are in the file ${this.pathOf(name)}, which is ${state}. The chat stays in the list, and all others are as they were. If you have a copy of that file, put it there.`,
      );
    }
    if (state === 'altered' && !this.#told.has(name)) {
      this.#told.add(name);
      this.#options.report(
        `The file ${this.pathOf(name)}, which holds old chats, is not as it was written. It can still be read, but what stands in it may have changed.`,
      );
    }
    for (const [oldest, each] of [...this.#open].slice(0, this.#open.size + 1 - keptOpen)) {
      each.close();
      this.#open.delete(oldest);
    }
    this.#open.set(name, sqlite);
    return sqlite;
  }

  /** Reads a file whole and looks at it; whoever asks closes what it gets. */
  read(name: string): { readonly state: ColdState; readonly sqlite?: Sqlite } {
    const { disk, openSqlite, migrations } = this.#options;
    const expected = parseColdName(name);
    // A name that is none of ours could lead out of the folder.
    const bytes = expected === undefined ? undefined : disk.readFile(this.pathOf(name));
    if (bytes === undefined) return { state: 'missing' };
    let sqlite: Sqlite | undefined;
    try {
      const isIntact = crc32(bytes) === expected?.crc;
      sqlite = openSqlite(bytes);
      if (!isIntact && (bytes.length === 0 || !isSound(sqlite))) throw new Error('damaged');
      migrate(sqlite, migrations);
      return { state: isIntact ? 'intact' : 'altered', sqlite };
    } catch {
      sqlite?.close();
      return { state: 'damaged' };
    }
  }

  close(): void {
    clearTimeout(this.#closing);
    for (const sqlite of this.#open.values()) sqlite.close();
    this.#open.clear();
  }
}

/** Files that old chats lie in, and how many of them lie in each. */
export const coldFilesInUse = (query: Query): ReadonlyMap<string, number> =>
  new Map(
    query(
      `SELECT cold_file, count(*) AS chats FROM sessions WHERE cold_file IS NOT NULL GROUP BY cold_file ORDER BY cold_file`,
    ).map((row) => [String(row.cold_file), Number(row.chats)]),
  );
