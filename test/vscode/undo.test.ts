import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { answers, messages, ProgressLocation, progress, resetVscode, told } from '../fakes/vscode.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createUndoCommandsRig as createRig, threeFiles, tick } from './undoCommandsRig.ts';

describe('undo commands', () => {
  beforeEach(resetVscode);
  afterEach(removeTemporaryFolders);

  it('shows what will change, asks, does it, marks it, records it, and offers the way back', async () => {
    const rig = await threeFiles();
    answers.push('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.deepEqual(
      rig.shown.map(({ files, what }) => [what, files.map(({ label }) => label)]),
      [['now ↔ as before', ['a.ts', 'gone.ts', 'new/n.ts']]],
    );
    assert.deepEqual(rig.state.sides, ['two', 'one']);
    assert.deepEqual(messages[0], {
      text: 'Undo 3 files?',
      detail: 'a.ts gets its earlier content\ngone.ts is made again\nnew/n.ts is deleted',
      isModal: true,
      buttons: ['Undo', 'Look First'],
    });
    assert.deepEqual(
      [rig.onDisk('a.ts'), rig.onDisk('gone.ts'), existsSync(rig.at('new'))],
      ['one', 'was here', false],
    );
    assert.deepEqual(progress.locations, [ProgressLocation.Window]);
    assert.deepEqual(rig.log, ['undone chat s', 'changed chat', 'closed']);
    assert.equal(rig.audit.length, 1);
    const [entry] = rig.audit;
    assert.deepEqual(
      [entry?.kind, entry?.outcome, entry?.stepId, entry?.title, entry?.by],
      ['undo', 'changed', 's', 'Undid step s: 3 files', 'user'],
    );
    assert.match(entry?.detail ?? '', /a\.ts gets its earlier content\n/);
    assert.equal(told.at(-1), 'Undid step s: 3 files as before.');
    assert.deepEqual(messages.at(-1)?.buttons, ['Undo That']);
  });

  it('changes nothing when the person thinks better of it', async () => {
    const rig = await threeFiles();
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(rig.onDisk('a.ts'), 'two');
    assert.deepEqual([rig.log, rig.audit], [['closed'], []]);
  });

  it('undoes an undo, and that step can then be undone again', async () => {
    const rig = await threeFiles();
    answers.push('Undo', 'Undo That', 'Undo That');
    await rig.commands.undoStep('chat', 's');
    while (rig.audit.length < 2) await tick();
    assert.deepEqual(
      [rig.onDisk('a.ts'), rig.onDisk('new/n.ts'), existsSync(rig.at('gone.ts'))],
      ['two', 'n', false],
    );
    assert.equal(rig.audit[1]?.title, 'Undid “Undid step s”: 3 files');
    // The step counts as done again.
    while (!rig.log.includes('not undone chat s')) await tick();
    assert.ok(rig.log.includes('not undone chat s'));
    assert.ok(rig.versionsOf('s').every(({ undoneAt }) => undoneAt === undefined));
    answers.length = 0;
    answers.push('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(rig.onDisk('a.ts'), 'one');
  });

  it('shows what an undone step was, and offers the way back to it', async () => {
    const rig = await threeFiles();
    answers.push('Undo', undefined);
    await rig.commands.undoStep('chat', 's');
    answers.push('Undo That', 'Undo That');
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(rig.shown[1]?.what, 'before ↔ after the step, undone');
    while (rig.audit.length < 2) await tick();
    assert.equal(rig.onDisk('a.ts'), 'two');
    assert.equal(rig.audit[1]?.title, 'Undid the undo of a.ts and 2 more: 3 files');
    assert.ok(rig.versionsOf('s').every(({ undoneAt }) => undoneAt === undefined));
  });

  for (const [name, choice, content, marked] of [
    ['keeps it', 'Keep it as it is now', 'two\nmine\n', false],
    ['takes the earlier version', 'Take the earlier version', 'one\n', true],
    ['thinks better of it', undefined, 'two\nmine\n', false],
  ] as const) {
    it(`asks about a file that was changed since: the person ${name}`, async () => {
      const rig = createRig({ 'a.ts': 'one\n' });
      await rig.step('s', { 'a.ts': 'write' }, () => writeFileSync(rig.at('a.ts'), 'two\n'));
      writeFileSync(rig.at('a.ts'), 'two\nmine\n');
      answers.push('Undo…', choice);
      await rig.commands.undoStep('chat', 's');
      assert.match(messages[0]?.detail ?? '', /^Changed since these steps; you choose.*\na\.ts$/s);
      assert.equal(rig.onDisk('a.ts'), content);
      assert.equal(rig.log.includes('undone chat s'), marked);
    });
  }

  it('merges in the editor, where nothing is saved before the person has looked', async () => {
    const before = 'one\n2\n3\nfour\n';
    const rig = createRig({ 'a.ts': before });
    await rig.step('s', { 'a.ts': 'write' }, () =>
      writeFileSync(rig.at('a.ts'), before.replace('one', 'ONE')),
    );
    const now = before.replace('one', 'ONE').replace('four', 'mine');
    writeFileSync(rig.at('a.ts'), now);
    answers.push('Undo…', 'Merge in the editor');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(rig.onDisk('a.ts'), now);
    assert.ok(rig.log.includes(`open ${rig.at('a.ts')} ${JSON.stringify('one\n2\n3\nmine\n')}`));
    assert.match(told.at(-1) ?? '', /Merged in the editor and not saved yet: a\.ts\./);
  });

  it('can be told for all files at once', async () => {
    const names = ['a', 'b', 'c'];
    const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    const rig = createRig(all('one'));
    await rig.step('s', { a: 'write', b: 'write', c: 'write' }, () => fill(rig.root, all('two')));
    fill(rig.root, all('mine'));
    answers.push('Undo…', 'Keep it as it is now', 'Take the earlier version of all 2');
    await rig.commands.undoStep('chat', 's');
    assert.deepEqual(names.map(rig.onDisk), ['mine', 'one', 'one']);
  });

  it('says what stays as it is', async () => {
    const rig = createRig({ 'a.ts': 'one', 'b.ts': 'one more' });
    const work = () => fill(rig.root, { 'a.ts': 'two', 'b.ts': 'two' });
    await rig.step('s', { 'a.ts': 'write', 'b.ts': 'write' }, work, { unknown: ['dist/x.js'] }, 'execute');
    const kept = rig.versions.of('s')[0]?.before;
    assert.ok(kept?.kind === 'file');
    rmSync(`${rig.storage}/before/${kept.hash.slice(0, 2)}`, { recursive: true });
    answers.push('Undo');
    await rig.commands.undoStep('chat', 's');
    assert.equal(
      messages[0]?.detail,
      [
        'b.ts gets its earlier content',
        'Stays as it is:\na.ts: what it was is not kept any more',
        'Also changed, and stays as it is, because it is not known how it was:\ndist/x.js',
        'What commands change in .git and node_modules is not followed.',
      ].join('\n\n'),
    );
    assert.deepEqual([rig.onDisk('a.ts'), rig.onDisk('b.ts')], ['two', 'one more']);
  });

  it('restores files to before a message, and the chat with them', async () => {
    const rig = await threeFiles();
    rig.say('go on');
    await rig.step('t', { 'a.ts': 'write' }, () => writeFileSync(rig.at('a.ts'), 'three'));
    answers.push('Restore Files');
    assert.equal(await rig.commands.restoreBefore('chat', 'go on'), true);
    assert.deepEqual(messages[0]?.buttons, ['Restore Files', 'Restore Files and Chat', 'Look First']);
    assert.equal(rig.onDisk('a.ts'), 'two');
    assert.deepEqual(rig.log, ['undone chat t', 'changed chat', 'closed']);
    rig.log.length = 0;
    answers.length = 0;
    answers.push('Restore Files and Chat');
    assert.equal(await rig.commands.restoreBefore('chat', 'hello'), true);
    assert.deepEqual([rig.onDisk('a.ts'), rig.onDisk('gone.ts')], ['one', 'was here']);
    // The other step was undone before.
    assert.deepEqual(rig.log, ['undone chat s', 'rewind chat hello', 'changed chat', 'closed']);
  });

  it('restores the files only where the chat is not asked for', async () => {
    const rig = await threeFiles();
    answers.push('Restore Files');
    assert.equal(await rig.commands.restoreFiles('chat', 'hello'), true);
    assert.deepEqual(messages[0]?.buttons, ['Restore Files', 'Look First']);
    // Nothing is left to do: that is no reason not to go on.
    assert.equal(await rig.commands.restoreFiles('chat', 'hello'), true);
    assert.match(told.at(-1) ?? '', /are as they were before already/);
    await assert.rejects(rig.commands.restoreFiles('chat', 'unknown'), /not in the chat any more/);
  });

  it('takes back the chat only, where there is nothing to put back', async () => {
    const rig = createRig({});
    rig.say('hello');
    answers.push('Take Back the Chat Only');
    assert.equal(await rig.commands.restoreBefore('chat', 'hello'), true);
    assert.deepEqual(rig.log, ['rewind chat hello', 'closed']);
  });

  it('waits for the job of the chat, and offers to stop it', async () => {
    const rig = await threeFiles();
    rig.state.running = 'job';
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.match(told[0] ?? '', /An agent works in this chat/);
    assert.equal(rig.onDisk('a.ts'), 'two');
    answers.push('Stop', 'Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), true);
    assert.equal(rig.log[0], 'stop job');
    assert.equal(rig.onDisk('a.ts'), 'one');
  });

  it('looks once more whether a job has begun while the question was open', async () => {
    const rig = await threeFiles();
    rig.state.onShow = () => {
      rig.state.running = 'job';
    };
    answers.push('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(rig.onDisk('a.ts'), 'two');
  });

  it('does nothing in a folder that is not trusted', async () => {
    const rig = await threeFiles();
    rig.state.trusted = false;
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(await rig.commands.restoreBefore('chat', 'hello'), false);
    assert.deepEqual([rig.onDisk('a.ts'), rig.shown], ['two', []]);
  });

  it('says what could not be put back, and marks nothing as undone', async () => {
    const rig = await threeFiles();
    rig.state.onShow = () => {
      writeFileSync(rig.at('a.ts'), 'at the last moment');
    };
    answers.push('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.equal(rig.onDisk('a.ts'), 'at the last moment');
    assert.match(
      told.at(-1) ?? '',
      /^Undid step s: 2 of 3 files as before\. Could not be put back: a\.ts \(it was changed in this moment\)\. Undo again for the rest\.$/,
    );
    assert.ok(!rig.log.some((line) => line.startsWith('undone')));
    assert.match(rig.audit[0]?.detail ?? '', /a\.ts stays: it was changed in this moment/);
  });

  it('can be cancelled between files, where they are many', async () => {
    const rig = createRig({});
    const names = Array.from({ length: 25 }, (_, index) => `${index}.ts`);
    const each = <T>(value: T) => Object.fromEntries(names.map((name) => [name, value]));
    await rig.step('s', each('write' as const), () => fill(rig.root, each('text')));
    progress.onReport = () => {
      for (const listener of progress.listeners) listener();
    };
    answers.push('Undo');
    assert.equal(await rig.commands.undoStep('chat', 's'), false);
    assert.match(told.at(-1) ?? '', /it was stopped before/);
    assert.deepEqual(progress.locations, [ProgressLocation.Notification]);
  });

  it('asks which step, and which message, when called without', async () => {
    const rig = await threeFiles();
    answers.push('step s', 'Undo');
    assert.equal(await rig.commands.undoStep(), true);
    answers.length = 0;
    rig.state.shown = undefined;
    assert.equal(await rig.commands.undoStep(), false);
    assert.equal(told.at(-1), 'Open a chat first.');
    rig.state.shown = 'chat';
    await rig.commands.restoreBefore();
    assert.match(told.at(-1) ?? '', /nothing to put back in the files/);
  });

  it('says when there is nothing to undo', async () => {
    const rig = createRig({});
    rig.say('hello');
    assert.equal(await rig.commands.undoStep(), false);
    assert.match(told[0] ?? '', /no step in this chat that can be undone/);
    assert.equal(await rig.commands.undoStep('chat', 'forgotten'), false);
    assert.match(told[1] ?? '', /not kept any more/);
  });
});
