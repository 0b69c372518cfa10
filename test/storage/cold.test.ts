import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadSqlite } from '../../extension/storage/sqlite.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, chatIds, coldNames, openSmall, rowsIn, until } from './coldSupport.ts';
import {
  diskWith,
  type OpenedService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
  wasmFile,
} from './support.ts';

const ids = chatIds(24);

/** Which chats lie in which file. */
const whereTheyLie = async (folder: string): Promise<ReadonlyMap<string, string | null>> => {
  const { sessions } = await rowsIn(folder);
  return new Map(
    (sessions ?? []).map((row) => {
      const { id, cold_file: file } = row as { id: string; cold_file: string | null };
      return [id, file];
    }),
  );
};

const coldIds = async (folder: string): Promise<readonly string[]> =>
  [...(await whereTheyLie(folder))].filter(([, file]) => file !== null).map(([id]) => id);

/** Fills a store until its old chats lie in files. */
const fill = async (folder: string, opened: OpenedService): Promise<void> => {
  for (const id of ids) await addChat(opened, id);
  await until(async () => (await coldIds(folder)).length > 0, 'old chats are put away');
  // Whatever is left of the work in the background.
  await opened.service.free(uniqueName(), 'deletedChats');
};

describe('old chats', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('are put away when the database grows past its bound, the oldest first, and read as before', async () => {
    const where = folder();
    const opened = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
    for (const [index, id] of ids.entries()) await addChat(opened, id, { updatedAt: index + 1_000 });
    const { service, items } = opened;
    await service.updateSession(uniqueName(), ids[0] ?? '', { isPinned: true }, 1);
    const running = jobEvents(ids[1] ?? '', 'running');
    await opened.record(running.started());
    await addChat(opened, 'young', { updatedAt: Date.now() });
    const all = [...ids, 'young'];
    const before = new Map(await Promise.all(all.map(async (id) => [id, await items(id)] as const)));
    const usage = await service.sessionUsage('', ids[2] ?? '');
    const list = await service.listSessions('', { shelf: 'active', limit: 100, folderFirst: '' });
    const rows = await rowsIn(where);

    const { service: small, items: read, problems } = await openSmall(where);
    await small.free(uniqueName(), 'deletedChats');
    const lie = await whereTheyLie(where);
    const cold = all.filter((id) => lie.get(id) !== null);
    assert.ok(cold.length > 5, `${cold.length} are put away`);
    assert.ok(!cold.includes(ids[0] ?? ''), 'a pinned one');
    assert.ok(!cold.includes('young'), 'one of today');
    assert.deepEqual(cold, ids.slice(ids.indexOf(cold[0] ?? ''), ids.indexOf(cold.at(-1) ?? '') + 1));
    assert.equal(cold[0], ids[2], 'the oldest that may go is the first to go');
    assert.ok(new Set(lie.values()).size > 2, 'more than one file');
    const left = await rowsIn(where);
    assert.ok((left.messages?.length ?? 0) < (rows.messages?.length ?? 0));
    // The other window sees the same.
    for (const each of [service, small]) {
      assert.deepEqual(await each.listSessions('', { shelf: 'active', limit: 100, folderFirst: '' }), list);
    }
    for (const id of all) {
      assert.deepEqual(await read(id), before.get(id), id);
      assert.deepEqual(await items(id), before.get(id), id);
    }
    const page = await small.readPage('', cold[0] ?? '', 4);
    assert.deepEqual(page.items, before.get(cold[0] ?? '')?.slice(-4));
    assert.ok(page.hasOlder && !page.hasNewer);
    assert.deepEqual(await small.sessionUsage('', ids[2] ?? ''), usage);
    assert.deepEqual(problems, []);
  });

  it('are files that any SQLite opens, without the search index of others', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await fill(where, opened);
    const [name = ''] = coldNames(where);
    const sqlite = (await loadSqlite(wasmFile))(readFileSync(path.join(where, 'cold', name)));
    assert.deepEqual(sqlite.query('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
    const [first] = sqlite.query('SELECT id, title FROM sessions ORDER BY id');
    assert.deepEqual(first, { id: ids[0], title: `Chat ${ids[0]}` });
    const indexed = sqlite.query('SELECT docid FROM search_docsize ORDER BY 1').map((row) => row.docid);
    const messages = sqlite.query('SELECT row FROM messages ORDER BY 1').map((row) => row.row);
    assert.deepEqual(indexed, messages);
    sqlite.close();
  });

  it('come back with the same rows when they are written to', async () => {
    const where = folder();
    const opened = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
    for (const id of ids) await addChat(opened, id, { size: 20_000 });
    const rows = await rowsIn(where);
    await opened.service.close('');
    const small = await openSmall(where, { liveBytes: 100_000 });
    await small.service.free(uniqueName(), 'deletedChats');
    const cold = await coldIds(where);
    assert.equal(cold.length, ids.length);
    await small.service.close('');

    const again = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
    // What brings a chat back and then leaves no trace of its own.
    for (const id of cold) {
      await again.service.copySession(uniqueName(), { from: id, to: session(`${id}-copy`) });
      assert.equal((await again.items(`${id}-copy`)).length, (await again.items(id)).length);
      await again.service.deleteSession(uniqueName(), `${id}-copy`);
    }
    assert.deepEqual(await coldIds(where), []);
    assert.deepEqual(await rowsIn(where), rows);
    assert.deepEqual(again.problems, []);
  });

  it('take a message, a fork and an edit like any other', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await fill(where, opened);
    const [sent = '', forked = '', edited = ''] = await coldIds(where);
    const { service, items } = opened;
    const before = await items(sent);
    const job = jobEvents(sent, 'one-more');
    await opened.record(job.started('And now?'));
    await opened.record(job.said('Now this.'));
    await opened.record(job.completed());
    const after = await items(sent);
    assert.deepEqual(after.slice(0, before.length), before);
    assert.deepEqual(
      after.slice(before.length).map(({ kind }) => kind),
      ['user', 'assistant'],
    );
    assert.ok((after.at(-1)?.row ?? 0) > Math.max(...before.map(({ row = 0 }) => row)));

    await service.copySession(uniqueName(), { from: forked, to: session('fork') });
    assert.equal((await items('fork')).length, (await items(forked)).length);

    const whole = await items(edited);
    const fromRow = whole.at(-3)?.row ?? 0;
    await service.rewindSession(uniqueName(), {
      sessionId: edited,
      fromRow,
      earlier: session('earlier'),
      at: 9,
    });
    assert.deepEqual(await items(edited), whole.slice(0, -3));
    assert.equal((await items('earlier')).length, whole.length);
    const lie = await whereTheyLie(where);
    for (const id of [sent, forked, edited]) assert.equal(lie.get(id), null);
    assert.deepEqual(opened.problems, []);
  });

  it('are found by a search in their files', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await addChat(opened, 'a-wanted', { text: 'archaeopteryx' });
    await fill(where, opened);
    assert.ok((await coldIds(where)).includes('a-wanted'));
    const { service } = opened;
    const here = await service.search('', { text: 'archaeopteryx', limit: 10 });
    assert.deepEqual(here.sessions, []);
    assert.deepEqual([...here.unsearched].sort(), coldNames(where));
    const found = await Promise.all(
      here.unsearched.map((coldFile) => service.search('', { text: 'archaeopteryx', limit: 10, coldFile })),
    );
    assert.deepEqual(
      found.flatMap(({ sessions }) => sessions.map((each) => each.session.id)),
      ['a-wanted'],
    );
    const row = found.flatMap(({ sessions }) => sessions)[0]?.hits[0]?.row ?? 0;
    const page = await service.readPage('', 'a-wanted', 3, { around: row });
    assert.ok(page.items.some((item) => item.row === row));
    // Brought back, it is found here again, and only once.
    await opened.record(jobEvents('a-wanted', 'again').started());
    const back = await service.search('', { text: 'archaeopteryx', limit: 10 });
    assert.deepEqual(
      back.sessions.map((each) => each.session.id),
      ['a-wanted'],
    );
    for (const coldFile of [...here.unsearched]) {
      const there = await service.search('', { text: 'archaeopteryx', limit: 10, coldFile });
      assert.deepEqual(there.sessions, []);
    }
  });

  it('that are deleted leave their file, and the last one takes it along', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await addChat(opened, 'a-secret', { text: 'xylophone' });
    await fill(where, opened);
    const lie = await whereTheyLie(where);
    const file = lie.get('a-secret');
    const mates = [...lie].filter(([id, each]) => each === file && id !== 'a-secret').map(([id]) => id);
    assert.ok(typeof file === 'string' && mates.length > 0);
    const holds = (): boolean =>
      coldNames(where).some((name) => readFileSync(path.join(where, 'cold', name)).includes('xylophone'));
    assert.ok(holds());
    const mate = await opened.items(mates[0] ?? '');
    await opened.service.updateSession(uniqueName(), 'a-secret', { shelf: 'deleted' }, 1);
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.ok(!holds(), 'the deleted text is still on the disk');
    assert.ok(!coldNames(where).includes(file));
    assert.deepEqual(await opened.items(mates[0] ?? ''), mate);

    const cold = await coldIds(where);
    for (const id of cold) await opened.service.updateSession(uniqueName(), id, { shelf: 'deleted' }, 1);
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.deepEqual(coldNames(where), []);
    assert.deepEqual(opened.problems, []);
  });

  it('in a file that was damaged or is missing stay in the list, and say what has happened', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await fill(where, opened);
    const lie = await whereTheyLie(where);
    const [missing = '', damaged = ''] = coldNames(where);
    const file = (name: string): string => path.join(where, 'cold', name);
    renameSync(file(missing), path.join(where, 'elsewhere'));
    const bytes = readFileSync(file(damaged));
    bytes.fill(7, 4_096, 40_000);
    writeFileSync(file(damaged), bytes);
    await opened.service.close('');

    const { service, items, record, problems } = await openSmall(where);
    const { sessions } = await service.listSessions('', { shelf: 'active', limit: 100, folderFirst: '' });
    assert.equal(sessions.length, ids.length);
    for (const { id } of sessions) {
      const name = lie.get(id);
      if (name === missing || name === damaged) {
        const words = new RegExp(`${name}.* which is ${name === missing ? 'missing' : 'damaged'}`);
        await assert.rejects(items(id), words);
        await assert.rejects(service.readPage('', id, 5), words);
        await assert.rejects(record(jobEvents(id, `new-${id}`).started()), words);
      } else {
        assert.ok((await items(id)).length > 0);
      }
    }
    const { findings } = await service.check('');
    assert.ok(findings.some(({ text }) => text.includes(missing) && text.includes('missing')));
    assert.ok(findings.some(({ text }) => text.includes(damaged) && text.includes('damaged')));
    // A copy that is put back is all it needs.
    renameSync(path.join(where, 'elsewhere'), file(missing));
    const back = [...lie].find(([, name]) => name === missing)?.[0] ?? '';
    assert.ok((await items(back)).length > 0);
    assert.deepEqual(problems, []);
  });

  it('in a file with one changed letter are read, with a word about it', async () => {
    const where = folder();
    const opened = await openSmall(where);
    await fill(where, opened);
    const lie = await whereTheyLie(where);
    const name = coldNames(where).find((each) => [...lie.values()].filter((of) => of === each).length > 1);
    assert.ok(name !== undefined);
    const file = path.join(where, 'cold', name);
    const bytes = readFileSync(file);
    bytes.write('L', bytes.indexOf('lorem ipsum'));
    writeFileSync(file, bytes);
    await opened.service.close('');
    const { service, items, problems } = await openSmall(where);
    const [id = '', other = ''] = [...lie].filter(([, each]) => each === name).map(([each]) => each);
    assert.ok((await items(id)).length > 0);
    assert.ok((await items(id)).length > 0);
    assert.deepEqual(
      problems.map((problem) => /is not as it was written/.test(problem)),
      [true],
    );
    const isTold = async (): Promise<boolean> =>
      (await service.check('')).findings.some(
        ({ text, severity }) => severity === 'problem' && text.includes(name),
      );
    assert.ok(await isTold());
    // Written anew, it would count as whole, and a copy of it could not be put in its place any more.
    await service.deleteSession(uniqueName(), other);
    await service.free(uniqueName(), 'deletedChats');
    assert.ok(coldNames(where).includes(name));
    assert.ok(await isTold());
  });

  it('stay in memory, every one of them, while the disk is full, and that is said once', async () => {
    const where = folder();
    const filled = await openSmall(where, { liveBytes: Number.POSITIVE_INFINITY });
    for (const id of ids) await addChat(filled, id);
    const before = await Promise.all(ids.map(filled.items));
    const rows = await rowsIn(where);
    await filled.service.close('');
    let isFull = true;
    const disk = diskWith({
      ...quickDisk,
      writeFile: (file, parts) => {
        if (isFull && file.includes('cold')) throw systemError('ENOSPC');
        quickDisk.writeFile(file, parts);
      },
    });
    const { service, items, problems } = await openSmall(where, { disk });
    await service.repair(uniqueName(), 'snapshot');
    await until(() => problems.length > 0, 'it is said');
    await assert.rejects(service.free(uniqueName(), 'deletedChats'), /disk is full/);
    await service.repair(uniqueName(), 'snapshot');
    assert.deepEqual(
      problems.map((problem) => /^Old chats could not be put away. The disk is full/.test(problem)),
      [true],
    );
    assert.deepEqual(await Promise.all(ids.map(items)), before);
    assert.deepEqual(await rowsIn(where), rows);
    assert.deepEqual(coldNames(where), []);
    isFull = false;
    await service.free(uniqueName(), 'deletedChats');
    assert.ok(coldNames(where).length > 0);
    assert.deepEqual(await Promise.all(ids.map(items)), before);
  });

  it('stay in their files until no snapshot needs those any more', async () => {
    const where = folder();
    const filled = await openSmall(where);
    await fill(where, filled);
    await filled.service.close('');
    // Writes no snapshot but those that are asked for.
    const opened = await openSmall(where, { snapshotBytes: 10_000_000 });
    const names = coldNames(where);
    for (const id of await coldIds(where)) await opened.record(jobEvents(id, `new-${id}`).started());
    assert.deepEqual(await coldIds(where), []);
    assert.deepEqual(coldNames(where), names);
    await opened.service.repair(uniqueName(), 'snapshot');
    await opened.service.repair(uniqueName(), 'orphans');
    assert.deepEqual(coldNames(where), []);
    assert.deepEqual(opened.problems, []);
  });

  it('are none where the chats of today alone are more than should be in memory, and the check says so', async () => {
    const opened = await openSmall(folder());
    const ids = chatIds(20);
    for (const id of ids) await addChat(opened, id, { size: 10_000, updatedAt: Date.now() });
    const { findings } = await opened.service.check('');
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['note'],
    );
    assert.match(
      findings[0]?.text ?? '',
      /more than the 400\.0 KB they should .* none of them can be put away/,
    );
    for (const id of ids) {
      await opened.service.updateSession(uniqueName(), id, { shelf: 'deleted' }, Date.now());
    }
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.deepEqual((await opened.service.check('')).findings, []);
  });
});
