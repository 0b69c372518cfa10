import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { partsOf } from '../../extension/storage/arriving.ts';
import { anyEvents, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import { anywhere, blobFiles, endOfRunning } from './chatCopies.ts';
import { jobEvents } from './chatEvents.ts';
import { importItems, openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';

describe('imported chats', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  const open = (where = folder()) => openService(where, { disk: quickDisk });

  it('come back as they were exported, however often, and in any store', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, async (events) => {
        const from = await open();
        for (const id of sessionIds) await from.service.saveSession(uniqueName(), session(id));
        for (const event of [...events, ...endOfRunning(events)]) await from.record(event);
        const exported = await from.items(sessionIds[0]);
        const where = folder();
        const to = await open(where);
        for (const [opened, id] of [
          [to, 'there'],
          [from, 'beside'],
          [from, 'again'],
        ] as const) {
          // By way of a file.
          const items: readonly ChatItem[] = JSON.parse(JSON.stringify(exported));
          await importItems(opened, session(id), items);
          assert.deepEqual(anywhere(await opened.items(id)), anywhere(exported));
          assert.equal((await opened.service.getSession('', id))?.status, 'idle');
        }
        const again = await open(where);
        assert.deepEqual(await again.items('there'), await to.items('there'));
        await to.service.deleteSession(uniqueName(), 'there');
        assert.deepEqual(blobFiles(where), []);
        for (const { service } of [from, to, again]) await service.close('');
      }),
      { numRuns: 15, reporter: reportBriefly },
    );
  });

  const ended = async (): Promise<readonly ChatItem[]> => {
    const { service, record, items } = await open();
    await service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'job');
    for (const event of [job.started(), job.said('Yes'), job.approved(), job.stepDone('out'), job.failed()]) {
      await record(event);
    }
    return items('a');
  };

  it('of which only some parts have come, since their thread died in between, are refused as a whole', async () => {
    const opened = await open();
    const [part = ''] = partsOf(await ended());
    for (const [cameBefore, count] of [
      [1, 2],
      [0, 1],
    ] as const) {
      if (cameBefore > 0) await opened.service.importPart(uniqueName(), 'b', part);
      await assert.rejects(
        opened.service.importSession(uniqueName(), session('b'), 'b', count),
        (error) => error instanceof StoreError && /was not imported.*Import it again/.test(error.message),
      );
    }
    assert.equal(await opened.service.getSession('', 'b'), undefined);
    await importItems(opened, session('b'), await ended());
    assert.equal((await opened.items('b')).length, 4);
  });

  for (const [what, spoil, reason] of [
    ['the same part twice', (items: readonly ChatItem[]) => [...items, ...items.slice(0, 1)], /the same id/],
    [
      'a reply that streams',
      (items: readonly ChatItem[]) =>
        items.map((item) => (item.kind === 'assistant' ? { ...item, streaming: true } : item)),
      /has not ended/,
    ],
    [
      'a step that runs',
      (items: readonly ChatItem[]) =>
        items.map(
          (item): ChatItem =>
            item.kind === 'step' ? { ...item, record: { ...item.record, status: 'running' } } : item,
        ),
      /has not ended/,
    ],
    [
      'a finished step without a result',
      (items: readonly ChatItem[]) =>
        items.map((item): ChatItem => {
          if (item.kind !== 'step') return item;
          const { result: _, ...record } = item.record;
          return { ...item, record };
        }),
      /without a result/,
    ],
  ] as const) {
    it(`with ${what} are refused as a whole`, async () => {
      const opened = await open();
      const { service, items } = opened;
      const spoiled = spoil(await ended());
      await assert.rejects(
        importItems(opened, session('b'), spoiled),
        (error) => error instanceof StoreError && reason.test(error.message),
      );
      assert.equal(await service.getSession('', 'b'), undefined);
      assert.deepEqual(await items('b'), []);
    });
  }
});
