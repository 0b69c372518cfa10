/** Makes steps undoable: keeps what they may change before they run, and looks at what they did. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isSameState } from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import type { PathAccess, PreparedStep } from '../core/tool.ts';
import { CannotUndoError, type StepUndoKeeper } from '../core/undo.ts';
import type { Editor } from '../core/workspace.ts';
import type { Step } from '../shared/event.ts';
import type { FileState, FileVersion, StepUndo } from '../shared/undo.ts';
import { createLookAfter, type LookAfter } from './afterStates.ts';
import { isInside } from './boundary.ts';
import { type CommandRun, type CommandWatchOptions, startCommandWatch } from './commandWatch.ts';
import { editorNames, newFileMode, permissionsOf, statusOf, unsavedBytes } from './fileState.ts';
import {
  isFollowed,
  isFollowedName,
  mapSome,
  type RealRoot,
  type RootedFile,
  realRootsOf,
  rooted,
} from './realRoots.ts';

export interface StepUndoOptions extends CommandWatchOptions {
  readonly store: Pick<Store, 'keepVersions'>;
  readonly editor: Pick<Editor, 'openText' | 'unsavedDocuments'>;
  /** The job that runs in a chat. */
  jobOf(sessionId: string): string | undefined;
  now(): number;
}

interface Pending {
  readonly roots: readonly RealRoot[];
  /** Of the paths that the step itself named. */
  readonly versions: readonly FileVersion[];
  /** Of those that a command's words name. */
  readonly named: readonly FileVersion[];
  readonly command: CommandRun | undefined;
}

/** The most files a moved folder may hold. */
const mostMoved = 20_000;
/** Rows that a command's own words may make before it runs. */
const mostNamed = 100;
const mostUnknown = 20;
/** How long it is looked at what a step did, in milliseconds. */
const mostLook = 10_000;
const mostLookStopped = 2_000;
const atOnce = 16;

/** People count files; folders count where nothing else changed. */
const countOf = (changed: readonly FileVersion[]): number => {
  const isLeaf = (state: FileState | undefined): boolean => state?.kind === 'file' || state?.kind === 'link';
  return changed.filter(({ before, after }) => isLeaf(before) || isLeaf(after)).length || changed.length;
};

/** Of a folder that is moved: all it holds. @throws CannotUndoError for what is never put back */
const contentsOf = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const file = path.join(next, entry.name);
      found.push(file);
      if (found.length > mostMoved)
        throw new CannotUndoError(`the folder holds more than ${mostMoved.toLocaleString('en')} files`);
      if (!isFollowedName(entry.name))
        throw new CannotUndoError(`the folder holds ${entry.name}, which is never put back`);
      if (entry.isDirectory()) waiting.push(file);
    }
  }
  return found;
};

/** Looking at what a step did ends by itself, and soon after the person has stopped the work. */
const lookLimit = (signal: AbortSignal): { readonly limit: AbortSignal; release(): void } => {
  const controller = new AbortController();
  const end = (): void => controller.abort(new Error('There was no time left to look at it.'));
  const timers = [setTimeout(end, mostLook)];
  const hurry = (): void => void timers.push(setTimeout(end, mostLookStopped));
  if (signal.aborted) hurry();
  signal.addEventListener('abort', hurry, { once: true });
  const release = (): void => {
    signal.removeEventListener('abort', hurry);
    for (const timer of timers) clearTimeout(timer);
  };
  return { limit: controller.signal, release };
};

const isFolder = async (file: string): Promise<boolean> =>
  lstat(file).then(
    (status) => status.isDirectory(),
    () => false,
  );

/** The folders above a path that would be made with it. */
const missingParents = async (file: string, root: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for (
    let folder = path.dirname(file);
    folder !== root && isInside(root, folder);
    folder = path.dirname(folder)
  ) {
    if ((await statusOf(folder)) !== undefined) break;
    found.push(folder);
  }
  return found;
};

/** Every path that the step may change; of a folder that is moved also what it holds, at both ends. */
const touchedBy = async (paths: readonly PathAccess[], roots: readonly RealRoot[]): Promise<Set<string>> => {
  const changing = paths.filter(({ kind }) => kind !== 'read');
  const touched = new Set(changing.map(({ file }) => file));
  const moved = changing.filter(({ kind }) => kind === 'move').map(({ file }) => file);
  for (const from of moved) {
    if (!(await isFolder(from))) continue;
    for (const file of await contentsOf(from)) {
      touched.add(file);
      for (const to of moved) if (to !== from) touched.add(path.join(to, path.relative(from, file)));
    }
  }
  for (const { file } of changing) {
    const root = rooted(file, roots)?.root;
    if (root !== undefined) for (const folder of await missingParents(file, root)) touched.add(folder);
  }
  return touched;
};

export const createStepUndo = (options: StepUndoOptions): StepUndoKeeper => {
  const { images, store, editor, logError } = options;
  const pending = new Map<string, Pending>();

  /** What is typed and not saved yet is what the person sees, and what the tools edit: it is kept, not the disk's text. */
  const keep = async (place: RootedFile, roots: readonly RealRoot[]): Promise<FileState> => {
    const unsaved = await unsavedBytes(editor, place.file, editorNames(place.file, roots));
    if (unsaved === undefined) return images.keep(place.file);
    const status = await statusOf(place.file);
    return images.keepBytes(unsaved, status === undefined ? newFileMode() : permissionsOf(status));
  };

  const stateAfter = async (
    { file, before }: FileVersion,
    roots: readonly RealRoot[],
    lookAfter: LookAfter,
  ): Promise<FileState> => {
    const unsaved = await unsavedBytes(editor, file, editorNames(file, roots));
    if (unsaved === undefined) return lookAfter(file, before);
    const status = await statusOf(file);
    return images.keepBytes(unsaved, status === undefined ? newFileMode() : permissionsOf(status));
  };

  const keepPaths = async (
    paths: readonly PathAccess[],
    roots: readonly RealRoot[],
    signal: AbortSignal,
  ): Promise<readonly (RootedFile & { readonly before: FileState })[]> => {
    const files = [...(await touchedBy(paths, roots))];
    const places = files.map((file) => {
      const place = rooted(file, roots);
      if (place === undefined) throw new CannotUndoError(`${file} is outside the open folders`);
      if (!isFollowed(place))
        throw new CannotUndoError(
          `${place.label} is in .git or node_modules, of which nothing is ever put back`,
        );
      return place;
    });
    return mapSome(places, atOnce, async (place) => {
      signal.throwIfAborted();
      const before = await keep(place, roots).catch((error: unknown) => {
        if (!(error instanceof CannotUndoError) || places.length === 1) throw error;
        throw new CannotUndoError(`${place.label}: ${error.message}`, { cause: error });
      });
      return { ...place, before };
    });
  };

  const versionsOf = (
    step: Step,
    files: readonly (RootedFile & { readonly before: FileState; readonly after?: FileState })[],
  ): readonly FileVersion[] => {
    const at = options.now();
    const jobId = options.jobOf(step.sessionId) ?? '';
    return files.map((file) => ({ stepId: step.id, sessionId: step.sessionId, jobId, at, ...file }));
  };

  const before: StepUndoKeeper['before'] = async (step, prepared, signal) => {
    const isCommand = prepared.effect === 'execute';
    const writes = prepared.access.paths.some(({ kind }) => kind !== 'read');
    if (!isCommand && !writes) return;
    const roots = await realRootsOf(options.roots());
    const kept = await keepPaths(prepared.access.paths, roots, signal);
    await images.settle();
    const command = isCommand ? await watchCommand(step, prepared, signal) : undefined;
    try {
      const known = new Set(kept.map(({ file }) => file));
      const versions = versionsOf(step, kept);
      // Most words are no files: what comes to be there is seen afterwards.
      const isThere = ({ file, before }: RootedFile & { readonly before: FileState }): boolean =>
        before.kind !== 'missing' && !known.has(file);
      const words = command?.named.filter(isThere).slice(0, mostNamed) ?? [];
      const named = versionsOf(step, words);
      if (versions.length + named.length > 0) await store.keepVersions([...versions, ...named]);
      signal.throwIfAborted();
      pending.set(step.id, { roots, versions, named, command });
    } catch (error) {
      const limit = AbortSignal.abort();
      await command?.finish(createLookAfter(images, limit), limit).catch(logError);
      throw error;
    }
  };

  /** A command runs also where it cannot be watched; it then says so. */
  const watchCommand = async (
    step: Step,
    prepared: PreparedStep,
    signal: AbortSignal,
  ): Promise<CommandRun | undefined> =>
    startCommandWatch(options, step.sessionId, prepared.access.command, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      logError(error);
      return {
        named: [],
        finish: async () => ({ files: [], unknown: ['the workspace, which could not be watched'] }),
      };
    });

  const look = async (
    { roots, versions, named, command }: Pending,
    step: Step,
    limit: AbortSignal,
  ): Promise<StepUndo | undefined> => {
    const lookAfter = createLookAfter(images, limit);
    const done = await mapSome(versions, atOnce, async (version): Promise<FileVersion> => {
      const after = await stateAfter(version, roots, lookAfter).catch((error: unknown) => {
        if (error !== limit.reason) logError(error);
        return undefined;
      });
      return after === undefined ? version : { ...version, after };
    });
    const changes = await command?.finish(lookAfter, limit);
    const files = new Map(changes?.files.map((each) => [each.file, each]));
    const known = new Set([...versions, ...named].map(({ file }) => file));
    const all = [
      ...done,
      ...named.map((version): FileVersion => {
        const changed = files.get(version.file);
        return changed === undefined ? { ...version, after: version.before } : { ...version, ...changed };
      }),
      ...versionsOf(
        step,
        [...files.values()].filter(({ file }) => !known.has(file)),
      ),
    ];
    await images.settle();
    if (all.length > 0) await store.keepVersions(all);
    const changed = all.filter(({ before, after }) => after === undefined || !isSameState(before, after));
    const unknown = changes?.unknown ?? [];
    if (changed.length === 0 && unknown.length === 0) return undefined;
    return { files: countOf(changed), unknown: unknown.slice(0, mostUnknown) };
  };

  const after: StepUndoKeeper['after'] = async (step, _, signal) => {
    const begun = pending.get(step.id);
    pending.delete(step.id);
    if (begun === undefined) return undefined;
    const { limit, release } = lookLimit(signal);
    try {
      return await look(begun, step, limit);
    } catch (error) {
      logError(error);
      // What was kept before it ran is there all the same.
      return begun.versions.length === 0 ? undefined : { files: begun.versions.length, unknown: [] };
    } finally {
      release();
      images.seeToRoom();
    }
  };

  return { before, after };
};
