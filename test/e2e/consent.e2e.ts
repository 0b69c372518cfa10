import assert from 'node:assert/strict';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { command, decisionOf, exists, idle, newChat, runsUnasked, write } from './consentRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';

const version = 'node --version';

describe('rules and modes', function () {
  this.bail(true);
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), width: 1400 });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  /** Sends one call that asks, and answers it in the dialog. @returns what the dialog said */
  const asks = async (call: string, button: string, done: string): Promise<string> => {
    await rig.send(`call ${call}\nsay ${done}`);
    const { title, detail } = await rig.workbench.answerModal(button);
    await rig.answer(done);
    await idle(rig);
    return `${title}\n${detail}`;
  };
  const row = (text: string) =>
    rig.workbench.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
  /** The view of rules opens beside the chat, and takes its room. */
  const showRules = async () => {
    await rig.workbench.runCommand('AnyCowork: Show Rules');
    await row('This workspace').waitFor();
  };

  it('“Approve for this chat” lets the next edit of the chat run, and its step says why', async () => {
    const asked = await asks(write('one.txt'), 'Approve for this chat', 'One is written');
    assert.match(asked, /“Approve for this chat” covers from now on: edits to any file in this chat/);
    const step = await runsUnasked(rig, write('sub/two.txt'), 'Two is written');
    assert.ok(exists(rig, 'sub/two.txt'));
    assert.match(await decisionOf(step), /Ran by rule: edits to any file in this chat/);
    await rig.workbench.screenshot('consent-11-by-rule-of-the-chat');
  });

  it('a command is not covered by that, nor is another chat', async () => {
    assert.match(await asks(command('true'), 'Reject', 'No command'), /Run/);
    await newChat(rig);
    assert.match(await asks(write('three.txt'), 'Reject', 'Not three'), /no rule covers it/);
    assert.ok(!exists(rig, 'three.txt'));
  });

  it('“Always in this workspace” lets the same command run in every chat', async () => {
    await newChat(rig);
    await rig.send(`call ${command(version)}\nsay Version known`);
    const { detail } = await rig.workbench.modal();
    assert.match(detail, /“Always in this workspace” covers from now on: node --version in this workspace/);
    await rig.workbench.screenshot('consent-12-command');
    await rig.workbench.answerModal('Always in this workspace');
    await rig.answer('Version known');
    await newChat(rig);
    const step = await runsUnasked(rig, command(version), 'Version known again');
    assert.match(await decisionOf(step), /Ran by rule: node --version in this workspace/);
  });

  it('but not with a redirection, a pipe or another part, and the dialog says why', async () => {
    const redirected = await asks(command(`${version} > x.txt`), 'Reject', 'Not redirected');
    assert.match(redirected, /asked every time: it has a redirection/);
    assert.doesNotMatch(redirected, /Always in this workspace/);
    assert.ok(!exists(rig, 'x.txt'));
    const piped = await asks(command(`${version} | cat`), 'Reject', 'Not piped');
    assert.match(piped, /asked every time: it has a pipe/);
    const both = await asks(command(`${version} && true`), 'Reject', 'Not both');
    assert.match(both, /no rule covers true/);
  });

  it('the rule stands in the view of rules, and is asked about again once it is deleted there', async () => {
    await showRules();
    await row(version).waitFor();
    await rig.workbench.screenshot('consent-13-rules');
    await row(version).hover();
    await row(version).locator('.action-label[aria-label*="Delete Rule"]').click();
    await rig.workbench.notification(`Deleted the rule “${version}”`);
    await row(version).waitFor({ state: 'detached' });
    await rig.workbench.page.locator('.notification-fade-in-done').first().waitFor();
    await rig.workbench.screenshot('consent-14-deleted');
    await newChat(rig);
    assert.match(await asks(command(version), 'Reject', 'Asked again'), /no rule covers it/);
  });

  it('smart mode: edits run, commands and protected files ask', async () => {
    await newChat(rig);
    await rig.workbench.runCommand('AnyCowork: Choose Approval Mode of This Chat…');
    const picks = await rig.workbench.picks();
    assert.ok(['Ask', 'Smart', 'Autopilot'].every((mode) => picks.includes(mode)));
    await rig.workbench.screenshot('consent-15-modes');
    await rig.workbench.pick('Smart');
    const frame = await rig.workbench.frameWith('[data-test=mode].smart');
    const step = await runsUnasked(rig, write('smart.txt'), 'Smartly written');
    assert.ok(exists(rig, 'smart.txt'));
    assert.match(await decisionOf(step), /smart mode: edits inside the workspace run, and can be undone/);
    assert.match(await asks(command(version), 'Reject', 'Commands ask'), /no rule covers it/);
    await rig.send(`call ${write('.vscode/tasks.json', '{}\n')}\nsay Tasks ask`);
    const { detail, buttons } = await rig.workbench.modal();
    assert.match(detail, /Careful: \.vscode is protected: it holds editor settings and tasks/);
    assert.ok(!buttons.includes('Approve for this chat') && !buttons.includes('Always in this workspace'));
    await rig.workbench.screenshot('consent-16-careful');
    await rig.workbench.answerModal('Reject');
    await rig.answer('Tasks ask');
    await idle(rig);
    assert.ok(!exists(rig, '.vscode/tasks.json'));
    await frame.locator('[data-test=mode].smart').waitFor();
  });

  it('autopilot asks for confirmation first, and commands without a sandbox still ask', async () => {
    const choose = async (button: string) => {
      await rig.workbench.runCommand('AnyCowork: Choose Approval Mode of This Chat…');
      await rig.workbench.pick('Autopilot');
      return await rig.workbench.answerModal(button);
    };
    const { title } = await choose('Escape');
    assert.match(title, /work without asking/);
    await rig.workbench.frameWith('[data-test=mode].smart');
    await choose('Turn On Autopilot');
    await rig.workbench.frameWith('[data-test=mode].autopilot');
    const step = await runsUnasked(rig, write('pilot.txt'), 'Flown');
    assert.match(await decisionOf(step), /autopilot mode: edits inside the workspace run/);
    assert.match(await asks(command(version), 'Reject', 'Commands still ask'), /no rule covers it/);
    await rig.workbench.screenshot('consent-17-autopilot');
    // Another chat is as it was.
    await newChat(rig);
    await rig.workbench.frameWith('[data-test=mode].ask');
  });

  it('two chats wait: the dialog of the second says that there is one more', async () => {
    await newChat(rig);
    await rig.send(`call ${write('left.txt')}\nsay Left is done`);
    await rig.workbench.answerModal('Review');
    await newChat(rig);
    await rig.send(`call ${write('right.txt')}\nsay Right is done`);
    const { detail } = await rig.workbench.modal();
    assert.match(detail, /\b1 more waiting\./);
    await rig.workbench.page.locator('.statusbar-item', { hasText: '2 waiting for you' }).waitFor();
    await rig.workbench.screenshot('consent-18-one-more');
    await rig.workbench.answerModal('Approve');
    await rig.answer('Right is done');
    assert.ok(exists(rig, 'right.txt') && !exists(rig, 'left.txt'));
    // The other still waits in its tab.
    await rig.workbench.page.locator('.statusbar-item', { hasText: '1 waiting for you' }).click();
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    await frame.locator('[data-test=approval] [data-test=approve]').click();
    await rig.answer('Left is done');
    assert.ok(exists(rig, 'left.txt'));
  });
});

describe('a question that nobody answers', function () {
  this.bail(true);
  let rig: Rig;
  const waited = 3_000;

  before(async () => {
    rig = await startRig({
      model: await startPuppetModel(),
      settings: { 'anycowork.approvals.expireAfterMinutes': waited / 60_000 },
    });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('expires as rejected, and the chat says so', async () => {
    await rig.send(`call ${write('late.txt')}\nsay On we go`);
    assert.match((await rig.workbench.modal()).detail, /it counts as rejected/);
    const frame = await rig.workbench.frameWith('[data-test=notice][data-kind=approvalExpired]');
    await frame.locator('[data-test=step][data-status=rejected]').waitFor();
    assert.match(
      await frame.locator('[data-test=notice]').last().innerText(),
      /Nobody answered within 3 seconds, so the step was not run/,
    );
    // The dialog cannot be closed by code.
    await rig.workbench.answerModal('Approve');
    await rig.workbench.notification('had already expired');
    await rig.workbench.page.locator('.notification-fade-in-done').first().waitFor();
    await rig.workbench.screenshot('consent-19-expired');
    assert.ok(!exists(rig, 'late.txt'));
  });

  it('goes on with Continue', async () => {
    const frame = await rig.workbench.frameWith('[data-test=act-continue]');
    await frame.locator('[data-test=act-continue]').click();
    await rig.answer('On we go');
    await until('the end', async () => !(await frame.locator('[data-test=act-continue]').isVisible()));
    await idle(rig);
    await rig.workbench.screenshot('consent-20-continued');
    assert.ok(!exists(rig, 'late.txt'));
  });
});
