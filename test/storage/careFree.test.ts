import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FreeableKind } from '../../extension/core/storageReport.ts';
import { age, blobs, longText, put, quick } from './careSupport.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, until } from './coldSupport.ts';
import { diskWith, openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';

describe('what is freed of the storage', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('is exactly what was asked for', async () => {
    const where = folder();
    const opened = await openService(where, quick);
    await addChat(opened, 'a');
    await opened.record(jobEvents('a', 'blob').started(longText('b')));
    const [needed = ''] = blobs(where);
    age(needed, 3);
    put(path.join(where, 'anycowork.db.version-1'), 1_000);
    put(path.join(where, 'anycowork.db.corrupt-2026-01-01T00-00-00-000Z'), 2_000);
    put(path.join(where, 'output', 'output-abc-0123456789ab.log'), 3_000);
    put(path.join(where, 'output', 'output-def-0123456789ab.log'), 3_333, 0);
    put(path.join(where, 'output', 'notes.txt'), 3_333);
    put(path.join(where, 'blobs', 'aa', 'a'.repeat(64)), 4_000);
    put(path.join(where, 'blobs', 'bb', 'b'.repeat(64)), 4_444, 0);
    put(path.join(where, 'mine.db.version-1'), 5);
    const free = (kind: FreeableKind): Promise<number> => opened.service.free(uniqueName(), kind);
    assert.equal(await free('backups'), 1_000);
    assert.equal(await free('damagedFiles'), 2_000);
    assert.equal(await free('commandOutput'), 3_000);
    assert.equal(await free('orphans'), 4_000);
    const left = readdirSync(where, { recursive: true }).map(String);
    for (const name of [
      'mine.db.version-1',
      'output/notes.txt',
      'output/output-def-0123456789ab.log',
      `blobs/bb/${'b'.repeat(64)}`,
    ]) {
      assert.ok(left.includes(path.normalize(name)), name);
    }
    assert.ok(existsSync(needed));
    assert.equal((await opened.items('a')).length, 10);
    assert.deepEqual(
      await Promise.all((['backups', 'damagedFiles', 'commandOutput', 'orphans'] as const).map(free)),
      [0, 0, 0, 0],
    );
  });

  it('of deleted chats is gone from every file, and only that', async () => {
    const where = folder();
    const opened = await openService(where, quick);
    await addChat(opened, 'kept', { text: 'quagga' });
    await addChat(opened, 'gone', { text: 'dodo', turns: 40 });
    await opened.record(jobEvents('gone', 'blob').started(`dodo ${longText('d')}`));
    await opened.record(jobEvents('gone', 'blob').completed());
    await opened.service.repair(uniqueName(), 'snapshot');
    await opened.service.updateSession(uniqueName(), 'gone', { shelf: 'deleted' }, 1);
    const contains = (word: string): readonly string[] =>
      readdirSync(where, { recursive: true, withFileTypes: true })
        .filter(
          (entry) => entry.isFile() && readFileSync(path.join(entry.parentPath, entry.name)).includes(word),
        )
        .map(({ name }) => name);
    assert.ok(contains('dodo').length > 2);
    const freed = await opened.service.free(uniqueName(), 'deletedChats');
    assert.ok(freed > 100_000, `${freed}`);
    assert.deepEqual(contains('dodo'), []);
    assert.equal(await opened.service.getSession('', 'gone'), undefined);
    assert.ok(contains('quagga').includes('anycowork.db'));
    assert.deepEqual(opened.problems, []);
  });

  it('may be a file that another window is about to refer to: it is there again', async () => {
    const where = folder();
    let isWaiting = false;
    const other = await openService(where, quick);
    const disk = diskWith({
      ...quickDisk,
      createExclusive: (file, text) => !isWaiting && quickDisk.createExclusive(file, text),
    });
    const opened = await openService(where, { disk });
    await opened.service.saveSession(uniqueName(), session('a'));
    isWaiting = true;
    const packing = opened.record(jobEvents('a', 'job').started(longText('p')));
    await until(() => blobs(where).length > 0, 'the file is written');
    const [file = ''] = blobs(where);
    // The worst case: it is old by the time its row is written.
    age(file, 1);
    assert.ok((await other.service.free(uniqueName(), 'orphans')) > 0);
    assert.ok(!existsSync(file));
    isWaiting = false;
    await packing;
    assert.ok(existsSync(file));
    assert.deepEqual(
      (await other.service.check('')).findings.filter(({ severity }) => severity === 'problem'),
      [],
    );
  });
});
