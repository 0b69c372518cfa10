import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bad } from '../mcp/servers/bad.ts';
import { type OAuthServer, startOAuthServer } from '../mcp/servers/oauthServer.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until } from '../support/workbench.ts';
import { decisionOf, idle, newChat } from './consentRig.ts';
import { everything, lastStep, processesWith, proxyPorts, serverRow, writeJson } from './mcpRig.ts';
import { fillWith, type Rig, reportFailure, startRig } from './rig.ts';

describe('MCP servers in the window', function () {
  this.bail(true);
  let rig: Rig;
  let home = '';
  let oauth: OAuthServer;

  before(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'anycowork-mcp-'));
    oauth = await startOAuthServer({ consent: 'button' });
    rig = await startRig({ model: await startPuppetModel(), width: 1400, env: { HOME: home } });
    await proxyPorts(rig);
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(async () => {
    await rig?.stop();
    await oauth?.close();
    if (home !== '') rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  const row = (text: string | RegExp) => serverRow(rig, text);
  const call = (tool: string, input: unknown = {}): string => `call ${tool} ${JSON.stringify(input)}`;

  it('are added by their command, which is shown before anything starts', async () => {
    const { workbench } = rig;
    await workbench.openView();
    await workbench.runCommand('AnyCowork: Add MCP Server…');
    await workbench.pick('Command');
    await workbench.enterText(everything.join(' '));
    await workbench.page.locator('.quick-input-widget', { hasText: '(2/5)' }).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.quick-input-widget', { hasText: '(3/5)' }).waitFor();
    await workbench.page.keyboard.press('Enter');
    await workbench.pick('My servers');
    await workbench.page.locator('.quick-input-widget', { hasText: '(5/5)' }).waitFor();
    await workbench.enterText('everything');
    const toast = await workbench.notification('was added');
    assert.deepEqual(processesWith(everything[1] ?? ''), []);
    await toast.locator('.monaco-button', { hasText: 'Start' }).click();
    const { title, detail, buttons } = await workbench.modal();
    await workbench.screenshot('mcp-1-command');
    assert.match(title, /everything/);
    for (const word of everything) assert.ok(detail.includes(word), `${word} in ${detail}`);
    assert.deepEqual(processesWith(everything[1] ?? ''), []);
    assert.ok(buttons.length >= 2, buttons.join());
    // Escape refuses.
    await workbench.answerModal('Escape');
    await workbench.runCommand('AnyCowork: Show MCP Servers');
    await row('approve its command').waitFor();
    assert.deepEqual(processesWith(everything[1] ?? ''), []);
  });

  it('start once they are approved, and say what they have', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Start MCP Server…');
    await workbench.pick('everything');
    await workbench.answerModal('Start It');
    await row(/everything.*ready, \d+ tools/s).waitFor({ timeout: 40_000 });
    await workbench.screenshot('mcp-2-ready');
    assert.equal(processesWith(everything[1] ?? '').length, 1);
  });

  it('give agents tools that ask, whole, and pictures that show in the chat', async () => {
    const { workbench } = rig;
    await newChat(rig);
    await rig.send(`${call('everything__get-tiny-image')}\nsay Seen`);
    const { title, detail } = await workbench.modal();
    await workbench.screenshot('mcp-3-question');
    assert.match(`${title} ${detail}`, /everything/);
    assert.match(`${title} ${detail}`, /get-tiny-image/);
    await workbench.answerModal('Approve');
    const frame = await rig.answer('Seen');
    await idle(rig);
    const step = lastStep(frame, 'everything__get-tiny-image');
    await step.locator('.step-toggle').click();
    const picture = step.locator('.step-image');
    await picture.scrollIntoViewIfNeeded();
    const width = await picture.evaluate((image) =>
      image instanceof HTMLImageElement ? image.naturalWidth : 0,
    );
    assert.ok(width > 0, `${width} pixels wide`);
    await workbench.screenshot('mcp-4-picture');
  });

  it('run by a rule that was made from a question, and not after words of others', async () => {
    const { workbench } = rig;
    await newChat(rig);
    await rig.send(`${call('everything__echo', { message: 'one' })}\nsay First`);
    const { buttons } = await workbench.modal();
    const always = buttons.find((button) => /workspace/.test(button)) ?? '';
    await workbench.answerModal(always);
    await rig.answer('First');
    await idle(rig);
    const frame = await rig.send(`${call('everything__echo', { message: 'two' })}\nsay Second`);
    await rig.answer('Second');
    await idle(rig);
    assert.match(await decisionOf(lastStep(frame, 'everything__echo')), /rule: everything__echo/);
    // What it has answered may ask for more: the second call of one turn is asked about.
    await rig.send(
      `${call('everything__echo', { message: 'three' })}\n${call('everything__echo', { message: 'four' })}\nsay Third`,
    );
    const { detail, title } = await workbench.modal();
    assert.match(`${title} ${detail}`, /four/);
    await workbench.screenshot('mcp-5-taint');
    await workbench.answerModal('Reject');
    await rig.answer('Third');
    await idle(rig);
  });

  it('ask the person for what they need, in the editor’s own boxes', async () => {
    const { workbench } = rig;
    await newChat(rig);
    await rig.send(`${call('everything__trigger-elicitation-request')}\nsay Elicited`);
    await workbench.answerModal('Approve');
    const widget = workbench.page.locator('.quick-input-widget:visible');
    await widget.filter({ hasText: 'The MCP server everything asks' }).waitFor();
    await workbench.screenshot('mcp-6-elicitation');
    await workbench.pick('Answer…');
    await widget.filter({ hasText: '1 of 13' }).waitFor();
    await workbench.screenshot('mcp-6b-field');
    await workbench.enterText('Ann');
    const send = widget.locator('.label-name', { hasText: 'Send to everything' });
    await until('the end of the form', async () => {
      if (await send.isVisible()) return true;
      await widget
        .locator('input')
        .first()
        .press('Enter', { timeout: 2_000 })
        .catch(() => undefined);
      return await send.isVisible();
    });
    await workbench.screenshot('mcp-6c-summary');
    await workbench.pick('Send to everything');
    await rig.answer('Elicited');
    const frame = await idle(rig);
    const step = lastStep(frame, 'everything__trigger-elicitation-request');
    await step.locator('.step-toggle').click();
    await until('the answer', async () => /Ann/.test(await step.innerText()));
  });

  it('get an answer of the model where that was allowed, and the person is asked each time', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Let an MCP Server Ask the Model…');
    await workbench.pick('everything');
    const { title } = await workbench.modal();
    await workbench.screenshot('mcp-6d-allow-sampling');
    assert.match(title, /everything/);
    await workbench.answerModal('Let It Ask');
    // It has a tool more for clients that answer: hidden like every change.
    await row(/everything.*1 new tool/s).waitFor();
    await workbench.runCommand('AnyCowork: Review Changes of an MCP Server…');
    await workbench.pick('everything');
    await workbench.answerModal('Accept');
    await row(/everything.*ready, 16 tools$/s).waitFor();
    await newChat(rig);
    const prompt = { prompt: 'What is the capital of Austria?', maxTokens: 50 };
    await rig.send(`${call('everything__trigger-sampling-request', prompt)}\nsay Sampled`);
    await workbench.answerModal('Approve');
    const asked = await workbench.modal();
    await workbench.screenshot('mcp-6e-sampling');
    assert.match(`${asked.title} ${asked.detail}`, /capital of Austria/);
    await workbench.answerModal('Allow');
    await rig.answer('Sampled');
    const frame = await idle(rig);
    const step = lastStep(frame, 'everything__trigger-sampling-request');
    await step.locator('.step-toggle').click();
    await step.getByText('LLM sampling result').waitFor();
  });

  it('offer resources behind an @ and prompts behind a /', async () => {
    const { workbench } = rig;
    await newChat(rig);
    const frame = await workbench.openView();
    const composer = frame.locator('[data-test=composer]');
    await fillWith(composer, '');
    await composer.pressSequentially('say Read @architecture');
    await frame.locator('[data-test=slash-item]', { hasText: 'architecture' }).first().click();
    await frame.locator('[data-test=attached-chip]').waitFor();
    await workbench.screenshot('mcp-7-resource');
    await composer.press('Enter');
    await rig.answer('Read');
    await idle(rig);
    await frame.locator('[data-test=user-attached]').waitFor();
    await fillWith(composer, '/mcp.everything.args');
    await frame.locator('[data-test=slash-item]', { hasText: 'args-prompt' }).waitFor();
    await workbench.screenshot('mcp-8-prompt');
    await composer.press('Tab');
    const box = workbench.page.locator('.quick-input-widget:visible');
    for (const [index, value] of ['Vienna', 'none'].entries()) {
      const own = box.filter({ hasText: `(${index + 1}/2)` });
      await own.waitFor();
      await own.locator('input[type=text]').fill(value);
      await own.locator('.label-name', { hasText: value }).first().waitFor();
      await workbench.page.keyboard.press('Enter');
    }
    await frame.locator('[data-test=attached-chip]').waitFor();
    await frame.locator('[data-test=open-attached]').click();
    await workbench.page.locator('.view-lines', { hasText: 'Vienna' }).first().waitFor();
    await workbench.screenshot('mcp-9-prompt-text');
    await frame.locator('[data-test=remove-attached]').click();
  });

  it('whose tools change are hidden until somebody has looked', async () => {
    const { workbench } = rig;
    const { command, args } = bad('changing');
    writeJson(path.join(rig.folder, '.vscode', 'mcp.json'), { servers: { changing: { command, args } } });
    await workbench.runCommand('AnyCowork: Show MCP Servers');
    await row(/changing.*approve its command/s).waitFor();
    await workbench.runCommand('AnyCowork: Start MCP Server…');
    await workbench.pick('changing');
    const { detail } = await workbench.modal();
    assert.match(detail, /\.vscode\/mcp\.json/);
    await workbench.screenshot('mcp-10-workspace');
    await workbench.answerModal('Start It');
    await row(/changing.*hidden|changing.*changed/s).waitFor();
    await workbench.screenshot('mcp-11-changed');
    await workbench.runCommand('AnyCowork: Review Changes of an MCP Server…');
    await workbench.pick('changing');
    const shown = await workbench.modal();
    await workbench.screenshot('mcp-12-review');
    assert.match(shown.title, /changing/);
    await workbench.answerModal('Accept');
    await row(/changing.*ready, \d+ tools?$/s).waitFor();
  });

  it('that want a sign-in get one in the browser', async () => {
    const { workbench } = rig;
    writeJson(path.join(rig.folder, '.anycowork', 'mcp.json'), {
      servers: { guarded: { type: 'http', url: oauth.url } },
    });
    await row(/guarded/).waitFor();
    await workbench.runCommand('AnyCowork: Start MCP Server…');
    await workbench.pick('guarded');
    await workbench.answerModal('Connect');
    await row(/guarded.*needs sign-in/s).waitFor();
    const context = workbench.page.context();
    const opened = context.waitForEvent('page');
    await workbench.runCommand('AnyCowork: Sign In to an MCP Server…');
    await workbench.pick('guarded');
    const page = await opened;
    assert.match(page.url(), /redirect_uri=[^&]*proxy/);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('You can close this window').waitFor();
    await page.close();
    await row(/guarded.*ready/s).waitFor({ timeout: 30_000 });
    await workbench.screenshot('mcp-13-signed-in');
    const posted = await workbench.postedMessages();
    for (const secret of oauth.secrets()) {
      assert.ok(!posted.includes(secret));
      assert.ok(!rig.server.logs().includes(secret));
    }
  });

  it('are imported from another program', async () => {
    const { workbench } = rig;
    const { command, args } = bad('well');
    writeJson(path.join(home, '.cursor', 'mcp.json'), {
      mcpServers: { imported: { command, args, env: { API_TOKEN: 'sk-imported-0123456789abcdef' } } },
    });
    await workbench.runCommand('AnyCowork: Import MCP Servers…');
    await workbench.pick('Cursor');
    await workbench.page.locator('.quick-input-widget:visible', { hasText: '1 secret' }).waitFor();
    await workbench.screenshot('mcp-14-import');
    await workbench.page.keyboard.press('Enter');
    await workbench.pick('My servers');
    await row(/imported.*approve its command/s).waitFor();
    await workbench.screenshot('mcp-15-imported');
  });

  it('end with the extension host, also when that is killed', async () => {
    const { workbench } = rig;
    assert.equal(processesWith(everything[1] ?? '').length, 1);
    for (const pid of rig.server.extensionHostPids()) process.kill(pid, 'SIGKILL');
    await until('no server', () => processesWith(everything[1] ?? '').length === 0);
    await workbench.reload();
    await workbench.openView();
    await workbench.runCommand('AnyCowork: Show MCP Servers');
    await row(/everything.*stopped, \d+ tools/s).waitFor();
    // Their tools are there at once; the first call starts what it needs.
    await newChat(rig);
    await rig.send(`${call('everything__get-sum', { a: 1, b: 2 })}\nsay Sum`);
    await workbench.answerModal('Approve');
    await rig.answer('Sum');
  });
});
