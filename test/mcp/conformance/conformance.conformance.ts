/** The protocol's conformance suite for clients, against the product's connections and sign-ins. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { root } from '../../support/setUp.mjs';

const suite = path.join(root, 'node_modules/@modelcontextprotocol/conformance');

/**
 * How many scenarios a revision requires of clients, and how many checks those make at least: a client that does nothing
 * fails none of some. The checks of sign-ins differ a little in number from run to run.
 */
const revisions = [
  { revision: '2026-07-28', scenarios: 32, checks: 410 },
  { revision: '2025-11-25', scenarios: 18, checks: 235 },
] as const;

const checksSchema = z.array(
  z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() }),
);

/** The scenarios below `client:` in the suite's frozen list of a revision. */
const requiredOf = async (revision: string): Promise<readonly string[]> => {
  const lines = (await readFile(path.join(suite, 'requirements', `${revision}.yaml`), 'utf8')).split('\n');
  const from = lines.indexOf('client:') + 1;
  const to = lines.findIndex((line, index) => index >= from && /^\S/.test(line) && !line.startsWith('#'));
  return lines.slice(from, to).flatMap((line) => /^ {2}- (\S+)$/.exec(line)?.[1] ?? []);
};

/** Started once for each scenario, most of them at once: sources would take three times as long. */
const bundleClient = async (folder: string): Promise<string> => {
  const outfile = path.join(folder, 'client.mjs');
  await build({
    entryPoints: [path.join(root, 'test/mcp/conformance/client.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  return outfile;
};

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Side by side, as the suite does it. */
const runSuite = (client: string, revision: string, results: string): Promise<Run> =>
  new Promise((resolve, reject) => {
    const command = `"${process.execPath}" "${client}"`;
    const args = ['client', '--command', command, '--requirements', revision, '--timeout', '60000'];
    const child = spawn(
      process.execPath,
      [path.join(suite, 'dist/index.js'), ...args, '--output-dir', results],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });

/** Of one scenario, by the folder that the suite made for it: its name and the time. */
const checksOf = async (results: string, scenario: string): Promise<z.infer<typeof checksSchema>> => {
  const folder = path.join(results, path.dirname(scenario));
  const name = path.basename(scenario);
  const found = (await readdir(folder)).filter(
    (entry) => entry.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '') === name,
  );
  assert.equal(found.length, 1, `${scenario} ran ${found.length} times`);
  const text = await readFile(path.join(folder, found[0] ?? '', 'checks.json'), 'utf8');
  return checksSchema.parse(JSON.parse(text));
};

describe('Conformance of the MCP client', function () {
  this.timeout(240_000);
  let folder = '';
  let client = '';

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'anycowork-conformance-'));
    client = await bundleClient(folder);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const { revision, scenarios, checks } of revisions) {
    it(`passes every scenario that ${revision} requires`, async () => {
      const required = await requiredOf(revision);
      assert.equal(required.length, scenarios, 'the suite requires as many as it did');
      const results = path.join(folder, revision);
      const began = performance.now();
      const { code, output } = await runSuite(client, revision, results);

      const problems: string[] = [];
      let passed = 0;
      for (const scenario of required) {
        const made = await checksOf(results, scenario);
        const good = made.filter(({ status }) => status === 'SUCCESS').length;
        passed += good;
        if (good === 0) problems.push(`${scenario}: nothing was checked`);
        const bad = made.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
        for (const { id, errorMessage } of bad)
          problems.push(`${scenario}: ${id}: ${errorMessage ?? 'failed'}`);
      }
      assert.deepEqual(problems, [], output.slice(-4_000));
      assert.equal(code, 0, output.slice(-4_000));
      assert.ok(passed >= checks, `${passed} checks passed, and at least ${checks} have to`);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      console.log(`      ${scenarios} scenarios, ${passed} checks, ${seconds} s`);
    });
  }
});
