import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Store } from '../../extension/core/store.ts';
import type { Shelf } from '../../extension/shared/session.ts';
import { fakeStore } from '../fakes/store.ts';
import { anyEvents, chatsOf, lasting, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import { openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';

type Methods = Pick<
  Store,
  | 'listSessions'
  | 'getSession'
  | 'saveSession'
  | 'updateSession'
  | 'copySession'
  | 'rewindSession'
  | 'record'
  | 'readPage'
  | 'readAll'
  | 'sessionUsage'
>;

/** What happens to the chats besides what is said in them. `at` chooses among the rows that are there. */
const deeds = fc.array(
  fc.record({
    kind: fc.constantFrom('pin', 'shelve', 'title', 'fork', 'rewind'),
    chat: fc.nat(1),
    at: fc.nat(1_000),
    shelf: fc.constantFrom<Shelf>('active', 'archived', 'deleted'),
    by: fc.constantFrom('model' as const, 'person' as const),
  }),
  { maxLength: 8 },
);
type Deed = (typeof deeds extends fc.Arbitrary<infer D> ? D : never)[number];

const perform = async (store: Methods, deed: Deed, name: string): Promise<string> => {
  const id = sessionIds[deed.chat] ?? sessionIds[0];
  const items = await store.readAll(id);
  const row = items[deed.at % Math.max(1, items.length)]?.row ?? 0;
  const to = session(name, { title: name, updatedAt: 1_000 + deed.at });
  switch (deed.kind) {
    case 'pin':
      await store.updateSession(id, { isPinned: deed.at % 2 === 0 }, deed.at);
      return 'done';
    case 'shelve':
      await store.updateSession(id, { shelf: deed.shelf }, deed.at);
      return 'done';
    case 'title':
      await store.updateSession(id, { title: { text: name, by: deed.by } }, deed.at);
      return 'done';
    case 'fork':
      await store.copySession({ from: id, to, throughRow: row });
      return 'done';
    case 'rewind':
      return store.rewindSession({ sessionId: id, fromRow: row, earlier: to, at: deed.at }).then(
        () => 'done',
        () => 'refused',
      );
  }
};

/** Everything that can be read, with rows by their place: the fake counts them otherwise. */
const look = async (store: Methods, ids: readonly string[]) => {
  const chats = [];
  for (const id of ids) {
    const items = await store.readAll(id);
    const place = { around: items[Math.floor(items.length / 3)]?.row ?? 0 };
    const { items: shown, hasOlder, hasNewer } = await store.readPage(id, 3, place);
    const page = [shown.map(({ id: item }) => item), hasOlder, hasNewer];
    chats.push([await store.getSession(id), lasting(items), page, await store.sessionUsage(id)]);
  }
  const lists = [];
  for (const shelf of ['active', 'archived', 'deleted'] as const) {
    lists.push(await store.listSessions({ shelf, limit: 3, folderFirst: '/home/me/project' }));
  }
  return { chats, lists };
};

describe('the store that other tests use', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('does as the real one does', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(anyEvents, deeds, async (events, done) => {
        const { service } = await openService(folder(), { disk: quickDisk });
        const named = <A extends readonly unknown[], R>(method: (call: string, ...args: A) => R) => {
          return (...args: A): R => method(uniqueName(), ...args);
        };
        const real: Methods = {
          listSessions: named(service.listSessions),
          getSession: named(service.getSession),
          saveSession: named(service.saveSession),
          updateSession: named(service.updateSession),
          copySession: named(service.copySession),
          rewindSession: named(service.rewindSession),
          record: named(service.record),
          readPage: named(service.readPage),
          readAll: async (id) => (await service.readPage('', id, 1_000_000)).items,
          sessionUsage: named(service.sessionUsage),
        };
        const ids: string[] = [...sessionIds];
        const fake = fakeStore();
        for (const store of [real, fake]) {
          for (const id of ids) await store.saveSession(session(id));
          for (const event of events) await store.record(event);
        }
        const ends = [...chatsOf(events).values()].flatMap(({ job }) => (job === undefined ? [] : [job.id]));
        for (const [index, deed] of done.entries()) {
          const name = `copy-${index}`;
          const outcome = await perform(real, deed, name);
          assert.equal(await perform(fake, deed, name), outcome, deed.kind);
          if (outcome === 'refused') refused += 1;
          if (deed.kind === 'fork' || (deed.kind === 'rewind' && outcome === 'done')) ids.push(name);
          // What still runs at first refuses to be rewound.
          const jobId = index === 2 ? ends.pop() : undefined;
          if (jobId === undefined) continue;
          for (const store of [real, fake]) await store.record({ type: 'JobCancelled', jobId, at: 900 });
        }
        assert.deepEqual(await look(fake, ids), await look(real, ids));
        await service.close('');
      }),
      { numRuns: 40, reporter: reportBriefly },
    );
    assert.ok(refused > 0, 'nothing was refused');
  });
});
