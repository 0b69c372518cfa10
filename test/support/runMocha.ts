// node test/support/runMocha.ts [--grep PATTERN] [--timeout MS] [--exclude PATTERN] FILE_PATTERN ...
// Mocha with this project's reporter, in this process.
import { globSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Mocha from 'mocha';
import { Reporter } from './reporter.ts';
import { root } from './setUp.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    grep: { type: 'string' },
    timeout: { type: 'string', default: '10000' },
    exclude: { type: 'string', multiple: true, default: [] },
  },
});

const excluded = new Set(values.exclude.flatMap((pattern) => globSync(pattern, { cwd: root })));
const files = positionals
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => !excluded.has(file))
  .sort();

const mocha = new Mocha({
  reporter: Reporter,
  timeout: Number(values.timeout),
  ...(values.grep === undefined ? {} : { grep: new RegExp(values.grep) }),
});
for (const file of files) mocha.addFile(path.join(root, file));
await mocha.loadFilesAsync();
const failures = await new Promise<number>((resolve) => mocha.run(resolve));
// A test that leaves something open must not hang the run; what it left is its own failure to find.
process.exit(failures > 0 ? 1 : 0);
