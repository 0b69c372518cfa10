import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { exists, idle, newChat } from './consentRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';
import { createRepository, namesake, painter, writeHome, writeZip } from './skillsCareRig.ts';
import { giveAway, runSkill, startSkillsRig, writeFiles } from './skillsRig.ts';

describe('skills, as a person takes care of them', function () {
  this.bail(true);
  let rig: Rig;
  let home = '';
  let repository: ReturnType<typeof createRepository>;

  before(async function () {
    const host = dockerHostOrSkip(this);
    home = mkdtempSync(path.join(os.tmpdir(), 'anycowork-care-'));
    repository = createRepository(home);
    writeHome(home);
    await writeZip(path.join(home, 'painter.zip'), 'painter', painter);
    rig = await startSkillsRig({ model: await startPuppetModel(), host, home, height: 1_200 });
    await rig.workbench.openView();
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await row('Bundled').click();
    await enlarge();
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(async () => {
    await rig?.stop();
    if (home !== '') rmSync(home, { recursive: true, force: true });
  });

  /** Rows outside the view do not exist. */
  const enlarge = async (): Promise<void> => {
    const { page } = rig.workbench;
    const header = page.locator('.pane-header', { hasText: 'Skills' });
    const box = await header.boundingBox();
    if (box === null) throw new Error('There is no view of skills.');
    await page.mouse.move(box.x + 100, box.y);
    await page.mouse.down();
    await page.mouse.move(box.x + 100, box.y - 200, { steps: 5 });
    await page.mouse.up();
  };
  const row = (text: string): Locator =>
    rig.workbench.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
  /** A row is one line for a screen reader too. */
  const rowText = async (text: string): Promise<string> =>
    (await row(text).innerText()).replaceAll('\n', ' ');
  const clearNotifications = () => rig.workbench.runCommand('Notifications: Clear All Notifications');
  const ok = () =>
    rig.workbench.page.locator('.quick-input-widget:visible .quick-input-action a').first().click();
  const quickRows = () => rig.workbench.page.locator('.quick-input-widget:visible .monaco-list-row');

  it('come from a repository with several: chosen, each reviewed, installed', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Install Skill…');
    await workbench.pick('A git repository…');
    const input = workbench.page.locator('.quick-input-widget:visible .quick-input-box input');
    await input.fill('http://skills.example/a');
    await workbench.page.locator('.quick-input-message', { hasText: 'Use https:' }).waitFor();
    await workbench.enterText(repository.url);
    await quickRows().filter({ hasText: 'fetcher' }).waitFor();
    assert.match(await quickRows().filter({ hasText: 'fetcher' }).innerText(), /asks for: Network, Memory/);
    await workbench.screenshot('skills-care-1-several');
    await workbench.page.locator('.quick-input-widget:visible').getByRole('checkbox').first().click();
    await workbench.page.locator('.quick-input-widget:visible', { hasText: '2 Selected' }).waitFor();
    await ok();
    const first = await workbench.modal();
    await workbench.screenshot('skills-care-2-review-of-several');
    assert.match(first.title, /Install the skill fetcher\?/);
    assert.match(first.detail, /Network\. The whole internet/);
    // Enter, which may have been meant for something else, installs nothing.
    assert.equal(first.buttons.at(-1), 'Read It First');
    await workbench.answerModal('Enter');
    await workbench.pick('Decide…');
    await workbench.answerModal('Install');
    assert.match((await workbench.modal()).title, /Install the skill greet\?/);
    await workbench.answerModal('Install');
    await workbench.notification(/Installed fetcher, greet/);
    await row('greet').waitFor();
    await clearNotifications();
  });

  it('ask for more, and have what they were granted', async () => {
    const { workbench } = rig;
    await row('fetcher').click({ button: 'right' });
    const grants = workbench.page.locator('.context-view .action-label', { hasText: 'Grants of a Skill' });
    // A menu takes no clicks at first, lest it takes the one that opened it.
    await until('the grants', async () => {
      await grants.click({ timeout: 1_000 }).catch(() => undefined);
      return !(await grants.isVisible());
    });
    await quickRows().filter({ hasText: 'Network' }).waitFor();
    await workbench.screenshot('skills-care-3-grants');
    await quickRows().filter({ hasText: 'Network' }).click();
    await ok();
    await until('the grant in the tooltip', async () => {
      await row('Installed').hover();
      await row('fetcher').hover();
      const tip = workbench.page.locator('.workbench-hover', { hasText: 'Granted: network' });
      return tip.waitFor({ timeout: 2_000 }).then(
        () => true,
        () => false,
      );
    });
    const tip = await workbench.page.locator('.workbench-hover', { hasText: 'Granted' }).innerText();
    assert.match(tip, /Asks for: Memory: 1,024 MB \(asks each time\)/);
    await workbench.screenshot('skills-care-4-granted');
  });

  it('are updated after their difference was shown', async () => {
    const { workbench } = rig;
    repository.update();
    await workbench.runCommand('AnyCowork: Update Skill…');
    await workbench.pick('greet');
    const { title } = await workbench.modal();
    await workbench.screenshot('skills-care-5-update');
    assert.match(title, /Replace the skill greet\?/);
    await workbench.answerModal('Read It First');
    await workbench.pick('Show What Is Different');
    await workbench.page.locator('.monaco-diff-editor .modified', { hasText: 'good' }).waitFor();
    await workbench.screenshot('skills-care-6-difference');
    await workbench.pick('Decide…');
    await workbench.answerModal('Update');
    await workbench.notification(/greet/);
    await clearNotifications();
    await workbench.runCommand('AnyCowork: Update Skill…');
    await workbench.pick('greet');
    await workbench.notification(/greet is up to date/);
    // What it was about is gone, and so are its tabs.
    assert.equal(await workbench.page.locator('.tab', { hasText: /Review of|word\.py/ }).count(), 0);
  });

  it('come from a zip file, and a test run shows the table and the picture', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Install Skill…');
    await workbench.pick('A zip file…');
    await workbench.enterPath(path.join(home, 'painter.zip'));
    await workbench.answerModal('Install');
    await row('painter').hover();
    await row('painter').locator('.action-label[aria-label^="Test Run"]').click();
    await workbench.pick('square');
    await workbench.enterText('{"title": "Black"}');
    const { title, detail, buttons } = await workbench.modal();
    assert.match(`${title} ${detail}`, /painter\/square.*In the sandbox.*no network.*Black/s);
    assert.deepEqual(buttons, ['Cancel', 'Run']);
    await workbench.answerModal('Run');
    const frame = await workbench.frameWith('td');
    await frame.locator('td', { hasText: 'Black' }).waitFor();
    const picture = frame.locator('img').first();
    await picture.waitFor();
    await until('the picture', () =>
      picture.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth === 8),
    );
    await workbench.screenshot('skills-care-7-test-run');
    assert.ok(exists(rig, 'square.png'));
    await workbench.runCommand('View: Close All Editors');
  });

  it('an image that is missing is asked about, and nothing comes without a yes', async () => {
    const { workbench } = rig;
    await row('imageless').hover();
    await row('imageless').locator('.action-label[aria-label^="Test Run"]').click();
    await workbench.enterText('');
    const offer = await workbench.notification(/imageless needs the image anycowork-test\/none:1/);
    // One question says it all.
    const toasts = workbench.page.locator('.notification-toast', { hasText: 'imageless' });
    await until('the only question', async () => (await toasts.count()) === 1);
    await workbench.screenshot('skills-care-8-no-image');
    await offer.locator('.monaco-button', { hasText: 'Not Now' }).click();
    await workbench.runCommand('AnyCowork: Get Image…');
    await quickRows().filter({ hasText: 'anycowork-test/none:1' }).filter({ hasText: 'imageless' }).waitFor();
    await workbench.pick('Another image…');
    await workbench.enterText('anycowork-test/none; rm:1');
    await workbench.page.locator('.quick-input-message', { hasText: 'Type the name of an image' }).waitFor();
    await workbench.screenshot('skills-care-8-get-image');
    await workbench.page.keyboard.press('Escape');
    assert.equal(await toasts.count(), 0);
  });

  it('are made, and their problems show while they are typed', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Create Skill…');
    await workbench.enterText('release-notes');
    await workbench.page.locator('.quick-input-message', { hasText: 'agents choose by this' }).waitFor();
    await workbench.enterText('Writes notes of a release. Use it for releases.');
    await workbench.pick('Python');
    await workbench.pick('In this workspace');
    await workbench.page.locator('.tab.active', { hasText: 'skill.yaml' }).waitFor();
    await row('release-notes').waitFor();
    assert.match(await rowText('release-notes'), /not reviewed/);
    await workbench.page
      .locator('.monaco-editor .view-line', { hasText: 'name: release-notes' })
      .first()
      .click();
    await workbench.page.keyboard.press('Control+End');
    await workbench.page.keyboard.type('runtimes: python');
    await workbench.page
      .locator('.monaco-editor .squiggly-error, .monaco-editor .squiggly-warning')
      .first()
      .waitFor();
    await workbench.runCommand('Problems: Focus on Problems View');
    await workbench.page.locator('.markers-panel .monaco-list-row', { hasText: 'runtimes' }).waitFor();
    await workbench.screenshot('skills-care-9-problems');
    await workbench.runCommand('View: Toggle Panel Visibility').catch(() => undefined);
    await workbench.runCommand('File: Revert File');
    await workbench.runCommand('View: Close All Editors');
  });

  it('that have one name are both there, and say so', async () => {
    const folder = path.join(rig.folder, '.agents', 'skills', 'notes');
    writeFiles(folder, namesake('Writes notes of the project. Use it for its notes.'));
    await row('workspace-notes').waitFor();
    await row('workspace-notes').click();
    await row('Another skill is called').waitFor();
    await rig.workbench.screenshot('skills-care-10-one-name');
    rmSync(path.join(rig.folder, '.agents'), { recursive: true });
    await row('workspace-notes').waitFor({ state: 'detached' });
  });

  it('are turned off and on by keys alone', async () => {
    const { page } = rig.workbench;
    await rig.workbench.setTheme('highContrast');
    await rig.workbench.runCommand('AnyCowork: Show Skills');
    await row('greet').click();
    const menu = page.locator('.context-view .action-label');
    const choose = async (label: string) => {
      await page.keyboard.press('Shift+F10');
      await menu.filter({ hasText: label }).waitFor();
      for (;;) {
        await page.keyboard.press('ArrowDown');
        const focused = await page.locator('.context-view .action-item.focused').innerText();
        if (focused.includes(label)) break;
      }
      await rig.workbench.screenshot(`skills-care-11-menu-${label}`);
      await page.keyboard.press('Enter');
    };
    await choose('Disable Skill');
    await until('it is off', async () => /off/.test(await rowText('greet')));
    await choose('Enable Skill');
    await until('it is on', async () => !/off/.test(await rowText('greet')));
    // A row without programs is opened by Enter.
    await row('notes').click();
    await page.keyboard.press('Enter');
    await rig.workbench.page.locator('.tab', { hasText: 'SKILL.md' }).waitFor();
    await rig.workbench.screenshot('skills-care-12-high-contrast');
  });

  it('that change are told once, and an agent hears why it cannot use them', async () => {
    const { workbench, server } = rig;
    const installed = path.join(server.globalStorage, 'anycowork.anycowork', 'skills', 'installed');
    appendFileSync(path.join(installed, 'greet', 'scripts', 'word.py'), 'print("more")\n');
    const told = await workbench.notification(/greet has changed since it was reviewed/);
    await workbench.screenshot('skills-care-13-changed');
    await newChat(rig);
    await rig.send(`call ${runSkill('greet', 'word')}`);
    await rig.answer(/finished:.*greet cannot be used: its files have changed/s);
    await idle(rig);
    await told.locator('.monaco-button', { hasText: 'Review…' }).click();
    const { title } = await workbench.modal();
    assert.match(title, /Have you looked at the skill greet\?/);
    await workbench.screenshot('skills-care-14-review');
    await workbench.answerModal('Mark as Reviewed');
    await until('it is reviewed', async () => !/changed/.test(await rowText('greet')));
    assert.equal(await workbench.page.locator('.notification-toast', { hasText: 'greet' }).count(), 0);
    await workbench.runCommand('View: Close All Editors');
  });

  it('are uninstalled after a question', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Show Skills');
    await workbench.runCommand('AnyCowork: Uninstall Skill…');
    await workbench.pick('greet');
    const { title } = await workbench.modal();
    assert.match(title, /Uninstall the skill greet\?/);
    await workbench.screenshot('skills-care-15-uninstall');
    await workbench.answerModal('Escape');
    assert.ok(await row('greet').isVisible());
    await workbench.runCommand('AnyCowork: Uninstall Skill…');
    await workbench.pick('greet');
    await workbench.answerModal('Uninstall');
    await row('greet').waitFor({ state: 'detached' });
  });
});

describe('skills in Restricted Mode', () => {
  let rig: Rig;
  let home = '';

  before(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'anycowork-care-'));
    writeHome(home);
    rig = await startRig({
      model: await startPuppetModel(),
      restricted: true,
      width: 1400,
      env: { HOME: home },
    });
    writeFiles(path.join(rig.folder, '.agents', 'skills', 'planted'), {
      'skill.yaml': `name: planted
description: Came with the folder.
runtime: shell
entries:
  - name: run
    description: Runs.
    file: run.sh
`,
      'run.sh': 'touch planted.txt\n',
    });
    giveAway(rig.folder);
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(async () => {
    await rig?.stop();
    if (home !== '') rmSync(home, { recursive: true, force: true });
  });

  it('those of the folder are not there, and none runs', async () => {
    const { workbench } = rig;
    const rows = workbench.page.locator('.pane-body .monaco-list-row');
    await workbench.openView('[data-test=empty][data-state=untrusted]');
    await workbench.runCommand('AnyCowork: Show Skills');
    await rows.filter({ hasText: 'Bundled' }).first().click();
    await rows.filter({ hasText: 'notes' }).first().waitFor();
    assert.equal(await rows.filter({ hasText: 'planted' }).count(), 0);
    assert.equal(await rows.filter({ hasText: 'This workspace' }).count(), 0);
    await workbench.screenshot('skills-care-16-restricted');
    await workbench.page.keyboard.press('F1');
    await workbench.page
      .locator('.quick-input-widget:visible .quick-input-box input')
      .fill('>AnyCowork: Test Run');
    // Others that are like it stand in its place.
    const offered = workbench.page.locator('.quick-input-widget:visible .monaco-list-row');
    await offered.filter({ hasText: 'Test: ' }).first().waitFor();
    assert.equal(await offered.filter({ hasText: 'Test Run of a Skill' }).count(), 0);
    await workbench.page.keyboard.press('Escape');
    assert.ok(!existsSync(path.join(rig.folder, 'planted.txt')));
  });
});
