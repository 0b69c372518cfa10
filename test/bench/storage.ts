import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { quantile } from '../support/statistics.ts';
import { bytes, type Figure, milliseconds, sampled } from './figure.ts';

const times = z.array(z.number()).min(1);
const measuredSchema = z.object({
  bare: times,
  writes: times,
  writtenBytes: z.number(),
  messageBytes: z.number(),
  open: z.number(),
  list: times,
  openChat: times,
  oldChat: times.optional(),
  search: z.record(z.string(), times),
  residentBytes: z.number(),
  emptyResidentBytes: z.number(),
  folderBytes: z.number(),
  hold: z.number(),
});
type Measured = z.infer<typeof measuredSchema>;

const run = promisify(execFile);

/** In a process of its own, so that its memory is only the store's. */
const measureAt = async (messages: number): Promise<Measured> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-bench-store-'));
  try {
    const script = path.join(import.meta.dirname, 'storeAt.ts');
    for (const task of ['fill', 'settle']) {
      await run(process.execPath, ['--max-old-space-size=8192', script, task, folder, String(messages)]);
    }
    const { stdout } = await run(process.execPath, [script, 'measure', folder, String(messages)]);
    return measuredSchema.parse(JSON.parse(stdout));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const name = (messages: number): string => messages.toLocaleString('en');

const figuresOf = (messages: number, measured: Measured): readonly Figure[] => {
  const at = `at ${name(messages)} messages`;
  return [
    sampled(`write p50 ${at}`, measured.writes, { goal: 2 }),
    milliseconds(`write p99 ${at}`, quantile(measured.writes, 0.99), 10),
    milliseconds(`  bare lock, append, fdatasync p50`, quantile(measured.bare, 0.5)),
    milliseconds(`  bare lock, append, fdatasync p99`, quantile(measured.bare, 0.99)),
    bytes(`  journal bytes per message of ${measured.messageBytes}`, measured.writtenBytes),
    milliseconds(`open ${at}`, measured.open),
    sampled(`first page of the list ${at}`, measured.list),
    sampled(`newest page of a chat ${at}`, measured.openChat),
    ...(measured.oldChat === undefined
      ? []
      : [sampled(`newest page of a cold chat ${at}`, measured.oldChat)]),
    ...Object.entries(measured.search).map(([query, samples]) =>
      sampled(`search ${query} ${at}`, samples, messages === 100_000 ? { goal: 100 } : {}),
    ),
    milliseconds(`longest hold of the host, reading a chat of 10,000 ${at}`, measured.hold, 20),
    bytes(`memory of the store ${at}`, measured.residentBytes - measured.emptyResidentBytes),
    bytes(`on disk ${at}`, measured.folderBytes),
  ];
};

export const storeSizes = [1_000, 10_000, 100_000, 1_000_000];

export const measureStorage = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const medians: number[] = [];
  for (const messages of storeSizes) {
    const measured = await measureAt(messages);
    medians.push(quantile(measured.writes, 0.5));
    figures.push(...figuresOf(messages, measured));
  }
  const [first = 1, last = 1] = [medians.at(0), medians.at(-1)];
  const value = Math.round((last / first) * 100) / 100;
  return [
    ...figures,
    {
      name: `write p50 at ${name(storeSizes.at(-1) ?? 0)} to that at ${name(storeSizes[0] ?? 0)}`,
      unit: 'times',
      value,
      goal: 2,
      met: value <= 2,
    },
  ];
};
