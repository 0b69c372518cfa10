import { chmod, lstat } from 'node:fs/promises';
import path from 'node:path';
import { settleAfterAbort } from '../core/abort.ts';
import type { ProtectedChange } from '../core/sandbox.ts';
import { holdFolder } from './heldFolder.ts';
import { writeTree } from './keptTree.ts';
import { createPresence } from './presence.ts';
import {
  type Finding,
  fileOf,
  findChanges,
  type GuardLimits,
  isOlder,
  type Snapshot,
  takeSnapshot,
} from './protectedSnapshot.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';
import { shownName } from './shownName.ts';
import { walkWorkspace } from './workspaceWalk.ts';

/** Protects a workspace while a program can write into it. */
export interface GuardedRun {
  /** `/`-separated paths below the workspace to be mounted read-only. */
  readonly readOnly: readonly string[];
  /** Looks for what the program did to protected paths nevertheless, and puts it out of the way. Never throws. */
  end(): Promise<readonly ProtectedChange[]>;
}

export interface ProtectedGuard {
  /**
   * Waits where another program works in the same workspace, or in one above or below, and the mounts of this one could be
   * led astray by it.
   * @param workspace absolute real path
   * @param isWriting false: the whole of it is mounted read-only, and nothing in it is looked at
   * @throws SandboxError `refused` where there is too much to protect; the signal's reason when aborted
   */
  begin(workspace: string, run: string, signal: AbortSignal, isWriting?: boolean): Promise<GuardedRun>;
}

export interface GuardPorts {
  protectedReason(label: string): string | undefined;
  /** Absolute path, outside of every workspace. */
  readonly quarantineFolder: string;
  logError(error: unknown): void;
  /** For tests. */
  readonly limits?: GuardLimits;
}

const usualLimits: GuardLimits = { entries: 100_000, mounts: 256, keptEntries: 4_000, keptBytes: 16_000_000 };

const mostChanges = 50;

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
      const parent = await holdFolder(path.dirname(file));
      try {
        await writeTree(path.join(parent.at, path.basename(file)), finding.before);
      } finally {
        await parent.release();
      }
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

const closed = (label: string): ProtectedChange => ({
  path: label,
  kind: 'made',
  answer: 'it cannot be looked into: look at it before you open or run anything in it',
});

/**
 * Gives the owner back the right to look into a folder. Without it nothing is found in there, and what is reached by its
 * name, such as .vscode/tasks.json, is read nevertheless.
 * @returns whether a program had taken it away
 */
const openToOwner = async (folder: string, since: number): Promise<boolean> => {
  const stat = await lstat(folder).catch(() => undefined);
  if (stat?.isDirectory() !== true || (stat.mode & 0o500) === 0o500) return false;
  if (await isOlder(folder, since)) return false;
  return chmod(folder, 0o700).then(
    () => true,
    () => false,
  );
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
    isAlone: (): boolean => count === 1,
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
  const limits = ports.limits ?? usualLimits;
  const active = new Map<string, Shared>();
  const presence = createPresence();

  const look = async (
    workspace: string,
    run: string,
    before: Snapshot,
    isAlone: () => boolean,
  ): Promise<readonly ProtectedChange[]> => {
    const opened: ProtectedChange[] = [];
    const after = await walkWorkspace(workspace, before.view.entries + limits.entries, {
      protectedReason: ports.protectedReason,
      beforeFolder: async (folder, label) => {
        // Another program could lay a link in its place, which the change of rights would follow.
        if (!isAlone() || !(await openToOwner(folder, before.at))) return;
        opened.push({
          path: label,
          kind: 'changed',
          answer: 'it was closed to you; it is open to you again',
        });
      },
    });
    const findings = await findChanges(workspace, before, after, limits);
    const quarantine = createQuarantine(workspace, ports.quarantineFolder, run);
    const unseen = [...after.unseen].filter((label) => !before.view.unseen.has(label));
    const changes: ProtectedChange[] = [...unseen.map(closed), ...opened];
    for (const finding of findings)
      changes.push(await putRight(workspace, finding, quarantine, ports.logError));
    const rest = changes.length - mostChanges;
    const shown = changes
      .slice(0, mostChanges)
      .map((change) => ({ ...change, path: shownName(change.path) }));
    return [
      ...shown,
      ...(rest > 0 ? [{ path: '.', kind: 'made' as const, answer: `${rest} more were found too` }] : []),
      ...(after.isComplete ? [] : [tooMuch]),
    ];
  };

  /** The runs that this one shares what was found with; alone where none can be shared. */
  const join = async (workspace: string, signal: AbortSignal): Promise<Shared> => {
    for (;;) {
      const others = active.get(workspace);
      if (others === undefined) {
        const mine = { snapshot: takeSnapshot(workspace, ports, limits), ...countdown() };
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
    begin: async (workspace, run, signal, isWriting = true) => {
      const leavePlace = await presence.enter(workspace, isWriting, signal);
      if (!isWriting) {
        const end = async () => {
          leavePlace();
          return [];
        };
        return { readOnly: [], end };
      }
      let shared: Shared | undefined;
      let snapshot: Snapshot;
      try {
        shared = await join(workspace, signal);
        snapshot = await shared.snapshot;
      } catch (error) {
        if (shared !== undefined) leave(workspace, shared);
        leavePlace();
        throw error;
      }
      const mine = shared;
      return {
        readOnly: snapshot.mounts,
        end: async () => {
          try {
            return await look(workspace, run, snapshot, mine.isAlone);
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
            leave(workspace, mine);
            leavePlace();
          }
        },
      };
    },
  };
};
