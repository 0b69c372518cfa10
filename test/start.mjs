// npm start [-- --folder F] [--port P] [--demo] [--browser]: sets up what is missing, builds, and opens the extension on
// a copy of the sample folder. Runs on any Node from 20 up; what it starts runs on the npm package's Node.
import { spawn } from 'node:child_process';
import { ensureDependencies, nodePath, root, toolEnvironment } from './support/setUp.mjs';

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;

const run = (args) =>
  new Promise((resolve, reject) => {
    running = spawn(nodePath, args, { cwd: root, env: toolEnvironment(), stdio: 'inherit' });
    running.on('error', reject);
    running.on('close', (code) => resolve(code ?? 1));
  });

// A terminal sends Ctrl+C to the child too, which ends what it started; this only waits for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => running?.kill('SIGTERM'));

try {
  await ensureDependencies();
  if ((await run(['esbuild.mjs'])) !== 0) throw new Error('The build failed; see above.');
  process.exitCode = await run(['test/demo/start.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
