import { inSlices } from '../core/slices.ts';
import type { BuildTransaction } from './changes.ts';
import {
  type ColdFiles,
  coldCall,
  coldFileOf,
  coldFilesInUse,
  coldFolder,
  coldName,
  emptyDatabase,
  parseColdName,
} from './coldFiles.ts';
import { bringBackRows, copyChats, leaveTo, oldestChats } from './coldRows.ts';
import type { Database } from './database.ts';
import type { Disk } from './disk.ts';
import { storeFiles } from './files.ts';
import { filesIn, type StoredFile } from './orphans.ts';
import { saveProblem } from './problems.ts';
import { text } from './rows.ts';
import { migrations } from './schema.ts';
import type { OpenSqlite, Query, Sqlite } from './sqlite.ts';
import { areUntouched, stopWatchingRows, watchRows } from './watchRows.ts';

export interface ColdMoverOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly database: Database;
  readonly cold: ColdFiles;
  /** Bytes of the database in memory from which old chats are put away, until it is three quarters of that. */
  readonly liveBytes: number;
  /** Makes the search index of what is in a database. */
  readonly fillIndex: (sqlite: Sqlite, signal: AbortSignal) => Promise<void>;
  /** Makes the search index of the live database anew: what was put away is still in it. */
  readonly rebuildIndex: () => Promise<void>;
  readonly now: () => number;
  readonly report: (problem: string) => void;
  /** Unique among all windows and their threads. */
  readonly name: string;
}

/** Not tried again for so long after it failed; milliseconds. */
const pauseMs = 10 * 60_000;
/** Memory of deleted rows worth giving back: bytes, and a share of the whole. */
const worthCompacting = { bytes: 8 * 1024 * 1024, share: 0.2 };

/** The rows of a file, as a share of the bound: it is read whole when a chat in it is opened, and written at once. */
const fileShare = 1 / 16;

/** Someone changed the chats while they were copied; the copy is thrown away, and nothing has happened. */
class Changed extends Error {}

/**
 * Keeps the database in memory within its bound: puts old chats away into cold files, brings them back, and clears up
 * after both. A file is complete and durable before the transaction that takes its rows out of the live database, so a
 * crash leaves at most a file that nobody refers to.
 */
export class ColdMover {
  readonly #options: ColdMoverOptions;
  readonly #stopping = new AbortController();
  #calls = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #isDue = false;
  #notBefore = 0;
  #told = '';
  /** Which chats were put into a file; they never change. */
  readonly #contents = new Map<string, readonly string[]>();

  constructor(options: ColdMoverOptions) {
    this.#options = options;
  }

  /** Does what is due in the background. */
  soon(): void {
    if (this.#isDue || Date.now() < this.#notBefore) return;
    this.#isDue = true;
    this.tidy().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      const { report, folder } = this.#options;
      this.#notBefore = Date.now() + pauseMs;
      const { message } = saveProblem(error, folder);
      if (message !== this.#told) report(`Old chats could not be put away. ${message}`);
      this.#told = message;
    });
  }

  /** Does what is due, and waits for it. @throws whatever is in the way */
  tidy(): Promise<void> {
    const work = async (): Promise<void> => {
      this.#isDue = false;
      this.#stopping.signal.throwIfAborted();
      // What a newer version wrote is for it to keep in order.
      if (this.#options.database.derivable === undefined) return;
      await this.#rewriteStale();
      await this.#keepBounds();
      await this.collect();
    };
    const working = this.#queue.then(work);
    this.#queue = working.catch(() => undefined);
    return working;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#queue;
  }

  /**
   * Puts the rows of an old chat back, so that it can be written to.
   * @param call unique name
   * @throws StoreError
   */
  async bringBack(call: string, sessionId: string): Promise<void> {
    const { database, cold } = this.#options;
    const file = await database.read((query) => coldFileOf(query, sessionId));
    if (file === undefined) return;
    const statements = bringBackRows(cold.open(file).query, sessionId);
    await database.transact(call, (query) => {
      if (coldFileOf(query, sessionId) !== file) return [];
      this.#noteLeaving(file);
      return statements;
    });
  }

  /** Rewrites the files that hold chats which are gone for good, and those that hold little else than chats which were brought back. */
  async #rewriteStale(): Promise<void> {
    const { database } = this.#options;
    for (const [file, chats] of await database.read(coldFilesInUse)) {
      if (chats === parseColdName(file)?.chats) continue;
      if (await this.#isStale(file, chats)) await this.#rewrite(file);
    }
  }

  /** Deletes files that nobody needs any more, also to restore the history from its previous snapshot. */
  async collect(): Promise<{ readonly files: number; readonly bytes: number }> {
    const { database, disk, folder } = this.#options;
    let removed: readonly StoredFile[] = [];
    if ((await database.read((query) => this.leftOver(query))).length > 0) {
      await database.transact(this.#call(), (query) => {
        removed = this.leftOver(query);
        for (const { file } of removed) disk.remove(file);
        disk.syncFolder(coldFolder(folder));
        return [];
      });
    }
    return { files: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /**
   * Files that no chat lies in. One that was needed when the previous snapshot was written, or later, is not among them:
   * it would be needed to restore the history from there.
   */
  leftOver(query: Query): readonly StoredFile[] {
    const { disk, folder } = this.#options;
    const restorable = disk.stat(storeFiles(folder).previousImage)?.changedAt ?? 0;
    const inUse = coldFilesInUse(query);
    return filesIn(disk, coldFolder(folder)).filter(({ name, changedAt }) => {
      if (name.endsWith('.tmp')) return changedAt < Date.now() - 24 * 60 * 60_000;
      return parseColdName(name) !== undefined && !inUse.has(name) && changedAt < restorable;
    });
  }

  async #keepBounds(): Promise<void> {
    const { database, liveBytes } = this.#options;
    const { used } = await database.local((sqlite) => sqlite.sizes());
    let moved = 0;
    if (used > liveBytes) {
      // The index of what goes, goes as well.
      const index = await database.read(indexBytes);
      const wanted = (used - (3 / 4) * liveBytes) * (1 - Math.min(index / used, 0.9));
      while (moved < wanted && (await this.#moveSome(Math.min(wanted - moved, liveBytes * fileShare)))) {
        moved = used - (await database.local((sqlite) => sqlite.sizes())).used;
      }
      if (moved > 0) await this.#options.rebuildIndex();
    }
    const sizes = await database.local((sqlite) => sqlite.sizes());
    // A window that closes does not wait for it.
    this.#stopping.signal.throwIfAborted();
    const isWorthIt = sizes.free > worthCompacting.bytes && sizes.free > worthCompacting.share * sizes.used;
    if (moved > 0 || isWorthIt) await database.compact();
  }

  /** Writes one file. @returns whether it did: not when nothing may be put away, or it changed meanwhile */
  async #moveSome(bytesWanted: number): Promise<boolean> {
    const { database, now } = this.#options;
    const live = database.query;
    const chats = await inSlices(oldestChats(live, now(), bytesWanted), this.#stopping.signal);
    if (chats.length === 0) return false;
    const ids = chats.map(({ id }) => id);
    try {
      await database.local(watchRows);
      await this.#writeFile(live, ids, (query, name) => {
        if (!areUntouched(query, ids) || !areHere(query, ids)) throw new Changed();
        return leaveTo(name, chats);
      });
    } catch (error) {
      if (error instanceof Error && error.cause instanceof Changed) return false;
      throw error;
    } finally {
      await database.local(stopWatchingRows).catch(() => undefined);
    }
    return true;
  }

  /** Writes those chats of a file that still lie in it as a new one. */
  async #rewrite(file: string): Promise<void> {
    const { database, cold } = this.#options;
    const chatsIn = (query: Query) =>
      query('SELECT id, cold_bytes FROM sessions WHERE cold_file = ? ORDER BY id', [file]).map((row) => ({
        id: text(row, 'id'),
        bytes: Number(row.cold_bytes),
      }));
    const chats = await database.read(chatsIn);
    if (chats.length === 0) return;
    const { state, sqlite } = cold.read(file);
    const ids = chats.map(({ id }) => id);
    try {
      // What is not as it was written is left as it is: a new file of it would count as whole.
      if (sqlite === undefined || state !== 'intact') return;
      await this.#writeFile(sqlite.query, ids, (query, name) => {
        const still = chatsIn(query);
        if (still.length !== chats.length || still.some(({ id }) => !ids.includes(id))) throw new Changed();
        this.#noteLeaving(file);
        return leaveTo(name, chats);
      });
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof Changed)) throw error;
    } finally {
      sqlite?.close();
    }
  }

  /**
   * Writes a cold file, and does what makes it count in one transaction.
   * @param build throws Changed when the rows are not as they were read any more
   */
  async #writeFile(
    from: Query,
    sessionIds: readonly string[],
    build: (query: Query, name: string) => ReturnType<BuildTransaction>,
  ): Promise<void> {
    const { disk, folder, openSqlite, cold, database, fillIndex, now } = this.#options;
    const { signal } = this.#stopping;
    const sqlite = emptyDatabase(openSqlite, migrations);
    let image: Uint8Array;
    try {
      await inSlices(copyChats(from, sqlite, sessionIds), signal);
      await fillIndex(sqlite, signal);
      image = sqlite.image();
    } finally {
      sqlite.close();
    }
    const name = coldName(now(), sessionIds.length, image);
    const file = cold.pathOf(name);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      if (disk.stat(coldFolder(folder)) === undefined) {
        disk.makeFolder(coldFolder(folder));
        disk.syncFolder(folder);
      }
      disk.writeFile(temporary, [image]);
      await database.transact(this.#call(), (query) => {
        const statements = build(query, name);
        // Under the lock, in which others collect what nobody refers to.
        if (disk.stat(temporary) !== undefined) disk.rename(temporary, file);
        if (disk.stat(file)?.size !== image.length) throw new Changed();
        disk.syncFolder(coldFolder(folder));
        return statements;
      });
    } finally {
      disk.remove(temporary);
    }
  }

  /** A chat leaves a file. From now on counts how long the file may still be needed to restore an earlier state. */
  #noteLeaving(file: string): void {
    const { disk, cold } = this.#options;
    if (disk.stat(cold.pathOf(file)) !== undefined) disk.touch(cold.pathOf(file), Date.now());
  }

  async #isStale(file: string, chats: number): Promise<boolean> {
    const { database, cold } = this.#options;
    let contents = this.#contents.get(file);
    if (contents === undefined) {
      const { state, sqlite } = cold.read(file);
      // As in #rewrite.
      const rows = state === 'intact' ? sqlite?.query('SELECT id FROM sessions') : undefined;
      contents = rows?.map((row) => text(row, 'id')) ?? [];
      sqlite?.close();
      this.#contents.set(file, contents);
    }
    if (contents.length > 0 && 2 * chats <= contents.length) return true;
    const ids = contents;
    return database.read((query) =>
      ids.some((id) => query('SELECT 1 FROM sessions WHERE id = ?', [id]).length === 0),
    );
  }

  #call(): string {
    this.#calls += 1;
    return `${coldCall}${this.#calls}:${this.#options.name}`;
  }
}

/** About what the search index takes. */
const indexBytes = (query: Query): number =>
  Number(query('SELECT total(octet_length(block)) AS bytes FROM search_segments')[0]?.bytes ?? 0);

const areHere = (query: Query, sessionIds: readonly string[]): boolean =>
  sessionIds.every(
    (id) => query('SELECT 1 FROM sessions WHERE id = ? AND cold_file IS NULL', [id]).length === 1,
  );
