import assert from 'node:assert/strict';
import type { StepUndo } from '../../extension/shared/undo.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { forgetOldVersions } from '../../extension/storage/versions.ts';
import { jobEvents } from './chatEvents.ts';
import { openSmall } from './coldSupport.ts';
import { hash, version } from './consentSupport.ts';
import {
  type OpenedService,
  openDatabase,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const undo: StepUndo = { files: 2, unknown: ['dist'] };

describe('file versions', function () {
  const folder = temporaryFolder(this);
  const open = async (where = folder()) => ({ ...(await openService(where, { disk: quickDisk })), where });

  /** A chat of jobs with a question and an undoable step each: rows 2n+1 and 2n+2 of the store, in the chat's order. */
  const chat = async (
    { service, record }: OpenedService,
    id: string,
    jobs: number,
    text = '',
  ): Promise<void> => {
    await service.saveSession(uniqueName(), session(id));
    for (let index = 0; index < jobs; index += 1) {
      const job = jobEvents(id, `${id}-${index}`);
      await record(job.started(text));
      await record(job.approved());
      await service.keepVersions(uniqueName(), [
        version(job.step.id, id, { content: hash(`a${index}`) }),
        version(job.step.id, id, { file: '/home/me/project/b.ts', before: { kind: 'missing' } }),
      ]);
      await record({ ...job.stepDone('out'), undo } as ReturnType<typeof job.stepDone>);
      await record(job.completed());
    }
  };
  const undoOf = async (opened: OpenedService, id: string): Promise<readonly (StepUndo | undefined)[]> =>
    (await opened.items(id)).flatMap((item) => (item.kind === 'step' ? [item.record.undo] : []));
  const rowsOf = async (opened: OpenedService, id: string): Promise<readonly number[]> =>
    (await opened.items(id)).map((item) => item.row ?? 0);
  const stepsOf = async ({ service }: OpenedService, id: string, fromRow = 0): Promise<readonly string[]> =>
    (await service.listVersions('', id, { fromRow })).map(({ stepId }) => stepId);

  it('come back as they were, in another window too', async () => {
    const opened = await open();
    await chat(opened, 'a', 1);
    const nasty = '/home/me/project/\ud800 "\0';
    const versions = [
      version('s', 'a', { after: { kind: 'missing' }, undoneAt: 7 }),
      version('s', 'a', { file: nasty, root: nasty, label: nasty, before: { kind: 'link', target: nasty } }),
      version('s', 'a', { file: '/c', before: { kind: 'folder', mode: 0o755 }, at: 1_700_000_000_000 }),
    ];
    await opened.service.keepVersions(uniqueName(), versions);
    const other = await open(opened.where);
    for (const { service } of [opened, other]) {
      assert.deepEqual(await service.listVersions('', 'a', { stepId: 's' }), versions);
      // The row of the step is not there.
      assert.deepEqual(await stepsOf(opened, 'a'), ['a-0-step', 'a-0-step']);
    }
  });

  it('take the place of those of the same step and file', async () => {
    const { service } = await open();
    await service.saveSession(uniqueName(), session('a'));
    const [one, two] = [version('s', 'a'), version('s', 'a', { file: '/b' })];
    await service.keepVersions(uniqueName(), [one, two]);
    const after = { kind: 'file', hash: hash('ff'), size: 1, mode: 0o600 } as const;
    await service.keepVersions(uniqueName(), [{ ...one, after }]);
    assert.deepEqual(await service.listVersions('', 'a', { stepId: 's' }), [{ ...one, after }, two]);
  });

  it('are those of one step, or of all from a row of the chat on', async () => {
    const opened = await open();
    await chat(opened, 'a', 3);
    await chat(opened, 'b', 1);
    const rows = await rowsOf(opened, 'a');
    const twice = (...ids: readonly string[]) => ids.flatMap((id) => [id, id]);
    assert.deepEqual(await stepsOf(opened, 'a'), twice('a-0-step', 'a-1-step', 'a-2-step'));
    assert.deepEqual(await stepsOf(opened, 'a', rows[2]), twice('a-1-step', 'a-2-step'));
    assert.deepEqual(await stepsOf(opened, 'a', rows[5]), twice('a-2-step'));
    assert.deepEqual(await stepsOf(opened, 'a', (rows[5] ?? 0) + 1), []);
    const { service } = opened;
    assert.equal((await service.listVersions('', 'a', { stepId: 'a-1-step' })).length, 2);
    assert.deepEqual(await service.listVersions('', 'b', { stepId: 'a-1-step' }), []);
  });

  it('of undos are listed by themselves, with their marks', async () => {
    const { service } = await open();
    await service.saveSession(uniqueName(), session('a'));
    const kept = ['step', 'undo-1', 'undo-2', 'undoable'].map((stepId) => version(stepId, 'a'));
    await service.keepVersions(uniqueName(), kept);
    await service.markUndone(uniqueName(), 'a', ['undo-1'], 7);
    const found = await service.listVersions('', 'a', { of: 'undos' });
    assert.deepEqual(
      found.map(({ stepId, undoneAt }) => [stepId, undoneAt]),
      [
        ['undo-1', 7],
        ['undo-2', undefined],
      ],
    );
  });

  it('that were undone say so, and so do their steps', async () => {
    const opened = await open();
    await chat(opened, 'a', 2);
    assert.deepEqual(await undoOf(opened, 'a'), [undo, undo]);
    await opened.service.markUndone(uniqueName(), 'a', ['a-1-step', 'none'], 1_700_000_000_000);
    const undone = { ...undo, undoneAt: 1_700_000_000_000 };
    assert.deepEqual(await undoOf(opened, 'a'), [undo, undone]);
    const times = (await opened.service.listVersions('', 'a', { fromRow: 0 })).map(
      ({ undoneAt }) => undoneAt,
    );
    assert.deepEqual(times, [undefined, undefined, 1_700_000_000_000, 1_700_000_000_000]);
    await opened.service.markUndone(uniqueName(), 'a', ['a-0-step', 'a-1-step'], undefined);
    assert.deepEqual(await undoOf(opened, 'a'), [undo, undo]);
    const again = await opened.service.listVersions('', 'a', { fromRow: 0 });
    assert.ok(again.every((each) => !('undoneAt' in each)));
  });

  it('are found for a chat that lies in a file, which comes back to be marked', async () => {
    const where = folder();
    const opened = await openSmall(where, { liveBytes: 10_000 });
    await chat(opened, 'a', 3, 'lorem ipsum '.repeat(500));
    const rows = await rowsOf(opened, 'a');
    const before = await opened.service.listVersions('', 'a', { fromRow: rows[2] ?? 0 });
    await opened.service.free(uniqueName(), 'deletedChats');
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    const isCold = () =>
      database.read((query) => query('SELECT 1 FROM sessions WHERE cold_file IS NOT NULL').length === 1);
    assert.ok(await isCold());
    assert.equal(before.length, 4);
    assert.deepEqual(await opened.service.listVersions('', 'a', { fromRow: rows[2] ?? 0 }), before);
    assert.deepEqual(await undoOf(opened, 'a'), [undo, undo, undo]);
    await opened.service.markUndone(uniqueName(), 'a', ['a-0-step'], 9);
    assert.deepEqual(await undoOf(opened, 'a'), [{ ...undo, undoneAt: 9 }, undo, undo]);
    assert.equal(await isCold(), false);
  });

  it('stay with the chat in which it happened: a fork cannot undo it', async () => {
    const opened = await open();
    await chat(opened, 'a', 2);
    await opened.service.copySession(uniqueName(), { from: 'a', to: session('fork') });
    assert.deepEqual(await undoOf(opened, 'fork'), [undefined, undefined]);
    assert.deepEqual(await stepsOf(opened, 'fork'), []);
    assert.deepEqual(await undoOf(opened, 'a'), [undo, undo]);
    assert.equal((await stepsOf(opened, 'a')).length, 4);
  });

  it('go with the steps that are taken out of a chat', async () => {
    const opened = await open();
    await chat(opened, 'a', 3);
    const rows = await rowsOf(opened, 'a');
    const earlier = session('earlier');
    await opened.service.rewindSession(uniqueName(), {
      sessionId: 'a',
      fromRow: rows[2] ?? 0,
      earlier,
      at: 9,
    });
    assert.deepEqual(await undoOf(opened, 'a'), [undo]);
    assert.deepEqual(await undoOf(opened, 'earlier'), [undefined, undo, undo]);
    assert.deepEqual(new Set(await stepsOf(opened, 'a')), new Set(['a-0-step']));
    assert.deepEqual(new Set(await stepsOf(opened, 'earlier')), new Set(['a-1-step', 'a-2-step']));
    await opened.service.markUndone(uniqueName(), 'earlier', ['a-2-step'], 9);
    assert.deepEqual((await undoOf(opened, 'earlier'))[2], { ...undo, undoneAt: 9 });
  });

  it('are gone with their chat, and none is kept of a chat that is gone', async () => {
    const opened = await open();
    await chat(opened, 'a', 1);
    await chat(opened, 'b', 1);
    await opened.service.deleteSession(uniqueName(), 'a');
    assert.deepEqual(await opened.service.listVersions('', 'a', { stepId: 'a-0-step' }), []);
    await opened.service.keepVersions(uniqueName(), [version('late', 'a', { content: hash('ee') })]);
    assert.deepEqual(await opened.service.versionHashes(''), [hash('a0')]);
  });

  it('stay where their contents are forgotten, except where a job runs', async () => {
    const opened = await open();
    const { service, record } = opened;
    await chat(opened, 'a', 3);
    await chat(opened, 'b', 2);
    assert.deepEqual(await service.versionHashes(''), [hash('a0'), hash('a1'), hash('a2')]);
    await record(jobEvents('b', 'running').started());
    await service.forgetVersions(uniqueName(), [hash('a0'), hash('a2'), hash('none')]);
    assert.deepEqual(await service.versionHashes(''), [hash('a0'), hash('a1')]);
    const left = (await service.listVersions('', 'a', { fromRow: 0 })).map(({ before }) => before.kind);
    // Without a part of its files a step must not look whole.
    assert.deepEqual(left, ['file', 'missing', 'file', 'missing', 'file', 'missing']);
    assert.equal((await stepsOf(opened, 'b')).length, 4);
    await record(jobEvents('b', 'running').completed());
    await service.forgetVersions(uniqueName(), [hash('a0')]);
    assert.deepEqual(await service.versionHashes(''), [hash('a1')]);
  });

  it('are forgotten after 30 days, step by step', async () => {
    const { service, where } = await open();
    await service.saveSession(uniqueName(), session('a'));
    const now = Date.now() + 40 * 86_400_000;
    await service.keepVersions(uniqueName(), [
      version('old', 'a'),
      version('half', 'a'),
      version('half', 'a', { at: now, file: '/b' }),
    ]);
    const { database } = await openDatabase(where, { disk: quickDisk, migrations });
    assert.deepEqual(await database.read((query) => forgetOldVersions(query, Date.now())), []);
    await database.transact(uniqueName(), (query) => forgetOldVersions(query, now));
    const left = await database.read((query) => query('SELECT step_id FROM file_versions ORDER BY id'));
    assert.deepEqual(
      left.map((row) => row.step_id),
      ['half', 'half'],
    );
  });
});
