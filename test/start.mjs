// npm start [-- --folder F] [--port P] [--demo] [--browser]: sets up what is missing, builds, and opens the extension on
// a copy of the sample folder. Runs on any Node from 20 up; what it starts runs on the npm package's Node.
import { build, runScripts } from './support/runScripts.mjs';
import { ensureDependencies } from './support/setUp.mjs';

await runScripts(async (run) => {
  await ensureDependencies();
  await build(run);
  return run(['test/demo/start.ts', ...process.argv.slice(2)]);
});
