import type { StoreError } from '../core/store.ts';
import { type BuildTransaction, type Change, type Outcome, runChanges } from './changes.ts';
import { type Disk, errorCode, replaceFile } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { Journal, readJournalFile } from './journal.ts';
import { decodePayload, type Scan } from './journalFormat.ts';
import { type Behind, type Loaded, type LoadOptions, load } from './load.ts';
import {
  isThereAgain,
  type JournalLoss,
  newerSchema,
  notUpgraded,
  notWrittenAnew,
  saveProblem,
  storeClosed,
  writtenAnew,
} from './problems.ts';
import { type Replay, replay } from './replay.ts';
import { adopt, rescue } from './rescue.ts';
import type { Migration } from './schema.ts';
import { writeSnapshot } from './snapshot.ts';
import type { Query, Sqlite, Statement } from './sqlite.ts';

export interface LiveOptions extends Omit<LoadOptions, 'mayRepair' | 'held'> {
  /** In order; the last one's version is the schema this code knows. */
  readonly migrations: readonly Migration[];
  /** Called after transactions of another window were applied here. */
  readonly onForeignChange: () => void;
}

/** How long it is left alone when memory could not be written anew; milliseconds. */
const rescueMs = 20_000;

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
  /** The files have lost what is in memory, and it could not be written anew yet. */
  #loss: { readonly what: JournalLoss; readonly tryAgainAt: number } | undefined;
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

  /** Whether memory is all there is of some of the history. */
  get isOnlyHere(): boolean {
    return this.#loss !== undefined;
  }

  /** Whether memory holds everything that is in the files, and has nothing that they should have. One stat. */
  isCurrent(): boolean {
    const journal = this.#loaded?.journal;
    if (journal === undefined) {
      const isDue = this.#loss !== undefined && performance.now() >= this.#loss.tryAgainAt;
      return this.#loaded !== undefined && this.#fingerprint() === this.#seen && !isDue;
    }
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
      if (errorCode(error) === '' && this.#loss === undefined) throw error;
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
    const told =
      this.#loss !== undefined
        ? notWrittenAnew(this.#files.journal, this.#loss.what, problem)
        : this.#isUpgradedHere
          ? notUpgraded(problem)
          : problem;
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
    sqlite.run('BEGIN');
    const { outcomes, records } = runChanges(sqlite, live.sequence, changes);
    if (records.length === 0) {
      sqlite.run('ROLLBACK');
      return outcomes;
    }
    const bytes = Buffer.concat(records.map((record) => record.bytes));
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
      // Where the file is gone, what was just appended to it is saved once more, and not taken for another window's.
      journal.skipTail();
      return this.#settle(changes, outcomes);
    }
    sqlite.run('COMMIT');
    journal.offset += bytes.length;
    live.trail.add(records);
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
      const next = writeSnapshot(this.#disk, this.#files, {
        sqlite,
        sequence,
        generation: journal.header.generation + 1,
        oldJournal: this.#files.previousJournal,
        late: () => journal.readTail().records,
      });
      journal.close();
      const { journal: begun, size } = next;
      this.#loaded = { ...this.#live(), imageSize: size, journal: begun, header: begun.header };
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
    this.#loss = undefined;
  }

  #live(): Loaded {
    if (this.#loaded === undefined) throw storeClosed();
    return this.#loaded;
  }

  #fingerprint(): string {
    const state = this.#disk.stat(this.#files.journal);
    return state === undefined ? 'none' : `${state.inode} ${state.size}`;
  }

  /** @throws what the disk throws; memory is as it was then, and where the files are behind it, that is known */
  #reload(mayRepair: boolean): void {
    const held = this.#loaded;
    const loaded = load({ ...this.#options, mayRepair, held });
    if ('behind' in loaded) {
      this.#keepMemory(loaded, mayRepair);
      return;
    }
    if (this.#loss !== undefined) this.#options.report(isThereAgain(this.#files.journal));
    this.drop();
    this.#loaded = loaded;
    this.#checkVersion();
    if (held !== undefined) this.#options.onForeignChange();
  }

  /** The files have lost what is in memory, or go on from less: memory is what counts, and is written anew. */
  #keepMemory(found: Behind, mayWrite: boolean): void {
    const { journal: followed } = this.#live();
    // Who holds a file open can read it after it was deleted, and without the lock nobody has yet.
    if (followed !== undefined) this.#replayTail(followed);
    followed?.close();
    const { journal: _, ...held } = this.#live();
    const foreign = found.foreign.filter((record) => !held.trail.knows(record));
    const refused = adopt(held.sqlite, foreign);
    // Once: what the next try finds, and is in memory by now, is not foreign any more.
    held.trail.add(foreign);
    const live = { ...held, sequence: held.sequence + foreign.length };
    this.#loaded = live;
    if (foreign.length > 0) this.#options.onForeignChange();
    this.#seen = this.#fingerprint();
    this.#loss = { what: found.behind, tryAgainAt: performance.now() + rescueMs };
    if (!mayWrite) return;
    const generation = Math.max(found.generation, live.header?.generation ?? 0);
    const { journal, size, kept } = rescue(this.#options, live, { ...found, generation });
    this.#loaded = { ...live, imageSize: size, journal, header: journal.header };
    this.#loss = undefined;
    this.#isUpgradedHere = false;
    this.#options.report(writtenAnew(this.#files.journal, found.behind, kept, refused));
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
    const { isStopped, state } = this.#replayTail(journal);
    if (isStopped || state === 'damaged') return false;
    const file = this.#disk.stat(this.#files.journal);
    if (file?.inode !== journal.inode) return true;
    // What is torn may be what a crash has left, or a file that was cut and has grown again: only reading all of it tells.
    return state === 'clean' && file.size >= journal.offset;
  }

  #replayTail(journal: Journal): Pick<Scan, 'state'> & Pick<Replay, 'isStopped'> {
    const live = this.#live();
    const { records, end, state } = journal.readTail();
    const { sequence, applied, isStopped } = replay(live.sqlite, live.sequence, records);
    live.trail.add(applied);
    journal.offset += end;
    this.#loaded = { ...live, sequence };
    return { state, isStopped };
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
    const { header } = next;
    this.#loaded = { ...this.#live(), journal: next, header, imageSize: header.imageBytes };
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
    try {
      this.#reload(true);
    } catch (error) {
      // In memory there is everything but these changes, which were taken back.
      if (this.#loss === undefined) throw error;
      return outcomes.map((outcome) => (outcome === 'saved' ? { error } : outcome));
    }
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
