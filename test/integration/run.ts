// node test/integration/run.ts [--grep PATTERN]: the suite in the real extension host of VS Code's server. Its window
// is a page in Chromium; the suite's console comes back through it.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { askInChat } from '../support/askInChat.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { runInHost } from '../support/runInHost.ts';
import { root } from '../support/setUp.mjs';
import { bundleForHost } from './bundle.ts';

const { values } = parseArgs({ options: { grep: { type: 'string' } } });

const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-integration-'));
cpSync(path.join(root, 'test', 'sample'), folder, { recursive: true });
const model = await startPuppetModel();
try {
  const code = await runInHost({
    name: 'integration',
    testsPath: await bundleForHost('test/integration/index.ts'),
    folder,
    // A window under test shows no modals, so the commands answer.
    settings: { 'anycowork.gemini.baseUrl': model.url, ...askInChat },
    env: { ANYCOWORK_TEST_GREP: values.grep, GEMINI_API_KEY: 'planted-key-integration' },
    onLine: console.log,
    limit: 9 * 60_000,
  });
  process.exitCode = code;
} finally {
  await model.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
