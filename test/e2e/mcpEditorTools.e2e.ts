import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startPuppetModel } from '../support/puppetModel.ts';
import { root } from '../support/setUp.mjs';
import { idle } from './consentRig.ts';
import { lastStep } from './mcpRig.ts';
import { type Rig, reportFailure, startRig } from './rig.ts';
import { writeFiles } from './skillsRig.ts';

/** Another extension that has a tool for the models of VS Code, as MCP servers configured there give some. */
const tools: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'tools',
    publisher: 'others',
    version: '1.0.0',
    engines: { vscode: '^1.100.0' },
    main: './main.js',
    activationEvents: ['onStartupFinished'],
    contributes: {
      languageModelTools: [
        {
          name: 'others_greet',
          displayName: 'Greet',
          modelDescription: 'Greets somebody.',
          inputSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      ],
    },
  }),
  'main.js': `const vscode = require('vscode');
exports.activate = ({ subscriptions }) => {
  subscriptions.push(vscode.lm.registerTool('others_greet', {
    invoke: ({ input }) => new vscode.LanguageModelToolResult([
      new vscode.LanguageModelTextPart('Hello ' + input.name + ', from another extension'),
    ]),
  }));
};
`,
};

describe('tools that VS Code has', function () {
  this.bail(true);
  let rig: Rig;
  let parent = '';

  before(async () => {
    parent = mkdtempSync(path.join(os.tmpdir(), 'anycowork-tools-'));
    const extension = path.join(parent, 'tools');
    writeFiles(extension, tools);
    rig = await startRig({
      model: await startPuppetModel(),
      width: 1400,
      extensions: [root, extension],
      settings: { 'anycowork.mcp.editorTools': true },
    });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(async () => {
    await rig?.stop();
    if (parent !== '') rmSync(parent, { recursive: true, force: true });
  });

  it('are used once they have been chosen, and ask like any other', async () => {
    const { workbench } = rig;
    await workbench.openView();
    await workbench.runCommand('AnyCowork: Choose Tools of VS Code…');
    const widget = workbench.page.locator('.quick-input-widget:visible');
    await widget.locator('.label-name', { hasText: 'others_greet' }).waitFor();
    await workbench.screenshot('mcp-20-editor-tools');
    await widget.locator('.quick-input-box input').fill('others_greet');
    await widget.locator('.monaco-list-row', { hasText: 'others_greet' }).click();
    await workbench.page.keyboard.press('Enter');
    await widget.waitFor({ state: 'hidden' });
    await rig.send('call vscode__others_greet {"name":"Ann"}\nsay Greeted');
    const { title, detail } = await workbench.modal();
    await workbench.screenshot('mcp-21-editor-tool');
    assert.match(title, /others_greet \(VS Code\)/);
    assert.match(detail, /"name": "Ann"/);
    await workbench.answerModal('Approve');
    const frame = await rig.answer('Greeted');
    await idle(rig);
    const step = lastStep(frame, 'vscode__others_greet');
    await step.locator('.step-toggle').click();
    await step.getByText('Hello Ann, from another extension').waitFor();
  });
});
