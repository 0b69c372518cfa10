import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { CannotUndoError } from '../../extension/core/undo.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders } from './folders.ts';
import { createUndoRig, never, treeOf, type UndoRig } from './undoRig.ts';

const of = { sessionId: 'chat', jobId: 'job' };

describe('putting files back', () => {
  afterEach(removeTemporaryFolders);

  const textOf = (bytes: Uint8Array | undefined) =>
    bytes === undefined ? undefined : Buffer.from(bytes).toString();
  const onDisk = (rig: UndoRig, name: string) => readFileSync(rig.at(name), 'utf8');
  const edited = async (files: Record<string, string> = { 'a.ts': 'one' }): Promise<UndoRig> => {
    const rig = createUndoRig(files);
    await rig.step('s', { 'a.ts': 'write' }, () => writeFileSync(rig.at('a.ts'), 'two'));
    return rig;
  };

  /** As the quota does it in time. */
  const forgetAll = async (rig: UndoRig): Promise<void> => {
    await rig.versions.forgetVersions(await rig.versions.versionHashes());
    rmSync(path.join(rig.storage, 'before'), { recursive: true, force: true });
  };

  it('shows what was, and what is', async () => {
    const rig = await edited();
    const [planned] = await rig.plan('s');
    assert.ok(planned);
    assert.equal(textOf(await rig.restorer.read(planned.target)), 'one');
    assert.equal(textOf(await rig.restorer.readNow(planned)), 'two');
    // What the step left is kept for merging.
    assert.equal(textOf(await rig.restorer.read(planned.changes[0]?.after ?? planned.target)), 'two');
  });

  it('tells what a person changed since, and takes the earlier version only when it is told to', async () => {
    const rig = await edited();
    writeFileSync(rig.at('a.ts'), 'two, and mine');
    const plan = await rig.plan('s');
    assert.equal(plan[0]?.standing, 'changedSince');
    const result = await rig.restorer.putBack(plan, of, never, () => {});
    assert.equal(onDisk(rig, 'a.ts'), 'one');
    // It is kept, and comes back.
    await rig.undo(result.stepId ?? '');
    assert.equal(onDisk(rig, 'a.ts'), 'two, and mine');
  });

  it('takes several steps back at once', async () => {
    const rig = createUndoRig({ 'a.ts': 'one', 'b.ts': 'b' });
    const before = treeOf(rig.root);
    await rig.step('1', { 'a.ts': 'write', 'n/c.ts': 'write' }, () =>
      fill(rig.root, { 'a.ts': 'two', 'n/c.ts': 'c' }),
    );
    await rig.step('2', { 'a.ts': 'move', 'n/d.ts': 'move' }, () =>
      renameSync(rig.at('a.ts'), rig.at('n/d.ts')),
    );
    await rig.step('3', { 'n/d.ts': 'write', 'b.ts': 'delete' }, () => {
      writeFileSync(rig.at('n/d.ts'), 'three');
      rmSync(rig.at('b.ts'));
    });
    fill(rig.root, { 'mine.txt': 'mine' });
    assert.deepEqual((await rig.undo('1', '2', '3')).failed, []);
    rmSync(rig.at('mine.txt'));
    assert.deepEqual(treeOf(rig.root), before);
  });

  it('finds what a moved file was where it is now, also after its image was forgotten', async () => {
    const rig = createUndoRig({ 'a.ts': 'precious' });
    const before = treeOf(rig.root);
    await rig.step('s', { 'a.ts': 'move', 'b.ts': 'move' }, () => renameSync(rig.at('a.ts'), rig.at('b.ts')));
    await forgetAll(rig);
    assert.deepEqual(
      (await rig.plan('s')).map(({ standing }) => standing),
      ['asLeft', 'asLeft'],
    );
    assert.deepEqual((await rig.undo('s')).failed, []);
    assert.deepEqual(treeOf(rig.root), before);
  });

  it('does not collect what it is about to put back', async () => {
    const rig = createUndoRig({ 'a.ts': 'one', 'b.ts': 'two' }, { quotaBytes: () => 10 });
    await rig.step('s', { 'a.ts': 'write', 'b.ts': 'write' }, () =>
      fill(rig.root, { 'a.ts': 'x'.repeat(50), 'b.ts': 'y'.repeat(50) }),
    );
    const old = Date.now() / 1_000 - 7_200;
    const kept = path.join(rig.storage, 'before');
    for (const name of readdirSync(kept, { recursive: true, encoding: 'utf8' })) {
      utimesSync(path.join(kept, name), old, old);
    }
    const plan = await rig.plan('s');
    // As if another window collected in the middle.
    const { keep } = rig.images;
    Object.assign(rig.images, {
      keep: async (file: string) => {
        await rig.images.collect();
        return keep(file);
      },
    });
    assert.deepEqual((await rig.restorer.putBack(plan, of, never, () => {})).failed, []);
    assert.equal(onDisk(rig, 'a.ts') + onDisk(rig, 'b.ts'), 'onetwo');
  });

  it('puts the others back where one cannot be read', async function () {
    if (process.platform === 'win32') skipBecause(this, 'it makes a named pipe');
    const rig = createUndoRig({ 'a.ts': 'one', 'b.ts': 'two' });
    await rig.step('s', { 'a.ts': 'write', 'b.ts': 'write' }, () =>
      fill(rig.root, { 'a.ts': 'x', 'b.ts': 'y' }),
    );
    rmSync(rig.at('a.ts'));
    execFileSync('mkfifo', [rig.at('a.ts')]);
    assert.deepEqual(
      (await rig.plan('s')).map(({ standing }) => standing),
      ['unreadable', 'asLeft'],
    );
    await rig.undo('s');
    assert.equal(onDisk(rig, 'b.ts'), 'two');
  });

  it('keeps what it finds, not what was planned', async () => {
    const rig = await edited();
    const plan = await rig.plan('s');
    writeFileSync(rig.at('a.ts'), 'typed meanwhile');
    const { stepId, failed } = await rig.restorer.putBack(plan, of, never, () => {});
    assert.equal(failed.length, 1);
    for (const { before } of rig.versions.of(stepId ?? '')) {
      assert.equal(textOf(await rig.restorer.read(before)), 'typed meanwhile');
    }
  });

  it('says in words what was forgotten while it was looked at', async () => {
    const rig = await edited();
    const plan = await rig.plan('s');
    await forgetAll(rig);
    const { failed } = await rig.restorer.putBack(plan, of, never, () => {});
    assert.deepEqual(
      failed.map(({ reason }) => reason),
      ['what it was is not kept any more'],
    );
    assert.equal(onDisk(rig, 'a.ts'), 'two');
  });

  it('does not delete what is left of a file whose image was forgotten', async () => {
    const rig = createUndoRig({ 'a.ts': 'precious' });
    await rig.step('s', { 'a.ts': 'move', 'b.ts': 'move', 'c.ts': 'write' }, () => {
      renameSync(rig.at('a.ts'), rig.at('b.ts'));
      writeFileSync(rig.at('c.ts'), 'c');
    });
    writeFileSync(rig.at('b.ts'), 'precious, and more');
    await forgetAll(rig);
    assert.deepEqual(
      (await rig.plan('s')).map(({ label, standing }) => [label, standing]),
      [
        ['a.ts', 'forgotten'],
        ['b.ts', 'forgotten'],
        ['c.ts', 'asLeft'],
      ],
    );
    await rig.undo('s');
    assert.equal(onDisk(rig, 'b.ts'), 'precious, and more');
  });

  it('leaves a folder alone that holds something else by now', async () => {
    const rig = createUndoRig();
    await rig.step('s', { 'new/x.ts': 'write' }, () => fill(rig.root, { 'new/x.ts': 'x' }));
    fill(rig.root, { 'new/mine.ts': 'mine' });
    const { failed, left } = await rig.undo('s');
    assert.deepEqual(failed, []);
    assert.deepEqual(
      left?.map(({ path: { label }, reason }) => [label, reason]),
      [['new', 'it holds mine.ts']],
    );
    assert.deepEqual(Object.keys(treeOf(rig.root)), ['new', 'new/mine.ts']);
  });

  it('leaves alone what changed after it was planned', async () => {
    const rig = createUndoRig({ 'a.ts': 'one', 'b.ts': 'one' });
    await rig.step('s', { 'a.ts': 'write', 'b.ts': 'write' }, () =>
      fill(rig.root, { 'a.ts': 'two', 'b.ts': 'two' }),
    );
    const plan = await rig.plan('s');
    writeFileSync(rig.at('a.ts'), 'at the last moment');
    const result = await rig.restorer.putBack(plan, of, never, () => {});
    assert.deepEqual(
      result.failed.map(({ path: { label }, reason }) => [label, reason]),
      [['a.ts', 'it was changed in this moment']],
    );
    assert.deepEqual([onDisk(rig, 'a.ts'), onDisk(rig, 'b.ts')], ['at the last moment', 'one']);
  });

  it('goes through the editor where the file is open, and counts what is typed as a change', async () => {
    const rig = await edited();
    const file = rig.at('a.ts');
    rig.editor.open(file, 'typed');
    assert.equal((await rig.plan('s'))[0]?.standing, 'changedSince');
    // As the step left it, only not saved.
    rig.editor.open(file, 'two');
    assert.equal((await rig.plan('s'))[0]?.standing, 'asLeft');
    assert.deepEqual((await rig.undo('s')).failed, []);
    assert.deepEqual(rig.editor.calls, [`replace ${file}`]);
    assert.deepEqual(rig.editor.openText(file), { text: 'one', isDirty: false });
  });

  it('gives exact bytes back also where a formatter changes what is saved', async () => {
    const rig = await edited({ 'a.ts': 'one ;' });
    rig.editor.open(rig.at('a.ts'));
    rig.editor.formatOnSave = (text) => text.replaceAll(' ;', ';');
    assert.deepEqual((await rig.undo('s')).failed, []);
    assert.equal(onDisk(rig, 'a.ts'), 'one ;');
  });

  it('says when the editor could not save', async () => {
    const rig = await edited();
    rig.editor.open(rig.at('a.ts'));
    rig.editor.unsavable = 'restored';
    const { failed } = await rig.undo('s');
    assert.match(failed[0]?.reason ?? '', /the editor could not save it/);
    assert.equal(onDisk(rig, 'a.ts'), 'two');
  });

  it('says what was forgotten, and puts back the rest', async () => {
    const rig = createUndoRig({ 'a.ts': 'one', 'b.ts': 'other' });
    await rig.step('s', { 'a.ts': 'write', 'b.ts': 'write' }, () =>
      fill(rig.root, { 'a.ts': 'two', 'b.ts': 'two' }),
    );
    const before = rig.versions.of('s').find(({ label }) => label === 'a.ts')?.before;
    assert.ok(before?.kind === 'file');
    rmSync(path.join(rig.storage, 'before', before.hash.slice(0, 2)), { recursive: true });
    const plan = await rig.plan('s');
    assert.deepEqual(
      plan.map(({ label, standing }) => [label, standing]),
      [
        ['a.ts', 'forgotten'],
        ['b.ts', 'asLeft'],
      ],
    );
    const { done } = await rig.restorer.putBack(plan, of, never, () => {});
    assert.deepEqual(
      done.map(({ label }) => label),
      ['b.ts'],
    );
    assert.deepEqual([onDisk(rig, 'a.ts'), onDisk(rig, 'b.ts')], ['two', 'other']);
  });

  it('changes nothing where it cannot keep what is there', async () => {
    let isFull = false;
    const rig = createUndoRig(
      { 'a.ts': 'one' },
      {
        flush: async () => {
          if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        },
      },
    );
    await rig.step('s', { 'a.ts': 'write' }, () => writeFileSync(rig.at('a.ts'), 'two'));
    writeFileSync(rig.at('a.ts'), 'mine');
    isFull = true;
    await assert.rejects(rig.undo('s'), (error) => {
      assert.ok(error instanceof CannotUndoError);
      assert.match(error.message, /^Nothing was put back: a\.ts could not be kept .*the disk is full/);
      return true;
    });
    assert.equal(onDisk(rig, 'a.ts'), 'mine');
  });

  it('says why without the paths of the system', async () => {
    const rig = createUndoRig();
    await rig.step('s', { 'd/new.ts': 'write' }, () => fill(rig.root, { 'd/new.ts': 'new' }));
    const plan = await rig.plan('s');
    rmSync(rig.at('d'), { recursive: true });
    const { failed } = await rig.restorer.putBack(plan, of, never, () => {});
    assert.equal(failed.length, 1);
    assert.match(failed[0]?.reason ?? '', /^its folder was replaced by something else/);
  });

  it('stops between files', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const filled = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    const rig = createUndoRig(filled('one'));
    const paths = Object.fromEntries(names.map((name) => [name, 'write' as const]));
    await rig.step('s', paths, () => fill(rig.root, filled('two')));
    const controller = new AbortController();
    const result = await rig.restorer.putBack(await rig.plan('s'), of, controller.signal, (count) => {
      if (count === 2) controller.abort();
    });
    assert.deepEqual(
      result.done.map(({ label }) => label),
      ['a', 'b'],
    );
    assert.deepEqual(
      names.map((name) => onDisk(rig, name)),
      ['one', 'one', 'two', 'two'],
    );
    await rig.undo('s');
    assert.deepEqual(
      names.map((name) => onDisk(rig, name)),
      ['one', 'one', 'one', 'one'],
    );
  });

  describe('at the boundary', () => {
    beforeEach(function () {
      if (process.platform === 'win32') skipBecause(this, 'making symbolic links needs a right on Windows');
    });

    it('does not write through a folder that became a link', async () => {
      const rig = createUndoRig({ 'src/a.ts': 'one' });
      await rig.step('s', { 'src/a.ts': 'write' }, () => fill(rig.root, { 'src/a.ts': 'two' }));
      const plan = await rig.plan('s');
      fill(rig.base, { 'outside/a.ts': 'two' });
      renameSync(rig.at('src'), rig.at('was'));
      symlinkSync(path.join(rig.base, 'outside'), rig.at('src'));
      assert.deepEqual(
        (await rig.plan('s')).map(({ standing }) => standing),
        ['outside'],
      );
      await rig.restorer.putBack(plan, of, never, () => {}).catch(() => undefined);
      assert.equal(readFileSync(path.join(rig.base, 'outside/a.ts'), 'utf8'), 'two');
    });

    it('does not delete or make anything behind a link', async () => {
      const rig = createUndoRig({ 'src/gone.ts': 'one' });
      await rig.step('s', { 'src/new.ts': 'write', 'src/gone.ts': 'delete' }, () => {
        fill(rig.root, { 'src/new.ts': 'n' });
        rmSync(rig.at('src/gone.ts'));
      });
      const plan = await rig.plan('s');
      fill(rig.base, { 'outside/new.ts': 'n' });
      renameSync(rig.at('src'), rig.at('was'));
      symlinkSync(path.join(rig.base, 'outside'), rig.at('src'));
      await rig.restorer.putBack(plan, of, never, () => {}).catch(() => undefined);
      assert.deepEqual(readdirSync(path.join(rig.base, 'outside')), ['new.ts']);
    });

    it('replaces a link by the file that was there, and leaves what it leads to', async () => {
      const rig = await edited();
      fill(rig.base, { outside: 'precious' });
      rmSync(rig.at('a.ts'));
      symlinkSync(path.join(rig.base, 'outside'), rig.at('a.ts'));
      assert.equal((await rig.plan('s'))[0]?.standing, 'changedSince');
      await rig.undo('s');
      assert.equal(onDisk(rig, 'a.ts'), 'one');
      assert.equal(readFileSync(path.join(rig.base, 'outside'), 'utf8'), 'precious');
    });
  });

  it('does not touch folders that are not open, nor git', async () => {
    const rig = await edited();
    const [version] = rig.versions.of('s');
    assert.ok(version);
    fill(rig.base, { 'other/a.ts': 'x' });
    fill(rig.root, { '.git/config': 'g' });
    const elsewhere = ['../other/a.ts', '.git/config'].map((name) => ({
      ...version,
      file: path.resolve(rig.root, name),
    }));
    const plan = await rig.restorer.plan(elsewhere);
    assert.deepEqual(
      plan.map(({ standing }) => standing),
      ['outside', 'outside'],
    );
    const forced = plan.map((each) => ({ ...each, standing: 'asLeft' as const }));
    const { failed } = await rig.restorer.putBack(forced, of, never, () => {});
    assert.equal(failed.length, 2);
    assert.equal(readFileSync(path.join(rig.base, 'other/a.ts'), 'utf8'), 'x');
    assert.equal(onDisk(rig, '.git/config'), 'g');
  });
});
