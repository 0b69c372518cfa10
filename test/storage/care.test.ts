import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { formatOwner, thisOwner } from '../../extension/storage/owner.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { cpuTime } from '../support/clocks.ts';
import { blobs, longText, part, put, quick } from './careSupport.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, chatIds, coldNames, openSmall } from './coldSupport.ts';
import {
  diskWith,
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

describe('storage care', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  describe('the space that is used', () => {
    it('is told by part, and the parts are all of it', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      await addChat(opened, 'small', { turns: 1 });
      await addChat(opened, 'large', { turns: 5, size: 10_000 });
      await opened.record(jobEvents('large', 'blob').started(longText('b')));
      await opened.record(jobEvents('small', 'blob-2').started(longText('c', 30_000)));
      await opened.service.repair(uniqueName(), 'snapshot');
      put(path.join(where, 'anycowork.db.version-1'), 111);
      put(path.join(where, 'anycowork.db.corrupt-2026-01-01T00-00-00-000Z'), 222);
      put(path.join(where, 'anycowork.journal.corrupt-2026-01-01T00-00-00-000Z'), 22);
      put(path.join(where, 'output', 'output-abc-0123456789ab.log'), 333);
      put(path.join(where, 'blobs', 'aa', 'a'.repeat(64)), 444);
      put(path.join(where, 'blobs', 'aa', `${'a'.repeat(64)}.77.tmp`), 55);
      const use = await opened.service.use('');
      assert.equal(use.folder, where);
      const size = (name: string): number => statSync(path.join(where, name)).size;
      assert.equal(part(use, 'database').bytes, size('anycowork.db'));
      assert.equal(part(use, 'previousSnapshot').bytes, size('anycowork.db.1'));
      assert.equal(part(use, 'journal').bytes, size('anycowork.journal') + size('anycowork.journal.1'));
      assert.deepEqual(part(use, 'backups'), { kind: 'backups', bytes: 111, files: 1 });
      assert.deepEqual(part(use, 'damagedFiles'), { kind: 'damagedFiles', bytes: 244, files: 2 });
      assert.deepEqual(part(use, 'commandOutput'), { kind: 'commandOutput', bytes: 333, files: 1 });
      assert.deepEqual(part(use, 'orphans'), { kind: 'orphans', bytes: 499, files: 2 });
      assert.deepEqual(part(use, 'attachments'), {
        kind: 'attachments',
        bytes: blobThreshold + 1_000 + 30_000,
        files: 2,
      });
      assert.equal(
        use.bytes,
        use.parts.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      assert.deepEqual(
        use.largest.map((each) => each.session.id),
        ['large', 'small'],
      );
      const [large, small] = use.largest.map(({ bytes }) => bytes);
      // What its texts come to, and some for each row.
      assert.ok(
        large !== undefined && large > 5 * 20_000 + blobThreshold && large < 5 * 25_000 + 2 * blobThreshold,
      );
      assert.ok(small !== undefined && small > 34_000 && small < 40_000, `${small}`);
    });

    it('counts what only deleted chats need as theirs, and old chats where they lie', async () => {
      const where = folder();
      const opened = await openSmall(where);
      for (const id of ['a', 'b']) {
        await opened.service.saveSession(uniqueName(), session(id, { updatedAt: Date.now() }));
        await opened.record(jobEvents(id, `${id}-job`).started(longText('s')));
        await opened.record(jobEvents(id, `${id}-job`).completed());
      }
      await opened.record(jobEvents('a', 'own').started(longText('o', 20_000)));
      await opened.record(jobEvents('a', 'own').completed());
      await opened.service.updateSession(uniqueName(), 'a', { shelf: 'deleted' }, 1);
      const use = await opened.service.use('');
      assert.equal(part(use, 'deletedChats').files, 1);
      assert.ok(part(use, 'deletedChats').bytes >= 20_000);
      assert.deepEqual(part(use, 'attachments'), {
        kind: 'attachments',
        bytes: blobThreshold + 1_000,
        files: 1,
      });
      for (const id of chatIds(24)) await addChat(opened, id);
      await opened.service.repair(uniqueName(), 'orphans');
      await opened.service.free(uniqueName(), 'deletedChats');
      const later = await opened.service.use('');
      assert.equal(part(later, 'oldChats').files, coldNames(where).length);
      assert.ok(part(later, 'oldChats').files > 0);
      const cold = later.largest.find((each) => each.session.id === 'chat-00')?.bytes ?? 0;
      assert.ok(cold > 12_000 && cold < 25_000, `${cold}`);
      assert.deepEqual(part(later, 'deletedChats'), { kind: 'deletedChats', bytes: 0, files: 0 });
    });

    it('of 10,000 attachments is known at once, without holding up others', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      await opened.service.saveSession(uniqueName(), session('a'));
      const hashes = Array.from({ length: 10_000 }, (_, index) =>
        (index * 0x9e3779b1).toString(16).padStart(64, '0').slice(-64).split('').reverse().join(''),
      );
      for (const hash of hashes) {
        const file = path.join(where, 'blobs', hash.slice(0, 2), hash);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, 'x');
      }
      const began = cpuTime();
      let longest = 0;
      let last = began;
      const ticking = setInterval(() => {
        const at = cpuTime();
        longest = Math.max(longest, at - last);
        last = at;
      }, 1);
      const use = await opened.service.use('');
      clearInterval(ticking);
      const took = cpuTime() - began;
      assert.equal(part(use, 'attachments').files, new Set(hashes).size);
      assert.ok(took < 1_500, `${took} ms`);
      assert.ok(longest < 200, `${longest} ms in one piece`);
    });
  });

  describe('a check', () => {
    it('of a storage in order finds nothing, and says what it has looked at', async () => {
      const where = folder();
      const opened = await openSmall(where);
      for (const id of chatIds(24)) await addChat(opened, id);
      await opened.record(jobEvents('chat-00', 'blob').started(longText('b')));
      // Whatever is done in the background.
      await opened.service.free(uniqueName(), 'deletedChats');
      const before = readdirSync(where, { recursive: true }).sort();
      const report = await opened.service.check('');
      assert.deepEqual(report.findings, []);
      for (const about of [
        'Database:',
        'Snapshot:',
        'Previous snapshot:',
        'Journal:',
        'Attachments',
        'Old chats:',
        'Search index:',
        'Jobs:',
        'Open windows: 1',
        'Free on the disk:',
        'Undo:',
        `Format: ${migrations.length}`,
      ]) {
        assert.ok(
          report.facts.some((fact) => fact.startsWith(about)),
          about,
        );
      }
      assert.deepEqual(readdirSync(where, { recursive: true }).sort(), before);
      assert.ok(report.use.bytes > 0);
    });

    it('of a young storage finds nothing either', async () => {
      const { service } = await openService(folder(), quick);
      assert.deepEqual((await service.check('')).findings, []);
    });

    for (const name of ['anycowork.db', 'anycowork.db.1', 'anycowork.journal']) {
      it(`finds damage in ${name}, which a new snapshot mends; nothing is lost, and what was damaged is kept`, async () => {
        const where = folder();
        const opened = await openService(where, quick);
        await addChat(opened, 'a');
        await opened.service.repair(uniqueName(), 'snapshot');
        await addChat(opened, 'b');
        await opened.service.repair(uniqueName(), 'snapshot');
        await addChat(opened, 'c');
        const all = await Promise.all(['a', 'b', 'c'].map(opened.items));
        const file = path.join(where, name);
        const bytes = readFileSync(file);
        const middle = Math.floor(bytes.length / 2);
        bytes.fill(1, middle, middle + 50);
        writeFileSync(file, bytes);
        const { findings } = await opened.service.check('');
        const [finding] = findings;
        assert.ok(finding !== undefined && findings.length === 1, JSON.stringify(findings));
        assert.equal(finding.repair, 'snapshot');
        assert.ok(finding.text.includes(file));
        const done = await opened.service.repair(uniqueName(), 'snapshot');
        const kept = readdirSync(where).filter((each) => each.startsWith(`${name}.corrupt-`));
        assert.equal(kept.length, 1);
        assert.ok(done.includes(kept[0] ?? '?'), done);
        assert.deepEqual(readFileSync(path.join(where, kept[0] ?? '')), bytes);
        const after = await opened.service.check('');
        assert.deepEqual(
          after.findings.filter(({ severity }) => severity === 'problem'),
          [],
        );
        await opened.service.close('');
        const again = await openService(where, quick);
        assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(again.items)), all);
        assert.deepEqual(again.problems, []);
      });
    }

    it('finds attachments that are missing or changed, and names the chats', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      for (const id of ['a', 'b', 'c']) {
        await opened.service.saveSession(uniqueName(), session(id, { title: `About ${id}` }));
        await opened.record(jobEvents(id, `job-${id}`).started(longText(id)));
      }
      const [first = '', second = ''] = blobs(where);
      const letters = [first, second].map((file) => readFileSync(file, 'utf8')[1] ?? '');
      renameSync(first, path.join(where, 'away'));
      writeFileSync(second, 'other');
      const { findings } = await opened.service.check('');
      assert.equal(findings.length, 1);
      const [finding] = findings;
      assert.match(finding?.text ?? '', /^2 files .* \(1 missing\)/);
      for (const letter of ['a', 'b', 'c']) {
        assert.equal(finding?.text.includes(`About ${letter}`), letters.includes(letter), letter);
      }
    });

    it('finds a search index that lacks messages, which is made anew', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      await addChat(opened, 'a', { text: 'pterodactyl' });
      await opened.service.search('', { text: 'pterodactyl', limit: 1 });
      await opened.service.close('');
      // A snapshot without the words, as an error of ours might leave it.
      const { database } = await openDatabase(where, { ...quick, migrations });
      await database.local((sqlite) => {
        sqlite.run('DELETE FROM search_docsize');
        sqlite.run('DELETE FROM search_segments');
        sqlite.run('DELETE FROM search_segdir');
        sqlite.run('DELETE FROM search_todo');
      });
      await database.snapshot(true);
      await database.close();
      const { service } = await openService(where, quick);
      assert.equal((await service.search('', { text: 'pterodactyl', limit: 1 })).sessions.length, 0);
      const { findings } = await service.check('');
      assert.deepEqual(
        findings.map(({ repair }) => repair),
        ['searchIndex'],
      );
      assert.match(await service.repair(uniqueName(), 'searchIndex'), /made anew: \d+ messages/);
      assert.equal((await service.search('', { text: 'pterodactyl', limit: 1 })).sessions.length, 1);
      assert.deepEqual((await service.check('')).findings, []);
    });

    it('finds jobs whose window is gone, and a disk that is nearly full', async () => {
      const where = folder();
      const { service } = await openService(where, {
        disk: diskWith({ ...quickDisk, freeBytes: () => 5_000_000 }),
      });
      await service.saveSession(uniqueName(), session('a'));
      const { database } = await openDatabase(where, { ...quick, migrations });
      const owner = formatOwner({ ...thisOwner('gone'), pid: 2 ** 22 - 3 });
      await database.transact(uniqueName(), () => [
        { sql: "INSERT INTO jobs VALUES ('j', 'a', 'agent', 'running', ?, 1, NULL)", params: [owner] },
      ]);
      const { findings, facts } = await service.check('');
      assert.ok(
        findings.some(({ text, severity }) => severity === 'note' && text.includes('its window is gone')),
      );
      assert.ok(findings.some(({ text, severity }) => severity === 'problem' && text.includes('5.0 MB')));
      assert.ok(facts.includes('Jobs: 1 running'));
    });

    it('says that a newer version has written the history', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      await addChat(opened, 'a');
      await opened.service.close('');
      const newer = [
        ...migrations,
        { version: 99, statements: () => [{ sql: 'CREATE TABLE later (x)', params: [] }] },
      ];
      const { database } = await openDatabase(where, { ...quick, migrations: newer });
      await database.close();
      const { service } = await openService(where, quick);
      const { findings } = await service.check('');
      assert.match(findings[0]?.text ?? '', /newer version/);
    });

    it('lets others write in between', async () => {
      const where = folder();
      const opened = await openService(where, quick);
      for (const id of chatIds(100)) await addChat(opened, id);
      let isOver = false;
      const checking = opened.service.check('').finally(() => {
        isOver = true;
      });
      let written = 0;
      let between = 0;
      while (!isOver) {
        await opened.service.updateSession(uniqueName(), 'chat-00', { isPinned: written % 2 === 0 }, 1);
        written += 1;
        if (!isOver) between += 1;
        // As a message to the thread would come.
        await setImmediate();
      }
      assert.deepEqual((await checking).findings, []);
      assert.ok(between > 0, `${written} writes, none of them before the end`);
    });
  });
});
