// node test/support/runMocha.ts [--grep PATTERN] [--timeout MS] [--exclude PATTERN] [--second-try] FILE_PATTERN ...
// Mocha with this project's reporter, in this process. With --second-try each file is a run of its own, so that a suite
// that bails does not do so for a failure in another file, and one that failed runs once more in a process of its own:
// a workbench in a browser on a busy machine fails now and then for reasons of its own. Both outcomes are told.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Mocha from 'mocha';
import { addCounts, countsMark, noCounts, Reporter, repeatMark, type TestCounts } from './reporter.ts';
import { root } from './setUp.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    grep: { type: 'string' },
    // A disk that others write gigabytes to makes one fdatasync wait for tens of seconds.
    timeout: { type: 'string', default: '60000' },
    exclude: { type: 'string', multiple: true, default: [] },
    'second-try': { type: 'boolean', default: false },
  },
});

const runFiles = async (some: readonly string[]): Promise<TestCounts> => {
  let counts: TestCounts = noCounts;
  const mocha = new Mocha({
    reporter: Reporter,
    reporterOptions: {
      onCounts: (told: TestCounts) => {
        counts = told;
      },
    },
    timeout: Number(values.timeout),
    ...(values.grep === undefined ? {} : { grep: new RegExp(values.grep) }),
  });
  for (const file of some) mocha.addFile(path.join(root, file));
  await mocha.loadFilesAsync();
  await new Promise((resolve) => mocha.run(resolve));
  return counts;
};

/** The child tells its own counts. @returns whether all passed */
const runAgain = (file: string): Promise<boolean> =>
  new Promise((resolve) => {
    const grep = values.grep === undefined ? [] : ['--grep', values.grep];
    const args = [fileURLToPath(import.meta.url), '--timeout', values.timeout, ...grep, file];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });

const excluded = new Set(values.exclude.flatMap((pattern) => globSync(pattern, { cwd: root })));
const files = positionals
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => !excluded.has(file))
  .sort();

let total = noCounts;
const toTryAgain: string[] = [];
if (values['second-try']) {
  for (const file of files) {
    const counts = await runFiles([file]);
    if (counts.failed > 0) toTryAgain.push(file);
    else total = addCounts(total, counts);
  }
} else {
  total = await runFiles(files);
}
console.log(`${countsMark}${JSON.stringify(total)}`);
let hasFailed = total.failed > 0;
for (const file of toTryAgain) {
  console.log(`  ${file} failed, and is run a second time`);
  const hasPassed = await runAgain(file);
  const outcome = `${file}: ${hasPassed ? 'UNSTEADY: failed first, passed the second time' : 'failed twice'}`;
  console.log(`  ${outcome}\n${repeatMark}${JSON.stringify(outcome)}`);
  hasFailed ||= !hasPassed;
}
// A test that leaves something open must not hang the run; what it left is its own failure to find.
process.exit(hasFailed ? 1 : 0);
