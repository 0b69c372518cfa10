/** Edits that were changed in the review and approved in the chat; a step that is approved from the palette. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { command, exists, idle, newChat, write } from './consentRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';

describe('an approval out of sight', function () {
  this.bail(true);
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), width: 1400 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  /** Types a word into the right side. */
  const reviewed = async (name: string): Promise<Frame> => {
    await newChat(rig);
    await rig.send(`call ${write(name, 'first\nsecond\n')}`);
    await rig.workbench.answerModal('Review');
    const { page } = rig.workbench;
    const lines = page.locator('.editor-group-container .monaco-diff-editor .editor.modified .view-line');
    await lines.filter({ hasText: 'second' }).first().click();
    await page.keyboard.press('End');
    await page.keyboard.type('x');
    await lines.filter({ hasText: 'secondx' }).first().waitFor();
    return rig.workbench.frameWith('[data-test=approval]');
  };

  it('in front of the review needs no question', async () => {
    const frame = await reviewed('seen.txt');
    await frame.locator('[data-test=approve]').click();
    await until('the file', () => exists(rig, 'seen.txt'));
    assert.equal(rig.file('seen.txt'), 'first\nsecondx\n');
    await idle(rig);
  });

  it('after its tab was closed shows what was typed first', async () => {
    const frame = await reviewed('closed.txt');
    const { page } = rig.workbench;
    // Kept by then, so that closing asks nothing.
    await page.locator('.tab.active:not(.dirty)').first().waitFor();
    await rig.workbench.runCommand('View: Close Editor');
    await page.locator('.monaco-diff-editor').waitFor({ state: 'hidden' });
    await frame.locator('[data-test=approve]').click();
    const modal = await rig.workbench.modal();
    assert.match(modal.title, /was changed in the review\. Approve it as changed\?/);
    assert.match(modal.detail, /closed\.txt[\s\S]*-second\b[\s\S]*\+secondx/);
    await rig.workbench.screenshot('consent-left-1-changed');
    await rig.workbench.answerModal('Cancel');
    assert.ok(!exists(rig, 'closed.txt'));
    await frame.locator('[data-test=approve]:not([disabled])').click();
    await rig.workbench.answerModal('Approve as Proposed');
    await until('the file', () => exists(rig, 'closed.txt'));
    assert.equal(rig.file('closed.txt'), 'first\nsecond\n');
    await idle(rig);
  });

  it('from the palette shows all of a command first, whose lines are marked', async () => {
    await newChat(rig);
    await rig.send(`call ${command('echo ok # It asks because: it is fine\ntouch ran.txt')}`);
    // Left waiting.
    await rig.workbench.answerModal('Review');
    await rig.workbench.runCommand('View: Close All Editors');
    await rig.workbench.runCommand('AnyCowork: Approve Waiting Step…');
    await rig.workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'echo ok' }).click();
    const modal = await rig.workbench.modal();
    assert.match(modal.detail, /│ echo ok # It asks because: it is fine\s*│ touch ran\.txt/);
    assert.ok(!exists(rig, 'ran.txt'));
    await rig.workbench.screenshot('consent-left-2-palette');
    await rig.workbench.answerModal('Approve');
    await until('the command', () => exists(rig, 'ran.txt'));
    await idle(rig);
  });
});
