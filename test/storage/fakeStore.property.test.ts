import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Store } from '../../extension/core/store.ts';
import { budgetScopes } from '../../extension/shared/budget.ts';
import { approvalModes } from '../../extension/shared/rule.ts';
import type { Shelf } from '../../extension/shared/session.ts';
import { fakeStore } from '../fakes/store.ts';
import { anyEvents, chatsOf, lasting, reportBriefly, sessionIds } from './arbitraryEvents.ts';
import { decision, hash, rule, version } from './consentSupport.ts';
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
  | 'deleteSession'
  | 'listRules'
  | 'saveRule'
  | 'deleteRule'
  | 'audit'
  | 'readAudit'
  | 'spent'
  | 'raiseBudget'
  | 'keepVersions'
  | 'listVersions'
  | 'markUndone'
  | 'versionHashes'
  | 'forgetVersions'
>;

/** What happens to the chats besides what is said in them. `at` chooses among the rows that are there. */
const deeds = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(['pin', 'shelve', 'title', 'mode', 'fork', 'rewind', 'delete'] as const),
      ...(['rule', 'unrule', 'audit', 'raise', 'keep', 'keep', 'undo', 'forget'] as const),
    ),
    chat: fc.nat(1),
    at: fc.nat(1_000),
    shelf: fc.constantFrom<Shelf>('active', 'archived', 'deleted'),
    by: fc.constantFrom('model' as const, 'person' as const),
  }),
  { maxLength: 16 },
);
type Deed = (typeof deeds extends fc.Arbitrary<infer D> ? D : never)[number];

const perform = async (store: Methods, deed: Deed, name: string): Promise<string> => {
  const id = sessionIds[deed.chat] ?? sessionIds[0];
  const items = await store.readAll(id);
  const row = items[deed.at % Math.max(1, items.length)]?.row ?? 0;
  const to = session(name, { title: name, updatedAt: 1_000 + deed.at });
  const steps = items.filter(({ kind }) => kind === 'step').map((item) => item.id);
  const step = steps[deed.at % Math.max(1, steps.length)] ?? 'none';
  const few = deed.at % 3;
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
    case 'mode':
      await store.updateSession(id, { mode: approvalModes[few] ?? 'ask' }, deed.at);
      return 'done';
    case 'delete':
      // Seldom: little can happen afterwards.
      if (deed.at % 4 === 0) await store.deleteSession(id);
      return 'done';
    case 'rule':
      await store.saveRule(
        rule(`rule-${few}`, { createdAt: deed.at % 5, ...(few === 0 ? { sessionId: id } : {}) }),
      );
      return 'done';
    case 'unrule':
      await store.deleteRule(`rule-${few}`);
      return 'done';
    case 'audit':
      await store.audit({ ...decision, at: deed.at, detail: 'x'.repeat(deed.at * 40), sessionId: id });
      return 'done';
    case 'raise':
      await store.raiseBudget(
        budgetScopes[(deed.at >> 4) % 4] ?? 'day',
        `${['agent', id, 'job-1'][few] ?? ''}${['', '#usd', '#tokens', '#other'][deed.at % 4]}`,
        deed.at % 10,
      );
      return 'done';
    case 'keep': {
      const content = hash(`a${few}`);
      const one = version(step, id, { content, at: deed.at });
      const other = version(step, id, { file: `/${few}`, before: { kind: 'missing' }, undoneAt: deed.at });
      await store.keepVersions(few === 1 ? [one] : [one, other]);
      return 'done';
    }
    case 'undo':
      await store.markUndone(id, [step], deed.by === 'person' ? undefined : deed.at);
      return 'done';
    case 'forget':
      await store.forgetVersions([hash(`a${few}`), hash('none')]);
      return 'done';
    case 'fork':
      return store.copySession({ from: id, to, throughRow: row }).then(
        () => 'done',
        () => 'refused',
      );
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
    const jobId = items.at(-1)?.jobId ?? '';
    chats.push(await store.spent({ jobId, sessionId: id, agentId: 'agent', since: 5 }));
    chats.push(await store.listVersions(id, { fromRow: place.around }));
    chats.push(await store.listVersions(id, { of: 'undos' }));
    chats.push(await store.listVersions(id, { stepId: items.find(({ kind }) => kind === 'step')?.id ?? '' }));
  }
  chats.push(await store.listRules(), await store.versionHashes());
  chats.push(await store.readAudit(0, 100), await store.readAudit(2, 3));
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
          deleteSession: named(service.deleteSession),
          listRules: named(service.listRules),
          saveRule: named(service.saveRule),
          deleteRule: named(service.deleteRule),
          audit: named(service.audit),
          readAudit: named(service.readAudit),
          spent: named(service.spent),
          raiseBudget: named(service.raiseBudget),
          keepVersions: named(service.keepVersions),
          listVersions: named(service.listVersions),
          markUndone: named(service.markUndone),
          versionHashes: named(service.versionHashes),
          forgetVersions: named(service.forgetVersions),
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
          if ((deed.kind === 'fork' || deed.kind === 'rewind') && outcome === 'done') ids.push(name);
          // What still runs at first refuses to be rewound.
          const jobId = index === 2 ? ends.pop() : undefined;
          if (jobId === undefined) continue;
          const ended = [];
          for (const store of [real, fake]) {
            // Of a chat that was deleted neither keeps anything.
            ended.push(
              await store.record({ type: 'JobCancelled', jobId, at: 900 }).then(Boolean, () => 'gone'),
            );
          }
          assert.equal(ended[0], ended[1]);
        }
        assert.deepEqual(await look(fake, ids), await look(real, ids));
        await service.close('');
      }),
      { numRuns: 60, reporter: reportBriefly },
    );
    assert.ok(refused > 0, 'nothing was refused');
  });
});
