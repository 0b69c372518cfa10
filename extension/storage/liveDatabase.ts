import type { StoreError } from '../core/store.ts';
import { type Disk, errorCode, replaceFile } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { Journal, readJournalFile } from './journal.ts';
import { decodePayload, encodeRecord } from './journalFormat.ts';
import { type Loaded, type LoadOptions, load } from './load.ts';
import { newerSchema, notUpgraded, saveProblem, storeClosed } from './problems.ts';
import { replay } from './replay.ts';
import type { Migration } from './schema.ts';
import { writeSnapshot } from './snapshot.ts';
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

export interface LiveOptions extends Omit<LoadOptions, 'mayRepair'> {
  /** In order; the last one's version is the schema this code knows. */
  readonly migrations: readonly Migration[];
  /** Called after transactions of another window were applied here. */
  readonly onForeignChange: () => void;
}

const migrating = ({ version, statements }: Migration, query: Query): readonly Statement[] => [
  ...statements(query),
  { sql: `PRAGMA user_version = ${version}`, params: [] },
];

/**
 * The database in memory and how it follows the journal. Everything here is synchronous, and everything that is not a
 * query happens under the lock.
 */
export class LiveDatabase {
  readonly #options: LiveOptions;
  readonly #disk: Disk;
  readonly #files: StoreFiles;
  #loaded: Loaded | undefined;
  /** The journal as it was when memory was filled without being able to write to it. */
  #seen = '';
  /** The schema is up to date in memory only. */
  #isUpgradedHere = false;
  #readOnly: StoreError | undefined;
  #toldVersion = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#disk = options.disk;
    this.#files = options.files;
  }

  /** Bytes of the journal and of the snapshot before it. */
  get sizes(): { readonly journal: number; readonly image: number } {
    return { journal: this.#loaded?.journal?.offset ?? 0, image: this.#loaded?.imageSize ?? 0 };
  }

  query: Query = (sql, params) => this.#live().sqlite.query(sql, params);

  /** What is in memory, for work of this window alone. */
  get sqlite(): Sqlite {
    return this.#live().sqlite;
  }

  /** For what is derived from the rows; none while nothing is loaded, or what a newer version wrote. */
  get derivable(): Sqlite | undefined {
    return this.#loaded === undefined || this.#isNewer() ? undefined : this.#loaded.sqlite;
  }

  /** Whether memory holds everything that is in the files. One stat. */
  isCurrent(): boolean {
    const journal = this.#loaded?.journal;
    if (journal === undefined) return this.#loaded !== undefined && this.#fingerprint() === this.#seen;
    const state = this.#disk.stat(this.#files.journal);
    return state?.inode === journal.inode && state.size === journal.offset;
  }

  /** Applies what is new in the files, mends and migrates them. Where they cannot be written, memory is filled all the same. */
  sync(): void {
    const journal = this.#loaded?.journal;
    try {
      if (journal === undefined) this.#reload(true);
      else if (!this.isCurrent() && !this.#catchUp(journal)) this.#reload(true);
      this.#migrate();
      if (this.#loaded?.journal !== journal) this.#readOnly = undefined;
    } catch (error) {
      if (errorCode(error) === '') throw error;
      this.loadWithoutLock(error);
    }
  }

  /**
   * For a folder that cannot be written, with or without the lock: the files are read as they are, and mended and
   * migrated in memory only.
   * @param reason why nothing can be saved
   */
  loadWithoutLock(reason: unknown): void {
    if (!this.isCurrent()) {
      this.#seen = this.#fingerprint();
      this.#reload(false);
    }
    this.#migrateHere();
    const problem = saveProblem(reason, this.#files.folder);
    const told = this.#isUpgradedHere ? notUpgraded(problem) : problem;
    if (this.#readOnly?.message !== told.message) this.#options.report(told.message);
    this.#readOnly = told;
  }

  /** Runs each change in its own savepoint, appends those that did not throw, and waits for the disk once. */
  commit(changes: readonly Change[]): readonly Outcome[] {
    const live = this.#live();
    const { journal, sqlite } = live;
    if (journal === undefined) return changes.map(() => ({ error: this.#readOnly }));
    if (this.#isNewer()) {
      const error = newerSchema(sqlite.schemaVersion(), this.#knownVersion());
      return changes.map(() => ({ error }));
    }
    const records: Buffer[] = [];
    sqlite.run('BEGIN');
    const outcomes = changes.map((change): Outcome => {
      sqlite.run('SAVEPOINT change');
      try {
        const statements = change.build(sqlite.query);
        for (const { sql, params } of statements) sqlite.run(sql, params);
        const next = live.sequence + records.length + 1;
        if (statements.length > 0) records.push(encodeRecord(next, { call: change.call, statements }));
        return 'saved';
      } catch (error) {
        sqlite.run('ROLLBACK TO change');
        return { error };
      } finally {
        sqlite.run('RELEASE change');
      }
    });
    if (records.length === 0) {
      sqlite.run('ROLLBACK');
      return outcomes;
    }
    const bytes = Buffer.concat(records);
    try {
      journal.append(bytes);
      if (changes.some((change) => change.isDurable)) journal.syncData();
    } catch (error) {
      sqlite.run('ROLLBACK');
      this.#undoAppend(journal);
      return outcomes.map((outcome) => (outcome === 'saved' ? { error } : outcome));
    }
    const state = this.#disk.stat(this.#files.journal);
    if (state?.inode !== journal.inode || state.size !== journal.offset + bytes.length) {
      sqlite.run('ROLLBACK');
      return this.#settle(changes, outcomes);
    }
    sqlite.run('COMMIT');
    journal.offset += bytes.length;
    this.#loaded = { ...live, sequence: live.sequence + records.length };
    return outcomes;
  }

  /** Gives back the memory of deleted rows. */
  compact(): void {
    const live = this.#live();
    const sqlite = this.#options.openSqlite();
    try {
      live.sqlite.copyInto(sqlite);
    } catch (error) {
      sqlite.close();
      throw error;
    }
    this.#loaded = { ...live, sqlite };
    live.sqlite.close();
  }

  /**
   * Does nothing where a newer version wrote the history.
   * @param isForced also when there is nothing new since the last snapshot
   */
  snapshot(isForced = false): void {
    const { sqlite, sequence, journal } = this.#live();
    if (journal === undefined || this.#isNewer()) return;
    if (sequence === journal.header.base && !isForced) return;
    try {
      const next = writeSnapshot(this.#disk, this.#files, sqlite, sequence, journal);
      this.#loaded = { sqlite, sequence, imageSize: next.size, journal: next.journal };
    } catch (error) {
      if (!this.isCurrent()) this.drop();
      throw error;
    }
  }

  /** Forgets memory and handles; the next use under the lock loads anew. */
  drop(): void {
    this.#loaded?.journal?.close();
    this.#loaded?.sqlite.close();
    this.#loaded = undefined;
    this.#isUpgradedHere = false;
  }

  #live(): Loaded {
    if (this.#loaded === undefined) throw storeClosed();
    return this.#loaded;
  }

  #fingerprint(): string {
    const state = this.#disk.stat(this.#files.journal);
    return state === undefined ? 'none' : `${state.inode} ${state.size}`;
  }

  #reload(mayRepair: boolean): void {
    const isFirst = this.#loaded === undefined;
    const loaded = load({ ...this.#options, mayRepair });
    this.drop();
    this.#loaded = loaded;
    this.#checkVersion();
    if (!isFirst) this.#options.onForeignChange();
  }

  /** @returns false when memory and files do not fit together, so that only loading anew helps */
  #catchUp(journal: Journal): boolean {
    if (!this.#applyTail(journal)) return false;
    const hasMoved = this.#disk.stat(this.#files.journal)?.inode !== journal.inode;
    if (hasMoved && !this.#follow(journal)) return false;
    this.#checkVersion();
    this.#options.onForeignChange();
    return true;
  }

  /**
   * Brings an older schema up to date, one version at a time. Before the first of them comes one backup for them all: a
   * person goes back to the version of the extension that they had, which knows the schema that the upgrade began with,
   * and a backup before each step would take the size of the whole history every time.
   * @throws the system's error, or StoreError, with the rows as before or some versions further
   */
  #migrate(): void {
    const pending = this.#pendingMigrations();
    if (pending.length === 0) return;
    const { sqlite } = this.#live();
    const backup = `${this.#files.image}.version-${sqlite.schemaVersion()}`;
    if (sqlite.schemaVersion() > 0) replaceFile(this.#disk, backup, [sqlite.image()]);
    for (const migration of pending) {
      const build: BuildTransaction = (query) => migrating(migration, query);
      const [outcome] = this.commit([{ call: `migration:${migration.version}`, build, isDurable: true }]);
      if (typeof outcome !== 'object') continue;
      throw errorCode(outcome.error) === '' ? saveProblem(outcome.error, this.#files.folder) : outcome.error;
    }
  }

  /** Where the new schema cannot be written, it is in memory only, and nothing that is built on it may be written either. */
  #migrateHere(): void {
    const pending = this.#pendingMigrations();
    if (pending.length === 0) return;
    this.#seen = this.#fingerprint();
    const { journal, ...rest } = this.#live();
    journal?.close();
    this.#loaded = rest;
    // An empty one was written by nobody.
    this.#isUpgradedHere = rest.sqlite.schemaVersion() > 0;
    for (const migration of pending) {
      for (const { sql, params } of migrating(migration, rest.sqlite.query)) rest.sqlite.run(sql, params);
    }
  }

  #applyTail(journal: Journal): boolean {
    const live = this.#live();
    const { records, end, state } = journal.readTail();
    const { sequence, isStopped } = replay(live.sqlite, live.sequence, records);
    journal.offset += end;
    this.#loaded = { ...live, sequence };
    if (isStopped || state === 'damaged') return false;
    const file = this.#disk.stat(this.#files.journal);
    if (file?.inode !== journal.inode) return true;
    if (state === 'torn') journal.cut();
    return file.size >= journal.offset;
  }

  /** Goes on with the journal that another window began with its snapshot. */
  #follow(journal: Journal): boolean {
    const next = Journal.open(this.#disk, this.#files.journal);
    if (next === undefined) return false;
    if (next.header.base !== this.#live().sequence) {
      next.close();
      return false;
    }
    journal.close();
    this.#loaded = { ...this.#live(), journal: next, imageSize: next.header.imageBytes };
    return this.#applyTail(next);
  }

  /** After an append that failed: what part of it reached the file must not be taken for a transaction. */
  #undoAppend(journal: Journal): void {
    try {
      journal.cut();
    } catch {
      // Loading anew, under the next lock, finds out what is in the file.
      this.drop();
    }
  }

  /** The journal is not as it must be after an append under the lock: take over what is there, then see what counts. */
  #settle(changes: readonly Change[], outcomes: readonly Outcome[]): readonly Outcome[] {
    this.#reload(true);
    const file = readJournalFile(this.#disk, this.#files.journal);
    const counting = new Set<string>();
    let last = file?.header?.base ?? 0;
    for (const { sequence, payload } of file?.scan.records ?? []) {
      if (sequence === last + 1) counting.add(decodePayload(payload).call);
      last = Math.max(last, sequence);
    }
    return outcomes.map((outcome, index) => {
      const isIn = counting.has(changes[index]?.call ?? '');
      return outcome === 'saved' && !isIn ? 'again' : outcome;
    });
  }

  #knownVersion(): number {
    return this.#options.migrations.at(-1)?.version ?? 0;
  }

  #isNewer(): boolean {
    return this.#live().sqlite.schemaVersion() > this.#knownVersion();
  }

  #pendingMigrations(): readonly Migration[] {
    const version = this.#live().sqlite.schemaVersion();
    return this.#options.migrations.filter((migration) => migration.version > version);
  }

  #checkVersion(): void {
    const version = this.#live().sqlite.schemaVersion();
    if (version <= this.#knownVersion() || version === this.#toldVersion) return;
    this.#toldVersion = version;
    this.#options.report(newerSchema(version, this.#knownVersion()).message);
  }
}
