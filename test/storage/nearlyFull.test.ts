import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import type { Disk } from '../../extension/storage/disk.ts';
import { blobs } from './careSupport.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, chatIds, coldNames, openSmall, until } from './coldSupport.ts';
import {
  importItems,
  type OpenedService,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
  userMessage,
} from './support.ts';

/** A disk on which small files find room and large ones do not: what fits is written, and then it is full. */
const nearlyFull = (room: number) => {
  const state = { isFull: false };
  const write = (bytes: Buffer, some: (bytes: Buffer) => void): void => {
    const fits = !state.isFull || bytes.length <= room;
    some(fits ? bytes : bytes.subarray(0, room));
    if (!fits) throw systemError('ENOSPC');
  };
  const disk: Disk = {
    ...quickDisk,
    writeFile: (file, parts) => write(Buffer.concat(parts), (bytes) => writeFileSync(file, bytes)),
    append: (descriptor, bytes) => write(Buffer.from(bytes), (some) => quickDisk.append(descriptor, some)),
    copy: (from, to) =>
      write(quickDisk.readFile(from) ?? Buffer.alloc(0), (bytes) => writeFileSync(to, bytes)),
  };
  return { disk, state };
};

const isFull = (error: unknown): boolean =>
  error instanceof StoreError &&
  /^The disk is full, so this could not be saved\. Everything saved before is intact\. Free some space/.test(
    error.message,
  );

describe('a disk that has room for small files only', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const halfWritten = (where: string): readonly string[] =>
    readdirSync(where, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp'));

  const itemsOf = async (opened: OpenedService, ids: readonly string[]) =>
    new Map<string, readonly ChatItem[]>(
      await Promise.all(ids.map(async (id) => [id, await opened.items(id)] as const)),
    );

  /** Another window finds everything, and nothing to tell. */
  const isKept = async (where: string, kept: ReadonlyMap<string, readonly ChatItem[]>): Promise<void> => {
    const other = await openService(where, { disk: quickDisk });
    for (const [id, items] of kept) assert.deepEqual(await other.items(id), items, id);
    assert.deepEqual(other.problems, []);
    assert.deepEqual(halfWritten(where), []);
    await other.service.close('');
  };

  const long = (letter: string, length = 4 * blobThreshold): string => `!${letter.repeat(length)}`;

  it('refuses a message with a large picture, keeps the next one without, and takes it once there is room', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(20_000);
    const opened = await openService(where, { disk });
    await opened.service.saveSession(uniqueName(), session('a'));
    await opened.record(jobEvents('a', 'first').started());
    await opened.record(jobEvents('a', 'first').completed());
    state.isFull = true;
    const withPicture = () => opened.record(jobEvents('a', 'next').started(long('x')));
    await assert.rejects(withPicture(), isFull);
    assert.equal((await opened.items('a')).length, 1);
    await opened.record(jobEvents('a', 'small').started('Without it'));
    await opened.record(jobEvents('a', 'small').completed());
    assert.equal((await opened.items('a')).length, 2);
    await isKept(where, await itemsOf(opened, ['a']));
    assert.deepEqual(blobs(where), []);
    state.isFull = false;
    await withPicture();
    assert.equal((await opened.items('a')).length, 3);
    await opened.record(jobEvents('a', 'next').completed());
    await isKept(where, await itemsOf(opened, ['a']));
    assert.deepEqual(opened.problems, []);
  });

  it('refuses a chat whose files fit and whose rows do not, and leaves none of its files', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(3 * blobThreshold);
    const opened = await openService(where, { disk });
    await opened.service.saveSession(uniqueName(), session('a'));
    const items = Array.from({ length: 40 }, (_, index): ChatItem => {
      const text = index === 0 ? long('b', 2 * blobThreshold) : `${index} `.repeat(2_000);
      const message = userMessage(`m${index}`, text);
      return { id: message.id, jobId: 'job', kind: 'user', message };
    });
    state.isFull = true;
    await assert.rejects(importItems(opened, session('b'), items), isFull);
    assert.equal(await opened.service.getSession('', 'b'), undefined);
    await opened.service.saveSession(uniqueName(), session('c'));
    await until(() => blobs(where).length === 0, 'its file is deleted');
    await isKept(where, await itemsOf(opened, ['a', 'b', 'c']));
    state.isFull = false;
    await importItems(opened, session('b'), items);
    assert.equal((await opened.items('b')).length, items.length);
    await isKept(where, await itemsOf(opened, ['b']));
  });

  it('goes on without a snapshot, says so, and writes it once there is room', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(20_000);
    const opened = await openService(where, { disk, snapshotBytes: 10_000 });
    state.isFull = true;
    const ids = chatIds(6);
    for (const id of ids) await addChat(opened, id);
    assert.match(
      opened.problems[0] ?? '',
      /^The history could not be compacted\. The disk is full.*New messages are still saved\.$/,
    );
    // Not at every message.
    assert.ok(opened.problems.length < 10, `${opened.problems.length} times`);
    await assert.rejects(opened.service.repair(uniqueName(), 'snapshot'), isFull);
    const kept = await itemsOf(opened, ids);
    assert.ok([...kept.values()].every((items) => items.length === 9));
    assert.ok(!existsSync(path.join(where, 'anycowork.db')));
    await isKept(where, kept);
    state.isFull = false;
    await opened.service.repair(uniqueName(), 'snapshot');
    assert.ok(existsSync(path.join(where, 'anycowork.db.1')));
    await isKept(where, kept);
  });

  it('has the snapshot before where the new one fits and the journal that begins with it does not', async () => {
    const where = folder();
    let isDenied = false;
    const disk: Disk = {
      ...quickDisk,
      writeFile: (file, parts) => {
        if (isDenied && path.basename(file).startsWith('anycowork.journal')) throw systemError('ENOSPC');
        quickDisk.writeFile(file, parts);
      },
    };
    const opened = await openService(where, { disk });
    await addChat(opened, 'a');
    await opened.service.repair(uniqueName(), 'snapshot');
    await addChat(opened, 'b');
    isDenied = true;
    await assert.rejects(opened.service.repair(uniqueName(), 'snapshot'), isFull);
    await addChat(opened, 'c');
    await isKept(where, await itemsOf(opened, ['a', 'b', 'c']));
    isDenied = false;
    await opened.service.repair(uniqueName(), 'snapshot');
    await isKept(where, await itemsOf(opened, ['a', 'b', 'c']));
  });

  it('leaves old chats where they are, says so once, and puts them away once there is room', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(20_000);
    const opened = await openSmall(where, { disk, snapshotBytes: 10_000_000 });
    state.isFull = true;
    const ids = chatIds(24);
    for (const id of ids) await addChat(opened, id);
    const kept = await itemsOf(opened, ids);
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(opened.service.free(uniqueName(), 'deletedChats'), isFull);
    }
    assert.deepEqual(coldNames(where), []);
    assert.deepEqual(await itemsOf(opened, ids), kept);
    await opened.record(jobEvents(ids[0] ?? '', 'more').started('One more'));
    await opened.record(jobEvents(ids[0] ?? '', 'more').completed());
    const more = await itemsOf(opened, ids);
    state.isFull = false;
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.ok(coldNames(where).length > 0);
    assert.deepEqual(await itemsOf(opened, ids), more);
    await isKept(where, more);
  });

  it('says that old chats could not be put away, where nobody has asked for it', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(20_000);
    const opened = await openSmall(where, { disk });
    state.isFull = true;
    const ids = chatIds(24);
    for (const id of ids) await addChat(opened, id);
    const before = await itemsOf(opened, ids);
    // What begins it is a snapshot, or the deletion of a chat.
    await opened.service.deleteSession(uniqueName(), ids[0] ?? '');
    const told = (): readonly string[] =>
      opened.problems.filter((problem) => problem.startsWith('Old chats could not be put away. The disk is'));
    await until(() => told().length > 0, 'it is told');
    await opened.service.deleteSession(uniqueName(), ids[1] ?? '');
    assert.equal(told().length, 1);
    const left = ids.slice(2);
    assert.deepEqual(await itemsOf(opened, left), new Map([...before].filter(([id]) => left.includes(id))));
    assert.deepEqual(coldNames(where), []);
  });

  it('reads an old chat that cannot be brought back, and says why nothing can be written to it', async () => {
    const where = folder();
    const { disk, state } = nearlyFull(2_000);
    const opened = await openSmall(where, { disk });
    const ids = chatIds(24);
    for (const id of ids) await addChat(opened, id);
    await opened.service.free(uniqueName(), 'deletedChats');
    assert.ok(coldNames(where).length > 0);
    const kept = await itemsOf(opened, ids);
    state.isFull = true;
    const [oldest = ''] = ids;
    const write = () => opened.record(jobEvents(oldest, 'again').started('Again'));
    await assert.rejects(write(), isFull);
    assert.deepEqual(await itemsOf(opened, ids), kept);
    await isKept(where, kept);
    state.isFull = false;
    await write();
    assert.equal((await opened.items(oldest)).length, (kept.get(oldest)?.length ?? 0) + 1);
  });
});
