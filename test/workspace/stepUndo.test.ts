import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { CannotUndoError } from '../../extension/core/undo.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders } from './folders.ts';
import { createUndoRig, never, preparedFor, treeOf } from './undoRig.ts';

const step = (id: string) => ({
  id,
  sessionId: 'chat',
  messageId: 'm',
  callId: 'c',
  tool: 't',
  input: {},
  title: '',
  effect: 'write' as const,
  targets: [],
});

describe('undo of a step', () => {
  afterEach(removeTemporaryFolders);

  const files = {
    'a.ts': 'one\r\n',
    'src/b.ts': 'two',
    'bin/run': 'x',
    'data.bin': Buffer.from([0, 255, 1]),
  };

  type Rig = ReturnType<typeof createUndoRig>;
  const cases: [
    name: string,
    paths: Parameters<Rig['step']>[1],
    work: (rig: Rig) => void,
    changed: number,
  ][] = [
    ['an edit', { 'a.ts': 'write' }, ({ at }) => writeFileSync(at('a.ts'), 'edited'), 1],
    [
      'an edit of a binary file',
      { 'data.bin': 'write' },
      ({ at }) => writeFileSync(at('data.bin'), 'text'),
      1,
    ],
    ['a new file', { 'new.ts': 'write' }, ({ at }) => writeFileSync(at('new.ts'), 'n'), 1],
    [
      'a new file in new folders',
      { 'x/y/new.ts': 'write' },
      ({ root }) => fill(root, { 'x/y/new.ts': 'n' }),
      1,
    ],
    ['a deletion', { 'src/b.ts': 'delete' }, ({ at }) => unlinkSync(at('src/b.ts')), 1],
    [
      'a move into new folders',
      { 'a.ts': 'move', 'new/place/c.ts': 'move' },
      ({ at }) => {
        mkdirSync(at('new/place'), { recursive: true });
        renameSync(at('a.ts'), at('new/place/c.ts'));
      },
      2,
    ],
    [
      'a move of a folder with all it holds',
      { src: 'move', lib: 'move' },
      ({ at }) => renameSync(at('src'), at('lib')),
      4,
    ],
    ['the deletion of an empty folder', { empty: 'delete' }, ({ at }) => rmdirSync(at('empty')), 1],
    ['a mode', { 'bin/run': 'write' }, ({ at }) => chmodSync(at('bin/run'), 0o644), 1],
    [
      'several files at once',
      { 'a.ts': 'write', 'src/b.ts': 'delete', 'new.ts': 'write' },
      ({ at }) => {
        writeFileSync(at('a.ts'), 'edited');
        unlinkSync(at('src/b.ts'));
        writeFileSync(at('new.ts'), 'n');
      },
      3,
    ],
    [
      'a file in the place of a folder',
      { empty: 'write' },
      ({ at }) => {
        rmdirSync(at('empty'));
        writeFileSync(at('empty'), 'now a file');
      },
      1,
    ],
  ];
  for (const [name, paths, work, changed] of cases) {
    it(`takes back ${name}, and that in turn`, async () => {
      const rig = createUndoRig({ ...files, 'src/deep/c.ts': 'three' });
      mkdirSync(rig.at('empty'), { mode: 0o700 });
      chmodSync(rig.at('bin/run'), 0o755);
      const before = treeOf(rig.root);
      const undo = await rig.step('s', paths, () => work(rig));
      const after = treeOf(rig.root);
      assert.deepEqual(undo, { files: changed, unknown: [] });
      for (const { standing } of await rig.plan('s')) assert.equal(standing, 'asLeft');
      const result = await rig.undo('s');
      assert.deepEqual(result.failed, []);
      assert.deepEqual(treeOf(rig.root), before);
      const again = await rig.undo(result.stepId ?? '');
      assert.deepEqual(again.failed, []);
      assert.deepEqual(treeOf(rig.root), after);
      assert.deepEqual(rig.errors, []);
    });
  }

  it('has kept everything durably before the step runs', async () => {
    const rig = createUndoRig(files);
    await rig.step('s', { 'a.ts': 'write', 'new/x.ts': 'write' }, async () => {
      assert.deepEqual(
        rig.versions.of('s').map(({ label, before, after }) => [label, before.kind, after]),
        [
          ['a.ts', 'file', undefined],
          ['new/x.ts', 'missing', undefined],
          ['new', 'missing', undefined],
        ],
      );
      const [version] = rig.versions.of('s');
      const bytes = await rig.restorer.read(version?.before ?? { kind: 'missing' });
      assert.equal(Buffer.from(bytes ?? []).toString(), 'one\r\n');
      assert.equal(version?.root, rig.root);
      assert.equal(version?.jobId, 'job');
    });
  });

  it('counts only what changed', async () => {
    const rig = createUndoRig(files);
    const undo = await rig.step('s', { 'a.ts': 'write', 'src/b.ts': 'write' }, () =>
      writeFileSync(rig.at('a.ts'), 'new'),
    );
    assert.deepEqual(undo, { files: 1, unknown: [] });
    assert.equal(await rig.step('t', { 'a.ts': 'write' }, () => {}), undefined);
    assert.deepEqual(await rig.plan('t'), []);
  });

  it('keeps nothing for steps that change nothing', async () => {
    const rig = createUndoRig(files);
    const paths = [
      { label: 'a.ts', file: rig.at('a.ts'), root: rig.root, below: 'a.ts', kind: 'read' } as const,
    ];
    const prepared = preparedFor('read', { paths });
    await rig.keeper.before(step('r'), prepared, never);
    assert.equal(await rig.keeper.after(step('r'), prepared, never), undefined);
    assert.deepEqual(rig.versions.all, []);
  });

  it('keeps the unsaved text of a dirty editor, with the mark of the file', async () => {
    const rig = createUndoRig({ 'a.ts': '\ufeffsaved' });
    rig.editor.open(rig.at('a.ts'), 'typed');
    await rig.step('s', { 'a.ts': 'write' }, () => rig.editor.replaceText(rig.at('a.ts'), 'edited'));
    assert.equal(readFileSync(rig.at('a.ts'), 'utf8'), '\ufeffedited');
    assert.deepEqual((await rig.undo('s')).failed, []);
    assert.equal(readFileSync(rig.at('a.ts'), 'utf8'), '\ufefftyped');
    assert.deepEqual(rig.editor.openText(rig.at('a.ts')), { text: 'typed', isDirty: false });
  });

  it('refuses unsaved text of a file in another encoding, which it would change', async () => {
    const rig = createUndoRig({ 'a.ts': Buffer.from('caf\u00e9', 'latin1') });
    rig.editor.open(rig.at('a.ts'), 'caf\u00e9s');
    await assert.rejects(
      rig.step('s', { 'a.ts': 'write' }, () => assert.fail('it ran')),
      /^CannotUndoError: it has unsaved changes, and is not in UTF-8/,
    );
  });

  it('sees no change where a dirty document stayed as it was', async () => {
    const rig = createUndoRig({ 'a.ts': 'saved' });
    rig.editor.open(rig.at('a.ts'), 'typed');
    assert.equal(await rig.step('s', { 'a.ts': 'write' }, () => {}), undefined);
  });

  for (const [name, target, pattern] of [
    ['a file outside the folders', '../outside.ts', /outside the open folders/],
    ["git's own files", '.git/config', /ever put back/],
    ['what is in packages', 'node_modules/p/i.js', /ever put back/],
    ['a file that is too large', 'large', /larger than 1 MB/],
    ['a file behind a folder that is a link', 'linked/x', /cannot be kept/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const rig = createUndoRig(
        { large: Buffer.alloc(1_000_001), '.git/config': '' },
        { largestFile: 1_000_000 },
      );
      fill(rig.base, { 'outside.ts': 'o', 'elsewhere/x': 'x' });
      symlinkSync(path.join(rig.base, 'elsewhere'), rig.at('linked'));
      await assert.rejects(
        rig.step('s', { [target]: 'write' }, () => assert.fail('it ran')),
        (error) => error instanceof CannotUndoError && pattern.test(error.message),
      );
      assert.deepEqual(rig.versions.all, []);
    });
  }

  it('refuses to move a folder that holds packages', async () => {
    const rig = createUndoRig({ 'pkg/a.ts': 'a', 'pkg/node_modules/p/i.js': 'x' });
    await assert.rejects(
      rig.step('s', { pkg: 'move', pkg2: 'move' }, () => assert.fail('it ran')),
      /^CannotUndoError: the folder holds node_modules/,
    );
  });

  it('does not look for long after the person has stopped the work', async () => {
    const rig = createUndoRig({ 'a.ts': 'one' });
    const prepared = preparedFor('write', {
      paths: [{ label: 'a.ts', file: rig.at('a.ts'), root: rig.root, below: 'a.ts', kind: 'write' }],
    });
    await rig.keeper.before(step('s'), prepared, never);
    writeFileSync(rig.at('a.ts'), 'two');
    const { note } = rig.images;
    const slow = Promise.withResolvers<void>();
    Object.assign(rig.images, {
      note: async (file: string, isForMerge: boolean) => {
        await slow.promise;
        return note(file, isForMerge);
      },
    });
    setTimeout(slow.resolve, 2_300);
    const undo = await rig.keeper.after(step('s'), prepared, AbortSignal.abort());
    assert.deepEqual(undo, { files: 1, unknown: [] });
  }).timeout(60_000);

  it('names the file of several that cannot be kept', async () => {
    const rig = createUndoRig({ large: Buffer.alloc(1_000_001) }, { largestFile: 1_000_000 });
    await assert.rejects(
      rig.step('s', { large: 'write', small: 'write' }, () => {}),
      /^CannotUndoError: large: /,
    );
  });

  it('stops with the signal', async () => {
    const rig = createUndoRig(files);
    const prepared = preparedFor('write', {
      paths: [{ label: 'a.ts', file: rig.at('a.ts'), root: rig.root, below: 'a.ts', kind: 'write' }],
    });
    const reason = new Error('stopped');
    await assert.rejects(rig.keeper.before(step('s'), prepared, AbortSignal.abort(reason)), reason);
  });

  it('never throws afterwards, and says what was kept', async () => {
    const rig = createUndoRig(files);
    const undo = await rig.step('s', { 'a.ts': 'write' }, () => {
      writeFileSync(rig.at('a.ts'), 'new');
      rig.versions.keepVersions = async () => {
        throw new Error('no store');
      };
    });
    assert.deepEqual(undo, { files: 1, unknown: [] });
    assert.equal(rig.errors.length, 1);
  });

  it('calls files by their root where there are several', async () => {
    const rig = createUndoRig(files, { secondRoot: true });
    await rig.step('s', { 'a.ts': 'write', '../second/new.ts': 'write' }, () =>
      fill(rig.base, { 'work/a.ts': 'new', 'second/new.ts': 'new' }),
    );
    assert.deepEqual(
      rig.versions.of('s').map(({ label, root }) => [label, path.basename(root)]),
      [
        ['work/a.ts', 'work'],
        ['second/new.ts', 'second'],
      ],
    );
  });

  it('follows a step that replaced a link', async function () {
    if (process.platform === 'win32') skipBecause(this, 'making symbolic links needs a right on Windows');
    const rig = createUndoRig(files);
    symlinkSync('a.ts', rig.at('link'));
    const before = treeOf(rig.root);
    await rig.step('s', { link: 'write' }, () => {
      rmSync(rig.at('link'));
      writeFileSync(rig.at('link'), 'a file');
    });
    assert.deepEqual((await rig.undo('s')).failed, []);
    assert.deepEqual(treeOf(rig.root), before);
  });
});
