import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PreparedStep } from '../../extension/core/tool.ts';
import type { Step } from '../../extension/shared/event.ts';
import { createSqlStore } from '../../extension/storage/sqlStore.ts';
import { createBeforeImages } from '../../extension/workspace/beforeImages.ts';
import { createStepUndo } from '../../extension/workspace/stepUndo.ts';
import { session } from '../storage/support.ts';
import { root } from '../support/setUp.mjs';
import { median } from '../support/statistics.ts';
import { type Figure, sampled } from './figure.ts';

export interface UndoSizes {
  /** Files that one step touches, and how often that is measured. */
  readonly touched: readonly (readonly [files: number, runs: number])[];
  readonly workspaceFiles: number;
  readonly workspaceBytes: number;
  /** Runs of each figure in the two workspaces. */
  readonly runs: number;
}

const fullSizes: UndoSizes = {
  touched: [
    [1, 50],
    [100, 10],
    [10_000, 3],
  ],
  workspaceFiles: 20_000,
  workspaceBytes: 2_000_000_000,
  runs: 50,
};

const fileBytes = 4_096;
const largeFiles = 8;
const signal = new AbortController().signal;

const timed = async (action: () => unknown): Promise<number> => {
  const began = performance.now();
  await action();
  return performance.now() - began;
};

/** Of other bytes each time: what is kept already would cost no writing. */
const writeAnew = (folder: string, names: readonly string[]): void => {
  for (const name of names) writeFileSync(path.join(folder, name), randomBytes(fileBytes));
};

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `touched-${index}.bin`);

/** Many small files in folders of a hundred, and a few large ones with nothing in them. */
const fillWorkspace = (folder: string, { workspaceFiles, workspaceBytes }: UndoSizes): void => {
  for (let index = 0; index < workspaceFiles; index += 1) {
    const below = path.join(folder, `part${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(below);
    writeFileSync(path.join(below, `file${index}.ts`), Buffer.alloc(fileBytes, `${index} `));
  }
  const rest = Math.max(0, workspaceBytes - workspaceFiles * fileBytes);
  for (let index = 0; index < largeFiles; index += 1) {
    const file = path.join(folder, `large${index}.bin`);
    writeFileSync(file, '');
    truncateSync(file, Math.floor(rest / largeFiles));
  }
};

/** The least that keeping one file durably takes on this disk. */
const bareKeep = (folder: string, index: number): void => {
  const file = openSync(path.join(folder, `bare${index}.tmp`), 'w');
  writeSync(file, randomBytes(fileBytes));
  fsyncSync(file);
  closeSync(file);
  renameSync(path.join(folder, `bare${index}.tmp`), path.join(folder, `bare${index}`));
};

const stepOf = (id: string): Step => ({
  id,
  sessionId: 'bench',
  messageId: 'm',
  callId: id,
  tool: 'write_file',
  input: {},
  title: id,
  effect: 'write',
  targets: [],
});

const preparedOf = (effect: 'write' | 'execute', access: PreparedStep['access']): PreparedStep => ({
  title: '',
  effect,
  targets: [],
  access,
  changes: [],
  run: async () => ({ content: [], isError: false, summary: '', diffs: [] }),
});

/** The keeper on a folder, with a store of its own in the thread of dist/. */
const openKeeper = async (workspace: string, storage: string) => {
  const store = createSqlStore({
    folder: storage,
    workerFile: path.join(root, 'dist/storageWorker.js'),
    wasmFile: path.join(root, 'dist/sql-wasm.wasm'),
    ownerId: `bench-${process.pid}`,
    report: (problem) => {
      throw new Error(problem);
    },
  });
  await store.saveSession(session('bench', { updatedAt: Date.now() }));
  const logError = (error: unknown): void => {
    throw error;
  };
  const images = createBeforeImages({
    folder: storage,
    quotaBytes: () => 1_000_000_000,
    store,
    now: Date.now,
    logError,
  });
  const keeper = createStepUndo({
    images,
    store,
    roots: () => [{ name: 'work', path: workspace }],
    editor: { openText: () => undefined, unsavedDocuments: () => [] },
    watch: () => ({ changed: async () => [], close: () => undefined }),
    candidates: async () => [],
    jobOf: () => 'job',
    now: Date.now,
    logError,
  });
  let steps = 0;
  /** Milliseconds until the step may run. */
  const before = async (effect: 'write' | 'execute', names: readonly string[]): Promise<number> => {
    writeAnew(workspace, names);
    const paths = names.map((name) => ({
      label: name,
      file: path.join(workspace, name),
      root: workspace,
      below: name,
      kind: 'write' as const,
    }));
    const line = `sed -i s/a/b/ ${names.join(' ')}`;
    const prepared =
      effect === 'write'
        ? preparedOf('write', { paths })
        : preparedOf('execute', {
            paths: [],
            command: { line, folder: '.', root: workspace, below: '.', isSandboxed: false },
          });
    steps += 1;
    const step = stepOf(`step-${steps}`);
    const took = await timed(() => keeper.before(step, prepared, signal));
    await keeper.after(step, prepared, signal);
    return took;
  };
  return { before, close: () => store.close() };
};

const repeat = async (times: number, action: () => Promise<number>): Promise<readonly number[]> => {
  const samples: number[] = [];
  for (let index = 0; index < times; index += 1) samples.push(await action());
  return samples;
};

const inFolders = async <T>(work: (workspace: string, storage: string) => Promise<T>): Promise<T> => {
  const base = mkdtempSync(path.join(os.tmpdir(), 'anycowork-bench-undo-'));
  const [workspace, storage] = [path.join(base, 'work'), path.join(base, 'storage')];
  mkdirSync(workspace);
  try {
    return await work(workspace, storage);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
};

const measureTouched = (sizes: UndoSizes): Promise<readonly Figure[]> =>
  inFolders(async (workspace, storage) => {
    const keeper = await openKeeper(workspace, storage);
    await keeper.before('write', namesOf(1));
    const figures: Figure[] = [];
    for (const [files, runs] of sizes.touched) {
      const samples = await repeat(runs, () => keeper.before('write', namesOf(files)));
      const name = `before-images of ${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'} of 4 KB`;
      figures.push(sampled(name, samples));
    }
    let written = 0;
    const bare = await repeat(sizes.runs, () => timed(() => bareKeep(storage, ++written)));
    figures.push(sampled('  bare write, fsync, rename of one', bare));
    await keeper.close();
    return figures;
  });

/** One touched file, in a workspace with nothing else and in a large one. */
const measureWorkspaces = async (sizes: UndoSizes): Promise<readonly Figure[]> => {
  const measure = (fill: (folder: string) => void) =>
    inFolders(async (workspace, storage) => {
      fill(workspace);
      const keeper = await openKeeper(workspace, storage);
      await keeper.before('write', namesOf(1));
      const edit = await repeat(sizes.runs, () => keeper.before('write', namesOf(1)));
      const command = await repeat(sizes.runs, () => keeper.before('execute', namesOf(1)));
      await keeper.close();
      return { edit, command };
    });
  const empty = await measure(() => undefined);
  const large = await measure((folder) => fillWorkspace(folder, sizes));
  const gigabytes = `${sizes.workspaceBytes / 1_000_000_000} GB`;
  const ratio = Math.round((median(large.edit) / median(empty.edit)) * 100) / 100;
  const goal = 1.5;
  return [
    sampled('before-image of one file, empty workspace', empty.edit),
    sampled(`before-image of one file, workspace of ${gigabytes}`, large.edit),
    { name: `  ${gigabytes} to empty`, unit: 'times', value: ratio, goal, met: ratio <= goal },
    sampled('before a command that names one file, empty workspace', empty.command),
    sampled(`before a command that names one file, workspace of ${gigabytes}`, large.command),
  ];
};

export const measureUndo = async (sizes: UndoSizes = fullSizes): Promise<readonly Figure[]> => [
  ...(await measureTouched(sizes)),
  ...(await measureWorkspaces(sizes)),
];
