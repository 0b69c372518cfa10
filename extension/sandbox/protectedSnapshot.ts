import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type ProtectedChange, SandboxError } from '../core/sandbox.ts';
import { gitHookFolders } from './gitHookFolders.ts';
import { isSameTree, type KeepingRoom, type KeptTree, keepTree } from './keptTree.ts';
import { leadsOut } from './leadsOut.ts';
import { isWithin } from './runFolders.ts';
import { type WalkPorts, type WorkspaceView, walkWorkspace } from './workspaceWalk.ts';

interface Held {
  /** Device and file number: while it is mounted read-only, what has them is unchanged, wherever it lies. */
  readonly identity: string;
  readonly isMounted: boolean;
  readonly kept: KeptTree | undefined;
}

/** What is protected in a workspace before a program works in it. */
export interface Snapshot {
  readonly view: WorkspaceView;
  readonly held: ReadonlyMap<string, Held>;
  /** What is protected although its name does not say so, there or not. */
  readonly named: readonly string[];
  /** `/`-separated paths below the workspace to be mounted read-only, the shallow ones first. */
  readonly mounts: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** How much is guarded. */
export interface GuardLimits {
  /** Files, folders and links to look at. */
  readonly entries: number;
  readonly mounts: number;
  /** Of files that are kept in memory, to be put back. */
  readonly keptEntries: number;
  readonly keptBytes: number;
}

const keepingRoom = ({ keptBytes, keptEntries }: GuardLimits): KeepingRoom => ({
  bytes: keptBytes,
  entries: keptEntries,
});

export const fileOf = (workspace: string, label: string): string => path.join(workspace, ...label.split('/'));

const identityOf = async (
  file: string,
): Promise<{ identity: string; kind: 'file' | 'folder' | 'other' } | undefined> => {
  const stat = await lstat(file, { bigint: true }).catch(() => undefined);
  if (stat === undefined) return undefined;
  const kind = stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
  // The number of a deleted file is soon given to another one, which was born later. Of folders some file systems tell
  // another time of birth whenever something changes in them, and nobody can have deleted those from inside.
  const birth = kind === 'folder' ? '' : `:${stat.birthtimeNs}`;
  return { identity: `${stat.dev}:${stat.ino}${birth}`, kind };
};

/** What a protected link in the workspace leads to is as protected as the link. */
const linkedPath = async (workspace: string, label: string): Promise<string | undefined> => {
  const real = await realpath(fileOf(workspace, label)).catch(() => undefined);
  if (real === undefined || real === workspace || !isWithin(workspace, real)) return undefined;
  return path.relative(workspace, real).split(path.sep).join('/');
};

const tooManyPlaces = (workspace: string): SandboxError =>
  new SandboxError(
    'refused',
    `The folder ${workspace} holds more protected places (.git, .vscode and the like) than the sandbox can guard. Nothing ran. Open a part of it, or let the program only read it (\`workspace: ro\`).`,
  );

const bareWorkspace = (workspace: string): SandboxError =>
  new SandboxError(
    'refused',
    `The folder ${workspace} is itself a repository of git, and what is written into it decides what git runs. Nothing ran. Open a work tree of it, or let the program only read it (\`workspace: ro\`).`,
  );

const depthOf = (label: string): number => label.split('/').length;

/** @throws SandboxError `refused` where there is too much to protect */
export const takeSnapshot = async (
  workspace: string,
  ports: WalkPorts,
  limits: GuardLimits,
): Promise<Snapshot> => {
  const at = Date.now();
  const view = await walkWorkspace(workspace, limits.entries, ports);
  const linked = await Promise.all(
    view.protected.filter((label) => view.links.has(label)).map((label) => linkedPath(workspace, label)),
  );
  if (view.bare.has('.')) throw bareWorkspace(workspace);
  const isBelow = (label: string): boolean => view.protected.some((each) => label.startsWith(`${each}/`));
  const hooks = (await gitHookFolders(workspace, view.protected)).filter((label) => !isBelow(label));
  const named = [...linked.filter((label) => label !== undefined), ...view.bare.keys(), ...hooks];
  const labels = [...new Set([...view.protected, ...named])].sort((a, b) => depthOf(a) - depthOf(b));
  const held = new Map<string, Held>();
  const mounts: string[] = [];
  const room = keepingRoom(limits);
  for (const label of labels) {
    const file = fileOf(workspace, label);
    const found = await identityOf(file);
    if (found === undefined) continue;
    // A link as the source of a mount would be followed by the engine, with the rights of root.
    const isMounted = found.kind !== 'other' && mounts.length < limits.mounts;
    if (isMounted) mounts.push(label);
    // Folders that are mounted cannot be replaced from inside; files can, once somebody outside has replaced them.
    const kept = isMounted && found.kind === 'folder' ? undefined : await keepTree(file, room);
    if (!isMounted && found.kind !== 'other' && kept === undefined) throw tooManyPlaces(workspace);
    held.set(label, { identity: found.identity, isMounted, kept });
  }
  return { view, held, named, mounts, at };
};

export const isOlder = async (file: string, at: number): Promise<boolean> => {
  const stat = await lstat(file).catch(() => undefined);
  return stat !== undefined && stat.ctimeMs < at - 1_000;
};

/** What a program did to one path. */
export interface Finding {
  readonly path: string;
  readonly kind: ProtectedChange['kind'];
  /** What to write in its place. */
  readonly before?: KeptTree;
  readonly isThere: boolean;
}

/** What a program did to protected paths, and the links out that it made, as far as the two views reach. */
export const findChanges = async (
  workspace: string,
  before: Snapshot,
  after: WorkspaceView,
  limits: GuardLimits,
): Promise<readonly Finding[]> => {
  const mounted = new Set(
    [...before.held.values()].filter((each) => each.isMounted).map((each) => each.identity),
  );
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const room = keepingRoom(limits);
  const isKnown = async (label: string): Promise<boolean> =>
    !before.view.isComplete && (await isOlder(fileOf(workspace, label), before.at));

  for (const label of [...new Set([...after.protected, ...before.held.keys(), ...before.named])]) {
    const found = await identityOf(fileOf(workspace, label));
    if (found === undefined) continue;
    seen.add(label);
    if (mounted.has(found.identity)) continue;
    const held = before.held.get(label);
    if (held === undefined) {
      if (!(await isKnown(label))) findings.push({ path: label, kind: 'made', isThere: true });
      continue;
    }
    if (held.kept === undefined) {
      if (held.isMounted || held.identity !== found.identity) {
        findings.push({ path: label, kind: 'changed', isThere: true });
      }
      continue;
    }
    const now = await keepTree(fileOf(workspace, label), room);
    if (now === undefined || !isSameTree(held.kept, now)) {
      findings.push({ path: label, kind: 'changed', before: held.kept, isThere: true });
    }
  }
  for (const [label, held] of before.held) {
    // A mounted one cannot be deleted from inside: it was the person, or it lies elsewhere with its folder.
    if (seen.has(label) || held.isMounted) continue;
    // With its whole folder: nothing is left there that it could protect.
    if ((await identityOf(path.dirname(fileOf(workspace, label))))?.kind !== 'folder') continue;
    findings.push({ path: label, kind: 'deleted', isThere: false, ...(held.kept && { before: held.kept }) });
  }
  const isProtected = new Set(after.protected);
  for (const [label, target] of after.links) {
    if (before.view.links.get(label) === target || isProtected.has(label)) continue;
    if (await isKnown(label)) continue;
    if (await leadsOut(workspace, fileOf(workspace, label), target)) {
      findings.push({ path: label, kind: 'made', isThere: true });
    }
  }
  for (const [folder, head] of after.bare) {
    const label = folder === '.' ? head : `${folder}/${head}`;
    const isMoved = mounted.has((await identityOf(fileOf(workspace, folder)))?.identity ?? '');
    if (!before.view.bare.has(folder) && !isMoved && !(await isKnown(label))) {
      // Without it git takes the folder for a folder.
      findings.push({ path: label, kind: 'made', isThere: true });
    }
  }
  return findings;
};
