// node test/support/check.ts: linter, formatter and the three type checks, all of them even when one fails.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nodePath, root } from './setUp.mjs';

const require = createRequire(import.meta.url);

/** The script behind a package's command: the shims in node_modules/.bin differ between systems. */
const binOf = (name: string, command: string): string => {
  const manifestFile = require.resolve(`${name}/package.json`);
  const { bin }: { bin: string | Record<string, string> } = require(manifestFile);
  const file = typeof bin === 'string' ? bin : bin[command];
  return path.join(path.dirname(manifestFile), file ?? command);
};

const tsc = binOf('typescript', 'tsc');
const checks: [name: string, args: string[]][] = [
  ['biome', [binOf('@biomejs/biome', 'biome'), 'check', '--no-errors-on-unmatched']],
  ['types of the extension', [tsc, '-p', 'extension']],
  ['types of the webview', [tsc, '-p', 'webview']],
  ['types of the tests', [tsc, '-p', 'test']],
];

let failed = false;
for (const [name, args] of checks) {
  const { status } = spawnSync(nodePath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`  ${status === 0 ? '✓' : '✗'} ${name}`);
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
