import { spawn } from 'node:child_process';
import { nodePath, root, toolEnvironment } from './setUp.mjs';

/**
 * For the scripts behind npm's commands, which run on any Node from 20 up: what they start runs on the npm package's
 * Node, one script after another. A failure is told in one sentence.
 * @param {(run: (args: string[], env?: NodeJS.ProcessEnv) => Promise<number>) => Promise<number>} work gives the exit code
 */
export const runScripts = async (work) => {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let running;
  // A terminal sends Ctrl+C to the child too, which ends what it started; this only waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => running?.kill('SIGTERM'));
  const run = (args, env = toolEnvironment()) =>
    new Promise((resolve, reject) => {
      running = spawn(nodePath, args, { cwd: root, env, stdio: 'inherit' });
      running.on('error', reject);
      running.on('close', (code) => resolve(code ?? 1));
    });
  try {
    process.exitCode = await work(run);
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
};

/** @param {(args: string[], env?: NodeJS.ProcessEnv) => Promise<number>} run @param {NodeJS.ProcessEnv} [env] */
export const build = async (run, env) => {
  if ((await run(['esbuild.mjs'], env)) !== 0) throw new Error('The build failed; see above.');
};
