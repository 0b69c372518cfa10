// npm test [-- --only unit,e2e] [--grep PATTERN]: sets up what is missing, builds, and runs every stage of the tests.
// Runs on any Node from 20 up; the stages run on the npm package's Node.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ensureDockerEngine } from './support/dockerEngine.mjs';
import {
  ensureChromium,
  ensureDependencies,
  ensureWorkbench,
  nodePath,
  root,
  toolEnvironment,
} from './support/setUp.mjs';

const countsMark = '##counts ';
const repeatMark = '##repeat ';
/** How much of what a stage printed is shown again where it broke without naming a failed test. */
const lastLines = 25;
const runMocha = 'test/support/runMocha.ts';

/** Lanes that run beside each other, the stages of each one after the other: a lane keeps about one of two cores busy. */
const besides = [
  [['unit'], ['webview', 'mcp']],
  [['stress', 'integration'], ['sandbox']],
];

/** @param {string} grep */
const stagesFor = (grep) => {
  const filter = grep === '' ? [] : ['--grep', grep];
  const unitTests = [
    'test/**/*.test.ts',
    '--exclude',
    'test/{mcp,integration,e2e,bench,sample,fixtures}/**/*.ts',
  ];
  return [
    { name: 'build', needs: [], isTest: false, limit: 300, args: ['esbuild.mjs'] },
    { name: 'check', needs: [], isTest: false, limit: 300, args: ['test/support/check.ts'] },
    { name: 'unit', needs: [], isTest: true, limit: 1_200, args: [runMocha, ...unitTests, ...filter] },
    {
      name: 'webview',
      needs: ['build', 'chromium'],
      isTest: true,
      limit: 600,
      args: [runMocha, '--timeout', '30000', 'test/webview/**/*.browser.ts', ...filter],
    },
    {
      name: 'mcp',
      needs: [],
      isTest: true,
      limit: 900,
      args: [runMocha, 'test/mcp/**/*.{test,conformance}.ts', ...filter],
    },
    { name: 'stress', needs: [], isTest: false, limit: 600, args: ['test/stress/main.ts', '--rounds', '50'] },
    {
      name: 'sandbox',
      needs: ['docker'],
      isTest: true,
      limit: 900,
      args: [runMocha, '--timeout', '60000', 'test/**/*.docker.ts', ...filter],
    },
    {
      name: 'integration',
      needs: ['build', 'chromium', 'workbench'],
      isTest: true,
      limit: 600,
      args: ['test/integration/run.ts', ...filter],
    },
    {
      name: 'e2e',
      needs: ['build', 'chromium', 'workbench', 'docker'],
      isTest: true,
      limit: 1_200,
      args: [runMocha, '--timeout', '180000', '--jobs', '2', 'test/e2e/**/*.e2e.ts', ...filter],
    },
  ];
};

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Runs one stage, its output shown as it comes, behind its name where another runs beside it.
 * @returns {Promise<{ ok: boolean, counts?: { passed: number, failed: number, skipped: number }, repeated: string[], last: string[] }>}
 */
const runStage = (stage, environment, isAlone) =>
  new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(nodePath, stage.args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    running.add(child);
    let counts;
    const repeated = [];
    const last = [];
    let lastOutput = Date.now();
    const show = (line, print = console.log) => {
      if (line.startsWith(countsMark)) counts = added(counts, JSON.parse(line.slice(countsMark.length)));
      else if (line.startsWith(repeatMark)) repeated.push(JSON.parse(line.slice(repeatMark.length)));
      else {
        last.push(line);
        if (last.length > lastLines) last.shift();
        print(isAlone ? line : `${stage.name.padEnd(7)} | ${line}`);
      }
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      lastOutput = Date.now();
      show(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      lastOutput = Date.now();
      show(line, console.error);
    });
    const alive = setInterval(() => {
      if (Date.now() - lastOutput < 30_000) return;
      lastOutput = Date.now();
      console.log(`  ${stage.name}: still running after ${seconds(started)}`);
    }, 5_000);
    const deadline = setTimeout(() => {
      show(`  stopped: not done after ${stage.limit} s`);
      endGroup(child);
    }, stage.limit * 1_000);
    child.on('error', (error) => show(`  ${error.message}`));
    child.on('close', (code) => {
      clearInterval(alive);
      clearTimeout(deadline);
      running.delete(child);
      resolve({ ok: code === 0, counts, repeated, last });
    });
  });

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

const added = (sum = { passed: 0, failed: 0, skipped: 0 }, counts) => ({
  passed: sum.passed + counts.passed,
  failed: sum.failed + counts.failed,
  skipped: sum.skipped + counts.skipped,
});

const endGroup = (child) => {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGTERM');
  } catch {
    // Already gone.
  }
};

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) endGroup(child);
    process.exit(130);
  });
}

/** @returns as in DOCKER_HOST; undefined where there is no engine, which is a failure where nothing may be left out */
const findDocker = async () => {
  const engine = await ensureDockerEngine();
  if ('host' in engine) return engine.host;
  if (process.env.CI === 'true') throw new Error(`No Docker engine: ${engine.reason}`);
  console.log(`set-up: skipped: no Docker engine (${engine.reason})`);
  return undefined;
};

const main = async () => {
  const started = Date.now();
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, grep: { type: 'string', default: '' } },
  });
  const every = stagesFor(values.grep);
  const wanted = values.only === '' ? every.map((stage) => stage.name) : values.only.split(',');
  const unknown = wanted.filter((name) => every.every((stage) => stage.name !== name));
  if (unknown.length > 0) {
    throw new Error(
      `No such stage: ${unknown.join(', ')}. There are ${every.map((stage) => stage.name).join(', ')}.`,
    );
  }
  const chosen = every.filter((stage) => wanted.includes(stage.name));
  const needs = new Set(chosen.flatMap((stage) => stage.needs));
  const stages = every.filter((stage) => chosen.includes(stage) || needs.has(stage.name));

  await ensureDependencies();
  const environment = toolEnvironment();
  if (needs.has('chromium')) environment.CHROMIUM_PATH = await ensureChromium();
  if (needs.has('workbench')) await ensureWorkbench();
  // On a fresh machine that takes minutes, and only the last stages need it: meanwhile the first ones run.
  const findingDocker = needs.has('docker') ? findDocker() : Promise.resolve(undefined);
  findingDocker.catch(() => undefined);
  // Tests that say nothing of an engine must not find one by chance.
  delete environment.DOCKER_HOST;
  rmSync(path.join(root, 'test-results'), { recursive: true, force: true });
  console.log(`set-up: ready after ${seconds(started)}`);

  const total = { passed: 0, failed: 0, skipped: 0 };
  const results = [];
  const again = [];
  const runOne = async (stage, isAlone) => {
    const dockerHost = stage.needs.includes('docker') ? await findingDocker : undefined;
    const stageStarted = Date.now();
    const { ok, counts, repeated, last } = await runStage(
      stage,
      dockerHost === undefined ? environment : { ...environment, DOCKER_HOST: dockerHost },
      isAlone,
    );
    const failed = counts?.failed ?? 0;
    total.passed += counts?.passed ?? 0;
    total.skipped += counts?.skipped ?? 0;
    // A stage that broke without naming a failed test is a failure of its own, and one that ran nothing is too, unless
    // only some tests were asked for, or all wait for an engine that is not there.
    const lacksDocker = stage.name === 'sandbox' && dockerHost === undefined && (counts?.skipped ?? 0) > 0;
    const ranNothing =
      stage.isTest && values.grep === '' && !lacksDocker && (counts?.passed ?? 0) + failed === 0;
    const broke = failed === 0 && (!ok || ranNothing);
    total.failed += failed + (broke ? 1 : 0);
    again.push(...repeated.map((text) => `${stage.name}: ${text}`));
    if (broke) again.push(`${stage.name}: did not run to its end; the last it printed:\n${last.join('\n')}`);
    const outcome =
      counts === undefined ? (ok ? 'ok' : 'failed') : `${counts.passed} passed, ${counts.failed} failed`;
    const result = `${stage.name}: ${outcome}${broke && counts !== undefined ? ', but it did not run to its end' : ''}`;
    results.push(`${result} (${seconds(stageStarted)})`);
    console.log(`== ${results.at(-1)}`);
  };

  const left = [...stages];
  for (let stage = left.shift(); stage !== undefined; stage = left.shift()) {
    const first = stage;
    const together = besides.find((lanes) => lanes.flat().includes(first.name)) ?? [[first.name]];
    const batch = together
      .map((lane) => [first, ...left].filter(({ name }) => lane.includes(name)))
      .filter((lane) => lane.length > 0);
    left.splice(0, left.length, ...left.filter((other) => !batch.flat().includes(other)));
    const title = batch.map((lane) => lane.map(({ name }) => name).join(' then ')).join(', beside it ');
    console.log(`\n== ${title}`);
    const runLane = async (lane) => {
      for (const one of lane) await runOne(one, batch.length === 1);
    };
    await Promise.all(batch.map(runLane));
    if (total.failed > 0 && first.name === 'build') break;
  }

  if (again.length > 0) console.log(`\n== what failed or was unsteady\n${again.join('\n\n')}`);
  console.log(`\n${results.join('\n')}\nin all ${seconds(started)}\n`);
  const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
};

await main().catch((error) => {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
