// npm run bench [-- --only activation,bundles,view,steps,stream,storage,undo,sandbox] [--json FILE]: sets up what is
// missing, builds, and measures the built extension in real VS Code. What each figure is, and how it is taken:
// test/bench/main.ts. Runs on any Node from 20 up; what it starts runs on the npm package's Node. A benchmark is never a test: it ends with 0
// whatever it measured, and with 1 only when it could not measure.
import { parseArgs } from 'node:util';
import { ensureDockerEngine } from '../support/dockerEngine.mjs';
import { build, runScripts } from '../support/runScripts.mjs';
import { ensureChromium, ensureDependencies, ensureWorkbench, toolEnvironment } from '../support/setUp.mjs';

// What else there is, test/bench/main.ts reads and judges.
const { values } = parseArgs({ options: { only: { type: 'string' } }, strict: false });

await runScripts(async (run) => {
  await ensureDependencies();
  const env = { ...toolEnvironment(), CHROMIUM_PATH: await ensureChromium() };
  await ensureWorkbench();
  if (values.only === undefined || values.only.split(',').includes('sandbox')) {
    const engine = await ensureDockerEngine();
    if ('host' in engine) env.DOCKER_HOST = engine.host;
    else console.log(`no Docker engine: ${engine.reason}`);
  }
  await build(run, env);
  return run(['test/bench/main.ts', ...process.argv.slice(2)], env);
});
