import type { SetTimer } from '../../extension/core/approvals.ts';

export interface FakeClock {
  now(): number;
  readonly setTimer: SetTimer;
  /** Lets time pass, timer by timer; what a timer begins comes to rest before the next one. */
  advance(milliseconds: number): Promise<void>;
  /** Timers that have not fired. */
  pending(): number;
}

/** What was begun goes on until it waits for something else than a promise that is kept already. */
export const atRest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const createFakeClock = (start = Date.UTC(2025, 5, 2, 12)): FakeClock => {
  let time = start;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();

  const nextUntil = (end: number): { readonly at: number; readonly call: () => void } | undefined =>
    [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];

  return {
    now: () => time,
    setTimer: (call, milliseconds) => {
      const timer = { at: time + milliseconds, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (milliseconds) => {
      const end = time + milliseconds;
      await atRest();
      for (let next = nextUntil(end); next !== undefined; next = nextUntil(end)) {
        timers.delete(next);
        time = Math.max(time, next.at);
        next.call();
        await atRest();
      }
      time = end;
      await atRest();
    },
    pending: () => timers.size,
  };
};
