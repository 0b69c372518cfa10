import assert from 'node:assert/strict';
import type { FreeableKind, StorageReport, StorageUse } from '../../extension/core/storageReport.ts';
import type { SessionSummary, Shelf } from '../../extension/shared/session.ts';
import { answers, env, progress, quickPicks, resetVscode, shownDocuments, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createStorageCare } = await loadWithVscode(() => import('../../extension/vscode/storageCare.ts'));
const { createQuotaWatch } = await loadWithVscode(() => import('../../extension/vscode/storageQuota.ts'));
const { freeableKinds, partWords, reportText } = await loadWithVscode(
  () => import('../../extension/vscode/storageReportText.ts'),
);

const mb = 1_024 * 1_024;

const session = (id: string, shelf: Shelf = 'active'): SessionSummary => ({
  id,
  title: `Chat ${id} | x`,
  titleBy: 'message',
  agentId: 'coder',
  model: { provider: 'gemini', model: 'm' },
  folder: '',
  createdAt: 1,
  updatedAt: 1,
  status: 'idle',
  shelf,
  isPinned: false,
});

const use: StorageUse = {
  folder: '/home/me/history',
  bytes: 20 * mb,
  parts: [
    { kind: 'database', bytes: 12 * mb, files: 1 },
    { kind: 'backups', bytes: 5 * mb, files: 2 },
    { kind: 'deletedChats', bytes: 3 * mb, files: 0 },
    { kind: 'orphans', bytes: 0, files: 0 },
  ],
  largest: [
    { session: session('a'), bytes: 8 * mb },
    { session: session('b', 'archived'), bytes: 2 * mb },
    { session: session('c', 'deleted'), bytes: 1 * mb },
  ],
};

const report = (findings: StorageReport['findings']): StorageReport => ({
  use,
  findings,
  facts: ['Snapshot: 12 MB, intact'],
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

const rig = (reports: readonly StorageReport[] = [], uses: readonly StorageUse[] = [use]) => {
  const did: string[] = [];
  const left = [...reports];
  const leftUses = [...uses];
  const care = createStorageCare({
    store: {
      check: async () => left.shift() ?? report([]),
      use: async () => leftUses.shift() ?? use,
      repair: async (kind: string) => {
        did.push(`repair ${kind}`);
        return 'Made anew.';
      },
      free: async (kind: FreeableKind) => {
        did.push(`free ${kind}`);
        return 4 * mb;
      },
      // Nothing else of the store is used.
    } as never,
    actions: {
      moveTo: async (id: string, shelf: Shelf) => {
        if (id === 'b') throw new Error('An agent works in it.');
        did.push(`${id} ${shelf}`);
      },
    },
    folder: '/home/me/history',
    sessionsChanged: () => did.push('changed'),
    now: () => 0,
  });
  return { did, ...care.commands };
};

describe('check storage', () => {
  beforeEach(resetVscode);

  it('shows a report and says that all is well', async () => {
    const { checkStorage, did } = rig();
    await checkStorage();
    assert.deepEqual(told, ['Everything is in order.']);
    assert.equal(shownDocuments.length, 1);
    assert.deepEqual(did, []);
  });

  it('repairs what the person chooses, and looks again', async () => {
    const broken = report([
      { severity: 'problem', text: 'The index is incomplete.', repair: 'searchIndex' },
      { severity: 'note', text: 'Three files are not used.', repair: 'orphans' },
    ]);
    const { checkStorage, did } = rig([broken, report([])]);
    answers.push('Rebuild Search Index');
    await checkStorage();
    await tick();
    assert.deepEqual(did, ['repair searchIndex']);
    assert.deepEqual(told, ['1 problem; the report says which.', 'Made anew.', 'Everything is in order.']);
    assert.equal(shownDocuments.length, 2);
  });

  it('shows nothing once it was cancelled', async () => {
    const { checkStorage } = rig();
    const checking = checkStorage();
    for (const cancel of progress.listeners) cancel();
    assert.equal(await checking, undefined);
    assert.deepEqual(told, []);
    assert.deepEqual(shownDocuments, []);
  });

  it('answers code without showing anything', async () => {
    const { checkStorage, did } = rig([report([{ severity: 'problem', text: 'x' }])]);
    const answer = await checkStorage({});
    assert.ok(typeof answer === 'object' && answer.findings.length === 1);
    assert.equal(await checkStorage({ repair: 'snapshot' }), 'Made anew.');
    await assert.rejects(checkStorage({ repair: 'everything' }), /arguments are not right/);
    assert.deepEqual(did, ['repair snapshot']);
    assert.deepEqual(shownDocuments, []);
    assert.deepEqual(told, []);
  });

  it('writes the report as Markdown that reads well as it is', () => {
    const text = reportText(
      report([
        { severity: 'problem', text: 'The index is incomplete.', repair: 'searchIndex' },
        { severity: 'note', text: 'A backup is old.' },
      ]),
      0,
    );
    assert.match(text, /\*\*1 problem\.\*\*/);
    assert.match(
      text,
      /## Problems\n\n- The index is incomplete\. \(can be repaired: Rebuild Search Index\)/,
    );
    assert.match(text, /## Worth knowing\n\n- A backup is old\./);
    assert.match(text, /- Snapshot: 12 MB, intact/);
    assert.ok(
      text.includes(
        [
          '| What          |  Size | Files |',
          '| ------------- | ----: | ----: |',
          '| Database      | 12 MB |     1 |',
          '| Backups       |  5 MB |     2 |',
          '| Deleted chats |  3 MB |     0 |',
          '| Everything    | 20 MB |       |',
        ].join('\n'),
      ),
    );
    assert.match(text, /\| Chat a \\\| x \| 8 MB \|/);
    assert.match(reportText(report([]), 0), /\*\*Everything is in order\.\*\*/);
  });
});

describe('storage folder', () => {
  beforeEach(resetVscode);

  it('is told, with a way to copy it, where the window is not on its computer', async () => {
    answers.push('Copy Path');
    assert.equal(await rig().openStorageFolder(), '/home/me/history');
    await tick();
    assert.deepEqual(told, ['The history is in this folder: /home/me/history']);
    assert.equal(env.clipboard.text, '/home/me/history');
  });
});

describe('manage storage', () => {
  beforeEach(resetVscode);

  const row = (label: RegExp): object => {
    const found = quickPicks.at(-1)?.items.find((item) => label.test(String(Reflect.get(item, 'label'))));
    assert.ok(found, `${label} is not among ${quickPicks.at(-1)?.rows().join('; ')}`);
    return found;
  };

  it('shows what uses the space, what can be freed first', async () => {
    const managing = rig().manageStorage();
    await tick();
    const picker = quickPicks.at(-1);
    assert.equal(picker?.placeholder, '20 MB in all. Choose what to free');
    assert.deepEqual(
      picker?.rows().map((text) => text.split(' | ').slice(0, 2).join(' | ')),
      [
        'Can be freed · 8 MB',
        '$(trash) Backups | 5 MB · 2 files',
        '$(trash) Deleted chats | 3 MB',
        'Chats',
        '$(checklist) Delete large chats… | 2 chats',
        'In use',
        '$(blank) Database | 12 MB · 1 file',
      ],
    );
    picker?.accept(row(/Database/));
    await tick();
    assert.equal(picker?.isOpen, true);
    picker?.hide();
    await managing;
  });

  it('frees after a question that names the bytes, and shows the sizes anew', async () => {
    const after = { ...use, bytes: 15 * mb, parts: use.parts.filter(({ kind }) => kind !== 'backups') };
    const { manageStorage, did } = rig([], [use, after]);
    const managing = manageStorage();
    await tick();
    answers.push('Free 5 MB');
    quickPicks.at(-1)?.accept(row(/Backups/));
    await tick();
    assert.deepEqual(did, ['free backups']);
    assert.deepEqual(told, ['Remove backups (5 MB) for good?', 'Freed 4 MB.']);
    assert.match(quickPicks.at(-1)?.placeholder ?? '', /^15 MB in all/);
    quickPicks.at(-1)?.hide();
    await managing;
  });

  it('offers deleted chats also while they are counted as journal', async () => {
    const parts = use.parts.map((each) => (each.kind === 'deletedChats' ? { ...each, bytes: 0 } : each));
    const managing = rig([], [{ ...use, parts }]).manageStorage();
    await tick();
    assert.ok(
      quickPicks
        .at(-1)
        ?.rows()
        .some((text) => text.startsWith('$(trash) Deleted chats | 1 MB')),
    );
    quickPicks.at(-1)?.hide();
    await managing;
  });

  it('frees nothing without an answer', async () => {
    const { manageStorage, did } = rig();
    const managing = manageStorage();
    await tick();
    quickPicks.at(-1)?.accept(row(/Deleted chats/));
    await tick();
    assert.deepEqual(did, []);
    assert.equal(quickPicks.length, 2);
    quickPicks.at(-1)?.hide();
    await managing;
  });

  it('deletes the large chats that are chosen, names those that stay, and takes it back', async () => {
    const { manageStorage, did } = rig();
    const managing = manageStorage();
    await tick();
    const chosen = use.largest.slice(0, 2).map((each) => ({ ...each, label: '' }));
    answers.push(chosen, undefined, 'Undo');
    quickPicks.at(-1)?.accept(row(/large chats/));
    await tick();
    assert.deepEqual(did, ['a deleted', 'a active']);
    assert.match(told[0] ?? '', /^“Chat b \| x” was not deleted\. An agent works in it\./);
    assert.match(told[1] ?? '', /^Deleted 1 chat \(8 MB\)\./);
    quickPicks.at(-1)?.hide();
    await managing;
  });

  it('answers code without asking', async () => {
    const { manageStorage, did } = rig();
    assert.deepEqual(await manageStorage({}), use);
    assert.equal(await manageStorage({ free: 'orphans' }), 4 * mb);
    await assert.rejects(manageStorage({ free: 'database' }), /arguments are not right/);
    assert.deepEqual(did, ['free orphans']);
    assert.deepEqual(freeableKinds.toSorted(), [
      'backups',
      'commandOutput',
      'damagedFiles',
      'deletedChats',
      'orphans',
      'undo',
    ]);
    assert.equal(partWords.orphans.label, 'Unused files');
  });
});

describe('storage quota', () => {
  beforeEach(resetVscode);

  const hour = 60 * 60_000;

  const watch = (bytes: number, quota: number) => {
    let time = 100 * hour;
    const kept = new Map<string, unknown>();
    const did: string[] = [];
    const { written } = createQuotaWatch({
      use: async () => {
        did.push('looked');
        return { ...use, bytes };
      },
      quotaBytes: () => quota,
      state: {
        keys: () => [],
        get: (key: string) => kept.get(key),
        update: async (key: string, value: unknown) => void kept.set(key, value),
        // Overloads of a Memento that are not used.
      } as never,
      now: () => time,
      manage: () => did.push('manage'),
      logError: (error) => assert.fail(String(error)),
    });
    const pass = (ms: number): void => {
      time += ms;
    };
    return { written, did, pass };
  };

  it('warns once a day, with a way out, and looks at most once an hour', async () => {
    const { written, did, pass } = watch(3 * mb, 2 * mb);
    answers.push('Manage Storage');
    written();
    written();
    await tick();
    assert.deepEqual(did, ['looked', 'manage']);
    assert.deepEqual(told, [
      'The history of AnyCowork takes 3 MB, more than the 2 MB that are set. Nothing was deleted.',
    ]);
    pass(hour / 2);
    written();
    pass(hour);
    written();
    await tick();
    assert.deepEqual(did, ['looked', 'manage', 'looked']);
    assert.equal(told.length, 1);
    pass(23 * hour);
    written();
    await tick();
    assert.equal(told.length, 2);
  });

  it('says nothing within the quota, and does not even look without one', async () => {
    const within = watch(2 * mb, 2 * mb);
    within.written();
    const none = watch(5 * mb, 0);
    none.written();
    await tick();
    assert.deepEqual(within.did, ['looked']);
    assert.deepEqual(none.did, []);
    assert.deepEqual(told, []);
  });
});
