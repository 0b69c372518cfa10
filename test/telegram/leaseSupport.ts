import { createLeases, type Leases } from '../../extension/telegram/lease.ts';

const isAskingDisk = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** Windows of one folder, on a clock that moves when told; their timers run one after the other. */
export const leaseWindows = (folder: string) => {
  let at = 0;
  const timers = new Set<{ readonly owner: string; readonly due: number; run(): void }>();
  const dead = new Set<string>();
  const stalled = new Set<string>();
  const errors: unknown[] = [];

  /** What a timer starts goes through the file system: it is over when the timer is set again, or never. */
  const settle = async (owner: string): Promise<void> => {
    const isSet = (): boolean => [...timers].some((timer) => timer.owner === owner && timer.due > at);
    // However slow the disk is: only the turns in which nothing is asked of it count.
    for (let quiet = 0; quiet < 100 && !isSet(); ) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (!isAskingDisk()) quiet += 1;
    }
  };

  return {
    errors,
    dead,
    stalled,
    now: () => at,
    open: (owner: string): Leases =>
      createLeases({
        folder,
        owner,
        stateOf: (other) => (dead.has(other) ? 'dead' : other.startsWith('unknown') ? 'unknown' : 'alive'),
        place: () => `window ${owner}`,
        now: () => at,
        setTimer: (run, milliseconds) => {
          const timer = { owner, due: at + milliseconds, run };
          timers.add(timer);
          return () => timers.delete(timer);
        },
        logError: (error) => errors.push(error),
      }),
    /** @param hasSlept nobody's timers ran meanwhile: what was due is so now */
    pass: async (milliseconds: number, hasSlept = false): Promise<void> => {
      const until = at + milliseconds;
      for (;;) {
        if (hasSlept) at = until;
        const next = [...timers]
          .filter((timer) => timer.due <= until && !dead.has(timer.owner) && !stalled.has(timer.owner))
          .sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers.delete(next);
        at = Math.max(at, next.due);
        next.run();
        await settle(next.owner);
      }
      at = until;
    },
  };
};
