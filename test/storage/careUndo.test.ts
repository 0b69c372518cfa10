import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { part, put, quick } from './careSupport.ts';
import { jobEvents } from './chatEvents.ts';
import { hash, version } from './consentSupport.ts';
import { openService, session, temporaryFolder, uniqueName } from './support.ts';

describe('storage care of what steps are undone with', function () {
  const folder = temporaryFolder(this);

  /** Two chats with a step each: of one content each, and one of both. */
  const open = async () => {
    const where = folder();
    const opened = await openService(where, quick);
    const { service } = opened;
    const image = (letters: string): string => path.join(where, 'before', letters, hash(letters));
    for (const [id, own] of [
      ['a', 'aa'],
      ['b', 'bb'],
    ] as const) {
      await service.saveSession(uniqueName(), session(id, { title: `Chat ${id}` }));
      await service.keepVersions(uniqueName(), [
        version(`${id}-step`, id, { file: '/one', content: hash(own) }),
        version(`${id}-step`, id, { file: '/two', content: hash('cc') }),
      ]);
    }
    for (const letters of ['aa', 'bb', 'cc']) put(image(letters), 100);
    return {
      ...opened,
      where,
      image,
      free: (kind: 'orphans' | 'undo' | 'deletedChats') => service.free(uniqueName(), kind),
      problems: async () => (await service.check('')).findings.filter(({ repair }) => repair !== undefined),
      fact: async () => (await service.check('')).facts.find((fact) => fact.startsWith('Undo')),
    };
  };

  it('tells its size, and finds nothing wrong', async () => {
    const { service, problems, fact } = await open();
    assert.deepEqual(part(await service.use(''), 'undo'), { kind: 'undo', bytes: 300, files: 3 });
    assert.deepEqual(part(await service.use(''), 'orphans'), { kind: 'orphans', bytes: 0, files: 0 });
    assert.deepEqual(await problems(), []);
    assert.equal(await fact(), 'Undo: 2 steps, all that is needed for them is there');
  });

  it('reports what is missing, forgets it when asked, and not what was undone or is whole', async () => {
    const { service, image, problems, fact } = await open();
    rmSync(image('aa'));
    const [finding, ...others] = await problems();
    assert.deepEqual(others, []);
    assert.ok(finding?.severity === 'problem' && finding.repair === 'undo');
    assert.match(finding.text, /^1 step of “Chat a” cannot be undone any more/);
    assert.equal(await fact(), 'Undo: 2 steps, 1 of which cannot be undone any more');
    await service.markUndone(uniqueName(), 'a', ['a-step'], 5);
    assert.deepEqual(await problems(), []);
    rmSync(image('cc'));
    assert.match((await problems())[0]?.text ?? '', /^1 step of “Chat b”/);
    assert.match(await service.repair(uniqueName(), 'undo'), /2 contents of files were gone/);
    assert.deepEqual(await problems(), []);
    assert.deepEqual(await service.versionHashes(''), [hash('bb')]);
    assert.match(await service.repair(uniqueName(), 'undo'), /nothing/);
  });

  it('reports and deletes what nothing refers to once it is an hour old, and what a merge could use is left', async () => {
    const { service, image, where, free, problems } = await open();
    put(image('dd'), 400);
    put(image('ee'), 500, 0);
    put(image('ff'), 600);
    const half = path.join(where, 'before', 'aa', 'half.tmp');
    put(half, 7);
    const after = { kind: 'file', hash: hash('ff'), size: 600, mode: 0o644 } as const;
    await service.keepVersions(uniqueName(), [
      version('a-step', 'a', { file: '/one', content: hash('aa'), after }),
    ]);
    assert.deepEqual(part(await service.use(''), 'orphans'), { kind: 'orphans', bytes: 407, files: 2 });
    assert.equal(part(await service.use(''), 'undo').bytes, 300 + 500 + 600);
    const [finding] = await problems();
    assert.equal(finding?.repair, 'orphans');
    assert.match(await service.repair(uniqueName(), 'orphans'), /^2 files/);
    const left = ['aa', 'bb', 'cc', 'dd', 'ee', 'ff'].map((letters) => existsSync(image(letters)));
    assert.deepEqual(left, [true, true, true, false, true, true]);
    assert.equal(existsSync(half), false);
    assert.equal(await free('orphans'), 0);
  });

  it('frees all of it, and the steps then cannot be undone', async () => {
    const { service, image, free } = await open();
    put(image('ee'), 500, 0);
    assert.equal(await free('undo'), 800);
    assert.deepEqual(await service.versionHashes(''), []);
    assert.deepEqual(await service.listVersions('', 'a', { stepId: 'a-step' }), []);
    assert.deepEqual(part(await service.use(''), 'undo'), { kind: 'undo', bytes: 0, files: 0 });
    assert.equal(await free('undo'), 0);
  });

  it('leaves what a chat at work needs, and what may just have been kept for one', async () => {
    const { service, record, image, free, problems } = await open();
    put(image('ee'), 500, 0);
    await record(jobEvents('a', 'job').started());
    assert.equal(await free('undo'), 100);
    assert.deepEqual(await service.versionHashes(''), [hash('aa'), hash('cc')]);
    const left = ['aa', 'bb', 'cc', 'ee'].map((letters) => existsSync(image(letters)));
    assert.deepEqual(left, [true, false, true, true]);
    assert.deepEqual(await problems(), []);
  });

  it('frees that of deleted chats with them', async () => {
    const { service, image, free } = await open();
    await service.updateSession(uniqueName(), 'a', { shelf: 'deleted' }, 1);
    await free('deletedChats');
    assert.deepEqual(
      ['aa', 'bb', 'cc'].map((letters) => existsSync(image(letters))),
      [false, true, true],
    );
  });
});
