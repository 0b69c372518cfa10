import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleForHost } from '../integration/bundle.ts';
import { CodeServer } from '../support/codeServer.ts';
import { runInWindow } from '../support/runInHost.ts';
import { root } from '../support/setUp.mjs';
import { median } from '../support/statistics.ts';
import { chromiumContext, launchBrowser } from '../support/workbench.ts';
import { type Figure, milliseconds, sampled } from './figure.ts';
import { emptyId, writeEmptyExtension } from './floors.ts';

const ourId = 'anycowork.anycowork';
const windows = 5;
const goal = 15;

/** Servers of one extension each: a window loads only one from where it is developed. */
interface Subject {
  readonly id: string;
  readonly folder: string;
  readonly server: CodeServer;
  readonly samples: number[];
}

/** The product as it is, but that VS Code does not activate it once it has started: that is to be measured. */
const writeWaitingExtension = (parent: string): string => {
  const folder = path.join(parent, 'waiting');
  mkdirSync(folder);
  for (const name of ['dist', 'media', 'skills']) symlinkSync(path.join(root, name), path.join(folder, name));
  const manifest: object = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...manifest, activationEvents: [] }));
  return folder;
};

export const measureActivation = async (): Promise<readonly Figure[]> => {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'anycowork-bench-'));
  const testsPath = await bundleForHost('test/bench/inHost/activate.ts');
  const start = async (id: string, extension: string): Promise<Subject> => {
    const folder = path.join(parent, id);
    mkdirSync(folder);
    const server = await CodeServer.start({ folder, extensions: [extension], mode: 'tests' });
    return { id, folder, server, samples: [] };
  };
  const floor = await start(emptyId, writeEmptyExtension(parent));
  const ours = await start(ourId, writeWaitingExtension(parent));
  const browser = await launchBrowser();
  try {
    const measure = async ({ folder, server }: Subject): Promise<number> => {
      const context = await chromiumContext(browser);
      const lines: string[] = [];
      const code = await runInWindow(await context.newPage(), server, {
        name: 'bench-activation',
        testsPath,
        folder,
        onLine: (line) => lines.push(line),
        limit: 60_000,
      });
      await context.close();
      if (code !== 0) throw new Error(lines.join('\n'));
      return Number(lines[0]);
    };
    // In turns, so that whatever slows the machine down for a while slows both.
    for (let window = 0; window < windows; window += 1) {
      for (const subject of [floor, ours]) subject.samples.push(await measure(subject));
    }
  } finally {
    await browser.close();
    await floor.server.stop();
    await ours.server.stop();
    rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  }
  const over = median(ours.samples) - median(floor.samples);
  return [
    milliseconds('activation over an empty extension', over, goal),
    sampled('  activation', ours.samples),
    sampled('  activation of the empty extension', floor.samples),
  ];
};
