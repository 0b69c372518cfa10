import assert from 'node:assert/strict';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import { anyEvents, chatsOf, lasting, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import {
  type OpenedService,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/** Everything that can be read of the chats is what the reducer makes of the events. */
const check = async (opened: OpenedService, events: readonly AgentEvent[], what: string): Promise<void> => {
  for (const [id, chat] of chatsOf(events)) {
    const items = await opened.items(id);
    assert.deepEqual(lasting(items), lasting(chat.items), `${what}: ${id}`);
    const { total, lastRequest } = await opened.service.sessionUsage('', id);
    assert.deepEqual(total, chat.usage, what);
    assert.equal(lastRequest.input + lastRequest.output, chat.contextTokens, what);
    const status = (await opened.service.getSession('', id))?.status;
    assert.equal(status === 'running' || status === 'waiting', chat.job !== undefined, `${what}: ${status}`);
  }
  assert.deepEqual(opened.problems, [], what);
};

const closingTime = 777;

/** Closing a window ends what runs in it, in the same way as the reducer ends a job, but with another notice. */
const checkClosed = async (opened: OpenedService, events: readonly AgentEvent[]): Promise<void> => {
  for (const [id, chat] of chatsOf(events)) {
    const items = await opened.items(id);
    if (chat.job === undefined) {
      assert.deepEqual(lasting(items), lasting(chat.items), `closed: ${id}`);
      continue;
    }
    const end = { type: 'JobCancelled', jobId: chat.job.id, at: closingTime } as const;
    const notice = items.at(-1);
    assert.ok(notice?.kind === 'notice' && notice.notice.kind === 'interrupted');
    const ended = reduceChat(chat, end).items;
    assert.deepEqual(lasting(items).slice(0, -1), lasting(ended).slice(0, -1), `closed: ${id}`);
    assert.equal((await opened.service.getSession('', id))?.status, 'interrupted');
  }
  assert.deepEqual(opened.problems, []);
  await opened.service.close('');
};

const startChats = async ({ service }: OpenedService): Promise<void> => {
  for (const id of sessionIds) await service.saveSession(uniqueName(), session(id));
};

describe('what is read back of any events', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('is what the views show, also in another window, after snapshots, and opened again', async () => {
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(
        anyEvents,
        fc.constantFrom(1_000, 20_000, undefined),
        fc.integer({ min: 1, max: 9 }),
        async (events, snapshotBytes, pageSize) => {
          longest = Math.max(longest, events.length);
          const where = folder();
          const small = snapshotBytes === undefined ? {} : { snapshotBytes };
          const options = {
            owner: thisOwner(uniqueName()),
            disk: quickDisk,
            now: () => closingTime,
            ...small,
          };
          const first = await openService(where, options);
          await startChats(first);
          for (const event of events) await first.record(event);
          await check(first, events, 'at once');

          const other = await openService(where, { disk: quickDisk });
          await check(other, events, 'in another window');
          for (const id of sessionIds) {
            const all = await other.items(id);
            const paged: unknown[] = [];
            let hasOlder = true;
            for (let before = Number.MAX_SAFE_INTEGER; hasOlder; ) {
              const page = await other.service.readPage('', id, pageSize, { before });
              paged.unshift(...page.items);
              hasOlder = page.hasOlder;
              before = page.items[0]?.row ?? 0;
            }
            assert.deepEqual(paged, all);
          }

          // The next thread of the same window, the first having died.
          const again = await openService(where, { ...options, incarnation: '2' });
          await check(again, events, 'opened again');
          await again.service.close('');
          await checkClosed(await openService(where, { disk: quickDisk }), events);
          for (const { service } of [first, other]) await service.close('');
        },
      ),
      { numRuns: 30, reporter: reportBriefly },
    );
    assert.ok(longest > 20, 'the events were hardly any');
  });

  it('is all of the acknowledged ones before the cut, and nothing of the one it fell into, wherever the journal ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyEvents,
        fc.array(fc.noBias(fc.nat(1_000_000)), { minLength: 4, maxLength: 4 }),
        async (events, cuts) => {
          const where = folder();
          // No snapshot: everything is in the one journal that is cut.
          const options = { owner: thisOwner(uniqueName()), disk: quickDisk, snapshotBytes: 1e9 };
          const opened = await openService(where, options);
          await startChats(opened);
          const size = (): number => statSync(path.join(where, 'anycowork.journal')).size;
          const begin = size();
          const ends: number[] = [];
          for (const event of events) {
            await opened.record(event);
            ends.push(size());
          }
          const journal = readFileSync(path.join(where, 'anycowork.journal'));
          assert.equal(journal.length, ends.at(-1));

          for (const cut of cuts) {
            const at = begin + Math.round((cut / 1_000_000) * (journal.length - begin));
            const crashed = folder();
            writeFileSync(path.join(crashed, 'anycowork.journal'), journal.subarray(0, at));
            symlinkSync(path.join(where, 'blobs'), path.join(crashed, 'blobs'));
            const kept = events.filter((_, index) => (ends[index] ?? 0) <= at);
            const survivor = await openService(crashed, options);
            await check(survivor, kept, `cut at ${at} of ${journal.length}`);
            // What comes next finds its place behind the cut.
            await survivor.service.saveSession(uniqueName(), session('later'));
            const again = await openService(crashed, { ...options, incarnation: '2' });
            assert.equal((await again.service.getSession('', 'later'))?.id, 'later');
            await check(again, kept, 'written to and opened again');
            for (const { service } of [survivor, again]) await service.close('');
          }
          await opened.service.close('');
        },
      ),
      { numRuns: 12, reporter: reportBriefly },
    );
  });
});
