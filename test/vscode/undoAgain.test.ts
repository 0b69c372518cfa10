import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { answers, messages, resetVscode, told } from '../fakes/vscode.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createUndoCommandsRig, threeFiles, tick } from './undoCommandsRig.ts';

type Rig = Awaited<ReturnType<typeof threeFiles>>;

const isMarked = (rig: Rig, id: string): boolean =>
  rig.versionsOf(id).every(({ undoneAt }) => undoneAt !== undefined);
const onDisk = (rig: Rig) => [
  rig.onDisk('a.ts'),
  existsSync(rig.at('gone.ts')),
  existsSync(rig.at('new/n.ts')),
];
const changed = ['two', false, true];
const asBefore = ['one', true, false];

/** What the person presses or chooses next, and nothing that was left over. */
const will = (...next: readonly unknown[]): void => {
  answers.length = 0;
  answers.push(...next);
};

describe('undo commands: looking first', () => {
  beforeEach(resetVscode);
  afterEach(removeTemporaryFolders);

  it('leaves open what is shown, and asks beside it with the same buttons', async () => {
    const rig = await threeFiles();
    const pressed = Promise.withResolvers<string>();
    will('Look First', pressed.promise);
    const done = rig.commands.undoStep('chat', 's');
    while (messages.length < 2) await tick();
    await tick();
    const [, beside] = messages;
    assert.match(beside?.text ?? '', /^Undo 3 files\? Nothing is changed before you choose\./);
    assert.deepEqual([beside?.isModal, beside?.buttons], [false, ['Undo']]);
    assert.deepEqual([rig.log, onDisk(rig)], [[], changed]);
    pressed.resolve('Undo');
    assert.equal(await done, true);
    assert.deepEqual(onDisk(rig), asBefore);
    assert.equal(rig.log.at(-1), 'closed');
  });

  it('shows and asks anew where files changed meanwhile', async () => {
    const rig = await threeFiles();
    const pressed = Promise.withResolvers<string>();
    will('Look First', pressed.promise, undefined);
    const done = rig.commands.undoStep('chat', 's');
    while (messages.length < 2) await tick();
    writeFileSync(rig.at('a.ts'), 'mine');
    pressed.resolve('Undo');
    assert.equal(await done, false);
    assert.equal(rig.shown.length, 2);
    assert.match(messages[2]?.detail ?? '', /^Files changed while you looked\..*Changed since.*a\.ts/s);
    assert.equal(rig.onDisk('a.ts'), 'mine');
  });

  it('gives way to another undo; what is pressed too late changes nothing and says so', async () => {
    const rig = await threeFiles();
    const pressed = Promise.withResolvers<string>();
    will('Look First', pressed.promise);
    const first = rig.commands.undoStep('chat', 's');
    while (messages.length < 2) await tick();
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(await first, false);
    assert.equal(rig.shown.length, 2);
    const before = told.length;
    pressed.resolve('Undo');
    while (told.length === before) await tick();
    assert.match(told.at(-1) ?? '', /^Another undo was begun after this question\. Nothing was changed\./);
    assert.deepEqual(onDisk(rig), changed);
  });

  it('is one at a time', async () => {
    const rig = await threeFiles();
    const pressed = Promise.withResolvers<string>();
    will(pressed.promise);
    const first = rig.commands.undoStep('chat', 's');
    while (messages.length < 1) await tick();
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(await rig.commands.restoreFiles('chat', 'hello'), false);
    assert.match(
      told.at(-1) ?? '',
      /^Another undo is under way in this window\. Nothing was changed by this one\./,
    );
    assert.equal(rig.shown.length, 1);
    pressed.resolve('Undo');
    assert.equal(await first, true);
    assert.deepEqual(onDisk(rig), asBefore);
  });
});

describe('undo commands: what an undo kept', () => {
  beforeEach(resetVscode);
  afterEach(removeTemporaryFolders);

  it('can be had back from the palette, as long as it is kept, again and again', async () => {
    const rig = await threeFiles();
    will('Undo');
    await rig.commands.undoStep('chat', 's');
    const undo = 'Undo of a.ts and 2 more';
    will(undo, 'Undo That');
    assert.equal(await rig.commands.undoStep(), true);
    assert.deepEqual([onDisk(rig), isMarked(rig, 's')], [changed, false]);
    assert.match(told.at(-1) ?? '', /^Undid the undo of a\.ts and 2 more: 3 files as before\.$/);
    // The undo that was undone is not offered any more; what this one kept is, and so is the step.
    will(undefined);
    await rig.commands.undoStep();
    will('step s', 'Undo');
    assert.equal(await rig.commands.undoStep(), true);
    assert.deepEqual([onDisk(rig), isMarked(rig, 's')], [asBefore, true]);
  });

  it('counts as undone again where the way back is gone back', async () => {
    const rig = await threeFiles();
    will('Undo', 'Undo That', 'Undo That', 'Undo That', 'Undo That');
    await rig.commands.undoStep('chat', 's');
    while (rig.audit.length < 3 || !isMarked(rig, 's')) await tick();
    assert.deepEqual([onDisk(rig), isMarked(rig, 's')], [asBefore, true]);
  });

  it('takes the marks back of no other step', async () => {
    const rig = createUndoCommandsRig({ 'a.ts': '0', 'b.ts': '0' });
    await rig.step('one', { 'a.ts': 'write' }, () => fill(rig.root, { 'a.ts': '1' }));
    await rig.step('two', { 'a.ts': 'write' }, () => fill(rig.root, { 'a.ts': '2' }));
    await rig.step('other', { 'b.ts': 'write' }, () => fill(rig.root, { 'b.ts': '1' }));
    for (const id of ['two', 'one', 'other']) {
      will('Undo');
      assert.equal(await rig.commands.undoStep('chat', id), true);
    }
    const undoOfOne = rig.versions.all.filter(({ stepId }) => stepId.startsWith('undo-'))[1];
    will('Undo That');
    assert.equal(await rig.commands.undoStep('chat', undoOfOne?.stepId), true);
    assert.equal(rig.onDisk('a.ts'), '1');
    assert.deepEqual(
      ['one', 'two', 'other'].map((id) => isMarked(rig, id)),
      [false, true, true],
    );
  });

  it('can be had back after a part of an undo failed', async () => {
    const rig = await threeFiles();
    rig.state.onShow = () => {
      writeFileSync(rig.at('gone.ts'), 'at the last moment');
      rig.state.onShow = () => undefined;
    };
    // What somebody else put there was not touched, so it is not asked about.
    will('Undo', 'Undo That', 'Undo That');
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    while (rig.audit.length < 2) await tick();
    assert.deepEqual([rig.onDisk('a.ts'), rig.onDisk('gone.ts')], ['two', 'at the last moment']);
    assert.ok(existsSync(rig.at('new/n.ts')));
  });
});

describe('undo commands: what counts as undone', () => {
  beforeEach(resetVscode);
  afterEach(removeTemporaryFolders);

  const names = ['a', 'b', 'c'];
  const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
  const changedSince = async () => {
    const rig = createUndoCommandsRig(all('one\n2\n3\n'));
    const paths = { a: 'write', b: 'write', c: 'write' } as const;
    await rig.step('s', paths, () => fill(rig.root, all('ONE\n2\n3\n')));
    fill(rig.root, all('ONE\n2\n3\nmine\n'));
    return rig;
  };

  it('says how many of how many were put back, and leaves the step to be undone for the rest', async () => {
    const rig = await changedSince();
    will('Undo…', 'Keep it as it is now', 'Take the earlier version', 'Merge in the editor');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(
      told.at(-1),
      'Undid step s: 1 of 3 files as before. Kept as it is now: a. Merged in the editor and not saved yet: c. Undo again for the rest.',
    );
    assert.equal(rig.audit[0]?.title, 'Undid step s: 1 of 3 files');
    assert.equal(isMarked(rig, 's'), false);
    will('Undo…', 'Take the earlier version of all 2');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.deepEqual([names.map(rig.onDisk), isMarked(rig, 's')], [names.map(() => 'one\n2\n3\n'), true]);
  });

  it('leaves a step to be undone of which something could not be put back, and says what', async () => {
    const rig = await threeFiles();
    const kept = rig.versions.of('s').find(({ label }) => label === 'a.ts')?.before;
    assert.ok(kept?.kind === 'file');
    rmSync(`${rig.storage}/before/${kept.hash.slice(0, 2)}/${kept.hash}`);
    will('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(
      told.at(-1),
      'Undid step s: 2 of 3 files as before. Could not be put back: a.ts (what it was is not kept any more).',
    );
    assert.equal(isMarked(rig, 's'), false);
  });

  it('offers an undone step again whose files somebody changed since', async () => {
    const rig = await threeFiles();
    will('Undo');
    await rig.commands.undoStep('chat', 's');
    writeFileSync(rig.at('a.ts'), 'mine');
    will('Undo…', 'Take the earlier version');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(rig.onDisk('a.ts'), 'one');
  });

  it('marks a step of which the person has put back the last file', async () => {
    const rig = await threeFiles();
    fill(rig.root, { 'a.ts': 'one', 'gone.ts': 'was here' });
    rmSync(rig.at('new'), { recursive: true });
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.match(told.at(-1) ?? '', /are as they were before already/);
    assert.equal(isMarked(rig, 's'), true);
  });
});
