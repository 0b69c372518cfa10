import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { scriptedEnding, startDemoModel } from '../demo/script.ts';
import { until } from '../support/workbench.ts';
import { inSequence, type Rig, reportFailure, startRig } from './rig.ts';

const question = 'Run the tests and find out why any of them fail.';

/** How long the last answer is, seen by the eye of the test every frame or so. */
const lengths = async (frame: Frame, enough: number): Promise<number[]> => {
  const seen: number[] = [];
  await until(`${enough} growing states of the answer`, async () => {
    const texts = await frame.locator('[data-test=assistant]').allTextContents();
    const length = texts.at(-1)?.length ?? 0;
    if (length > (seen.at(-1) ?? 0)) seen.push(length);
    return seen.length >= enough;
  });
  return seen;
};

describe('the main job', () => {
  inSequence();
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startDemoModel(40) });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('opens on an empty chat that says what to do', async () => {
    const frame = await rig.workbench.openView();
    await frame.locator('[data-test=empty]').first().waitFor();
    await rig.workbench.screenshot('1-empty');
  });

  it('streams the answer while it comes', async () => {
    const frame = await rig.send(question);
    const seen = await lengths(frame, 4);
    assert.ok(seen.length >= 4, `the text grew in ${seen.length} steps`);
    await rig.workbench.screenshot('2-streaming');
  });

  it('asks with the real modal before it edits, and shows exactly what it asks for', async () => {
    const modal = await rig.workbench.modal();
    assert.match(modal.title, /src\/dates\.js/);
    assert.deepEqual([...modal.buttons].sort(), [
      'Always in this workspace',
      'Approve',
      'Approve for this chat',
      'Cancel',
      'Reject',
      'Review',
    ]);
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    await frame.locator('[data-test=step][data-tool=read_file]').first().waitFor({ state: 'attached' });
    assert.ok(!rig.file('src/dates.js').includes('Math.min'), 'changed before it was approved');
    await rig.workbench.screenshot('3-modal');
  });

  it('shows the edit in the diff editor', async () => {
    await rig.workbench.answerModal('Review');
    const { page } = rig.workbench;
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'Math.min' }).first().waitFor();
    // Until the colours of the language have come.
    await page.locator('.monaco-diff-editor .mtk6, .monaco-diff-editor .mtk5').first().waitFor();
    assert.ok(!rig.file('src/dates.js').includes('Math.min'), 'changed before it was approved');
    await rig.workbench.screenshot('4-review');
  });

  it('edits the file on disk once it is approved in the chat', async () => {
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    await frame.locator('[data-test=approve]').click();
    await until('the edit on disk', () => rig.file('src/dates.js').includes('Math.min'), 10_000);
    await rig.workbench.page.locator('.monaco-diff-editor').waitFor({ state: 'hidden' });
  });

  it('asks for the command with its exact line, and runs it', async () => {
    const modal = await rig.workbench.modal();
    assert.match(`${modal.title} ${modal.detail}`, /npm test/);
    await rig.workbench.screenshot('5-edited-and-asking');
    await rig.workbench.answerModal('Approve');
    const frame = await rig.answer(scriptedEnding);
    await frame.locator('[data-test=step][data-tool=run_command][data-status=completed]').waitFor();
    await until(
      'the end of the job',
      async () => !(await frame.locator('[data-test=stop]').isVisible()),
      10_000,
    );
    await rig.workbench.screenshot('6-finished');
  });

  it('shows the same chat after a reload', async () => {
    const transcript = async (frame: Frame) =>
      (await frame.locator('[data-test=user], [data-test=assistant]').allTextContents()).join('\n');
    const before = await transcript(await rig.workbench.openView());
    await rig.workbench.reload();
    const frame = await rig.workbench.openView();
    await frame.locator('[data-test=assistant]', { hasText: scriptedEnding }).waitFor();
    assert.equal(await transcript(frame), before);
    await rig.workbench.screenshot('7-after-reload');
  });

  it('finds the chat in the list and goes on in it', async () => {
    await rig.workbench.runCommand('AnyCowork: New Chat');
    const empty = await rig.workbench.openView();
    await empty.locator('[data-test=empty]').first().waitFor();
    await rig.workbench.runCommand('AnyCowork: Show Chat History');
    const frame = await rig.workbench.frameWith('[data-test=session]');
    await rig.workbench.screenshot('8-history');
    await frame.locator('[data-test=session]').first().click();
    await rig.answer(scriptedEnding);
    await rig.send('And now?');
    await rig.answer('This is the end of the script');
  });

  it('is readable in every theme', async () => {
    for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] as const) {
      await rig.workbench.setTheme(theme);
      const frame = await rig.workbench.openView();
      await frame.locator('[data-test=assistant]').first().waitFor();
      await rig.workbench.screenshot(`9-${theme}`);
    }
  });
});
