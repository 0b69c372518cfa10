// npm run bench [-- --only activation,bundles,view,steps,stream] [--json FILE]: sets up what is missing, builds, and
// measures the built extension in real VS Code. What each figure is, and how it is taken: test/bench/main.ts. Runs on
// any Node from 20 up; what it starts runs on the npm package's Node. A benchmark is never a test: it ends with 0
// whatever it measured, and with 1 only when it could not measure.
import { spawn } from 'node:child_process';
import {
  ensureChromium,
  ensureDependencies,
  ensureWorkbench,
  nodePath,
  root,
  toolEnvironment,
} from '../support/setUp.mjs';

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;

const run = (args, env) =>
  new Promise((resolve, reject) => {
    running = spawn(nodePath, args, { cwd: root, env, stdio: 'inherit' });
    running.on('error', reject);
    running.on('close', (code) => resolve(code ?? 1));
  });

// A terminal sends Ctrl+C to the child too, which ends what it started; this only waits for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => running?.kill('SIGTERM'));

try {
  await ensureDependencies();
  const env = { ...toolEnvironment(), CHROMIUM_PATH: await ensureChromium() };
  await ensureWorkbench();
  if ((await run(['esbuild.mjs'], env)) !== 0) throw new Error('The build failed; see above.');
  process.exitCode = await run(['test/bench/main.ts', ...process.argv.slice(2)], env);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
