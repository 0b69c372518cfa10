import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { bad } from '../mcp/servers/bad.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { processesWith, serverRow, writeJson } from './mcpRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';

const write = (name: string, content = 'written') =>
  `call write_file ${JSON.stringify({ path: name, content })}`;
const command = (line: string) => `call run_command ${JSON.stringify({ command: line })}`;
const step = (status: string) => `[data-test=step][data-status=${status}]`;

describe('faults and refusals', function () {
  this.bail(true);
  let rig: Rig;

  before(async () => {
    rig = await startRig({ model: await startPuppetModel() });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  const idle = (frame: Frame) =>
    until('the end of the job', async () => !(await frame.locator('[data-test=stop]').isVisible()));

  it('rejects on Escape and changes nothing', async () => {
    await rig.send(write('never.txt'));
    await rig.workbench.answerModal('Escape');
    const frame = await rig.answer('The person rejected this step');
    await idle(frame);
    assert.ok(!existsSync(path.join(rig.folder, 'never.txt')));
  });

  it('never approves on Enter, which may be meant for the editor', async () => {
    await rig.send(write('never.txt'));
    const { buttons } = await rig.workbench.answerModal('Enter');
    assert.ok(buttons.includes('Approve'));
    const rejected = await rig.answer('The person rejected this step');
    await idle(rejected);
    assert.ok(!existsSync(path.join(rig.folder, 'never.txt')));
  });

  it('is rejected from the palette, with a reason that the model reads', async () => {
    await rig.send(write('never.txt'));
    await rig.workbench.answerModal('Review');
    await rig.workbench.page.locator('.editor-group-container .monaco-diff-editor').first().waitFor();
    await rig.workbench.runCommand('AnyCowork: Reject Waiting Step…');
    await rig.workbench.enterText('not there');
    const frame = await rig.answer('Their reason: not there');
    await idle(frame);
    assert.ok(!existsSync(path.join(rig.folder, 'never.txt')));
  });

  it('reviews in the diff editor, and approves from its title bar', async () => {
    await rig.send(write('reviewed.txt', 'look at me\n'));
    await rig.workbench.answerModal('Review');
    const { page } = rig.workbench;
    await page.locator('.editor-group-container .monaco-diff-editor').first().waitFor();
    await page.getByText('look at me').first().waitFor();
    await rig.workbench.screenshot('faults-1-review');
    assert.ok(!existsSync(path.join(rig.folder, 'reviewed.txt')));
    await page.locator('.editor-actions .action-label[aria-label*="Approve Waiting Step"]').first().click();
    await until('the file', () => existsSync(path.join(rig.folder, 'reviewed.txt')));
    await page.locator('.monaco-diff-editor').waitFor({ state: 'hidden' });
    await idle(await rig.workbench.openView());
  });

  it('rejects from the card with a reason that the model reads', async () => {
    await rig.send(write('card.txt'));
    await rig.workbench.answerModal('Review');
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    const field = frame.locator('[data-test=approval] input').first();
    // VS Code gives the focus back after the dialog, which may be in the middle of the typing.
    await until('the reason in its field', async () => {
      await field.fill('wrong place');
      return (await field.inputValue()) === 'wrong place';
    });
    await rig.workbench.screenshot('faults-2-card');
    await frame.locator('[data-test=reject]').click();
    await rig.answer('wrong place');
    assert.ok(!existsSync(path.join(rig.folder, 'card.txt')));
  });

  it('a late answer in the dialog changes nothing and says so', async () => {
    await rig.send(write('late.txt'));
    await rig.workbench.modal();
    // Answered elsewhere meanwhile: the card is under the modal, so the click goes to the element itself.
    const frame = await rig.workbench.frameWith('[data-test=approval]');
    await frame.locator('[data-test=reject]').dispatchEvent('click');
    await until('the rejection', async () => (await frame.locator(step('rejected')).count()) > 0);
    await rig.workbench.answerModal('Approve');
    await rig.workbench.notification('had already been answered');
    assert.ok(!existsSync(path.join(rig.folder, 'late.txt')));
    await idle(frame);
  });

  it('shows live output, and the stop button kills the command', async () => {
    await rig.send(command('echo started; sleep 4711'));
    await rig.workbench.answerModal('Approve');
    const frame = await rig.workbench.frameWith(step('running'));
    await until('live output', async () =>
      /started/.test((await frame.locator(step('running')).textContent()) ?? ''),
    );
    await rig.workbench.screenshot('faults-3-running');
    await frame.locator('[data-test=stop]').first().click();
    await frame.locator(step('cancelled')).first().waitFor();
    await idle(frame);
    assert.throws(() => execFileSync('pgrep', ['-f', '^sleep 4711$']), 'the command is still running');
  });

  it('survives kill -9 of the extension host in mid-job', async () => {
    await rig.send(command('echo before the crash; sleep 200'));
    await rig.workbench.answerModal('Approve');
    await rig.workbench.frameWith(step('running'));
    for (const pid of rig.server.extensionHostPids()) process.kill(pid, 'SIGKILL');
    // The window says so itself, or has started a new host already.
    await until(
      'the interrupted chat',
      async () => {
        const restart = rig.workbench.page.getByRole('button', { name: /Restart Extension Host/ });
        if (await restart.isVisible().catch(() => false)) await restart.click().catch(() => undefined);
        const frame = await rig.workbench.frameWith('[data-test=notice]', 500).catch(() => undefined);
        // A view that goes with its host while it is read is looked for again.
        const notice = frame?.locator('[data-test=notice]').last();
        return (await notice?.textContent().catch(() => ''))?.includes('cut off');
      },
      60_000,
    );
    await rig.workbench.screenshot('faults-4-after-kill');
    const frame = await rig.workbench.openView();
    await frame.locator(step('interrupted')).first().waitFor();
    await rig.send('say and on we go');
    await rig.answer('and on we go');
  });
});

describe('a window without a key', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), env: { GEMINI_API_KEY: undefined } });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('leads to setting one, keeps it in secret storage, and works then', async () => {
    const frame = await rig.workbench.openView();
    await rig.workbench.screenshot('no-key');
    await frame
      .getByRole('button', { name: /API key/ })
      .first()
      .click();
    await rig.workbench.enterText('key-typed-by-hand-77');
    await rig.workbench.notification(/key is set/);
    await rig.send('say it works');
    await rig.answer('it works');
    const files = globSync('**/*', { cwd: rig.server.globalStorage }).map((name) =>
      path.join(rig.server.globalStorage, name),
    );
    const holding = files.filter(
      (file) => statSync(file).isFile() && readFileSync(file).includes('key-typed-by-hand-77'),
    );
    assert.deepEqual(holding, []);
  });
});

describe('a window in Restricted Mode', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ model: await startPuppetModel(), restricted: true });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('sends nothing and says how to go on', async () => {
    const frame = await rig.workbench.openView('[data-test=empty], [data-test=composer]');
    await rig.workbench.screenshot('restricted');
    assert.match((await frame.locator('body').textContent()) ?? '', /trust/i);
    await rig.workbench.runCommand('AnyCowork: Send a Message…');
    await rig.workbench.enterText('say hello');
    await rig.workbench.notification(/not trusted/);
  });

  it('starts no MCP server that came with the folder', async () => {
    const { command, args } = bad('well');
    writeJson(path.join(rig.folder, '.mcp.json'), {
      mcpServers: { planted: { command, args: [...args, 'planted-in-a-folder'] } },
    });
    await rig.workbench.runCommand('AnyCowork: Show MCP Servers');
    await serverRow(rig, /planted.*waits until this workspace is trusted/s).waitFor();
    assert.deepEqual(processesWith('planted-in-a-folder'), []);
  });
});
