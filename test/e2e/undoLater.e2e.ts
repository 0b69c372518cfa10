import assert from 'node:assert/strict';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { fillWith, inSequence, type Rig, reportFailure, startRig } from './rig.ts';
import {
  answerUndo,
  call,
  clearNotifications,
  filesOf,
  idle,
  isUndone,
  lastMessage,
  lastStep,
  newChat,
  openFile,
  pressAction,
  pressUndo,
  run,
  typeInEditor,
  undoSettings,
  untilFiles,
  untilHolds,
  work,
} from './undoRig.ts';

describe('undo and what came after', () => {
  inSequence();
  let rig: Rig;
  const names = ['a.txt', 'b.txt', 'c.txt'] as const;
  const first = 'one\ntwo\nthree\nfour\nfive\n';
  const at = (file: string): string => path.join(rig.folder, file);
  const screenshot = (what: string): Promise<string> => rig.workbench.screenshot(`consent-undo-${what}`);
  const write = (name: string, content: string): string => call('write_file', { path: name, content });
  const choiceFor = (name: string) =>
    rig.workbench.page.locator('.quick-input-widget:visible', { hasText: `${name} was changed since` });
  const chooseFor = async (name: string, choice: string, picture?: string): Promise<void> => {
    await choiceFor(name).waitFor();
    if (picture !== undefined) await screenshot(picture);
    await rig.workbench.pick(choice);
  };

  before(async () => {
    rig = await startRig({
      model: await startPuppetModel(),
      settings: undoSettings,
      width: 1400,
      height: 900,
    });
  });
  beforeEach(async () => {
    for (const name of names) writeFileSync(at(name), first);
    await clearNotifications(rig.workbench);
    await newChat(rig);
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('restores the files to before a message, and the chat stays', async () => {
    const before = filesOf(rig);
    await work(rig, run('sed -i s/one/1/ a.txt'));
    const between = filesOf(rig);
    const frame = await work(
      rig,
      write('new/note.txt', 'a note\n'),
      call('read_file', { path: 'b.txt' }),
      call('edit_file', { path: 'b.txt', edits: [{ old_text: 'two', new_text: '2' }] }),
      run('sed -i s/two/2/ a.txt && rm c.txt'),
    );
    await work(rig, call('delete_file', { path: 'b.txt' }), write('new/note.txt', 'a longer note\n'));
    await pressAction(frame.locator('[data-test=user]').nth(1), /^Restore files to before this/);
    const asked = await answerUndo(rig.workbench, 'Restore Files', 'consent-undo-20-restore');
    assert.equal(asked.title, 'Put 4 files back as before this message?');
    for (const name of ['a.txt gets', 'b.txt is made', 'c.txt is made', 'new/note.txt is deleted'])
      assert.ok(asked.detail.includes(name), `${name} in: ${asked.detail}`);
    assert.deepEqual(asked.buttons.toSorted(), [
      'Cancel',
      'Look First',
      'Restore Files',
      'Restore Files and Chat',
    ]);
    await untilFiles(rig, between);
    for (const tool of ['write_file', 'edit_file', 'delete_file']) await isUndone(lastStep(frame, tool));
    assert.equal(await frame.locator('[data-test=user]').count(), 3);
    assert.equal(await frame.locator('.step-summary', { hasText: 'Undone' }).count(), 5);
    await screenshot('21-restored');

    // From the palette, further back: of the steps that were undone nothing is left to do.
    await rig.workbench.runCommand('AnyCowork: Restore Files to Before This Message…');
    const rows = await rig.workbench.picks();
    assert.equal(rows.length, 3);
    await rig.workbench.pick(rows.find((row) => row.includes('s/one/1/')) ?? 'the first message');
    const again = await answerUndo(rig.workbench, 'Restore Files');
    assert.match(again.detail, /^a\.txt gets its earlier content/);
    await untilFiles(rig, before);
  });

  it('restores the files and takes the chat back with them', async () => {
    const before = filesOf(rig);
    const frame = await work(rig, write('one.txt', '1\n'));
    const between = filesOf(rig);
    await work(rig, write('two.txt', '2\n'), run('rm a.txt'));
    await pressAction(lastMessage(frame), /^Restore files to before this/);
    await answerUndo(rig.workbench, 'Restore Files and Chat');
    await untilFiles(rig, between);
    await until('one message', async () => (await frame.locator('[data-test=user]').count()) === 1);
    await screenshot('22-chat-too');
    await pressAction(lastMessage(frame), /^Restore files to before this/);
    await answerUndo(rig.workbench, 'Restore Files and Chat');
    await untilFiles(rig, before);
    await frame.locator('[data-test=empty]').waitFor();
  });

  it('lets one look first, and keeps what it put back for later', async () => {
    const { page } = rig.workbench;
    const before = filesOf(rig);
    const frame = await work(rig, run('sed -i s/two/2/ a.txt b.txt'));
    const changed = filesOf(rig);
    const step = lastStep(frame, 'run_command');
    await pressUndo(step);
    await answerUndo(rig.workbench, 'Look First');
    const asked = await rig.workbench.notification(/Undo 2 files\? Nothing is changed before you choose/);
    assert.equal(await rig.workbench.hasModal(), false);
    const lookedAt = page.locator('.tabs-container .tab', { hasText: 'as before' });
    await lookedAt.waitFor();
    await screenshot('32-look-first');
    assert.deepEqual(filesOf(rig), changed);
    await asked.getByRole('button', { name: 'Undo', exact: true }).click();
    await untilFiles(rig, before);
    await isUndone(step);
    await lookedAt.waitFor({ state: 'hidden' });
    await clearNotifications(rig.workbench);

    await rig.workbench.runCommand('AnyCowork: Undo Step…');
    const rows = await rig.workbench.picks();
    await screenshot('33-undo-of');
    await rig.workbench.pick(rows.find((row) => row.includes('Undo of a.txt and 1 more')) ?? 'the undo');
    await answerUndo(rig.workbench, 'Undo That');
    await untilFiles(rig, changed);
    await step.locator('[data-test=undo-step]').waitFor({ state: 'attached' });
  });

  it('asks about files that somebody changed since: keep, earlier version, merge', async () => {
    const frame = await work(rig, run('sed -i s/two/2/ a.txt b.txt c.txt'));
    for (const name of names) appendFileSync(at(name), 'mine\n');
    const changed = rig.file('a.txt');
    const step = lastStep(frame, 'run_command');
    const lookedAt = rig.workbench.page.locator('.tabs-container .tab', { hasText: 'as before' });

    await pressUndo(step);
    const asked = await answerUndo(rig.workbench, 'Undo…', 'consent-undo-23-changed-since');
    assert.match(asked.detail, /Changed since these steps; you choose/);
    // Thought better of in the middle: nothing is changed.
    await chooseFor('a.txt', 'Take the earlier version', 'consent-undo-24-choice');
    await choiceFor('b.txt').locator('input').first().press('Escape');
    await choiceFor('b.txt').waitFor({ state: 'hidden' });
    await lookedAt.waitFor({ state: 'hidden' });
    for (const name of names) assert.equal(rig.file(name), changed);

    await pressUndo(step);
    await answerUndo(rig.workbench, 'Undo…');
    await chooseFor('a.txt', 'Keep it as it is now');
    await chooseFor('b.txt', 'Take the earlier version');
    await chooseFor('c.txt', 'Merge in the editor');
    await untilHolds(rig, 'b.txt', first);
    // One of three is not all of it.
    await rig.workbench.notification(/1 of 3 files as before\. Kept as it is now: a\.txt\./);
    assert.equal(await step.locator('.step-summary', { hasText: 'Undone' }).count(), 0);
    assert.equal(rig.file('a.txt'), changed);
    // The merge waits in the editor, not saved.
    const dirty = rig.workbench.page.locator('.tabs-container .tab.dirty', { hasText: 'c.txt' });
    await dirty.waitFor();
    assert.equal(rig.file('c.txt'), changed);
    await rig.workbench.notification(/Merged in the editor and not saved yet: c\.txt/);
    await screenshot('25-merged');
    await dirty.click();
    await rig.workbench.runCommand('File: Save');
    await untilHolds(rig, 'c.txt', `${first}mine\n`);
    await dirty.waitFor({ state: 'detached' });
  });

  it('asks about what is typed in an editor and not saved', async () => {
    const { page } = rig.workbench;
    const frame = await work(
      rig,
      call('read_file', { path: 'a.txt' }),
      call('edit_file', { path: 'a.txt', edits: [{ old_text: 'two', new_text: '2' }] }),
    );
    const edited = rig.file('a.txt');
    await openFile(rig.workbench, 'a.txt');
    await typeInEditor(rig.workbench, 'typed ');
    const dirty = page.locator('.tabs-container .tab.dirty', { hasText: 'a.txt' });
    await dirty.waitFor();
    await pressUndo(lastStep(frame, 'edit_file'));
    await answerUndo(rig.workbench, 'Undo…', 'consent-undo-26-dirty');
    await chooseFor('a.txt', 'Keep it as it is now');
    await rig.workbench.notification('Nothing was changed.');
    await dirty.waitFor();
    assert.equal(rig.file('a.txt'), edited);

    await pressUndo(lastStep(frame, 'edit_file'));
    await answerUndo(rig.workbench, 'Undo…');
    await chooseFor('a.txt', 'Take the earlier version');
    await untilHolds(rig, 'a.txt', first);
    await isUndone(lastStep(frame, 'edit_file'));
    await dirty.waitFor({ state: 'detached' });
    await screenshot('27-dirty-undone');
    // What was typed is not lost.
    const told = await rig.workbench.notification(/Undid a\.txt: /);
    await told.getByRole('button', { name: 'Undo That' }).click();
    await answerUndo(rig.workbench, 'Undo That');
    await untilHolds(rig, 'a.txt', `typed ${edited}`);
  });

  it('waits for the agent to end, and offers to stop it', async () => {
    const frame = await work(rig, write('one.txt', '1\n'));
    await rig.send(run('sleep 4712'));
    await frame.locator('[data-test=approve]').click();
    await frame.locator('[data-test=step][data-status=running]').waitFor();
    await pressUndo(lastStep(frame, 'write_file'));
    const told = await rig.workbench.notification(/An agent works in this chat/);
    await screenshot('28-works');
    assert.equal(await rig.workbench.hasModal(), false);
    assert.equal(rig.file('one.txt'), '1\n');
    await told.getByRole('button', { name: 'Stop' }).click();
    await answerUndo(rig.workbench, 'Undo');
    await isUndone(lastStep(frame, 'write_file'));
    assert.ok(!existsSync(at('one.txt')));
    await frame.locator('[data-test=step][data-status=cancelled]').waitFor();
    await idle(frame);
  });

  it('asks whether files go back when a message is edited and sent again', async () => {
    const before = filesOf(rig);
    const frame = await work(rig, write('one.txt', '1\n'));
    const composer = frame.locator('[data-test=composer]');
    const resend = async (text: string): Promise<void> => {
      await pressAction(lastMessage(frame), /^Edit and send again/);
      await frame.locator('[data-test=editing]').waitFor();
      await fillWith(composer, text);
      await composer.press('Enter');
    };
    await resend('say Never sent');
    const asked = await rig.workbench.modal();
    assert.equal(asked.title, 'Also put the files back as they were before this message?');
    assert.match(asked.detail, /changed 1 file:\s*one\.txt/);
    await screenshot('29-resend');
    await rig.workbench.answerModal('Escape');
    await frame.locator('[data-test=refusal]').waitFor();
    assert.equal(await composer.inputValue(), 'say Never sent');
    await screenshot('30-not-sent');

    await fillWith(composer, 'say Sent without the files');
    await composer.press('Enter');
    await rig.workbench.answerModal('Only the Chat');
    await rig.answer('Sent without the files');
    await idle(frame);
    assert.equal(rig.file('one.txt'), '1\n');

    await newChat(rig);
    await work(rig, write('two.txt', '2\n'));
    await resend('say Sent with the files');
    await rig.workbench.answerModal('Files Too');
    await answerUndo(rig.workbench, 'Restore Files', 'consent-undo-31-files-too');
    await rig.answer('Sent with the files');
    await idle(frame);
    assert.deepEqual(filesOf(rig), { ...before, 'one.txt': filesOf(rig)['one.txt'] });
    assert.equal(await frame.locator('[data-test=user]').count(), 1);
  });
});
