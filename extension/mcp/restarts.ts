/** When a server that has crashed is started again. Pure but for its memory. */

/** Milliseconds before the first, second and third start after a crash. */
const delays = [1_000, 4_000, 16_000] as const;
/** Within so many milliseconds there are no more than those. */
const withinMs = 300_000;

export interface Restarts {
  /** Milliseconds until the next start, or undefined: it has been tried often enough. Counts it. */
  next(now: number): number | undefined;
  /** A person started it: what was before does not count. */
  clear(): void;
}

export const createRestarts = (): Restarts => {
  let begun: number[] = [];
  return {
    next: (now) => {
      begun = begun.filter((at) => at > now - withinMs);
      const delay = delays[begun.length];
      if (delay !== undefined) begun.push(now);
      return delay;
    },
    clear: () => {
      begun = [];
    },
  };
};
