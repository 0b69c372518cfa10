import { readFileSync } from 'node:fs';
import path from 'node:path';
import initSqlJs from 'sql.js';
import { text } from './rows.ts';

export type SqlParam = string | number | null | Uint8Array;

/** Everything that can differ between two runs (ids, times) is a parameter, so that replaying gives the same rows. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlParam[];
}

export type Row = Readonly<Record<string, SqlParam>>;
export type Query = (sql: string, params?: readonly SqlParam[]) => readonly Row[];

/** Prepared statements kept; storage uses far fewer different ones. */
const cacheLimit = 200;

/** One database in memory, with its prepared statements. */
export class Sqlite {
  readonly #database: initSqlJs.Database;
  readonly #prepared = new Map<string, initSqlJs.Statement>();

  constructor(database: initSqlJs.Database) {
    this.#database = database;
    this.#setPragmas();
  }

  run(sql: string, params: readonly SqlParam[] = []): void {
    this.#prepare(sql).run([...params]);
  }

  query: Query = (sql, params = []) => {
    const statement = this.#prepare(sql);
    try {
      statement.bind([...params]);
      const columns = statement.getColumnNames();
      const rows: Row[] = [];
      while (statement.step()) {
        const values = statement.get();
        rows.push(Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null])));
      }
      return rows;
    } finally {
      statement.reset();
    }
  };

  schemaVersion(): number {
    return Number(this.query('PRAGMA user_version')[0]?.user_version ?? 0);
  }

  /** The whole database as the bytes of an SQLite file. Not inside a transaction. */
  image(): Uint8Array {
    return this.#database.export();
  }

  /** Bytes that rows and indexes take, and those that deleted ones have left free. */
  sizes(): { readonly used: number; readonly free: number } {
    const [size] = this.query(`SELECT page_count * page_size AS whole, freelist_count * page_size AS free
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`);
    const free = Number(size?.free ?? 0);
    return { used: Number(size?.whole ?? 0) - free, free };
  }

  /**
   * Fills an empty database with the same rows, without free pages. Not inside a transaction. (VACUUM in place keeps a
   * journal of all pages besides: it takes twice the time, and memory that is never given back.)
   */
  copyInto(empty: Sqlite): void {
    // The databases of a thread are files of one file system, which is in memory.
    const file = text(empty.query('PRAGMA database_list')[0] ?? {}, 'file');
    this.#database.exec(`VACUUM INTO '${file}'`);
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(sql: string): initSqlJs.Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= cacheLimit) {
      for (const each of this.#prepared.values()) each.free();
      this.#prepared.clear();
    }
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #setPragmas(): void {
    // Durability is the journal's work; nobody else can open a database that lives in this thread's memory.
    this.#database.exec(
      'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY',
    );
  }
}

/** Makes a database from the bytes of an SQLite file, or an empty one. @throws when the bytes are none */
export type OpenSqlite = (image?: Uint8Array) => Sqlite;

/** @param wasmFile absolute path of sql-wasm.wasm */
export const loadSqlite = async (wasmFile: string): Promise<OpenSqlite> => {
  // Bundled into an ES module, sql.js still reads this CommonJS name, though with the bytes given it uses it for nothing.
  const globals: { __dirname?: string } = globalThis;
  globals.__dirname ??= path.dirname(wasmFile);
  const wasm = readFileSync(wasmFile);
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength);
  const sql = await initSqlJs({ wasmBinary });
  return (image) => new Sqlite(new sql.Database(image));
};
