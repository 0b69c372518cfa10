/** What putting files back comes to: from what steps did to them and how they are now. Pure. */
import type { FileState, FileVersion } from '../shared/undo.ts';

/**
 * `asLeft`: as the last of the steps left it, so nothing else is lost. `nothing`: it is already as it was.
 * `changedSince`: somebody else changed it, after the steps or between them.
 * These cannot be put back: `forgotten`: its content as it was is not kept any more; `outside`: its workspace folder is
 * not open; `unreadable`: how it is now cannot be told, so it would be lost.
 */
export type Standing = 'asLeft' | 'nothing' | 'changedSince' | Obstacle;
export type Obstacle = 'forgotten' | 'outside' | 'unreadable';

const obstacles: ReadonlySet<Standing> = new Set<Obstacle>(['forgotten', 'outside', 'unreadable']);

/** One step's change, for merging. */
export interface StateChange {
  readonly before: FileState;
  readonly after: FileState;
}

export interface PlannedPath {
  /** Absolute real path. */
  readonly file: string;
  readonly label: string;
  /** Absolute real path of the workspace folder that holds it. */
  readonly root: string;
  readonly standing: Standing;
  /** As it was before the first of the steps. */
  readonly target: FileState;
  readonly now: FileState;
  /** What the steps did to it that has not been undone, oldest first. */
  readonly changes: readonly StateChange[];
}

/** It cannot be put back. */
export const isBlocked = ({ standing }: PlannedPath): boolean => obstacles.has(standing);

export const missing: FileState = { kind: 'missing' };

export const isSameState = (a: FileState, b: FileState): boolean => {
  if (a.kind === 'file') return b.kind === 'file' && a.hash === b.hash && a.mode === b.mode;
  if (a.kind === 'folder') return b.kind === 'folder' && a.mode === b.mode;
  if (a.kind === 'link') return b.kind === 'link' && a.target === b.target;
  return b.kind === 'missing';
};

/** Whether the step changed it, as far as that is known. */
export const isChange = ({ before, after }: Pick<FileVersion, 'before' | 'after'>): boolean =>
  after === undefined || !isSameState(before, after);

/** Every state that the file may be in if nobody else has touched it: what was undone may be so, or be done again. */
const leftStates = (versions: readonly FileVersion[]): readonly FileState[] => {
  const states: FileState[] = [];
  for (const { before, after, undoneAt } of versions.toReversed()) {
    if (after !== undefined) states.push(after);
    if (undoneAt === undefined) break;
    states.push(before);
  }
  return states;
};

/** Whether each step found the file as the ones before had left it. */
const isUnbroken = (versions: readonly FileVersion[]): boolean =>
  versions.every(
    ({ before }, index) =>
      index === 0 || leftStates(versions.slice(0, index)).some((state) => isSameState(state, before)),
  );

const standingOf = (
  versions: readonly FileVersion[],
  target: FileState,
  now: FileState,
  obstacle: Obstacle | undefined,
): Standing => {
  if (obstacle === 'outside' || obstacle === 'unreadable') return obstacle;
  if (isSameState(target, now)) return 'nothing';
  if (obstacle !== undefined) return obstacle;
  const isAsLeft = leftStates(versions).some((state) => isSameState(state, now));
  return isAsLeft && isUnbroken(versions) ? 'asLeft' : 'changedSince';
};

/** What steps made elsewhere of a content that is not kept any more may be its only copy: a file that was moved. */
export const withoutLastCopies = (paths: readonly PlannedPath[]): readonly PlannedPath[] => {
  const lost = new Set(
    paths.flatMap(({ standing, target }) =>
      standing === 'forgotten' && target.kind === 'file' ? [target.hash] : [],
    ),
  );
  if (lost.size === 0) return paths;
  const cameFromLost = ({ changes }: PlannedPath): boolean =>
    changes.some(({ after }) => after.kind === 'file' && lost.has(after.hash));
  return paths.map((path) =>
    (path.standing === 'asLeft' || path.standing === 'changedSince') && cameFromLost(path)
      ? { ...path, standing: 'forgotten' }
      : path,
  );
};

/**
 * @param versions of the steps that are taken back, oldest first
 * @param nowOf how each of their files is now
 * @param obstacleFor why the state before this version cannot be had again
 * @returns by path; files that the steps left as they found them are not in it
 */
export const planRestore = (
  versions: readonly FileVersion[],
  nowOf: (file: string) => FileState,
  obstacleFor: (version: FileVersion) => Obstacle | undefined = () => undefined,
): readonly PlannedPath[] => {
  const byFile = Map.groupBy(versions, ({ file }) => file);
  const paths = [...byFile]
    .flatMap(([file, own]): PlannedPath[] => {
      const changing = own.filter(isChange);
      const [first] = changing;
      if (first === undefined) return [];
      const { before: target, label, root } = first;
      const now = nowOf(file);
      const changes = changing.flatMap(({ before, after, undoneAt }) =>
        after === undefined || undoneAt !== undefined ? [] : [{ before, after }],
      );
      return [
        {
          file,
          label,
          root,
          standing: standingOf(changing, target, now, obstacleFor(first)),
          target,
          now,
          changes,
        },
      ];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  return withoutLastCopies(paths);
};

/** One thing to do to one path. `put` makes a file or link, or replaces one. */
export type Operation = { readonly path: PlannedPath } & (
  | { readonly kind: 'remove' }
  | { readonly kind: 'removeFolder' }
  | { readonly kind: 'makeFolder'; readonly mode: number }
  | { readonly kind: 'folderMode'; readonly mode: number }
  | { readonly kind: 'put' }
);

const isLeaf = ({ kind }: FileState): boolean => kind === 'file' || kind === 'link';

/** Files go before the folders they lie in and come after them. */
export const operationsOf = (paths: readonly PlannedPath[]): readonly Operation[] => {
  const downwards = paths
    .filter(({ target, now }) => !isSameState(target, now))
    .toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const upwards = downwards.toReversed();
  const made = downwards.flatMap((path): Operation[] => {
    const { target, now } = path;
    if (target.kind !== 'folder') return [];
    return now.kind === 'folder' ? [] : [{ path, kind: 'makeFolder', mode: target.mode }];
  });
  return [
    ...upwards.flatMap((path): Operation[] =>
      isLeaf(path.now) && !isLeaf(path.target) ? [{ path, kind: 'remove' }] : [],
    ),
    ...upwards.flatMap((path): Operation[] =>
      path.now.kind === 'folder' && path.target.kind !== 'folder' ? [{ path, kind: 'removeFolder' }] : [],
    ),
    ...made,
    ...downwards.flatMap((path): Operation[] => (isLeaf(path.target) ? [{ path, kind: 'put' }] : [])),
    // Last: a folder that may not be written to would keep out what belongs into it.
    ...upwards.flatMap((path): Operation[] =>
      path.target.kind === 'folder' ? [{ path, kind: 'folderMode', mode: path.target.mode }] : [],
    ),
  ];
};
