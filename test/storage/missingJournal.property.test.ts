import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { reportBriefly } from './arbitraryEvents.ts';
import { type OpenedDatabase, openDatabase, quickDisk, temporaryFolder, uniqueName } from './support.ts';

/** What happens to the files, seen from no window. */
const anyLoss = fc.oneof(
  fc.record({ kind: fc.constantFrom('delete', 'empty', 'restore', 'deleteAll'), part: fc.constant(0) }),
  fc.record({ kind: fc.constantFrom('cut', 'damage'), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
);
type Loss = typeof anyLoss extends fc.Arbitrary<infer T> ? T : never;

/** Window 3 is one that is opened only then. */
const anyStep = fc.record({
  window: fc.integer({ min: 0, max: 3 }),
  kind: fc.constantFrom('write', 'write', 'read'),
});

const anyRound = fc.record({
  writes: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }),
  snapshot: fc.boolean(),
  keepsCopy: fc.boolean(),
  loss: anyLoss,
  steps: fc.array(anyStep, { maxLength: 6 }),
});

describe('a store whose journal is lost again and again while windows are open', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const lose = (where: string, copy: string, { kind, part }: Loss): void => {
    const journal = path.join(where, 'anycowork.journal');
    const bytes = readFileSync(journal);
    const { length } = bytes;
    switch (kind) {
      case 'delete':
        rmSync(journal);
        return;
      case 'empty':
        truncateSync(journal);
        return;
      case 'cut':
        truncateSync(journal, Math.floor(part * length));
        return;
      case 'damage': {
        const from = Math.floor(part * length);
        rmSync(journal);
        writeFileSync(journal, bytes.fill(7, from, Math.min(from + 9, length)));
        return;
      }
      case 'deleteAll':
      case 'restore':
        for (const name of readdirSync(where)) rmSync(path.join(where, name), { recursive: true });
        if (kind === 'restore') {
          for (const name of readdirSync(copy)) copyFileSync(path.join(copy, name), path.join(where, name));
        }
    }
  };

  it('loses nothing that it acknowledged, whichever window finds out first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRound, { minLength: 1, maxLength: 3 }), async (rounds) => {
        const where = folder();
        let copy = folder();
        const open = () => openDatabase(where, { disk: quickDisk });
        const windows: OpenedDatabase[] = [await open(), await open(), await open()];
        const acknowledged: string[] = [];
        const write = async (window: OpenedDatabase | undefined): Promise<void> => {
          // Of different lengths: a file that was cut and has grown to its size again looks untouched.
          const text = uniqueName() + '.'.repeat(7 * acknowledged.length);
          await window?.add(text);
          acknowledged.push(text);
        };
        const areWhole = async (): Promise<void> => {
          // The first one writes anew what the files have lost; each sees that at last.
          for (const window of windows) await window.notes();
          for (const window of windows) {
            assert.deepEqual((await window.notes()).toSorted(), acknowledged.toSorted());
            assert.doesNotMatch(window.problems.join(), /could not be taken over/);
          }
        };
        for (const { writes, snapshot, keepsCopy, loss, steps } of rounds) {
          for (const index of writes) await write(windows[index]);
          if (snapshot) await windows[0]?.database.snapshot();
          await areWhole();
          const isCopied = keepsCopy && existsSync(path.join(where, 'anycowork.db'));
          const before = isCopied ? folder() : copy;
          for (const name of isCopied ? readdirSync(where) : []) {
            copyFileSync(path.join(where, name), path.join(before, name));
          }
          lose(where, copy, loss);
          copy = before;
          for (const { window, kind } of steps) {
            // With no snapshot left it would begin a history of its own, which is not that of the others.
            if (window === 3 && windows.length === 3 && !['deleteAll', 'restore'].includes(loss.kind)) {
              // Of everything that could replace it: then it says so.
              const late = await open().catch(() => undefined);
              if (late !== undefined) windows.push(late);
            }
            if (kind === 'write') await write(windows[window] ?? windows[0]);
            else await windows[window]?.notes();
          }
          await areWhole();
          for (const late of windows.splice(3)) await late.database.close();
        }
        const again = await open();
        assert.deepEqual((await again.notes()).toSorted(), acknowledged.toSorted());
        assert.deepEqual(again.problems, []);
        for (const { database } of [...windows, again]) await database.close();
      }),
      { numRuns: 60, reporter: reportBriefly },
    );
  });
});
