import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { loadSqlite } from '../../extension/storage/sqlite.ts';
import {
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
  wasmFile,
} from './support.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const reference = (text: string): string => JSON.stringify({ $blob: hashOf(text), as: 'utf8' });

/** Rows as version 1 wrote them: two chats, which share one long text. */
const rowsOfVersion1 = (shared: string, own: string): readonly string[] => {
  const message = (content: string, id: string): string =>
    JSON.stringify({ role: 'user', id, content: [{ type: 'text', text: '?' }], createdAt: 1 }).replace(
      '"?"',
      content,
    );
  const result = `{"role":"tool","id":"r","callId":"c","toolName":"t","outcome":"completed","createdAt":1,"content":[{"type":"text","text":${reference(own)}}]}`;
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  // Words about a reference are none.
  const talk = JSON.stringify(`{"$blob":"${hashOf('nothing')}","as":"utf8"}`);
  return [
    ...['a', 'b'].map(
      (id) =>
        `INSERT INTO sessions VALUES ('${id}', 'Chat ${id}', 'agent', '{"provider":"gemini","model":"m"}', '', 1, 1, 'job-${id}')`,
    ),
    ...['a', 'b'].map(
      (id) => `INSERT INTO jobs VALUES ('job-${id}', '${id}', 'agent', 'completed', '', 1, 2)`,
    ),
    `INSERT INTO messages VALUES (1, 'a', 'm1', 'job-a', 'user', ${quoted(message(reference(shared), 'm1'))}, 1)`,
    `INSERT INTO messages VALUES (2, 'b', 'm2', 'job-b', 'user', ${quoted(message(reference(shared), 'm2'))}, 1)`,
    `INSERT INTO messages VALUES (3, 'b', 'm3', 'job-b', 'user', ${quoted(message(talk, 'm3'))}, 1)`,
    `INSERT INTO messages VALUES (4, 'a', 's1', 'job-a', 'step', NULL, 1)`,
    `INSERT INTO steps (row, id, session_id, job_id, status, step, result, started_at, ended_at)
      VALUES (4, 's1', 'a', 'job-a', 'completed', '{"id":"s1"}', ${quoted(result)}, 1, 2)`,
  ];
};

describe('migrations', function () {
  const folder = temporaryFolder(this);

  it('are numbered from 1, without a gap', () => {
    assert.deepEqual(
      migrations.map(({ version }) => version),
      migrations.map((_, index) => index + 1),
    );
  });

  it('bring a store from every older version to today', async () => {
    const today = await openDatabase(folder(), { disk: quickDisk, migrations });
    const schema = (opened: typeof today) =>
      opened.database.read((query) => query('SELECT type, name, sql FROM sqlite_master ORDER BY type, name'));
    const expected = await schema(today);
    for (let version = 1; version < migrations.length; version += 1) {
      const where = folder();
      const older = migrations.slice(0, version);
      const old = await openDatabase(where, { disk: quickDisk, migrations: older });
      await old.database.transact(uniqueName(), () => [
        { sql: "INSERT INTO agents VALUES ('a', 'A', '{}', 1)", params: [] },
      ]);
      await old.database.close();
      const brought = await openDatabase(where, { disk: quickDisk, migrations });
      assert.deepEqual(await schema(brought), expected, `from version ${version}`);
      const rows = await brought.database.read((query) => query('SELECT id FROM agents'));
      assert.deepEqual(rows, [{ id: 'a' }]);
      assert.deepEqual(brought.problems, []);
      const backups = readdirSync(where).filter((name) => name.includes('.version-'));
      assert.deepEqual(backups, [`anycowork.db.version-${version}`]);
      // The backup is an SQLite file with the rows as they were.
      const openSqlite = await loadSqlite(wasmFile);
      const backup = openSqlite(quickDisk.readFile(path.join(where, backups[0] ?? '')));
      assert.equal(backup.schemaVersion(), version);
      assert.deepEqual(backup.query('SELECT id FROM agents'), [{ id: 'a' }]);
    }
  });

  it('make no backup of a new store', async () => {
    const where = folder();
    await openDatabase(where, { disk: quickDisk, migrations });
    assert.deepEqual(
      readdirSync(where).filter((name) => name.includes('.version-')),
      [],
    );
  });

  it('to version 2 find which chat needs which file', async () => {
    const where = folder();
    const [shared, own] = ['s', 'o'].map((letter) => letter.repeat(blobThreshold + 1));
    assert.ok(shared !== undefined && own !== undefined);
    const fileOf = (text: string): string =>
      path.join(where, 'blobs', hashOf(text).slice(0, 2), hashOf(text));
    for (const text of [shared, own]) {
      mkdirSync(path.dirname(fileOf(text)), { recursive: true });
      writeFileSync(fileOf(text), text);
    }
    const old = await openDatabase(where, { disk: quickDisk, migrations: migrations.slice(0, 1) });
    await old.database.transact(uniqueName(), () =>
      rowsOfVersion1(shared, own).map((sql) => ({ sql, params: [] })),
    );
    await old.database.close();

    const { service, items, problems } = await openService(where, { disk: quickDisk });
    const young = await openDatabase(where, { disk: quickDisk, migrations });
    const found = await young.database.read((query) => query('SELECT * FROM blob_refs'));
    assert.deepEqual(
      found.map(({ session_id: id, hash }) => `${id} ${hash}`).sort(),
      [`a ${hashOf(own)}`, `a ${hashOf(shared)}`, `b ${hashOf(shared)}`].sort(),
    );
    const texts = async (id: string): Promise<string> => JSON.stringify(await items(id));
    assert.ok((await texts('a')).includes(own));
    assert.ok((await texts('a')).includes(shared));
    await service.deleteSession(uniqueName(), 'a');
    assert.ok(!existsSync(fileOf(own)));
    assert.ok((await texts('b')).includes(shared));
    await service.saveSession(uniqueName(), session('c'));
    await service.deleteSession(uniqueName(), 'b');
    assert.ok(!existsSync(fileOf(shared)));
    assert.deepEqual(problems, []);
  });
});
