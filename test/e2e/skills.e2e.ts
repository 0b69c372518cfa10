import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { command, decisionOf, exists, idle, newChat } from './consentRig.ts';
import { fillWith, type Rig, reportFailure } from './rig.ts';
import { runSkill, startSkillsRig, tally, watchContainers, writeFiles } from './skillsRig.ts';

describe('skills in the sandbox', function () {
  this.bail(true);
  let rig: Rig;
  let host = '';
  let containers: ReturnType<typeof watchContainers>;
  let parent = '';
  let modelUrl = '';

  before(async function () {
    host = dockerHostOrSkip(this);
    parent = mkdtempSync(path.join(os.tmpdir(), 'anycowork-skills-'));
    writeFiles(path.join(parent, 'tally'), tally);
    const model = await startPuppetModel();
    modelUrl = model.url;
    rig = await startSkillsRig({ model, host, home: parent });
    containers = watchContainers(host, rig);
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(async () => {
    await rig?.stop();
    if (parent !== '') rmSync(parent, { recursive: true, force: true });
  });

  const row = (text: string) =>
    rig.workbench.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();

  it('are listed in their view, the bundled ones first', async () => {
    await rig.workbench.openView();
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await row('Bundled').waitFor();
    await row('charts').waitFor();
    await rig.workbench.screenshot('skills-1-view');
    // Rows further down do not exist until they are scrolled to.
    await row('Bundled').click();
    await row('charts').waitFor({ state: 'hidden' });
  });

  it('are installed from a folder after a review that shows what they are', async () => {
    await rig.workbench.runCommand('AnyCowork: Install Skill…');
    await rig.workbench.pick('A folder…');
    await rig.workbench.enterPath(path.join(parent, 'tally'));
    const { title, detail, buttons } = await rig.workbench.modal();
    await rig.workbench.screenshot('skills-2-review');
    assert.match(title, /tally/);
    assert.ok(buttons.includes('Install'), `${title} ${detail} ${buttons.join()}`);
    await rig.workbench.answerModal('Install');
    await row('tally').waitFor();
    await rig.workbench.screenshot('skills-3-installed');
  });

  it('are offered by what is written, and named behind a slash', async () => {
    const frame = await rig.workbench.openView();
    const composer = frame.locator('[data-test=composer]');
    await fillWith(composer, 'Please count the words here');
    await frame.locator('[data-test=skill-chip][data-skill=tally]').waitFor();
    await fillWith(composer, '/ta');
    await frame.locator('[data-test=slash-item]', { hasText: '/tally' }).waitFor();
    await rig.workbench.screenshot('skills-4-slash');
    await composer.fill('');
  });

  it('run in a container after a question that says so, and their tables are drawn', async () => {
    await rig.send(`call ${runSkill('tally', 'count', { text: 'one two one' })}\nsay Counted`);
    const { title, detail } = await rig.workbench.modal();
    await rig.workbench.screenshot('skills-5-question');
    assert.match(`${title} ${detail}`, /tally/);
    assert.match(detail, /[Ii]n the sandbox/);
    assert.match(detail, /no network/);
    await rig.workbench.answerModal('Approve');
    const frame = await rig.answer('Counted');
    await idle(rig);
    const step = frame.locator('[data-test=step][data-tool=run_skill]').last();
    await step.locator('.step-toggle').click();
    await step.locator('.step-drawn td', { hasText: 'one' }).waitFor();
    // Root of the machine is not root inside.
    assert.match(await step.innerText(), process.getuid?.() === 0 ? /user 1000 sees/ : /user \d+ sees/);
    await rig.workbench.screenshot('skills-6-table');
    assert.deepEqual(await containers(), []);
  });

  it('draw pictures that show in the chat', async () => {
    await newChat(rig);
    const input = { kind: 'bar', title: 'Sales', labels: ['North', 'South'], series: [{ values: [12, 30] }] };
    await rig.send(`call ${runSkill('charts', 'draw', input)}\nsay Drawn`);
    await rig.workbench.answerModal('Approve');
    const frame = await rig.answer('Drawn');
    await idle(rig);
    const step = frame.locator('[data-test=step][data-tool=run_skill]').last();
    await step.locator('.step-toggle').click();
    const picture = step.locator('.step-image');
    await picture.scrollIntoViewIfNeeded();
    const width = await picture.evaluate((image) =>
      image instanceof HTMLImageElement ? image.naturalWidth : 0,
    );
    assert.ok(width >= 600, `${width} pixels wide`);
    await rig.workbench.screenshot('skills-11-chart');
    assert.ok(exists(rig, 'chart.png'));
    // What the container wrote can be taken back like anything else.
    await step.locator('[data-test=undo-step]').click();
    await rig.workbench.answerModal('Undo');
    await until('no chart', () => !exists(rig, 'chart.png'));
  });

  it('of the open folder that nobody has reviewed ask each time', async () => {
    writeFiles(path.join(rig.folder, '.agents', 'skills', 'odd'), {
      'SKILL.md': '---\nname: odd\ndescription: Prints a word. Use it for tests.\n---\nRun it.\n',
      'scripts/word.py': 'print("word of nobody")\n',
    });
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await row('odd').waitFor();
    await newChat(rig);
    await rig.send(`call ${runSkill('odd', 'word')}\nsay Odd`);
    const { detail, buttons } = await rig.workbench.modal();
    await rig.workbench.screenshot('skills-12-unreviewed');
    assert.match(detail, /nobody has reviewed/);
    // Nothing that would let it run unasked.
    assert.ok(!buttons.some((button) => /this chat|Always/.test(button)), buttons.join());
    await rig.workbench.answerModal('Approve');
    const frame = await rig.answer('Odd');
    await idle(rig);
    await decisionOf(frame.locator('[data-test=step][data-tool=run_skill]').last());
    await frame.locator('.step-drawn', { hasText: 'word of nobody' }).waitFor();
  });

  it('whose image is not there run nothing, and it is got only after a click', async () => {
    writeFiles(path.join(rig.folder, '.agents', 'skills', 'far'), {
      'SKILL.md': `---
name: far
description: Prints a word. Use it for tests.
metadata:
  anycowork-sandbox: '{"image": "anycowork-test/missing:1"}'
---
Run it.
`,
      'scripts/word.py': 'print("word")\n',
    });
    await row('far').waitFor();
    await newChat(rig);
    await rig.send(`call ${runSkill('far', 'word')}\nsay Far`);
    await rig.answer('Far');
    const offer = await rig.workbench.notification('anycowork-test/missing:1');
    await offer.locator('.monaco-button', { hasText: 'Get Image' }).click();
    // There is none of that name anywhere.
    await rig.workbench.notification(/anycowork-test\/missing:1 was not fetched/);
    await rig.workbench.screenshot('skills-13-image-not-there');
    await rig.workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('get their words to the model when the message names them', async () => {
    await newChat(rig);
    await rig.send('/tally say Named');
    // The puppet reads only lines that begin with its own words: it repeats nothing, and so says what it got.
    await rig.answer('finished:');
    const frame = await idle(rig);
    await frame.locator('[data-test=user-skills]', { hasText: 'tally' }).waitFor();
  });

  it('are stopped with their container', async () => {
    await newChat(rig);
    await rig.send(`call ${runSkill('tally', 'sleep')}\nsay Slept`);
    await rig.workbench.answerModal('Approve');
    const frame = await rig.workbench.frameWith('[data-test=step][data-status=running]');
    await frame.locator('.step-tail', { hasText: 'sleeping' }).waitFor();
    assert.equal((await containers()).length, 1);
    await frame.locator('[data-test=stop]').click();
    await frame.locator('[data-test=step][data-status=cancelled]').waitFor();
    await until('no container', async () => (await containers()).length === 0);
  });

  it('refuse to run once their files have changed', async () => {
    const installed = path.join(
      rig.server.globalStorage,
      'anycowork.anycowork',
      'skills',
      'installed',
      'tally',
    );
    appendFileSync(path.join(installed, 'count.py'), '\nprint("more")\n');
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await rig.workbench.page
      .locator('.pane-body .monaco-list-row', { hasText: 'tally' })
      .filter({ hasText: /changed/i })
      .waitFor();
    await rig.workbench.screenshot('skills-7-changed');
    await newChat(rig);
    await rig.send(`call ${runSkill('tally', 'count', { text: 'x' })}`);
    await rig.answer(/finished:/);
    assert.ok(!(await rig.workbench.hasModal()));
    await idle(rig);
  });

  it('say what the sandbox is', async () => {
    await rig.workbench.runCommand('AnyCowork: Check Sandbox');
    await rig.workbench.page.locator('.tab', { hasText: 'AnyCowork sandbox' }).waitFor();
    await rig.workbench.screenshot('skills-8-report');
  });

  it('leave nothing behind when the extension host is killed', async () => {
    await newChat(rig);
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await row('tally').click();
    await rig.workbench.runCommand('AnyCowork: Review Skill…');
    await rig.workbench.pick('tally');
    await rig.workbench.answerModal('Mark as Reviewed');
    await rig.send(`call ${runSkill('tally', 'sleep')}\nsay Slept`);
    await rig.workbench.answerModal('Approve');
    const frame = await rig.workbench.frameWith('[data-test=step][data-status=running]');
    await frame.locator('.step-tail', { hasText: 'sleeping' }).waitFor();
    assert.equal((await containers()).length, 1);
    for (const pid of rig.server.extensionHostPids()) process.kill(pid, 'SIGKILL');
    await rig.workbench.reload();
    await rig.workbench.openView();
    await until('no container', async () => (await containers()).length === 0, 60_000);
  });

  it('an agent that insists on the sandbox runs its commands there', async () => {
    await rig.workbench.runCommand('AnyCowork: Edit Agent…');
    await rig.workbench.pick('Coder');
    await rig.workbench.pick('Where its commands and skills run');
    await rig.workbench.pick('Sandbox');
    await newChat(rig);
    await rig.send(`call ${command('id -u; cat /etc/hostname; ls /workspace')}\nsay Looked`);
    const { detail } = await rig.workbench.modal();
    await rig.workbench.screenshot('skills-9-command');
    assert.match(detail, /[Ii]n the sandbox/);
    await rig.workbench.answerModal('Approve');
    const frame = await rig.answer('Looked');
    await idle(rig);
    const step = frame.locator('[data-test=step][data-tool=run_command]').last();
    await decisionOf(step);
    assert.match(await step.innerText(), /package\.json/);
  });

  it('without an engine such an agent runs nothing, and says what to do', async () => {
    rig.server.writeSettings({
      'anycowork.gemini.baseUrl': modelUrl,
      'anycowork.sandbox.host': `unix://${path.join(parent, 'nobody.sock')}`,
    });
    // Until the window has heard of the setting, and has forgotten the engine that it knew.
    await until('the setting', async () => {
      await newChat(rig);
      const frame = await rig.send(`call ${command('echo hello')}`);
      const answer = frame.locator('[data-test=assistant]', { hasText: 'finished:' }).last();
      const first = await Promise.race([
        rig.workbench.modal().then(() => 'asked'),
        answer.waitFor().then(() => 'answered'),
      ]);
      if (first === 'asked') await rig.workbench.answerModal('Reject');
      await answer.waitFor();
      return /nobody\.sock/.test((await answer.innerText()) ?? '');
    });
    assert.ok(!(await rig.workbench.hasModal()));
    await rig.workbench.screenshot('skills-10-no-engine');
  });
});
