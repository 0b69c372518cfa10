// npm run test:electron: the same suite in the desktop program, which @vscode/test-electron downloads.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { root } from '../support/setUp.mjs';
import { bundleForHost } from './bundle.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-electron-'));
cpSync(path.join(root, 'test', 'sample'), folder, { recursive: true });
try {
  process.exitCode = await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleForHost('test/integration/index.ts'),
    launchArgs: [folder, '--disable-extensions', '--disable-workspace-trust'],
  });
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
