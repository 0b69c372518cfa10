import assert from 'node:assert/strict';
import type { TelegramStore } from '../../extension/core/telegramStore.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { openDatabase, openService, quickDisk, systemError, temporaryFolder } from './support.ts';
import { entry, nasty, schedule, supergroup, telegramOf } from './telegramSupport.ts';

const dayMs = 24 * 60 * 60 * 1_000;

describe('what is handled once', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => {
    const { service } = await openService(where, { disk: quickDisk });
    return { service, where, telegram: telegramOf(service) };
  };
  const updateIds = async (telegram: TelegramStore, configId: string): Promise<readonly number[]> =>
    (await telegram.openEntries(configId)).map(({ updateId }) => updateId);

  describe('of updates', () => {
    it('says of each once that it is new, with the message in the same write', async () => {
      const { telegram } = await open();
      const first = entry('a', 1, {
        text: nasty,
        userName: nasty,
        files: [{ kind: 'document', fileId: nasty, name: nasty, size: 3_000_000_000 }],
      });
      assert.equal(await telegram.takeUpdate('a', 1, 1_000, first), true);
      assert.equal(await telegram.takeUpdate('a', 1, 1_000, entry('a', 1, { text: 'again' })), false);
      assert.equal(await telegram.takeUpdate('a', 2, 1_000), true);
      assert.equal(await telegram.takeUpdate('a', 2, 1_000, entry('a', 2)), false);
      assert.equal(await telegram.takeUpdate('b', 1, 1_000), true);
      assert.deepEqual(await telegram.openEntries('a'), [first]);
      assert.deepEqual(await telegram.openEntries('b'), []);
    });

    it('knows what has an entry, whatever became of the update', async () => {
      const { telegram } = await open();
      await telegram.saveEntry(entry('a', 1));
      assert.equal(await telegram.takeUpdate('a', 1, 1_000, entry('a', 1, { text: 'again' })), false);
      assert.deepEqual(await telegram.openEntries('a'), [entry('a', 1)]);
    });

    it('does not let a window that is late open again what another one has done', async () => {
      const one = await open();
      const other = await open(one.where);
      await one.telegram.saveEntry(entry('a', 1, { state: 'answering' }));
      await other.telegram.saveEntry(entry('a', 1, { state: 'done' }));
      await one.telegram.saveEntry(entry('a', 1, { state: 'answering' }));
      for (const { telegram } of [one, other]) assert.deepEqual(await telegram.openEntries('a'), []);
    });

    it('lets one of two windows have each, however they race', async () => {
      const one = await open();
      const other = await open(one.where);
      const taken = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          Promise.all(
            [one, other].map(({ telegram }, window) =>
              telegram.takeUpdate('a', index, 1_000, entry('a', index, { text: `window ${window}` })),
            ),
          ),
        ),
      );
      assert.ok(taken.every((both) => both.filter(Boolean).length === 1));
      const texts = taken.map(([isFirst]) => `window ${isFirst === true ? 0 : 1}`);
      for (const { telegram } of [one, other]) {
        assert.deepEqual(
          (await telegram.openEntries('a')).map(({ text }) => text),
          texts,
        );
      }
    });

    it('is not taken where that cannot be kept, and is new the next time', async () => {
      let isFull = false;
      const append: typeof quickDisk.append = (...args) => {
        if (isFull) throw systemError('ENOSPC');
        return quickDisk.append(...args);
      };
      const { service } = await openService(folder(), { disk: { ...quickDisk, append } });
      const telegram = telegramOf(service);
      await telegram.takeUpdate('a', 1, 1_000, entry('a', 1));
      isFull = true;
      await assert.rejects(telegram.takeUpdate('a', 2, 1_000, entry('a', 2)), /disk is full/);
      assert.deepEqual(await updateIds(telegram, 'a'), [1]);
      isFull = false;
      assert.equal(await telegram.takeUpdate('a', 2, 1_000, entry('a', 2)), true);
      assert.deepEqual(await updateIds(telegram, 'a'), [1, 2]);
    });

    it('forgets what was taken more than a week ago, and what is done, but nothing that is open', async () => {
      const { telegram, where } = await open();
      const at = 100 * dayMs;
      const states = ['done', 'waiting', 'unsure'] as const;
      for (const [index, state] of states.entries()) {
        await telegram.takeUpdate('a', index + 1, at, entry('a', index + 1, { state, receivedAt: at }));
      }
      await telegram.takeUpdate('b', 1, at + 1, entry('b', 1, { state: 'done', receivedAt: at + 1 }));
      const { database } = await openDatabase(where, { disk: quickDisk, migrations });
      const kept = (table: string) =>
        database.read((query) =>
          query(`SELECT config_id, update_id FROM telegram_${table} ORDER BY 1, 2`).map((row) =>
            Object.values(row).join(''),
          ),
        );
      await telegram.takeUpdate('a', 10, at + 7 * dayMs);
      assert.deepEqual(await kept('updates'), ['a1', 'a2', 'a3', 'a10', 'b1']);
      assert.deepEqual(await kept('entries'), ['a1', 'a2', 'a3', 'b1']);
      await telegram.takeUpdate('a', 11, at + 7 * dayMs + 1);
      assert.deepEqual(await kept('updates'), ['a10', 'a11', 'b1']);
      assert.deepEqual(await kept('entries'), ['a2', 'a3', 'b1']);
      // Of an open one it is known all the same.
      assert.equal(await telegram.takeUpdate('a', 2, at + 8 * dayMs), false);
      assert.deepEqual(await updateIds(telegram, 'a'), [2, 3]);
    });

    it('lists what is open, oldest first, as it was saved last', async () => {
      const { telegram } = await open();
      for (const [updateId, receivedAt] of [
        [3, 1_000],
        [-5, 2_000],
        [2, 1_000],
        [9, 500],
      ] as const) {
        await telegram.takeUpdate('a', updateId, 1_000, entry('a', updateId, { receivedAt }));
      }
      assert.deepEqual(await updateIds(telegram, 'a'), [9, 2, 3, -5]);
      const working = entry('a', 2, {
        receivedAt: 1_000,
        state: 'answering',
        sessionId: 'chat',
        jobId: 'job',
        attempts: 2,
        statusMessageId: 8,
        sentParts: 1,
        isSending: true,
      });
      await telegram.saveEntry(working);
      await telegram.saveEntry(entry('a', 9, { state: 'done' }));
      assert.deepEqual(await updateIds(telegram, 'a'), [2, 3, -5]);
      assert.deepEqual((await telegram.openEntries('a'))[0], working);
    });

    it('counts those of a user since a time, done or not, and not what a schedule began', async () => {
      const { telegram } = await open();
      const add = (updateId: number, changes: object): Promise<boolean> =>
        telegram.takeUpdate('a', updateId, 1_000, entry('a', updateId, changes));
      await add(1, { receivedAt: 10, sentAt: 30 });
      await add(2, { receivedAt: 20, sentAt: 5, state: 'done' });
      await add(3, { receivedAt: 30, userId: 7 });
      await add(-4, { receivedAt: 30 });
      await add(5, { receivedAt: 30, chatId: supergroup });
      await telegram.takeUpdate('a', 6, 1_000);
      assert.equal(await telegram.countEntries('a', 100, 20), 2);
      assert.equal(await telegram.countEntries('a', 7, 20), 1);
      assert.equal(await telegram.countEntries('b', 100, 20), 0);
    });
  });

  describe('of schedules', () => {
    it('comes back as it was, oldest first, and is gone when it is deleted', async () => {
      const { telegram, where, service } = await open();
      const all = [
        schedule('b', { prompt: nasty, telegram: { configId: 'a', chatId: supergroup } }),
        schedule('a', { createdAt: 2 }),
      ];
      for (const each of all.toReversed()) await telegram.saveSchedule(each);
      await service.close('');
      const again = await open(where);
      assert.deepEqual(await again.telegram.listSchedules(), all);
      await again.telegram.saveSchedule(schedule('b', { isEnabled: false }));
      assert.deepEqual((await again.telegram.listSchedules())[0], schedule('b', { isEnabled: false }));
      await again.telegram.deleteSchedule('b');
      assert.deepEqual(
        (await again.telegram.listSchedules()).map(({ id }) => id),
        ['a'],
      );
    });

    it('lets one of two windows deal with each time, and is not taken back by an edit', async () => {
      const one = await open();
      const other = await open(one.where);
      await one.telegram.saveSchedule(schedule('a'));
      for (let from = 1_000; from < 1_020; from += 1) {
        const claims = [one, other].map(({ telegram }) => telegram.claimSchedule('a', from, from + 1));
        assert.deepEqual((await Promise.all(claims)).sort(), [false, true]);
      }
      await other.telegram.saveSchedule(schedule('a', { prompt: 'Else' }));
      assert.deepEqual(await one.telegram.listSchedules(), [
        schedule('a', { prompt: 'Else', doneThrough: 1_020 }),
      ]);
      assert.equal(await one.telegram.claimSchedule('a', 1_000, 1_030), false);
      assert.equal(await one.telegram.claimSchedule('a', 1_020, 1_020), false);
      assert.equal(await one.telegram.claimSchedule('none', 1_020, 1_030), false);
      await one.telegram.saveSchedule(schedule('a', { doneThrough: 5_000 }));
      assert.equal(await other.telegram.claimSchedule('a', 5_000, 6_000), true);
    });
  });
});
