import assert from 'node:assert/strict';
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises';
import { Blobs } from '../../extension/storage/blobs.ts';
import { emptyDatabase } from '../../extension/storage/coldFiles.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { searchRows } from '../../extension/storage/search.ts';
import { fillIndex, forgottenRows, SearchIndex } from '../../extension/storage/searchIndex.ts';
import type { Sqlite } from '../../extension/storage/sqlite.ts';
import {
  model,
  openDatabase,
  openService,
  openSqlite,
  quickDisk,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const blobs = new Blobs(quickDisk, '/nowhere');

const addChat = (sqlite: Sqlite, id: string, texts: readonly string[]): void => {
  sqlite.run(
    'INSERT INTO sessions (id, title, agent_id, model, folder, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, 1)',
    [id, 'Title', 'agent', JSON.stringify(model), ''],
  );
  for (const [index, text] of texts.entries()) {
    sqlite.run(
      "INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES (?, ?, 'j', 'user', ?, 1)",
      [id, `m${index}`, JSON.stringify({ content: [{ type: 'text', text }] })],
    );
  }
};

const numbered = (count: number, word = 'number'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${word} n${index} ${'and so on '.repeat(10)}`);

const count = ({ query }: Sqlite, table: string): number =>
  Number(query(`SELECT count(*) AS n FROM ${table}`)[0]?.n);

const hits = ({ query }: Sqlite, text: string): number =>
  searchRows({ sessions: query, rows: query, blobs }, { text, limit: 1_000 }).sessions.reduce(
    (sum, found) => sum + found.hits.length + found.moreHits,
    0,
  );

describe('the search index', function () {
  this.timeout(60_000);
  const open: SearchIndex[] = [];
  afterEach(() => {
    for (const index of open.splice(0)) index.close();
  });
  const folder = temporaryFolder(this);

  const make = async (texts: readonly string[] = []) => {
    const state: { sqlite: Sqlite | undefined; saves: number } = {
      sqlite: emptyDatabase(await openSqlite(), migrations),
      saves: 0,
    };
    const { sqlite } = state;
    assert.ok(sqlite);
    addChat(sqlite, 'a', texts);
    const index = new SearchIndex({
      live: () => state.sqlite,
      blobs,
      save: async () => {
        state.saves += 1;
      },
    });
    open.push(index);
    return { index, sqlite, state };
  };
  const settled = async (isDone: () => boolean): Promise<void> => {
    for (const end = Date.now() + 40_000; !isDone() && Date.now() < end; ) await pause(20);
    assert.ok(isDone());
  };

  it('is filled once writes pause, in slices between which others have their turn', async () => {
    const { index, sqlite, state } = await make(numbered(6_000));
    index.wake();
    await pause(150);
    index.wake();
    await pause(300);
    assert.equal(count(sqlite, 'search_docsize'), 0, 'not before the pause');
    let turns = 0;
    let last = 0;
    let most = 0;
    const watch = (async () => {
      while (count(sqlite, 'search_todo') > 0) {
        turns += 1;
        const indexed = count(sqlite, 'search_docsize');
        most = Math.max(most, indexed - last);
        last = indexed;
        await breathe();
      }
    })();
    await watch;
    assert.equal(count(sqlite, 'search_docsize'), 6_000);
    assert.ok(turns > 30 && most <= 200, `${turns} turns, at most ${most} rows in one`);
    assert.equal(forgottenRows(sqlite.query), 0);
    assert.equal(hits(sqlite, 'n5999'), 1);
    await settled(() => state.saves === 1);
  });

  it('stops for a write, and goes on after it', async () => {
    const { index, sqlite } = await make(numbered(6_000));
    index.wake();
    await settled(() => count(sqlite, 'search_docsize') > 0);
    index.wake();
    await breathe();
    const before = count(sqlite, 'search_docsize');
    await pause(200);
    assert.equal(count(sqlite, 'search_docsize'), before);
    assert.ok(before < 6_000);
    await settled(() => count(sqlite, 'search_todo') === 0);
  });

  it('is filled although writes never pause', async () => {
    const { index, sqlite } = await make(numbered(10));
    for (const end = Date.now() + 8_000; Date.now() < end && count(sqlite, 'search_todo') > 0; ) {
      index.wake();
      await pause(100);
    }
    assert.equal(count(sqlite, 'search_todo'), 0);
  });

  it('takes up the newest messages first when time is short', async () => {
    const { index, sqlite } = await make(numbered(6_000));
    await index.fill(1);
    assert.ok(count(sqlite, 'search_todo') > 0);
    assert.equal(hits(sqlite, 'n5999'), 1);
    assert.equal(hits(sqlite, '"n0"'), 0);
    await index.fill(Number.POSITIVE_INFINITY);
    assert.equal(hits(sqlite, '"n0"'), 1);
  });

  it('never has so many segments that FTS4 merges them in the middle of an insertion', async () => {
    const { index, sqlite } = await make();
    let most = 0;
    for (let chat = 0; chat < 150; chat += 1) {
      addChat(sqlite, `c${chat}`, [`word${chat} common`]);
      await index.fill(Number.POSITIVE_INFINITY);
      const levels = sqlite.query('SELECT count(*) AS n FROM search_segdir GROUP BY level');
      most = Math.max(most, ...levels.map(({ n }) => Number(n)));
    }
    assert.ok(most >= 4 && most < 16, `${most}`);
    assert.equal(hits(sqlite, 'common'), 150);
    assert.equal(hits(sqlite, 'word7'), 11);
  });

  it('goes on in the database that takes the place of another', async () => {
    const { index, sqlite, state } = await make(numbered(6_000));
    await index.fill(1);
    const next = emptyDatabase(await openSqlite(), migrations);
    addChat(next, 'b', ['something else']);
    state.sqlite = undefined;
    await index.fill(50);
    assert.ok(count(sqlite, 'search_todo') > 0);
    state.sqlite = next;
    await index.fill(50);
    assert.equal(hits(next, 'something'), 1);
  });

  it('is made anew when too much of it is of messages that are gone', async () => {
    const { index, sqlite } = await make(numbered(900));
    addChat(sqlite, 'b', numbered(900, 'goner'));
    await index.fill(Number.POSITIVE_INFINITY);
    sqlite.run("DELETE FROM messages WHERE session_id = 'b'");
    assert.equal(hits(sqlite, 'goner'), 0);
    assert.equal(count(sqlite, 'search_docsize'), 1_800);
    index.wake();
    await settled(() => count(sqlite, 'search_docsize') === 900 && count(sqlite, 'search_todo') === 0);
    assert.equal(hits(sqlite, 'number'), 900);
    assert.equal(forgottenRows(sqlite.query), 0);
  });

  it('goes on answering while it is being made anew, also of what is written meanwhile', async () => {
    const { index, sqlite } = await make(numbered(5_000));
    await index.fill(Number.POSITIVE_INFINITY);
    const making = index.rebuild();
    assert.equal(hits(sqlite, '"n3"'), 1);
    addChat(sqlite, 'b', ['meanwhile']);
    // Searches in the middle of it, which must not take anything off the list for the old index.
    for (let isMaking = true; isMaking; await index.fill(5)) {
      isMaking = await Promise.race([making.then(() => false), breathe(true)]);
    }
    assert.equal(hits(sqlite, 'meanwhile'), 1);
    await index.fill(Number.POSITIVE_INFINITY);
    assert.equal(hits(sqlite, '"n3"'), 1);
    assert.equal(count(sqlite, 'search_docsize'), 5_001);
  });

  it('is not saved while it is being made anew: whoever has that done saves what comes of it', async () => {
    const { index, sqlite, state } = await make(numbered(12_000));
    index.wake();
    await settled(() => count(sqlite, 'search_docsize') > 6_000);
    await index.rebuild();
    assert.equal(state.saves, 0);
    await settled(() => state.saves === 1);
    assert.equal(count(sqlite, 'search_docsize'), 12_000);
  });

  it('is not saved once it is closed, however much of it is new', async () => {
    const { index, sqlite, state } = await make(numbered(12_000));
    index.wake();
    await settled(() => count(sqlite, 'search_docsize') > 6_000);
    index.close();
    // Past the step that it was in the middle of.
    for (let turn = 0; turn < 10; turn += 1) await breathe();
    assert.ok(count(sqlite, 'search_docsize') < 12_000);
    assert.equal(state.saves, 0);
  });

  it('is made anew when it is damaged, and not over and over', async () => {
    const { index, sqlite } = await make(numbered(500));
    await index.fill(Number.POSITIVE_INFINITY);
    const spoil = (): void => {
      sqlite.run("UPDATE search_segdir SET root = x'ffffffffffffffffff', leaves_end_block = 'x'");
      sqlite.run("UPDATE search_stat SET value = x'' WHERE id = 0");
      for (let more = 0; more < 20; more += 1) addChat(sqlite, uniqueName(), ['further']);
    };
    spoil();
    assert.throws(() => hits(sqlite, 'number'));
    for (let round = 0; round < 20; round += 1) {
      await index.fill(Number.POSITIVE_INFINITY);
      addChat(sqlite, uniqueName(), ['further']);
      await pause(5);
    }
    await index.rebuild();
    await index.fill(Number.POSITIVE_INFINITY);
    assert.equal(hits(sqlite, 'number'), 500);
  });

  it('is filled for a database that nobody watches, with what it lacks', async () => {
    const { sqlite } = await make(numbered(450));
    await fillIndex(sqlite, blobs);
    assert.equal(count(sqlite, 'search_docsize'), 450);
    assert.equal(count(sqlite, 'search_todo'), 0);
    addChat(sqlite, 'b', ['later', 'on']);
    sqlite.run(
      "INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES ('b', 'n', 'j', 'notice', '{}', 1)",
    );
    sqlite.run(
      "INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES ('b', 'x', 'j', 'user', 'not JSON', 1)",
    );
    await fillIndex(sqlite, blobs);
    assert.equal(count(sqlite, 'search_docsize'), 453);
    assert.equal(hits(sqlite, 'later'), 1);
    assert.equal(forgottenRows(sqlite.query), 0);
  });

  it('stops being filled for a file of old chats when the window closes', async () => {
    const { sqlite } = await make(numbered(6_000));
    const closing = new AbortController();
    const filling = fillIndex(sqlite, blobs, closing.signal);
    await breathe();
    closing.abort(new Error('The window closes.'));
    await assert.rejects(filling, /The window closes/);
    assert.ok(count(sqlite, 'search_docsize') < 6_000);
  });

  it('of a store is mended by the search that finds it damaged', async () => {
    const where = folder();
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    await database.local((sqlite) => addChat(sqlite, 'a', ['findable']));
    await database.local((sqlite) => fillIndex(sqlite, blobs));
    await database.transact(uniqueName(), () => [
      { sql: "UPDATE search_segdir SET root = x'ffffffffffffffffff'", params: [] },
    ]);
    await database.snapshot();
    await database.close();
    const { service } = await openService(where, { disk: quickDisk });
    const { sessions } = await service.search('', { text: 'findable', limit: 5 });
    assert.equal(sessions.length, 1);
  });

  it('is left alone in what a newer version wrote, where titles are found', async () => {
    const where = folder();
    const newer = [
      ...migrations,
      { version: 99, statements: () => [{ sql: 'DROP TABLE search', params: [] }] },
    ];
    const { database } = await openDatabase(where, { disk: quickDisk, migrations: newer });
    await database.transact(uniqueName(), () => [
      {
        sql: `INSERT INTO sessions (id, title, agent_id, model, folder, created_at, updated_at)
          VALUES ('a', 'From the future', 'agent', ?, '', 1, 1)`,
        params: [JSON.stringify(model)],
      },
    ]);
    await database.close();
    const { service } = await openService(where, { disk: quickDisk });
    const { sessions } = await service.search('', { text: 'future', limit: 5 });
    assert.deepEqual(
      sessions.map((found) => found.session.id),
      ['a'],
    );
  });
});
