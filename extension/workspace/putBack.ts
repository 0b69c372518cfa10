/** Puts files back as steps found them, inside the open folders and nowhere else. */
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from '../core/reasonOf.ts';
import {
  isChange,
  isSameState,
  missing,
  type Obstacle,
  type Operation,
  operationsOf,
  type PlannedPath,
  planRestore,
  withoutLastCopies,
} from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import { CannotUndoError, type FileRestorer, type PutBackResult } from '../core/undo.ts';
import { BoundaryError, type Editor, type WorkspaceRoot } from '../core/workspace.ts';
import { type FileState, type FileVersion, undoIdPrefix } from '../shared/undo.ts';
import type { BeforeImages } from './beforeImages.ts';
import { errorCode } from './boundary.ts';
import {
  editorNames,
  newFileMode,
  permissionsOf,
  sha256,
  stateOnDisk,
  statusOf,
  unsavedBytes,
} from './fileState.ts';
import { chmodVerified } from './folderMode.ts';
import { isFollowed, mapSome, type RealRoot, realRootsOf, rooted } from './realRoots.ts';
import { makeVerifiedFolder, openVerified, openVerifiedFolder } from './verified.ts';

export interface PutBackOptions {
  readonly images: BeforeImages;
  readonly store: Pick<Store, 'keepVersions'>;
  roots(): readonly WorkspaceRoot[];
  readonly editor: Pick<Editor, 'openText' | 'replaceText'>;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission is denied',
  EPERM: 'it is not permitted',
  EROFS: 'the file system is read-only',
  EBUSY: 'it is in use by another program',
  ENOENT: 'it, or the folder that it was in, is not there any more',
  ENOTDIR: 'a file has taken the place of its folder',
  EISDIR: 'a folder has taken its place',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'its name is too long here',
  ELOOP: 'a link has taken its place',
  EIO: 'the disk cannot be read or written there',
};

/** Of others' words without the paths of the system: the file is named beside them. */
const explain = (error: unknown, file: string): string =>
  reasons[errorCode(error)] ??
  reasonOf(error).replaceAll(file, 'it').replaceAll(path.dirname(file), 'its folder').replace(/\.$/, '');

const atOnce = 16;

/** The largest file that is shown; more is not text that anybody reads. */
const largestShown = 10_000_000;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

export const createPutBack = (options: PutBackOptions): FileRestorer => {
  const { images, store, editor } = options;

  /** As the person sees it: what is typed counts, saved or not. */
  const stateNow = async (file: string, roots: readonly RealRoot[]): Promise<FileState> => {
    const unsaved = await unsavedBytes(editor, file, editorNames(file, roots));
    if (unsaved === undefined) return stateOnDisk(file);
    const status = await statusOf(file);
    const mode = status === undefined ? newFileMode() : permissionsOf(status);
    return { kind: 'file', hash: sha256(unsaved), size: unsaved.length, mode };
  };

  /** @throws CannotUndoError */
  const keepOne = async (file: string, roots: readonly RealRoot[]): Promise<FileState> => {
    const unsaved = await unsavedBytes(editor, file, editorNames(file, roots));
    if (unsaved === undefined) return images.keep(file);
    const status = await statusOf(file);
    return images.keepBytes(unsaved, status === undefined ? newFileMode() : permissionsOf(status));
  };

  const plan: FileRestorer['plan'] = async (all) => {
    const versions = all.filter(isChange);
    const roots = await realRootsOf(options.roots());
    const files = [...new Set(versions.map(({ file }) => file))];
    const states = new Map<string, FileState>();
    const obstacles = new Map<string, Obstacle>();
    await mapSome(files, atOnce, async (file) => {
      const place = rooted(file, roots);
      if (place === undefined || !isFollowed(place)) {
        obstacles.set(file, 'outside');
        return;
      }
      try {
        states.set(file, await stateNow(file, roots));
      } catch (error) {
        obstacles.set(file, error instanceof BoundaryError ? 'outside' : 'unreadable');
      }
    });
    const hashes = [
      ...new Set(versions.flatMap(({ before }) => (before.kind === 'file' ? [before.hash] : []))),
    ];
    const there = await mapSome(hashes, atOnce, (hash) => images.has(hash));
    const forgotten = new Set(hashes.filter((_, index) => there[index] !== true));
    // A file that was moved: what it was is where it is now.
    const copies = [...states].filter(([, state]) => state.kind === 'file' && forgotten.has(state.hash));
    await mapSome(copies, atOnce, async ([file]) => {
      const kept = await keepOne(file, roots).catch(() => undefined);
      if (kept?.kind === 'file') forgotten.delete(kept.hash);
    });
    return planRestore(
      versions,
      (file) => states.get(file) ?? missing,
      ({ file, before }) => {
        const obstacle = obstacles.get(file);
        if (obstacle !== undefined) return obstacle;
        return before.kind === 'file' && forgotten.has(before.hash) ? 'forgotten' : undefined;
      },
    );
  };

  const read: FileRestorer['read'] = async (state) =>
    state.kind === 'file' && state.size <= largestShown ? images.read(state.hash) : undefined;

  const readNow: FileRestorer['readNow'] = async ({ file, now }) => {
    if (now.kind !== 'file' || now.size > largestShown) return undefined;
    const roots = await realRootsOf(options.roots());
    const unsaved = await unsavedBytes(editor, file, editorNames(file, roots));
    if (unsaved !== undefined) return unsaved;
    const handle = await openVerified(file).catch(() => undefined);
    if (handle === undefined) return undefined;
    return handle.readFile().finally(() => handle.close());
  };

  /** @returns what was kept, in the order of the paths @throws CannotUndoError */
  const keepNow = async (
    paths: readonly PlannedPath[],
    roots: readonly RealRoot[],
  ): Promise<readonly FileState[]> => {
    const kept = await mapSome(paths, atOnce, ({ file, label }) =>
      keepOne(file, roots).catch((error: unknown) => {
        throw new CannotUndoError(
          `Nothing was put back: ${label} could not be kept as it is now (${reasonOf(error)}).`,
          { cause: error },
        );
      }),
    );
    await images.settle();
    return kept;
  };

  /** Files whose earlier content went since they were planned, and what may be the only copy of one. */
  const lostAmong = async (paths: readonly PlannedPath[]): Promise<ReadonlySet<string>> => {
    const standings = await mapSome(paths, atOnce, async (planned): Promise<PlannedPath> => {
      const isThere = planned.target.kind !== 'file' || (await images.has(planned.target.hash));
      return isThere ? planned : { ...planned, standing: 'forgotten' };
    });
    return new Set(
      withoutLastCopies(standings).flatMap(({ file, standing }) => (standing === 'forgotten' ? [file] : [])),
    );
  };

  /** @throws BoundaryError when somebody was faster */
  const check = async ({ path: planned, kind }: Operation, roots: readonly RealRoot[]): Promise<void> => {
    const { file, root, now, target } = planned;
    const place = rooted(file, roots);
    if (place?.root !== root || !isFollowed(place) || root === file)
      throw new BoundaryError('it is outside the open folders');
    if (kind === 'folderMode') return;
    // A file in the place of a folder that was just removed, and the other way round.
    const isCleared =
      now.kind !== 'missing' && kind !== 'remove' && kind !== 'removeFolder' && now.kind !== target.kind;
    const expected = isCleared && (now.kind === 'folder' || target.kind === 'folder') ? missing : now;
    const found = await stateNow(file, roots);
    if (!isSameState(found, expected) && !isSameState(found, target))
      throw new BoundaryError('it was changed in this moment');
  };

  /** Puts the text into the editor that has the file open, and saves it; elsewhere it leaves everything as it is. */
  const putInEditor = async (planned: PlannedPath, roots: readonly RealRoot[]): Promise<void> => {
    const { file, target, now } = planned;
    if (target.kind !== 'file' || now.kind !== 'file') return;
    const name = editorNames(file, roots).find((each) => editor.openText(each) !== undefined);
    if (name === undefined) return;
    const bytes = await images.read(target.hash);
    const text = bytes === undefined ? undefined : textOf(bytes);
    // What is no text goes to the disk, where the editor finds it. So does what a formatter changes as it is saved.
    if (text === undefined) return;
    if ((await editor.replaceText(name, text.replace(/^\ufeff/, ''))) === 'notSaved')
      throw new BoundaryError('the editor could not save it; save or close it there, and undo again');
  };

  const put = async (planned: PlannedPath, roots: readonly RealRoot[]): Promise<void> => {
    const { file, target } = planned;
    await putInEditor(planned, roots);
    if (isSameState(await stateOnDisk(file), target)) return;
    const folder = await makeVerifiedFolder(path.dirname(file));
    try {
      await images.restore(target, folder, path.basename(file));
    } finally {
      await folder.close();
    }
  };

  const inParent = async (file: string, work: (place: string) => Promise<void>): Promise<void> => {
    const folder = await openVerifiedFolder(path.dirname(file));
    try {
      await work(folder.at(path.basename(file)));
    } finally {
      await folder.close();
    }
  };

  /** @returns why there is still something, where that is as it should be */
  const perform = async (operation: Operation, roots: readonly RealRoot[]): Promise<string | undefined> => {
    const { path: planned, kind } = operation;
    const { file } = planned;
    await check(operation, roots);
    let left: string | undefined;
    switch (kind) {
      case 'remove':
        await inParent(file, async (place) => {
          const status = await lstat(place).catch(() => undefined);
          if (status !== undefined) await unlink(place);
        });
        break;
      case 'removeFolder':
        await inParent(file, async (place) => {
          // What somebody else has put into it is not ours to remove: then it stays.
          await rmdir(place).catch(async (error: unknown) => {
            if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) throw error;
            const names = await readdir(place).catch(() => []);
            if (names.length === 0) return;
            const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
            left = `it holds ${names.sort().slice(0, 3).join(', ')}${more}`;
          });
        });
        break;
      case 'makeFolder': {
        const folder = await makeVerifiedFolder(file);
        await folder.close();
        break;
      }
      case 'folderMode':
        await chmodVerified(file, operation.mode);
        break;
      case 'put':
        await put(planned, roots);
    }
    return left;
  };

  const putBack: FileRestorer['putBack'] = async (paths, of, signal, onDone) => {
    const roots = await realRootsOf(options.roots());
    const possible = paths.filter(({ standing }) => standing === 'asLeft' || standing === 'changedSince');
    if (possible.length === 0) return { stepId: undefined, done: [], failed: [] };
    // They may be the oldest of all, and the next to go.
    await images.makeYoung(possible.flatMap(({ target }) => (target.kind === 'file' ? [target.hash] : [])));
    const found = await keepNow(possible, roots);
    const stepId = `${undoIdPrefix}${options.newId()}`;
    const at = options.now();
    // It may have changed since it was planned: what was found was kept, and that can be had back.
    const versions = possible.map(({ file, label, root, now }, index): FileVersion => {
      const before = found[index] ?? now;
      return { ...of, stepId, file, label, root, before, at };
    });
    await store.keepVersions(versions);
    const reasonsByFile = new Map<string, string>();
    for (const file of await lostAmong(possible)) reasonsByFile.set(file, 'what it was is not kept any more');
    const begun = new Set<string>();
    const left: { readonly path: PlannedPath; readonly reason: string }[] = [];
    for (const operation of operationsOf(possible)) {
      const { file } = operation.path;
      if (reasonsByFile.has(file)) continue;
      if (signal.aborted && !begun.has(file)) {
        reasonsByFile.set(file, 'it was stopped before');
        continue;
      }
      begun.add(file);
      const holds = await perform(operation, roots).catch((error: unknown) => {
        if (!(error instanceof BoundaryError)) options.logError(error);
        reasonsByFile.set(file, explain(error, file));
        return undefined;
      });
      if (holds !== undefined) left.push({ path: operation.path, reason: holds });
      onDone(begun.size);
    }
    const result: PutBackResult = {
      stepId,
      left,
      done: possible.filter(({ file }) => !reasonsByFile.has(file)),
      failed: possible.flatMap((planned) => {
        const reason = reasonsByFile.get(planned.file);
        return reason === undefined ? [] : [{ path: planned, reason }];
      }),
    };
    // Of those that failed nobody knows how far they came: undoing this asks, where they are not as they were found.
    const done = versions.filter(({ file }) => !reasonsByFile.has(file));
    const ended = await mapSome(done, atOnce, async (version): Promise<FileVersion> => {
      const after = await stateNow(version.file, roots).catch(() => undefined);
      return after === undefined ? version : { ...version, after };
    });
    await store.keepVersions(ended);
    images.seeToRoom();
    return result;
  };

  return { plan, read, readNow, putBack };
};
