import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { exists, idle, newChat, write } from './consentRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';

const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`);

describe('the review', function () {
  this.bail(true);
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), width: 1400 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  const diff = () => rig.workbench.page.locator('.editor-group-container .monaco-diff-editor').first();
  const rightLine = (text: string): Locator =>
    diff().locator('.editor.modified .view-line', { hasText: text }).first();
  const titleAction = (name: string): Locator =>
    rig.workbench.page.locator(`.editor-actions .action-label[aria-label*="${name}"]`).first();

  it('writes what was typed into the right side, and tells the model', async () => {
    await rig.send(`call ${write('plan.txt', 'first\nsecond\nthird\n')}`);
    await rig.workbench.answerModal('Review');
    await rightLine('second').click();
    const { keyboard } = rig.workbench.page;
    await keyboard.press('End');
    await keyboard.type(' and a half');
    await rightLine('second and a half').waitFor();
    await rig.workbench.screenshot('consent-1-right-side-edited');
    assert.ok(!exists(rig, 'plan.txt'), 'written before it was approved');
    await titleAction('Approve Waiting Step').click();
    await rig.answer('The person changed this edit before accepting it');
    const frame = await idle(rig);
    assert.equal(rig.file('plan.txt'), 'first\nsecond and a half\nthird\n');
    const answer = await frame.locator('[data-test=assistant]').last().innerText();
    assert.match(answer, /-second\b[\s\S]*\+second and a half/);
    await diff().waitFor({ state: 'hidden' });
    await rig.workbench.screenshot('consent-2-model-was-told');
  });

  it('leaves one of two changes out, and Ctrl+Alt+Enter approves the other', async () => {
    writeFileSync(path.join(rig.folder, 'lines.txt'), `${lines.join('\n')}\n`);
    await newChat(rig);
    const edits = [
      { old_text: 'line 3\n', new_text: 'line three\n' },
      { old_text: 'line 33\n', new_text: 'line thirty-three\n' },
    ];
    await rig.send(
      [
        `call read_file ${JSON.stringify({ path: 'lines.txt' })}`,
        `call edit_file ${JSON.stringify({ path: 'lines.txt', edits })}`,
      ].join('\n'),
    );
    await rig.workbench.answerModal('Review');
    await rightLine('line three').click();
    await rig.workbench.screenshot('consent-3-two-changes');
    await titleAction('Leave Out This Change').click();
    await rightLine('line three').waitFor({ state: 'detached' });
    await rightLine('line thirty-three').waitFor();
    await rig.workbench.screenshot('consent-4-one-left-out');
    await rightLine('line thirty-three').click();
    await rig.workbench.page.keyboard.press('Control+Alt+Enter');
    await rig.answer('The person changed this edit before accepting it');
    await idle(rig);
    assert.equal(rig.file('lines.txt'), `${lines.join('\n')}\n`.replace('line 33', 'line thirty-three'));
    await diff().waitFor({ state: 'hidden' });
  });

  it('leaves a change out by the command, and offers to reject where nothing is left', async () => {
    await newChat(rig);
    const edits = [{ old_text: 'line 7\n', new_text: 'line seven\n' }];
    await rig.send(
      [
        `call read_file ${JSON.stringify({ path: 'lines.txt' })}`,
        `call edit_file ${JSON.stringify({ path: 'lines.txt', edits })}`,
      ].join('\n'),
    );
    await rig.workbench.answerModal('Review');
    await rightLine('line seven').waitFor();
    await rig.workbench.runCommand('AnyCowork: Leave Out This Change');
    const offer = await rig.workbench.notification('Nothing is left of this edit');
    await rightLine('line seven').waitFor({ state: 'detached' });
    await rig.workbench.page.locator('.notification-fade-in-done').first().waitFor();
    await rig.workbench.screenshot('consent-5-nothing-left');
    await offer.getByRole('button', { name: 'Reject' }).click();
    await rig.answer('Every change of it was left out in the review');
    await idle(rig);
    assert.match(rig.file('lines.txt'), /line 7\n/);
  });

  it('Ctrl+Alt+Backspace rejects, with a reason', async () => {
    await newChat(rig);
    await rig.send(`call ${write('refused.txt')}`);
    await rig.workbench.answerModal('Review');
    await rightLine('written').click();
    await rig.workbench.page.keyboard.press('Control+Alt+Backspace');
    await rig.workbench.enterText('in another folder');
    await rig.answer('Their reason: in another folder');
    await idle(rig);
    assert.ok(!exists(rig, 'refused.txt'));
  });

  describe('of several files', () => {
    const three = (prefix: string) =>
      `call ${['a', 'b', 'c'].map((name) => write(`${prefix}/${name}.txt`, `${prefix} ${name}\n`)).join(' ;; ')}`;
    const written = (prefix: string) =>
      ['a', 'b', 'c'].map((name) => `${prefix}/${name}.txt`).filter((name) => exists(rig, name));
    const steps = async (status: string, count: number) => {
      const frame = await idle(rig);
      await until(`${count} steps ${status}`, async () => {
        return (await frame.locator(`[data-test=step][data-status=${status}]`).count()) === count;
      });
    };

    it('is one dialog that lists them, and approves all', async () => {
      await newChat(rig);
      await rig.send(three('all'));
      const modal = await rig.workbench.modal();
      assert.match(modal.title, /Create 3 files\?/);
      assert.match(modal.detail, /1\. all\/a\.txt[\s\S]*2\. all\/b\.txt[\s\S]*3\. all\/c\.txt/);
      assert.deepEqual([...modal.buttons].sort(), [
        'Always in this workspace',
        'Approve all',
        'Approve for this chat',
        'Cancel',
        'Reject all',
        'Review',
      ]);
      assert.doesNotMatch(modal.detail, /more waiting/);
      await rig.workbench.screenshot('consent-6-three-files');
      await rig.workbench.answerModal('Approve all');
      await steps('completed', 3);
      assert.equal(written('all').length, 3);
      assert.equal(rig.file('all/b.txt'), 'all b\n');
    });

    it('rejects all, by the button, by Enter and by Escape', async () => {
      for (const [index, key] of ['Reject all', 'Enter', 'Escape'].entries()) {
        await newChat(rig);
        await rig.send(three(`none${index}`));
        await rig.workbench.answerModal(key);
        await steps('rejected', 3);
        assert.deepEqual(written(`none${index}`), []);
      }
    });

    it('opens the multi-diff editor, where one is edited and all are approved', async () => {
      await newChat(rig);
      await rig.send(three('several'));
      await rig.workbench.answerModal('Review');
      const { page } = rig.workbench;
      const multi = page.locator(
        '.editor-group-container .multiDiffEditor, .monaco-component.multiDiffEditor',
      );
      await multi.first().waitFor();
      const line = multi.locator('.editor.modified .view-line', { hasText: 'several b' }).first();
      await line.click();
      await page.keyboard.press('End');
      await page.keyboard.type(' as typed');
      await multi.locator('.view-line', { hasText: 'several b as typed' }).first().waitFor();
      await rig.workbench.screenshot('consent-7-multi-diff');
      const frame = await rig.workbench.frameWith('[data-test=group]');
      await frame.locator('[data-test=approve-all]').waitFor();
      assert.deepEqual(written('several'), []);
      await titleAction('Approve Waiting Step').click();
      await steps('completed', 3);
      assert.equal(rig.file('several/a.txt'), 'several a\n');
      assert.equal(rig.file('several/b.txt'), 'several b as typed\n');
      assert.equal(rig.file('several/c.txt'), 'several c\n');
      await multi.first().waitFor({ state: 'hidden' });
      await rig.workbench.screenshot('consent-8-all-written');
    });
  });
});
