// node test/support/runMocha.ts [--grep PATTERN] [--timeout MS] [--exclude PATTERN] [--jobs N] FILE_PATTERN ...
// Mocha with this project's reporter, in this process. With --jobs each file is a run in a process of its own, N at a time,
// so that a suite that bails does not do so for a failure in another file; and one that failed runs once more, alone: a
// workbench in a browser on a busy machine fails now and then for reasons of its own. Both outcomes are told.
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
    jobs: { type: 'string' },
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

interface FileRun {
  readonly hasPassed: boolean;
  readonly counts: TestCounts;
  /** What it printed, without its counts. */
  readonly text: string;
}

/** One file in a process of its own. */
const runApart = (file: string): Promise<FileRun> =>
  new Promise((resolve) => {
    const grep = values.grep === undefined ? [] : ['--grep', values.grep];
    const args = [fileURLToPath(import.meta.url), '--timeout', values.timeout, ...grep, file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (piece: string) => pieces.push(piece));
    }
    child.on('error', (error) => pieces.push(`${file}: ${error.message}\n`));
    child.on('close', (code) => {
      const lines = pieces.join('').split('\n');
      const told = lines.filter((line) => line.startsWith(countsMark));
      const counts = told
        .map((line): TestCounts => JSON.parse(line.slice(countsMark.length)))
        .reduce(addCounts, noCounts);
      const text = lines.filter((line) => !line.startsWith(countsMark)).join('\n');
      // One that ended without its counts did not come to its end.
      resolve({ hasPassed: code === 0 && told.length > 0, counts, text });
    });
  });

const tellCounts = (counts: TestCounts): void => console.log(`${countsMark}${JSON.stringify(counts)}`);

/** @returns whether all passed, the second time at the latest */
const runAllApart = async (all: readonly string[], jobs: number): Promise<boolean> => {
  const left = [...all];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) {
      const { hasPassed, counts, text } = await runApart(file);
      console.log(text.trimEnd());
      if (hasPassed) tellCounts(counts);
      else failed.push(file);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  let haveAllPassed = true;
  for (const file of failed) {
    console.log(`  ${file} failed, and is run a second time`);
    const { hasPassed, counts, text } = await runApart(file);
    console.log(text.trimEnd());
    // A run that broke without naming a failed test is one.
    tellCounts(hasPassed || counts.failed > 0 ? counts : { ...counts, failed: 1 });
    const outcome = `${file}: ${hasPassed ? 'UNSTEADY: failed first, passed the second time' : 'failed twice'}`;
    console.log(`  ${outcome}\n${repeatMark}${JSON.stringify(outcome)}`);
    haveAllPassed &&= hasPassed;
  }
  return haveAllPassed;
};

const excluded = new Set(values.exclude.flatMap((pattern) => globSync(pattern, { cwd: root })));
const files = positionals
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => !excluded.has(file))
  .sort();

let haveAllPassed: boolean;
if (values.jobs === undefined) {
  const counts = await runFiles(files);
  tellCounts(counts);
  haveAllPassed = counts.failed === 0;
} else {
  haveAllPassed = await runAllApart(files, Number(values.jobs));
}
// A test that leaves something open must not hang the run; what it left is its own failure to find.
process.exit(haveAllPassed ? 0 : 1);
