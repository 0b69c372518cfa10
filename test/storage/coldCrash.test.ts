import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import { createStoreService, type StoreHandlers } from '../../extension/storage/storeService.ts';
import { jobEvents } from './chatEvents.ts';
import { addChat, chatIds, coldNames, openSmall } from './coldSupport.ts';
import { type CrashingDisk, crashingDisk } from './crashingDisk.ts';
import { openService, openSqlite, quickDisk, temporaryFolder, uniqueName } from './support.ts';

const ids = chatIds(8);
const liveBytes = 230_000;
const window = thisOwner('the-window');

/** A window on a disk that stops working at some point; everything of the window ends there. */
const openCrashing = async (folder: string, { disk }: CrashingDisk): Promise<StoreHandlers> =>
  createStoreService({
    folder,
    disk,
    openSqlite: await openSqlite(),
    owner: window,
    incarnation: '1',
    now: Date.now,
    report: () => undefined,
    onChange: () => undefined,
    liveBytes,
    snapshotBytes: 10_000_000,
  });

describe('a crash while old chats are put away or brought back', function () {
  const folder = temporaryFolder(this);
  this.timeout(300_000);

  let template = '';
  let before: ReadonlyMap<string, readonly ChatItem[]>;
  const fillTemplate = async (): Promise<void> => {
    template = folder();
    const opened = await openService(template, { disk: quickDisk });
    for (const id of ids) await addChat(opened, id, { turns: 2, size: 3_000 });
    before = new Map(await Promise.all(ids.map(async (id) => [id, await opened.items(id)] as const)));
    await opened.service.repair(uniqueName(), 'snapshot');
    await opened.service.close('');
  };

  /** Puts chats away, brings one back, deletes another. Returns whether the message and the deletion were acknowledged. */
  const work = async (where: string, crashing: CrashingDisk) => {
    const acknowledged = { isSent: false, isDeleted: false };
    let service: StoreHandlers | undefined;
    try {
      service = await openCrashing(where, crashing);
      await service.free('free-1', 'deletedChats');
      await service.record('record-1', jobEvents(ids[0] ?? '', 'new').started('one more'));
      acknowledged.isSent = true;
      await service.record('record-2', jobEvents(ids[0] ?? '', 'new').cancelled());
      await service.deleteSession('delete-1', ids[1] ?? '');
      acknowledged.isDeleted = true;
      await service.free('free-2', 'deletedChats');
    } catch (error) {
      assert.ok(error instanceof Error);
    }
    // Of a process that has ended nothing goes on: what closing would write is refused by the disk.
    await service?.close('').catch(() => undefined);
    return acknowledged;
  };

  it('at any operation of the disk, or a power cut there, loses no row', async () => {
    await fillTemplate();
    const calm = crashingDisk({ at: Number.POSITIVE_INFINITY, part: 1, isPowerCut: false });
    const whole = folder();
    cpSync(template, whole, { recursive: true });
    assert.deepEqual(await work(whole, calm), { isSent: true, isDeleted: true });
    calm.settle();
    const count = calm.operations();
    assert.ok(count > 100, `${count} operations`);
    let halfWay = 0;
    for (let at = 3; at <= count; at += 1) {
      const where = folder();
      cpSync(template, where, { recursive: true });
      const part = [0, 0.3, 0.99, 1][Math.floor(at / 2) % 4] ?? 0;
      const crashing = crashingDisk({ at, part, isPowerCut: at % 2 === 0 });
      const { isSent, isDeleted } = await work(where, crashing);
      crashing.settle();
      const after = await openSmall(where, {
        owner: window,
        incarnation: '2',
        liveBytes: Number.POSITIVE_INFINITY,
      });
      for (const [index, id] of ids.entries()) {
        const said = `${id} after a crash at ${at} of ${count}`;
        if (index === 1 && (await after.service.getSession('', id)) === undefined) continue;
        assert.ok(index !== 1 || !isDeleted, 'a deleted chat is back');
        const items = await after.items(id);
        const old = before.get(id) ?? [];
        assert.deepEqual(items.slice(0, old.length), old, said);
        if (index > 0) assert.equal(items.length, old.length, said);
        else assert.ok(!isSent || items.length > old.length, `the message is gone, ${said}`);
      }
      const { findings } = await after.service.check('');
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'problem'),
        [],
      );
      assert.deepEqual(after.problems, [], 'a crash is no damage');
      const names = coldNames(where);
      if (names.length > 0) halfWay += 1;
      await after.service.close('');
      // At once: a disk that is busy need not write what is gone by then.
      rmSync(where, { recursive: true });
    }
    assert.ok(halfWay > 20, `${halfWay} crashes left files`);
  });
});
