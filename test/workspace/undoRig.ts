import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  watch as watchFiles,
} from 'node:fs';
import path from 'node:path';
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises';
import { isSameState, type PlannedPath } from '../../extension/core/restorePlan.ts';
import type { CommandAccess, PathAccess, PreparedStep } from '../../extension/core/tool.ts';
import type { FileRestorer, PutBackResult, StepUndoKeeper } from '../../extension/core/undo.ts';
import type { Step } from '../../extension/shared/event.ts';
import type { FileVersion, StepUndo } from '../../extension/shared/undo.ts';
import {
  type BeforeImages,
  type BeforeImagesOptions,
  createBeforeImages,
} from '../../extension/workspace/beforeImages.ts';
import type { WorkspaceWatch } from '../../extension/workspace/commandWatch.ts';
import { createPutBack } from '../../extension/workspace/putBack.ts';
import { createStepUndo } from '../../extension/workspace/stepUndo.ts';
import { createFakeEditor, type FakeEditor } from '../fakes/editor.ts';
import { fill, temporaryFolder } from './folders.ts';

export const never = new AbortController().signal;

/** What the store keeps of versions, in memory; several windows may share it. */
export interface FakeVersions {
  all: FileVersion[];
  keepVersions(versions: readonly FileVersion[]): Promise<void>;
  versionHashes(): Promise<readonly string[]>;
  forgetVersions(hashes: readonly string[]): Promise<void>;
  of(stepId: string): readonly FileVersion[];
}

const needed = ({ before }: FileVersion): string[] => (before.kind === 'file' ? [before.hash] : []);

export const createFakeVersions = (): FakeVersions => {
  const forgotten = new Set<FileVersion>();
  const versions: FakeVersions = {
    all: [],
    keepVersions: async (added) => {
      for (const each of added) {
        const index = versions.all.findIndex(
          ({ stepId, file }) => stepId === each.stepId && file === each.file,
        );
        const { before, after } = each;
        if (after !== undefined && isSameState(before, after)) {
          if (index >= 0) versions.all.splice(index, 1);
        } else if (index < 0) versions.all.push(each);
        else versions.all[index] = each;
      }
    },
    versionHashes: async () => [
      ...new Set(versions.all.filter((each) => !forgotten.has(each)).flatMap(needed)),
    ],
    forgetVersions: async (hashes) => {
      for (const each of versions.all)
        if (needed(each).some((hash) => hashes.includes(hash))) forgotten.add(each);
    },
    of: (stepId) => versions.all.filter((each) => each.stepId === stepId),
  };
  return versions;
};

/** The system's own watch, in the place of the editor's. */
export const watchWithNode = (roots: readonly string[]): WorkspaceWatch => {
  const changed = new Set<string>();
  const watchers = roots.map((root) => {
    const watcher = watchFiles(root, { recursive: true }, (_, name) => {
      if (name !== null) changed.add(path.join(root, name));
    });
    watcher.on('error', () => undefined);
    return watcher;
  });
  return {
    changed: async () => {
      for (let before = -1; before !== changed.size; ) {
        before = changed.size;
        await pause(60);
        // On a busy machine all of that may have passed without a look at what the system has to tell.
        await breathe();
      }
      return [...changed];
    },
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
};

export type Change = 'write' | 'move' | 'delete';

export interface UndoRig {
  readonly base: string;
  readonly root: string;
  /** Where the product keeps its own. */
  readonly storage: string;
  readonly images: BeforeImages;
  readonly versions: FakeVersions;
  readonly editor: FakeEditor;
  readonly keeper: StepUndoKeeper;
  readonly restorer: FileRestorer;
  readonly errors: unknown[];
  /** Of the chat, for commands. */
  candidates: readonly string[];
  at(name: string): string;
  /** One step of the agent that changes these paths as `work` does. */
  step(
    id: string,
    paths: Readonly<Record<string, Change>>,
    work: () => unknown,
  ): Promise<StepUndo | undefined>;
  /** A command line in bash, as one step. @param asked what the step says of it, where that is something else */
  command(id: string, line: string, asked?: Partial<CommandAccess>): Promise<StepUndo | undefined>;
  plan(...stepIds: readonly string[]): Promise<readonly PlannedPath[]>;
  /** All of it, whatever its standing. */
  undo(...stepIds: readonly string[]): Promise<PutBackResult>;
}

const stepOf = (id: string): Step => ({
  id,
  sessionId: 'chat',
  messageId: 'm',
  callId: id,
  tool: 't',
  input: {},
  title: id,
  effect: 'write',
  targets: [],
});

export const preparedFor = (
  effect: PreparedStep['effect'],
  access: PreparedStep['access'],
): PreparedStep => ({
  title: '',
  effect,
  targets: [],
  access,
  changes: [],
  run: async () => ({ content: [], isError: false, summary: '', diffs: [] }),
});

export const createUndoRig = (
  files: Record<string, string | Uint8Array> = {},
  overrides: Partial<BeforeImagesOptions> & {
    readonly watch?: (roots: readonly string[]) => WorkspaceWatch;
    readonly secondRoot?: boolean;
    readonly patienceMs?: number;
  } = {},
): UndoRig => {
  const base = temporaryFolder();
  const root = path.join(base, 'work');
  const storage = path.join(base, 'storage');
  mkdirSync(root);
  fill(root, files);
  const roots = [{ name: 'work', path: root }];
  if (overrides.secondRoot === true) {
    mkdirSync(path.join(base, 'second'));
    roots.push({ name: 'second', path: path.join(base, 'second') });
  }
  const versions = createFakeVersions();
  const editor = createFakeEditor();
  const errors: unknown[] = [];
  const logError = (error: unknown): void => void errors.push(error);
  let ids = 0;
  let clock = 0;
  const images = createBeforeImages({
    folder: storage,
    quotaBytes: () => 1_000_000_000,
    store: versions,
    now: Date.now,
    logError,
    ...overrides,
  });
  const keeper = createStepUndo({
    images,
    store: versions,
    roots: () => roots,
    editor,
    watch: overrides.watch ?? watchWithNode,
    candidates: async () => rig.candidates,
    jobOf: () => 'job',
    now: () => ++clock,
    logError,
    // A slow machine must not make a source late.
    patienceMs: { git: overrides.patienceMs ?? 20_000, listing: overrides.patienceMs ?? 20_000 },
  });
  const restorer = createPutBack({
    images,
    store: versions,
    roots: () => roots,
    editor,
    newId: () => String(++ids),
    now: () => ++clock,
    logError,
  });
  const around = async (id: string, prepared: PreparedStep, work: () => unknown) => {
    const step = stepOf(id);
    await keeper.before(step, prepared, never);
    await work();
    return keeper.after(step, prepared, never);
  };
  const rig: UndoRig = {
    base,
    root,
    storage,
    images,
    versions,
    editor,
    keeper,
    restorer,
    errors,
    candidates: [],
    at: (name) => path.join(root, name),
    step: (id, paths, work) => {
      const access = Object.entries(paths).map(
        ([label, kind]): PathAccess => ({ label, file: path.resolve(root, label), root, below: label, kind }),
      );
      return around(id, preparedFor('write', { paths: access }), work);
    },
    command: (id, line, asked = {}) =>
      around(
        id,
        preparedFor('execute', {
          paths: [],
          command: { line, folder: '.', root, below: '.', isSandboxed: false, ...asked },
        }),
        () => execFileSync('bash', ['-c', line], { cwd: root, stdio: 'ignore' }),
      ),
    plan: (...stepIds) => restorer.plan(stepIds.flatMap((id) => versions.of(id))),
    undo: async (...stepIds) =>
      restorer.putBack(await rig.plan(...stepIds), { sessionId: 'chat', jobId: 'job' }, never, () => {}),
  };
  return rig;
};

/** Everything below a folder: kinds, modes, bytes, targets. */
export const treeOf = (folder: string): Record<string, string> => {
  const real = realpathSync(folder);
  const entries = readdirSync(real, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .map((entry): [string, string] => {
        const file = path.join(entry.parentPath, entry.name);
        const { mode } = lstatSync(file);
        const name = path.relative(real, file);
        if (entry.isSymbolicLink()) return [name, `link ${readlinkSync(file)}`];
        const bits = (mode & 0o7777).toString(8);
        if (entry.isDirectory()) return [name, `folder ${bits}`];
        return [name, `file ${bits} ${readFileSync(file).toString('latin1')}`];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
};
