// npm run test:stress [-- --rounds N] [--writers W] [--seed S]: sets up what is missing, and kills writing processes.
// What is looked at then: test/stress/main.ts. Runs on any Node from 20 up.
import { runScripts } from '../support/runScripts.mjs';
import { ensureDependencies } from '../support/setUp.mjs';

await runScripts(async (run) => {
  await ensureDependencies();
  return run(['test/stress/main.ts', ...process.argv.slice(2)]);
});
