import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { type Disk, realDisk } from '../../extension/storage/disk.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { deleteSession } from '../../extension/storage/sessions.ts';
import { jobEvents } from './chatEvents.ts';
import {
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const long = (letter: string): string => letter.repeat(blobThreshold + 1);

const textOf = (item: ChatItem | undefined): string => {
  const content =
    item?.kind === 'assistant' || item?.kind === 'user'
      ? item.message.content
      : item?.kind === 'step'
        ? (item.record.result?.content ?? [])
        : [];
  return content.map((block) => ('text' in block ? block.text : '')).join();
};

describe('files of long texts', function () {
  const folder = temporaryFolder(this);

  const filesIn = (where: string): readonly string[] =>
    readdirSync(path.join(where, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));

  const open = async (where = folder(), disk: Disk = quickDisk) => {
    const opened = await openService(where, { disk });
    return {
      ...opened,
      where,
      /** A chat of one finished job, whose reply and tool output are these. */
      chat: async (id: string, reply: string, output = 'short'): Promise<void> => {
        await opened.service.saveSession(uniqueName(), session(id));
        const job = jobEvents(id, `job-${uniqueName()}`);
        for (const event of [job.started(), job.said(reply), job.stepDone(output), job.completed()]) {
          await opened.record(event);
        }
      },
      remove: (id: string) => opened.service.deleteSession(uniqueName(), id),
    };
  };

  it('hold what is too long for a row, once each, and nothing else', async () => {
    const { chat, where, items } = await open();
    await chat('a', 'x'.repeat(blobThreshold), 'short');
    assert.throws(() => filesIn(where), /ENOENT/);
    const size = (): number => statSync(path.join(where, 'anycowork.journal')).size;
    const before = size();
    await chat('b', long('x'), long('x'));
    await chat('c', long('x'), long('y'));
    assert.deepEqual(
      filesIn(where)
        .map((file) => readFileSync(file, 'utf8'))
        .sort(),
      [long('x'), long('y')],
    );
    assert.ok(size() - before < blobThreshold);
    assert.deepEqual((await items('c')).map(textOf), ['Hello', long('x'), long('y')]);
  });

  it('are deleted with the chat, but not those that another chat needs', async () => {
    const { chat, where, items, remove } = await open();
    await chat('a', long('a'), long('s'));
    await chat('b', long('b'), long('s'));
    assert.equal(filesIn(where).length, 3);
    await remove('a');
    assert.deepEqual(
      filesIn(where)
        .map((file) => readFileSync(file, 'utf8')[0])
        .sort(),
      ['b', 's'],
    );
    assert.deepEqual((await items('b')).map(textOf), ['Hello', long('b'), long('s')]);
    await remove('b');
    assert.deepEqual(filesIn(where), []);
    await chat('c', long('s'));
    assert.equal(textOf((await items('c'))[1]), long('s'));
  });

  it('that cannot be deleted do not keep the chat, and are deleted when it is possible', async () => {
    let isDenied = true;
    const removeOrFail = (file: string): void => {
      if (isDenied && file.includes('blobs')) throw systemError('EBUSY');
      quickDisk.remove(file);
    };
    const { chat, where, remove, service } = await open(folder(), { ...quickDisk, remove: removeOrFail });
    await chat('a', long('a'));
    await chat('b', 'short');
    await remove('a');
    assert.equal(await service.getSession('', 'a'), undefined);
    assert.equal(filesIn(where).length, 1);
    isDenied = false;
    await remove('b');
    assert.deepEqual(filesIn(where), []);
  });

  it('that could not be deleted, and are needed again by then, stay', async () => {
    let isDenied = true;
    const removeOrFail = (file: string): void => {
      if (isDenied && file.includes('blobs')) throw systemError('EBUSY');
      quickDisk.remove(file);
    };
    const { chat, remove, items } = await open(folder(), { ...quickDisk, remove: removeOrFail });
    await chat('a', long('s'));
    await chat('b', 'short');
    await remove('a');
    await chat('c', long('s'));
    isDenied = false;
    await remove('b');
    assert.equal(textOf((await items('c'))[1]), long('s'));
  });

  it('are deleted by the next window when this one dies in between', async () => {
    const where = folder();
    const first = await open(where);
    await first.chat('a', long('a'), long('s'));
    await first.chat('b', long('s'));
    await first.service.close('');
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    await database.transact(uniqueName(), () => deleteSession('a'));
    assert.equal(filesIn(where).length, 2);
    const next = await open(where);
    assert.deepEqual(
      filesIn(where).map((file) => readFileSync(file, 'utf8')[0]),
      ['s'],
    );
    assert.equal(textOf((await next.items('b'))[1]), long('s'));
    const doomed = await database.read((query) => query('SELECT * FROM doomed_blobs'));
    assert.deepEqual(doomed, []);
  });

  it('are there again when another window deletes the same text at the very moment of saving it', async () => {
    const where = folder();
    const other = await open(where);
    await other.chat('old', long('s'));
    // The lock is not to be had until the other window has deleted its chat: in between, the file is packed already.
    let isHeldUp = false;
    const slow: Disk = {
      ...quickDisk,
      createExclusive: (file, text) => !isHeldUp && realDisk.createExclusive(file, text),
    };
    const { service, record, items } = await open(where, slow);
    await service.saveSession(uniqueName(), session('new'));
    const job = jobEvents('new', 'job');
    await record(job.started());
    isHeldUp = true;
    const saving = record(job.said(long('s')));
    await delay(5);
    await other.remove('old');
    assert.deepEqual(filesIn(where), []);
    isHeldUp = false;
    await saving;
    assert.equal(textOf((await items('new'))[1]), long('s'));
    await record(job.completed());
    await other.remove('new');
    assert.deepEqual(filesIn(where), []);
  });

  it('of a job whose chat was deleted meanwhile do not stay', async () => {
    const { service, record, chat, where, remove, items } = await open();
    await service.saveSession(uniqueName(), session('a'));
    await chat('b', long('s'));
    const job = jobEvents('a', 'job');
    await record(job.started());
    await remove('a');
    await assert.rejects(record(job.said(long('late'))), /has been deleted/);
    await assert.rejects(record(job.stepDone(long('s'))), /has been deleted/);
    await service.saveSession(uniqueName(), session('c'));
    await remove('c');
    assert.deepEqual(
      filesIn(where).map((file) => readFileSync(file, 'utf8')[0]),
      ['s'],
    );
    assert.equal(textOf((await items('b'))[1]), long('s'));
  });

  it('hold pictures of any size, and texts that only look like one', async () => {
    const picture = Buffer.alloc(3_750_000, 'a picture').toString('base64');
    // The last character before the signs has bits that base64 does not use: reading it back would change it.
    const almost = `${'A'.repeat(20_001)}B==`;
    const { chat, items } = await open();
    await chat('a', picture, almost);
    assert.deepEqual((await items('a')).map(textOf).slice(1), [picture, almost]);
  });

  it('that somebody removed are told in their place', async () => {
    const { chat, where, items } = await open();
    await chat('a', long('a'), 'short');
    rmSync(filesIn(where)[0] ?? '');
    assert.deepEqual((await items('a')).map(textOf), [
      'Hello',
      '[This content was stored in a separate file, which is gone.]',
      'short',
    ]);
    // Whoever says it again brings it back.
    await chat('b', long('a'));
    assert.equal(textOf((await items('a'))[1]), long('a'));
  });

  for (const [code, words] of [
    ['ENOSPC', /disk is full/],
    ['EACCES', /cannot be written to/],
  ] as const) {
    it(`that cannot be written (${code}) fail the event as a whole, with the reason`, async () => {
      let isFull = false;
      const disk: Disk = {
        ...quickDisk,
        writeFile: (file, parts) => {
          if (isFull && file.includes('blobs')) throw systemError(code);
          quickDisk.writeFile(file, parts);
        },
      };
      const { chat, items, service, record, where } = await open(folder(), disk);
      await chat('a', 'short');
      const job = jobEvents('a', 'next');
      await record(job.started('again'));
      isFull = true;
      await assert.rejects(
        record(job.said(long('a'))),
        (error) => error instanceof StoreError && words.test(error.message),
      );
      assert.deepEqual((await items('a')).map(textOf), ['Hello', 'short', 'short', 'again']);
      isFull = false;
      await record(job.said(long('a')));
      assert.equal(textOf((await items('a'))[4]), long('a'));
      assert.equal(filesIn(where).length, 1);
      assert.equal((await service.getSession('', 'a'))?.status, 'running');
    });
  }
});
