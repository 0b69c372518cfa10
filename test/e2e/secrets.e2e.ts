import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { askInChat } from '../support/askInChat.ts';
import { inSequence, plantedKey, type Rig, reportFailure, startRig } from './rig.ts';

/** Every file under a folder that holds the key. */
const filesWithKey = (folder: string): string[] =>
  globSync('**/*', { cwd: folder })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .filter((file) => readFileSync(file).includes(plantedKey));

describe('the planted key', () => {
  inSequence();
  let rig: Rig;
  let model: LLMock;

  before(async () => {
    model = new LLMock({ port: 0, host: '127.0.0.1' });
    const showEnvironment = {
      name: 'run_command',
      arguments: JSON.stringify({ command: 'env; echo "the end"' }),
    };
    model.on({ hasToolResult: false, userMessage: 'show' }, { toolCalls: [showEnvironment] });
    model.on({ hasToolResult: true, userMessage: 'show' }, { content: 'That is all.' });
    // A server that repeats the key in its error, as proxies do.
    const repeated = {
      error: { message: `API key not valid: ${plantedKey}`, type: 'INVALID_ARGUMENT' },
      status: 400,
    };
    model.on({ userMessage: 'fail' }, repeated);
    await model.start();
    rig = await startRig({ model, settings: askInChat });
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('is used: it reaches the model server', async () => {
    const frame = await rig.send('show');
    await frame.locator('[data-test=approve]').click();
    await rig.answer('That is all.');
    const headers = model.getRequests().map((request) => JSON.stringify(request.headers));
    assert.ok(headers.length >= 2);
    await rig.send('fail');
    const failed = await rig.workbench.frameWith('[data-test=notice]');
    assert.ok(!(await failed.locator('body').innerHTML()).includes(plantedKey));
  });

  it('is not in the environment of a command', async () => {
    const results = JSON.stringify(model.getRequests().map((request) => request.body));
    assert.match(results, /the end/);
    assert.match(results, /PATH=/);
    assert.ok(!results.includes(plantedKey));
  });

  it('is in no file of the global storage, of the logs or of the settings', () => {
    assert.ok(
      globSync('**/*', { cwd: rig.server.globalStorage }).some((name) =>
        name.includes('anycowork.anycowork'),
      ),
    );
    assert.deepEqual(filesWithKey(rig.server.dataFolder), []);
  });

  it('is in no message that the webview got', async () => {
    const messages = await rig.workbench.postedMessages();
    // The record would be worthless if it did not see the chat's own messages.
    assert.match(messages, /That is all\./);
    assert.ok(!messages.includes(plantedKey));
  });
});
