import type { StoreError } from '../core/store.ts';
import type { BuildTransaction, Change } from './changes.ts';
import { FileLock } from './fileLock.ts';
import { storeFiles } from './files.ts';
import { LiveDatabase, type LiveOptions } from './liveDatabase.ts';
import type { Owner } from './owner.ts';
import { saveProblem, storeClosed } from './problems.ts';
import type { Query, Sqlite } from './sqlite.ts';

export interface DatabaseOptions extends Omit<LiveOptions, 'files'> {
  readonly folder: string;
  readonly owner: Owner;
  /** Unique among the threads that ever act for this owner. */
  readonly incarnation: string;
  /** Journal bytes from which a snapshot is due: at least this, and at least a quarter of the snapshot. */
  readonly snapshotBytes?: number;
  /** Called after a snapshot was written here. */
  readonly onSnapshot?: () => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Work =
  | (Waiting & { readonly kind: 'change'; readonly change: Change; readonly attempt: number })
  | (Waiting & {
      readonly kind: 'task';
      readonly run: () => void;
      /** What to do instead when the lock cannot be had: a folder that may only be read, a full disk. */
      readonly runWithoutLock: (error: unknown) => void;
    });

/** Small enough to be written while a window closes; bytes. */
const quickSnapshot = 32 * 1024 * 1024;
/** How long nothing is written before a snapshot that is due begins; milliseconds. */
const idleMs = 1_000;
const attempts = 3;

const fail = (error: unknown): never => {
  throw error;
};

/**
 * SQLite in memory, made durable by the journal and shared with other windows through it. Whatever waits for the lock
 * is done together once it is had, synchronously, and shares one fdatasync.
 */
export class Database {
  readonly #options: DatabaseOptions;
  readonly #live: LiveDatabase;
  readonly #lock: FileLock;
  readonly #snapshotBytes: number;
  #queue: Work[] = [];
  #isWorking = false;
  #working = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  /** Journal size at which to try a failed snapshot again. */
  #notBefore = 0;
  #isClosed = false;

  private constructor(options: DatabaseOptions) {
    const files = storeFiles(options.folder);
    this.#options = options;
    this.#live = new LiveDatabase({ ...options, files });
    this.#lock = new FileLock(options.disk, files.lock, options.owner, options.incarnation);
    this.#snapshotBytes = options.snapshotBytes ?? 4 * 1024 * 1024;
  }

  /** @throws StoreError when there is a history that cannot be read, or the folder cannot be used */
  static async open(options: DatabaseOptions): Promise<Database> {
    const database = new Database(options);
    const { disk, folder } = options;
    try {
      disk.makeFolder(folder);
    } catch (error) {
      throw saveProblem(error, folder);
    }
    await database.#task(
      () => undefined,
      (error) => database.#live.loadWithoutLock(error),
    );
    return database;
  }

  /**
   * Saves one transaction.
   * @param call unique name, found again by `wasSaved`
   * @param isDurable false to go without the fdatasync: it survives a crash of the process, and a power cut mostly
   * @throws StoreError when it could not be saved, or what `build` threw; nothing of it is visible then
   */
  transact(call: string, build: BuildTransaction, isDurable = true): Promise<void> {
    if (this.#isClosed) return Promise.reject(storeClosed());
    return new Promise((resolve, reject) => {
      const change = { call, build, isDurable };
      this.#enqueue({ kind: 'change', change, attempt: 1, resolve, reject });
    });
  }

  /** Several queries on one state of the database, other windows' writes included. */
  async read<T>(reader: (query: Query) => T): Promise<T> {
    await this.refresh();
    return reader(this.#live.query);
  }

  /** What is in memory at this moment. For work in slices, between which anything may be written. */
  get query(): Query {
    return this.#live.query;
  }

  /** As LiveDatabase.derivable: another one after it was loaded anew. */
  get derivable(): Sqlite | undefined {
    return this.#isClosed ? undefined : this.#live.derivable;
  }

  /** Work on what is in memory that no other window needs to know of: nothing of it is journaled. */
  async local<T>(use: (sqlite: Sqlite) => T): Promise<T> {
    await this.refresh();
    return use(this.#live.sqlite);
  }

  /** Gives back the memory of deleted rows, which takes a second for each 150 MB that stay, and leaves a snapshot without them. */
  async compact(): Promise<void> {
    await this.refresh();
    this.#live.compact();
    await this.snapshot(true);
  }

  /** Applies what other windows have written. */
  async refresh(): Promise<void> {
    if (this.#isClosed) throw storeClosed();
    if (this.#live.isCurrent()) return;
    await this.#task(
      () => undefined,
      (error) => this.#live.loadWithoutLock(error),
    );
  }

  /** Whether a transaction of that name is in the journal, or was before the last snapshot. */
  wasSaved(call: string): boolean {
    const { disk, folder } = this.#options;
    const files = storeFiles(folder);
    const needle = `{"call":${JSON.stringify(call)},`;
    return [files.journal, files.previousJournal].some((file) => disk.readFile(file)?.includes(needle));
  }

  /** @param isForced also when there is nothing new since the last one */
  snapshot(isForced = false): Promise<void> {
    // Whoever closes it ends its thread next: the lock that it would take would stay.
    if (this.#isClosed) return Promise.reject(storeClosed());
    return this.#task(() => {
      this.#live.snapshot(isForced);
      this.#options.onSnapshot?.();
    }, fail);
  }

  /** Finishes what is queued and leaves a snapshot if that is quick. What was acknowledged is safe already. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    const { journal, image } = this.#live.sizes;
    const isWorthIt = journal + image < quickSnapshot && journal > this.#snapshotBytes / 16;
    if (isWorthIt || this.#live.isOnlyHere) {
      await this.#task(
        () => this.#trySnapshot(),
        () => undefined,
      );
    }
    await this.#working;
    this.#live.drop();
  }

  #task(run: () => void, runWithoutLock: (error: unknown) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: 'task', run, runWithoutLock, resolve, reject });
    });
  }

  #enqueue(work: Work): void {
    this.#queue.push(work);
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = this.#workThrough();
  }

  #take(): readonly Work[] {
    const batch = this.#queue;
    this.#queue = [];
    return batch;
  }

  /** Never rejects: every error goes to those who wait for it. Nothing is awaited between the last look at the queue and the end. */
  async #workThrough(): Promise<void> {
    while (this.#queue.length > 0) {
      try {
        await this.#lock.acquire();
      } catch (error) {
        for (const work of this.#take()) this.#doWithoutLock(work, error);
        continue;
      }
      const batch = this.#take();
      try {
        this.#live.sync();
        this.#doAll(batch);
        this.#snapshotWhenDue();
      } catch (error) {
        // Not foreseen, so memory is not to be trusted: the next one loads anew.
        this.#live.drop();
        for (const work of batch) work.reject(this.#problem(error));
      }
      try {
        this.#lock.release();
      } catch (error) {
        this.#options.report(this.#problem(error).message);
      }
    }
    this.#isWorking = false;
  }

  #doAll(batch: readonly Work[]): void {
    const changes = batch.filter((work) => work.kind === 'change');
    const outcomes = changes.length === 0 ? [] : this.#live.commit(changes.map((work) => work.change));
    for (const [index, work] of changes.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'saved') work.resolve();
      else if (outcome === 'again' && work.attempt < attempts)
        this.#queue.push({ ...work, attempt: work.attempt + 1 });
      else
        work.reject(
          this.#problem(typeof outcome === 'object' ? outcome.error : new Error('another window was faster')),
        );
    }
    for (const work of batch) {
      if (work.kind === 'change') continue;
      try {
        work.run();
        work.resolve();
      } catch (error) {
        work.reject(this.#problem(error));
      }
    }
  }

  #doWithoutLock(work: Work, error: unknown): void {
    try {
      if (work.kind === 'change') throw error;
      work.runWithoutLock(error);
      work.resolve();
    } catch (problem) {
      work.reject(this.#problem(problem));
    }
  }

  #problem(error: unknown): StoreError {
    return saveProblem(error, this.#options.folder);
  }

  /** Waits for a pause, but not for long: past twice the size the writer pays for it. */
  #snapshotWhenDue(): void {
    clearTimeout(this.#idle);
    if (this.#isClosed) return;
    const { journal, image } = this.#live.sizes;
    const due = Math.max(this.#snapshotBytes, image / 4, this.#notBefore);
    if (journal < due) return;
    if (journal > 2 * due) {
      this.#trySnapshot();
      return;
    }
    this.#idle = setTimeout(() => {
      this.#task(() => this.#trySnapshot(), fail).catch(() => undefined);
    }, idleMs);
    this.#idle.unref();
  }

  #trySnapshot(): void {
    const { journal } = this.#live.sizes;
    try {
      this.#live.snapshot();
      this.#notBefore = 0;
      this.#options.onSnapshot?.();
    } catch (error) {
      this.#notBefore = journal + this.#snapshotBytes;
      this.#options.report(
        `The history could not be compacted. ${this.#problem(error).message} New messages are still saved.`,
      );
    }
  }
}
