import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { settleAfterAbort } from '../core/abort.ts';
import { type ProtectedChange, SandboxError } from '../core/sandbox.ts';
import { isSameTree, type KeepingRoom, type KeptTree, keepTree, writeTree } from './keptTree.ts';
import { leadsOut } from './leadsOut.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';
import { isWithin } from './runFolders.ts';
import { type WorkspaceView, walkWorkspace } from './workspaceWalk.ts';

/** Protects a workspace while a program can write into it. */
export interface GuardedRun {
  /** `/`-separated paths below the workspace to be mounted read-only. */
  readonly readOnly: readonly string[];
  /** Looks for what the program did to protected paths nevertheless, and puts it out of the way. Never throws. */
  end(): Promise<readonly ProtectedChange[]>;
}

export interface ProtectedGuard {
  /**
   * Waits where another program works in the same workspace and the mounts of this one could be led astray by it.
   * @param workspace absolute real path
   * @throws SandboxError `refused` where there is too much to protect; the signal's reason when aborted
   */
  begin(workspace: string, run: string, signal: AbortSignal): Promise<GuardedRun>;
}

export interface GuardPorts {
  protectedReason(label: string): string | undefined;
  /** Absolute path, outside of every workspace. */
  readonly quarantineFolder: string;
  logError(error: unknown): void;
}

interface Held {
  /** Device and file number: while it is mounted read-only, what has them is unchanged, wherever it lies. */
  readonly identity: string;
  readonly isMounted: boolean;
  readonly kept: KeptTree | undefined;
}

interface Snapshot {
  readonly view: WorkspaceView;
  readonly held: ReadonlyMap<string, Held>;
  readonly mounts: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

const mostEntries = 20_000;
const mostMounts = 256;
const mostChanges = 200;
const keepingRoom = (): KeepingRoom => ({ bytes: 16_000_000, entries: 4_000 });

const fileOf = (workspace: string, label: string): string => path.join(workspace, ...label.split('/'));

const identityOf = async (
  file: string,
): Promise<{ identity: string; kind: 'file' | 'folder' | 'other' } | undefined> => {
  const stat = await lstat(file, { bigint: true }).catch(() => undefined);
  if (stat === undefined) return undefined;
  const kind = stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other';
  return { identity: `${stat.dev}:${stat.ino}`, kind };
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

const takeSnapshot = async (workspace: string, ports: GuardPorts): Promise<Snapshot> => {
  const at = Date.now();
  const view = await walkWorkspace(workspace, mostEntries, ports);
  const linked = await Promise.all(
    view.protected.filter((label) => view.links.has(label)).map((label) => linkedPath(workspace, label)),
  );
  const labels = [...new Set([...view.protected, ...linked.filter((label) => label !== undefined)])];
  const held = new Map<string, Held>();
  const mounts: string[] = [];
  const room = keepingRoom();
  for (const label of labels) {
    const file = fileOf(workspace, label);
    const found = await identityOf(file);
    if (found === undefined) continue;
    // A link as the source of a mount would be followed by the engine, with the rights of root.
    const isMounted = found.kind !== 'other' && mounts.length < mostMounts;
    if (isMounted) mounts.push(label);
    // Folders that are mounted cannot be replaced from inside; files can, once somebody outside has replaced them.
    const kept = isMounted && found.kind === 'folder' ? undefined : await keepTree(file, room);
    if (!isMounted && found.kind !== 'other' && kept === undefined) throw tooManyPlaces(workspace);
    held.set(label, { identity: found.identity, isMounted, kept });
  }
  return { view, held, mounts, at };
};

const isOlder = async (file: string, at: number): Promise<boolean> => {
  const stat = await lstat(file).catch(() => undefined);
  return stat !== undefined && stat.ctimeMs < at - 1_000;
};

/** What is to be done about one path. */
interface Finding {
  readonly path: string;
  readonly kind: ProtectedChange['kind'];
  /** What to write in its place. */
  readonly before?: KeptTree;
  readonly isThere: boolean;
}

const findChanges = async (
  workspace: string,
  before: Snapshot,
  after: WorkspaceView,
): Promise<readonly Finding[]> => {
  const mounted = new Set(
    [...before.held.values()].filter((each) => each.isMounted).map((each) => each.identity),
  );
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const room = keepingRoom();
  const isKnown = async (label: string): Promise<boolean> =>
    !before.view.isComplete && (await isOlder(fileOf(workspace, label), before.at));

  for (const label of [...new Set([...after.protected, ...before.held.keys()])]) {
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
  for (const folder of after.bare) {
    const label = folder === '.' ? 'HEAD' : `${folder}/HEAD`;
    if (!before.view.bare.has(folder) && !(await isKnown(label))) {
      // Without it git takes the folder for a folder.
      findings.push({ path: label, kind: 'made', isThere: true });
    }
  }
  return findings;
};

const putRight = async (
  workspace: string,
  finding: Finding,
  quarantine: Quarantine,
  logError: (error: unknown) => void,
): Promise<ProtectedChange> => {
  const { path: label, kind } = finding;
  const answers: string[] = [];
  try {
    if (finding.isThere) answers.push(await quarantine.take(label));
    if (finding.before !== undefined) {
      const file = fileOf(workspace, label);
      if ((await realpath(path.dirname(file))) !== path.dirname(file))
        throw new Error('It lies behind a link.');
      await writeTree(file, finding.before);
      answers.push('put back as it was');
    } else if (kind !== 'made') {
      answers.push('there was no copy to put back');
    }
  } catch (error) {
    logError(error);
    answers.push('it could not be put right: look at it before you open or run anything here');
  }
  return { path: label, kind, answer: answers.join('; ') };
};

const tooMuch: ProtectedChange = {
  path: '.',
  kind: 'made',
  answer:
    'there are too many files to look through them all: look at the folder before you open or run anything in it',
};

/** Counts who is there; `over` once all have left. */
const countdown = () => {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let count = 0;
  return {
    over,
    enter: (): void => {
      count += 1;
    },
    /** @returns whether that was the last */
    leave: (): boolean => {
      count -= 1;
      if (count === 0) resolve();
      return count === 0;
    },
  };
};

type Shared = ReturnType<typeof countdown> & { readonly snapshot: Promise<Snapshot> };

/** One for all runs of a window: those in one workspace at the same time share what they found before. */
export const createProtectedGuard = (ports: GuardPorts): ProtectedGuard => {
  const active = new Map<string, Shared>();

  const look = async (
    workspace: string,
    run: string,
    before: Snapshot,
  ): Promise<readonly ProtectedChange[]> => {
    const limit = Math.max(mostEntries, before.view.entries + mostEntries);
    const after = await walkWorkspace(workspace, limit, ports);
    const findings = await findChanges(workspace, before, after);
    const quarantine = createQuarantine(workspace, ports.quarantineFolder, run);
    const changes: ProtectedChange[] = [];
    for (const finding of findings)
      changes.push(await putRight(workspace, finding, quarantine, ports.logError));
    const rest = changes.length - mostChanges;
    const shown = rest > 0 ? changes.slice(0, mostChanges) : changes;
    return [
      ...shown,
      ...(rest > 0
        ? [{ path: '.', kind: 'made' as const, answer: `${rest} more, put out of the way too` }]
        : []),
      ...(before.view.isComplete && !after.isComplete ? [tooMuch] : []),
    ];
  };

  /** The runs that this one shares what was found with; alone where none can be shared. */
  const join = async (workspace: string, signal: AbortSignal): Promise<Shared> => {
    for (;;) {
      const others = active.get(workspace);
      if (others === undefined) {
        const mine = { snapshot: takeSnapshot(workspace, ports), ...countdown() };
        active.set(workspace, mine);
        mine.enter();
        return mine;
      }
      // Counted before anything is waited for, or it could be over meanwhile.
      others.enter();
      const found = await others.snapshot.catch(() => undefined);
      if (found?.mounts.every((label) => !label.includes('/'))) return others;
      // What runs already can have moved the folders above the deeper mounts, and laid links in their place.
      leave(workspace, others);
      await settleAfterAbort(others.over, signal, 0);
    }
  };

  const leave = (workspace: string, shared: Shared): void => {
    if (shared.leave() && active.get(workspace) === shared) active.delete(workspace);
  };

  return {
    begin: async (workspace, run, signal) => {
      const shared = await join(workspace, signal);
      let snapshot: Snapshot;
      try {
        snapshot = await shared.snapshot;
      } catch (error) {
        leave(workspace, shared);
        throw error;
      }
      return {
        readOnly: snapshot.mounts,
        end: async () => {
          try {
            return await look(workspace, run, snapshot);
          } catch (error) {
            ports.logError(error);
            return [
              {
                ...tooMuch,
                answer:
                  'it could not be looked through: look at the folder before you open or run anything in it',
              },
            ];
          } finally {
            leave(workspace, shared);
          }
        },
      };
    },
  };
};
