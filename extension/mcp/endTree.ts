/** A process that leads a group of its own, with everything it has started, and how that is ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { membersOf, type ProcessRow, processTable, sendSignal } from './processTable.ts';

export interface ProcessTree {
  readonly root: number;
  /**
   * What lives of it now; empty on Windows. Whoever left the group is remembered from look to look, so that it is known
   * after its parent has gone.
   */
  look(): Promise<readonly ProcessRow[]>;
}

/** @param started of the process, where it is known: another one that got its id is left alone */
export const createProcessTree = (root: number, started?: string): ProcessTree => {
  const known = new Map<number, string>();
  let begun = started;
  return {
    root,
    look: async () => {
      const rows = await processTable();
      const now = rows.find(({ id }) => id === root)?.started;
      begun ??= now;
      // The id of a leader is not given out again while its group lives: with another one there, nothing is left of ours.
      if (now !== undefined && now !== begun)
        return rows.filter(({ id, started }) => known.get(id) === started);
      const members = membersOf(root, rows, known);
      for (const row of members) known.set(row.id, row.started);
      return members;
    },
  };
};

/** How long is waited for the system to take away what got SIGKILL. */
const lastMs = 500;
const pollMs = 50;

/**
 * Ends all of it. Returns when nothing is left, or half a second after SIGKILL.
 * @param ask asks it to end: SIGTERM to the group and its descendants. On Windows it does everything
 * @param killAfterMs from then until what is left gets SIGKILL
 */
export const endTree = async (
  tree: ProcessTree,
  ask: () => Promise<void>,
  killAfterMs: number,
): Promise<void> => {
  if (process.platform === 'win32') return ask();
  const first = await tree.look();
  if (first.length === 0) return;
  const began = performance.now();
  const inReach = new Set(membersOf(tree.root, first).map(({ id }) => id));
  const asking = ask();
  // It is not waited for: what it would do later is done here, and earlier.
  asking.catch(() => undefined);
  for (const { id } of first) if (!inReach.has(id)) sendSignal(id, 'SIGTERM');
  for (
    let waitMs = 5;
    performance.now() - began < killAfterMs + lastMs;
    waitMs = Math.min(2 * waitMs, pollMs)
  ) {
    await delay(waitMs);
    const left = await tree.look();
    if (left.length === 0) return;
    if (performance.now() - began >= killAfterMs) for (const { id } of left) sendSignal(id, 'SIGKILL');
  }
};
