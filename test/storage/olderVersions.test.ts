import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Agent, defaultExecution } from '../../extension/shared/agent.ts';
import type { AuditEntry } from '../../extension/shared/audit.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { FileDiff } from '../../extension/shared/event.ts';
import type { TokenUsage } from '../../extension/shared/message.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import type { SessionSummary } from '../../extension/shared/session.ts';
import { hashesIn } from '../../extension/storage/blobs.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import { migrations } from '../../extension/storage/schema.ts';
import type { Query } from '../../extension/storage/sqlite.ts';
import { crashingDisk } from './crashingDisk.ts';
import { openDatabase, openService, quickDisk, systemError, temporaryFolder, uniqueName } from './support.ts';

/** What the code of that time read back of its own store; see writeFixture.ts. */
interface Expected {
  readonly agents: readonly Agent[];
  readonly chats: readonly {
    readonly summary: Omit<SessionSummary, 'titleBy' | 'shelf' | 'isPinned'>;
    readonly items: readonly ChatItem[];
    /** With what it cost, from version 4 on. */
    readonly usage: { readonly total: TokenUsage; readonly lastRequest: TokenUsage };
  }[];
  /** From version 4 on. */
  readonly rules?: readonly Rule[];
  readonly audit?: readonly AuditEntry[];
}

/** As questions were kept up to version 3. */
interface OldPrompt {
  readonly title: string;
  readonly detail: string;
  readonly diffs: readonly FileDiff[];
  readonly grant?: object;
  readonly caution?: string;
}

/** Nothing else has changed about items. */
const asToday = (items: readonly ChatItem[]): readonly ChatItem[] =>
  items.map((item) => {
    if (item.kind !== 'step' || item.record.prompt === undefined || 'offers' in item.record.prompt)
      return item;
    const { title, detail, diffs, caution = '' }: OldPrompt = item.record.prompt;
    const prompt = { title, detail, diffs, offers: [], reason: caution, isCautioned: caution !== '' };
    return { ...item, record: { ...item.record, prompt } };
  });

/** Requests in each chat, which had no price then. */
const requests: Readonly<Record<string, number>> = { whole: 2, failed: 1 };

const fixtures = path.resolve(import.meta.dirname, '../fixtures/storage');
const newest = migrations.length;

const unpack = (version: number, where: string): Expected => {
  const from = path.join(fixtures, `v${version}`);
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const name = path.relative(from, path.join(entry.parentPath, entry.name)).replace(/\.gz$/, '');
    if (name === 'expected.json') continue;
    mkdirSync(path.dirname(path.join(where, name)), { recursive: true });
    writeFileSync(path.join(where, name), gunzipSync(readFileSync(path.join(from, `${name}.gz`))));
  }
  return JSON.parse(gunzipSync(readFileSync(path.join(from, 'expected.json.gz'))).toString('utf8'));
};

/** Every row of every table that a schema of that version has, in its columns. */
type Dump = ReadonlyMap<string, readonly unknown[]>;
const columnsOf = (query: Query): ReadonlyMap<string, readonly string[]> =>
  new Map(
    query(
      // The search index is each window's own.
      `SELECT name FROM sqlite_master
        WHERE type = 'table' AND name NOT IN ('meta', 'sqlite_sequence') AND name NOT LIKE 'search%'`,
    ).map(({ name }) => [
      String(name),
      query(`PRAGMA table_info(${name})`).map((column) => String(column.name)),
    ]),
  );
const dump = (query: Query, columns: ReadonlyMap<string, readonly string[]>): Dump =>
  new Map(
    [...columns].map(([table, names]) => [
      table,
      query(`SELECT ${names.join()} FROM ${table} ORDER BY ${names.join()}`),
    ]),
  );

describe('a store of an older version', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('is there for each of them, and small', () => {
    const expected = Array.from({ length: newest - 1 }, (_, index) => `v${index + 1}`);
    assert.deepEqual(readdirSync(fixtures).sort(), expected);
    for (const version of expected) {
      const files = readdirSync(path.join(fixtures, version), { recursive: true, withFileTypes: true });
      const bytes = files
        .filter((entry) => entry.isFile())
        .reduce((sum, entry) => sum + readFileSync(path.join(entry.parentPath, entry.name)).length, 0);
      assert.ok(bytes < 100_000, `${version}: ${bytes} bytes`);
    }
  });

  for (let version = 1; version < newest; version += 1) {
    const old = migrations.slice(0, version);

    /** The store as it was left, and its rows as they were. */
    const store = async () => {
      const where = folder();
      const expected = unpack(version, where);
      const copy = folder();
      cpSync(where, copy, { recursive: true });
      const { database } = await openDatabase(copy, { disk: quickDisk, migrations: old });
      const [columns, rows] = await database.read((query) => {
        assert.equal(query('PRAGMA user_version')[0]?.user_version, version);
        const found = columnsOf(query);
        return [found, dump(query, found)] as const;
      });
      await database.close();
      return { where, expected, columns, rows };
    };

    const readsBack = async (where: string, expected: Expected): Promise<void> => {
      const { service, items, problems } = await openService(where, { disk: quickDisk });
      assert.deepEqual(
        await service.listAgents(''),
        // With what agents have got since.
        expected.agents.map((agent) => ({
          ...agent,
          skills: version < 4 ? 'all' : agent.skills,
          mcpServers: 'all',
          execution: { ...defaultExecution, ...agent.execution },
        })),
      );
      for (const { summary, items: said, usage } of expected.chats) {
        const { id } = summary;
        assert.deepEqual(await items(id), asToday(said), id);
        const price = version < 4 ? { costUsd: 0, unpriced: requests[id] ?? 0 } : {};
        assert.deepEqual(await service.sessionUsage('', id), { ...usage, ...price }, id);
        const today = { titleBy: 'message', shelf: 'active', isPinned: false };
        assert.deepEqual(await service.getSession('', id), { ...today, ...summary }, id);
      }
      assert.deepEqual(await service.listRules(''), expected.rules ?? []);
      const audit = await service.readAudit('', 0, 1_000);
      if (expected.audit !== undefined) assert.deepEqual(audit, expected.audit);
      assert.deepEqual(await service.telegramListBots(''), []);
      assert.deepEqual(await service.telegramListSchedules(''), []);
      const page = await service.listSessions('', { shelf: 'active', limit: 100, folderFirst: '' });
      const ids = expected.chats.map(({ summary }) => summary.id);
      assert.deepEqual(page.sessions.map(({ id }) => id).sort(), [...ids, 'running'].sort());
      // Its window crashed: what it was saying is kept, and nothing waits for an answer.
      assert.equal((await service.getSession('', 'running'))?.status, 'interrupted');
      const [, , step, reply, notice] = await items('running');
      assert.ok(step?.kind === 'step' && step.record.status === 'interrupted');
      assert.ok(reply?.kind === 'assistant' && notice?.kind === 'notice');
      assert.deepEqual(reply.message.content, [{ type: 'text', text: 'And then' }]);
      assert.deepEqual(problems, []);
      await service.close('');
    };

    describe(`(${version})`, () => {
      it('reads back fully', async () => {
        const { where, expected } = await store();
        const all = JSON.stringify(expected.chats);
        const special = version === 3 ? ['"grant"', '.git is protected'] : [];
        if (version >= 4) special.push('"offers"', '"mode":"smart"', '"costUsd":0.125');
        assert.deepEqual(
          special.filter((what) => !all.includes(what)),
          [],
        );
        assert.equal(expected.rules?.length ?? 0, version >= 4 ? 2 : 0);
        // Or this would say little.
        for (const what of [
          '"rejected"',
          '"failed"',
          'image/png',
          '"thinking"',
          '"diffs"',
          'Not this one.',
        ]) {
          assert.ok(all.includes(what), what);
        }
        await readsBack(where, expected);
        await readsBack(where, expected);
      });

      it('has every row, what is to be indexed, and which chat needs which file', async () => {
        const { where, columns, rows } = await store();
        const { database, problems } = await openDatabase(where, { disk: quickDisk, migrations });
        await database.read((query) => {
          assert.deepEqual(dump(query, columns), rows);
          assert.deepEqual(query('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
          const words = `SELECT row FROM messages WHERE kind IN ('user', 'assistant')
            UNION SELECT row FROM steps WHERE result IS NOT NULL ORDER BY row`;
          const todo = query('SELECT row FROM search_todo ORDER BY row');
          assert.deepEqual(todo, query(words));
          assert.ok(todo.length > 20);
          const needed = new Set<string>();
          for (const each of [...(rows.get('messages') ?? []), ...(rows.get('steps') ?? [])]) {
            const row = each as Record<string, unknown>;
            for (const value of Object.values(row)) {
              for (const hash of hashesIn(String(value))) needed.add(`${row.session_id} ${hash}`);
            }
          }
          const kept = query('SELECT session_id, hash FROM blob_refs');
          assert.deepEqual(kept.map((row) => `${row.session_id} ${row.hash}`).sort(), [...needed].sort());
          assert.equal(needed.size, 4);
        });
        assert.deepEqual(problems, []);
      });

      it('is kept as it was in a backup, which opens by itself', async () => {
        const { where, expected, columns, rows } = await store();
        await (await openDatabase(where, { disk: quickDisk, migrations })).database.close();
        const backups = readdirSync(where).filter((name) => name.includes('.version-'));
        assert.deepEqual(backups, [`anycowork.db.version-${version}`]);
        const restored = folder();
        copyFileSync(path.join(where, backups[0] ?? ''), path.join(restored, 'anycowork.db'));
        cpSync(path.join(where, 'blobs'), path.join(restored, 'blobs'), { recursive: true });
        const again = folder();
        cpSync(restored, again, { recursive: true });
        const { database } = await openDatabase(restored, { disk: quickDisk, migrations: old });
        await database.read((query) => {
          assert.equal(query('PRAGMA user_version')[0]?.user_version, version);
          assert.deepEqual(dump(query, columns), rows);
        });
        // Put back in place of what was migrated, today's code brings it up to date once more.
        const opened = await openService(again, { disk: quickDisk });
        for (const { summary, items } of expected.chats) {
          assert.deepEqual(await opened.items(summary.id), asToday(items));
        }
      });

      it('is the old one or the new one after a crash at any moment of being migrated', async () => {
        const { where, columns, rows } = await store();
        const calm = crashingDisk({ at: Number.POSITIVE_INFINITY, part: 1, isPowerCut: false });
        // One window, whose lock is broken by its next thread.
        const owner = thisOwner(uniqueName());
        const open = (at: string, disk = quickDisk, some = migrations) =>
          openDatabase(at, { disk, migrations: some, owner, incarnation: uniqueName() });
        const copyOf = (): string => {
          const copy = folder();
          cpSync(where, copy, { recursive: true });
          return copy;
        };
        await open(copyOf(), calm.disk);
        const count = calm.operations();
        calm.settle();
        const versions = new Set<number>();
        for (let at = 1; at <= count; at += 1) {
          const crashed = copyOf();
          const crashing = crashingDisk({ at, part: [0, 0.4, 1][at % 3] ?? 0, isPowerCut: at % 2 === 0 });
          await open(crashed, crashing.disk).catch(() => undefined);
          assert.ok(crashing.isDead());
          crashing.settle();
          // The code of that time still reads all of it, and so does today's.
          for (const known of [old, migrations]) {
            const { database, problems } = await open(crashed, quickDisk, known);
            await database.read((query) => {
              assert.deepEqual(dump(query, columns), rows, `crash at ${at}`);
              if (known === old) versions.add(Number(query('PRAGMA user_version')[0]?.user_version));
              else assert.equal(query('PRAGMA user_version')[0]?.user_version, newest);
            });
            assert.deepEqual(
              problems.filter((problem) => !problem.includes('newer version')),
              [],
            );
            await database.close();
          }
        }
        // Before each step, and after the last.
        const all = Array.from({ length: newest - version + 1 }, (_, index) => version + index);
        assert.deepEqual([...versions].sort(), all);
      });

      const everything = [
        'createExclusive',
        'append',
        'writeFile',
        'rename',
        'copy',
        'truncate',
        'openAppend',
      ] as const;
      for (const [what, code, denied, words] of [
        ['a full disk', 'ENOSPC', everything, /disk is full/],
        ['a disk with room for small files only', 'ENOSPC', ['writeFile'], /disk is full/],
        ['a disk with room for new files only', 'ENOSPC', ['append'], /disk is full/],
        ['a folder that can only be read', 'EROFS', everything, /cannot be written to/],
      ] as const) {
        it(`is read as it is where it cannot be migrated (${what}), and says why nothing can be saved`, async () => {
          const { where, expected } = await store();
          const before = readFileSync(path.join(where, 'anycowork.db'));
          let isDenied = true;
          const refuseOr =
            <A extends readonly unknown[], R>(act: (...args: A) => R) =>
            (...args: A): R => {
              if (isDenied) throw systemError(code);
              return act(...args);
            };
          const refused = Object.fromEntries(
            denied.map((operation) => [operation, refuseOr<readonly never[], unknown>(quickDisk[operation])]),
          );
          const { service, items, problems } = await openService(where, {
            disk: { ...quickDisk, ...refused },
          });
          const isReadable = async (): Promise<void> => {
            for (const { summary, items: said } of expected.chats) {
              assert.deepEqual(await items(summary.id), asToday(said));
              assert.equal((await service.getSession('', summary.id))?.title, summary.title);
            }
            const found = await service.listSessions('', { shelf: 'active', limit: 100, folderFirst: '' });
            assert.equal(found.sessions.length, expected.chats.length + 1);
          };
          await isReadable();
          assert.equal(problems.length, 1, problems.join());
          assert.match(
            problems[0] ?? '',
            /^This history was written by an older version.*can be read.*nothing can be saved/,
          );
          assert.match(problems[0] ?? '', words);
          const pin = () => service.updateSession(uniqueName(), 'whole', { isPinned: true }, 1);
          await assert.rejects(pin(), words);
          await assert.rejects(pin(), words);
          await isReadable();
          // Told once, however often it is tried.
          assert.equal(problems.length, 1, problems.join());
          assert.ok(readFileSync(path.join(where, 'anycowork.db')).equals(before));
          isDenied = false;
          await pin();
          assert.equal((await service.getSession('', 'whole'))?.isPinned, true);
          await service.close('');
          const again = await openService(where, { disk: quickDisk });
          assert.equal((await again.service.getSession('', 'whole'))?.isPinned, true);
          assert.deepEqual(again.problems, []);
          const backups = readdirSync(where).filter((name) => name.includes('.version-'));
          assert.ok(backups.includes(`anycowork.db.version-${version}`), backups.join());
          assert.deepEqual(
            readdirSync(where).filter((name) => name.endsWith('.tmp')),
            [],
          );
        });
      }
    });
  }
});
