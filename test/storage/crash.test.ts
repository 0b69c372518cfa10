import assert from 'node:assert/strict';
import fc from 'fast-check';
import { thisOwner } from '../../extension/storage/owner.ts';
import { type CrashingDisk, type CrashOptions, crashingDisk } from './crashingDisk.ts';
import { openDatabase, quickDisk, temporaryFolder, uniqueName } from './support.ts';

const window = thisOwner('the-window');

/** Does the same as long as it lives; returns what was acknowledged. */
const work = async (
  where: string,
  { disk }: CrashingDisk,
  incarnation: string,
): Promise<readonly string[]> => {
  const acknowledged: string[] = [];
  try {
    const opened = await openDatabase(where, { disk, owner: window, incarnation });
    const add = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const text = uniqueName();
        await opened.add(text);
        acknowledged.push(text);
      }
    };
    await add(2);
    await opened.database.snapshot();
    await add(1);
    await opened.database.snapshot();
    await add(2);
    // Two that share a lock and a journal entry's way to the disk.
    const pair = [uniqueName(), uniqueName()];
    await Promise.all(pair.map(opened.add));
    acknowledged.push(...pair);
    await opened.database.snapshot();
    await add(1);
    await opened.database.close();
  } catch (error) {
    assert.ok(error instanceof Error);
  }
  return acknowledged;
};

/**
 * What a window finds after the crash.
 * @returns the notes, of which the last two may not have been acknowledged
 */
const findAfter = async (
  where: string,
  acknowledged: readonly string[],
  incarnation: string,
): Promise<readonly string[]> => {
  const opened = await openDatabase(where, { disk: quickDisk, owner: window, incarnation });
  const notes = await opened.notes();
  assert.deepEqual(notes.slice(0, acknowledged.length), acknowledged, 'an acknowledged write is gone');
  assert.ok(notes.length <= acknowledged.length + 2, 'more than was ever written');
  const check = await opened.database.read((query) => query('PRAGMA integrity_check'));
  assert.deepEqual(check, [{ integrity_check: 'ok' }]);
  assert.deepEqual(opened.problems, [], 'a crash is no damage');
  await opened.add('after');
  await opened.database.close();
  const again = await openDatabase(where, { disk: quickDisk, owner: window, incarnation: `${incarnation}+` });
  assert.deepEqual(await again.notes(), [...notes, 'after']);
  assert.deepEqual(again.problems, []);
  return notes;
};

describe('a crash', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const whole = { part: 1, isPowerCut: false };

  it('at any operation of the disk, or a power cut there, loses nothing that was acknowledged', async () => {
    const calm = crashingDisk({ at: Number.POSITIVE_INFINITY, ...whole });
    const all = await work(folder(), calm, '1');
    assert.equal(all.length, 8);
    const count = calm.operations();
    assert.ok(count > 60, `${count} operations`);
    calm.settle();
    const unacknowledged = new Set<number>();
    for (let at = 1; at <= count; at += 1) {
      // The other test meets each operation in the other ways.
      const isPowerCut = at % 2 === 0;
      const part = [0, 0.3, 0.99, 1][Math.floor(at / 2) % 4] ?? 0;
      const where = folder();
      const crashing = crashingDisk({ at, part, isPowerCut });
      const acknowledged = await work(where, crashing, '1');
      assert.ok(crashing.isDead());
      crashing.settle();
      const notes = await findAfter(where, acknowledged, '2');
      unacknowledged.add(notes.length - acknowledged.length);
    }
    // Both kinds of crash were met: before a transaction reached the disk, and after.
    assert.ok(unacknowledged.has(0) && unacknowledged.has(1));
  });

  it('and another one while the first is mended lose nothing either', async () => {
    const crash: fc.Arbitrary<CrashOptions> = fc.record({
      at: fc.integer({ min: 1, max: 80 }),
      part: fc.constantFrom(0, 0.2, 0.7, 1),
      isPowerCut: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(crash, { minLength: 2, maxLength: 4 }), async (crashes) => {
        const where = folder();
        let kept: readonly string[] = [];
        for (const [index, options] of crashes.entries()) {
          const crashing = crashingDisk(options);
          const acknowledged = await work(where, crashing, `${index}`);
          crashing.settle();
          kept = [...(await findAfter(where, [...kept, ...acknowledged], `${index}'`)), 'after'];
        }
      }),
      { numRuns: 12 },
    );
  });
});
