import { setImmediate as breathe } from 'node:timers/promises';
import type { Blobs } from './blobs.ts';
import { integer } from './rows.ts';
import { createSearch } from './schema.ts';
import { searchTextColumns, searchTextOf } from './searchText.ts';
import { indexed } from './searchWords.ts';
import type { Query, Sqlite } from './sqlite.ts';

/** Gathering words for so long makes a slice of about three times that, all told. Milliseconds. */
const gatherMs = 2.5;
/** How long nothing is written before the index is seen to. */
const idleMs = 400;
/** Writes that never pause put it off no longer than this. */
const putOffMs = 5_000;
/** So many rows indexed are worth a snapshot: the next window need not do it again. */
const worthSaving = 5_000;
/** How often it is asked whether too much of the index is of messages that are gone. */
const tidyMs = 10 * 60_000;
/** What waits while people work is less than this; it is indexed before a search, unless that takes too long. */
const leastRows = 300;
const leastRowsMs = 1_000;
const pagesPerMerge = 30;

const found = `messages LEFT JOIN steps ON steps.row = messages.row`;
/** The messages that can be found: what was said, and what steps came to. */
const isSearched = `(messages.kind IN ('user', 'assistant') OR steps.result IS NOT NULL)`;
const isUnindexed = `NOT EXISTS (SELECT 1 FROM search_docsize WHERE docid = messages.row)`;

/** The words of a row; none of one that is gone, or that cannot be read. */
const wordsOfRow = (sqlite: Sqlite, row: number, blobs: Blobs): string | undefined => {
  const [message] = sqlite.query(`SELECT ${searchTextColumns} FROM ${found} WHERE messages.row = ?`, [row]);
  if (message === undefined) return undefined;
  try {
    return indexed(searchTextOf(message, blobs));
  } catch {
    return '';
  }
};

/** @param rows as many of them as fit into a slice are put into the index @returns how many that was */
const indexSome = (
  sqlite: Sqlite,
  blobs: Blobs,
  rows: readonly number[],
  isDone: (row: number) => void = () => undefined,
): number => {
  const began = performance.now();
  const gathered: (readonly [row: number, words: string | undefined])[] = [];
  for (const row of rows) {
    gathered.push([row, wordsOfRow(sqlite, row, blobs)]);
    if (performance.now() - began > gatherMs) break;
  }
  sqlite.run('BEGIN');
  try {
    // In order: at each step back FTS4 would begin a new segment.
    for (const [row, words] of gathered.toSorted(([a], [b]) => a - b)) {
      if (words !== undefined) sqlite.run('INSERT INTO search (docid, text) VALUES (?, ?)', [row, words]);
      isDone(row);
    }
    sqlite.run('COMMIT');
  } catch (error) {
    sqlite.run('ROLLBACK');
    throw error;
  }
  return gathered.length;
};

/** Newest first: what a person looks for is mostly young. */
const indexTodo = (sqlite: Sqlite, blobs: Blobs): number => {
  const rows = sqlite.query('SELECT row FROM search_todo ORDER BY row DESC LIMIT 200');
  if (rows.length === 0) return 0;
  return indexSome(
    sqlite,
    blobs,
    rows.map((row) => integer(row, 'row')),
    (row) => sqlite.run('DELETE FROM search_todo WHERE row = ?', [row]),
  );
};

const changes = (query: Query): number => Number(query('SELECT total_changes() AS changes')[0]?.changes);

/**
 * Merges a few pages of small segments. Left alone, FTS4 merges sixteen of them at a time in the middle of an insertion,
 * which takes the longer the larger they are.
 * @returns whether there is more to merge
 */
const mergeSome = (sqlite: Sqlite): boolean => {
  const before = changes(sqlite.query);
  sqlite.run(`INSERT INTO search (search) VALUES ('merge=${pagesPerMerge},8')`);
  return changes(sqlite.query) - before >= 2;
};

/** Puts every row of a database that its index lacks into it, in slices. @throws the signal's reason */
export const fillIndex = async (sqlite: Sqlite, blobs: Blobs, signal?: AbortSignal): Promise<void> => {
  for (let last = 0; ; ) {
    const rows = sqlite
      .query(
        `SELECT messages.row AS row FROM ${found} WHERE messages.row > ? AND ${isSearched} AND ${isUnindexed}
          ORDER BY messages.row LIMIT 200`,
        [last],
      )
      .map((row) => integer(row, 'row'));
    if (rows.length === 0) break;
    last = rows.at(-1) ?? last;
    for (let done = 0; done < rows.length; ) {
      done += indexSome(sqlite, blobs, rows.slice(done));
      await breathe();
      signal?.throwIfAborted();
    }
    while (mergeSome(sqlite)) await breathe();
  }
  sqlite.run('DELETE FROM search_todo');
};

/** How many messages are neither in the index nor waiting for it: none, unless something is wrong. */
export const forgottenRows = (query: Query): number =>
  Number(
    query(`SELECT count(*) AS rows FROM ${found} WHERE ${isSearched} AND ${isUnindexed}
      AND NOT EXISTS (SELECT 1 FROM search_todo WHERE search_todo.row = messages.row)`)[0]?.rows,
  );

const count = (query: Query, table: string): number =>
  Number(query(`SELECT count(*) AS rows FROM ${table}`)[0]?.rows);

/** Rows that are gone cannot be taken out of an index that does not hold the words. */
const isMostlyGarbage = (query: Query): boolean => {
  const all = count(query, 'search_docsize');
  return all > 1_000 && all - count(query, 'messages') > all / 3;
};

const marked = 2_000;

/** Puts rows on the list of those to index. @returns the last one, none at the end */
const markSome = (sqlite: Sqlite, after: number): number | undefined => {
  const rows = sqlite.query(
    `SELECT messages.row AS row FROM ${found} WHERE messages.row > ? AND ${isSearched} ORDER BY messages.row LIMIT ?`,
    [after, marked],
  );
  sqlite.run('BEGIN');
  for (const row of rows) {
    sqlite.run('INSERT OR IGNORE INTO search_todo (row) VALUES (?)', [integer(row, 'row')]);
  }
  sqlite.run('COMMIT');
  return rows.length < marked ? undefined : integer(rows.at(-1) ?? {}, 'row');
};

const empty = (sqlite: Sqlite): void => {
  sqlite.run('BEGIN');
  try {
    sqlite.run('DROP TABLE search');
    sqlite.run(createSearch);
    sqlite.run('COMMIT');
  } catch (error) {
    sqlite.run('ROLLBACK');
    throw error;
  }
};

export interface SearchIndexOptions {
  /** The database in memory: another one after it was loaded anew, and none while it may not be touched. */
  readonly live: () => Sqlite | undefined;
  readonly blobs: Blobs;
  /** Writes a snapshot. */
  readonly save: () => Promise<void>;
}

/** Keeps the index of the live database up to date, in slices of some milliseconds, while nothing is written. */
export class SearchIndex {
  readonly #options: SearchIndexOptions;
  #timer: NodeJS.Timeout | undefined;
  #postponedAt: number | undefined;
  /** Names the run that may go on; a write ends it, and the next pause begins another. */
  #run = 0;
  #shouldMerge = false;
  #done = 0;
  #savedAt = 0;
  #tidiedAt = Number.NEGATIVE_INFINITY;
  #emptying: Promise<void> | undefined;
  /** Databases whose index cannot be written, until it is emptied; that is tried once. */
  readonly #givenUp = new WeakSet<Sqlite>();
  readonly #mended = new WeakSet<Sqlite>();
  #isClosed = false;

  constructor(options: SearchIndexOptions) {
    this.#options = options;
  }

  /** Something was written, here or in another window. */
  wake(): void {
    if (this.#isClosed) return;
    this.#run += 1;
    const now = performance.now();
    this.#postponedAt ??= now;
    if (this.#timer !== undefined && now - this.#postponedAt > putOffMs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#postponedAt = undefined;
      this.#work().catch(() => undefined);
    }, idleMs).unref();
  }

  /**
   * Takes up what waits, the newest first, for so many milliseconds; on a busy machine for longer, until at least what
   * was written just now is in it.
   */
  async fill(forMs: number): Promise<void> {
    const began = performance.now();
    const before = this.#done;
    const isDue = (): boolean => {
      const passed = performance.now() - began;
      return passed < forMs || (this.#done - before < leastRows && passed < leastRowsMs);
    };
    while (isDue() && this.#step()) await breathe();
  }

  /**
   * Makes the index anew: has it emptied when this resolves, and all messages waiting for it, the newest in front. Going
   * through them takes its time, like everything that is done here.
   * @throws when the index can be neither used nor emptied
   */
  rebuild(): Promise<void> {
    this.#emptying ??= this.#empty().finally(() => {
      this.#emptying = undefined;
    });
    return this.#emptying;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #work(): Promise<void> {
    this.#run += 1;
    const run = this.#run;
    while (run === this.#run) {
      // Emptied, it wakes this again. Not a snapshot meanwhile: what it would hold is just being thrown away.
      if (this.#emptying !== undefined) return;
      if (!this.#step()) {
        await this.#tidy();
        return;
      }
      await breathe();
    }
  }

  /** @returns whether there may be more to do */
  #step(): boolean {
    // What is on the list while it is being written would go into the old index.
    if (this.#isClosed || this.#emptying !== undefined) return false;
    const sqlite = this.#options.live();
    if (sqlite === undefined || this.#givenUp.has(sqlite)) return false;
    try {
      return this.#stepIn(sqlite);
    } catch {
      // A damaged index loses nothing: the words stand in the messages.
      this.#givenUp.add(sqlite);
      if (!this.#mended.has(sqlite)) this.rebuild().catch(() => undefined);
      this.#mended.add(sqlite);
      return false;
    }
  }

  #stepIn(sqlite: Sqlite): boolean {
    if (this.#shouldMerge) {
      this.#shouldMerge = mergeSome(sqlite);
      return true;
    }
    const done = indexTodo(sqlite, this.#options.blobs);
    this.#shouldMerge = done > 0;
    this.#done += done;
    return done > 0;
  }

  async #tidy(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#done - this.#savedAt >= worthSaving) {
      this.#savedAt = this.#done;
      // Where it cannot be written, the index is as good in memory.
      await this.#options.save().catch(() => undefined);
    }
    const now = performance.now();
    if (now - this.#tidiedAt < tidyMs) return;
    this.#tidiedAt = now;
    const sqlite = this.#options.live();
    if (sqlite !== undefined && isMostlyGarbage(sqlite.query)) await this.rebuild();
  }

  async #empty(): Promise<void> {
    let sqlite = this.#options.live();
    let after: number | undefined = 0;
    while (sqlite !== undefined && after !== undefined) {
      after = markSome(sqlite, after);
      await breathe();
      const isSame: boolean = sqlite === this.#options.live();
      // Loaded anew in between, it has lost the list.
      if (!isSame) after = 0;
      sqlite = this.#options.live();
    }
    if (sqlite === undefined) return;
    empty(sqlite);
    this.#givenUp.delete(sqlite);
    this.wake();
  }
}
