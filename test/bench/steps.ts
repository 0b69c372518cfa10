import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleForHost } from '../integration/bundle.ts';
import { openaiCompatibleWire as wire } from '../providers/wires/openaiCompatible.ts';
import { CodeServer } from '../support/codeServer.ts';
import { ModelBytes, type RecordedRequest } from '../support/modelBytes.ts';
import { runInWindow } from '../support/runInHost.ts';
import { median } from '../support/statistics.ts';
import { chromiumContext, launchBrowser, until } from '../support/workbench.ts';
import { type Figure, milliseconds, sampled } from './figure.ts';

const steps = 100;
const lastWords = 'I have read them all.';
/** Steps at each end that are compared. */
const ends = 20;
/** How long the model takes to answer, in the first job. */
const thinkMs = 100;
const goal = 15;

const usage = { input: 1_000, cached: 0, output: 20, reasoning: 0 };
const fileName = (step: number): string => `src/part${step}.ts`;

const writeFiles = (folder: string): void => {
  mkdirSync(path.join(folder, 'src'));
  for (let step = 1; step <= steps; step += 1) {
    const lines = Array.from(
      { length: 50 },
      (_, line) => `export const value${line} = 'part ${step}, ${line}';`,
    );
    writeFileSync(path.join(folder, fileName(step)), lines.join('\n'));
  }
};

const readReply = (step: number): string =>
  wire.sse({
    text: ['I read ', `part ${step}.`],
    calls: [{ id: `call${step}`, name: 'read_file', fragments: ['{"path":', `"${fileName(step)}"}`] }],
    usage,
  });

/** Runs both jobs in a window whose view shows them. @throws when the view does not end with its answer */
const runJobs = async (folder: string, baseUrl: string): Promise<void> => {
  const testsPath = await bundleForHost('test/bench/inHost/steps.ts');
  const settings = { 'anycowork.openaiCompatible.baseUrl': baseUrl };
  const server = await CodeServer.start({ folder, settings, mode: 'tests' });
  const browser = await launchBrowser();
  try {
    const page = await (await chromiumContext(browser)).newPage();
    const isShown = async (): Promise<boolean> => {
      const answers = page
        .frames()
        .map((frame) => frame.locator('[data-test=assistant]', { hasText: lastWords }).isVisible());
      return (await Promise.all(answers)).includes(true);
    };
    const lines: string[] = [];
    let shown: Promise<boolean> | undefined;
    const onLine = (line: string): void => {
      if (line !== 'done') {
        lines.push(line);
        return;
      }
      shown = until('the last answer in the view', isShown, 2_000);
      // Awaited below, when the window is done.
      shown.catch(() => undefined);
    };
    const code = await runInWindow(page, server, { name: 'bench-steps', testsPath, onLine, limit: 120_000 });
    if (code !== 0) throw new Error(lines.join('\n'));
    await shown;
  } finally {
    await browser.close();
    await server.stop();
  }
};

const numbers = Array.from({ length: steps }, (_, index) => index + 1);
/** What the model says in one job. */
const replies = [
  wire.sse({ text: ['Hello.'], usage }),
  ...numbers.map(readReply),
  wire.sse({ text: [lastWords], usage }),
];

async function* after(thinkMs: number, body: string): AsyncGenerator<string, void> {
  await sleep(thinkMs);
  yield body;
}

const overheadsOf = (requests: readonly RecordedRequest[]): readonly number[] =>
  numbers.map((step) => (requests[step + 1]?.arrivedAt ?? 0) - (requests[step]?.repliedAt ?? 0));

export const measureSteps = async (): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-bench-'));
  writeFiles(folder);
  await using model = await ModelBytes.start();
  for (const body of replies) model.reply({ chunks: after(thinkMs, body) });
  for (const body of replies) model.reply({ chunks: [body] });
  await runJobs(folder, wire.baseUrl(model.url)).finally(() =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  );
  const { requests } = model;
  if (requests.length !== 2 * replies.length) throw new Error(`${requests.length} requests came.`);
  const overheads = overheadsOf(requests.slice(0, replies.length));
  const first = overheads.slice(0, ends);
  const last = overheads.slice(-ends);
  return [
    sampled('step overhead, p50', overheads, { goal }),
    sampled('step overhead, p95', overheads, { pick: 'p95' }),
    sampled(`step overhead of steps 1-${ends}, p50`, first, { goal }),
    sampled(`step overhead of steps ${steps - ends + 1}-${steps}, p50`, last, { goal }),
    milliseconds('step overhead, growth', median(last) - median(first)),
    sampled('step overhead without a pause, p50', overheadsOf(requests.slice(replies.length))),
  ];
};
