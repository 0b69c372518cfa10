/** Measures how long the agent works; the time in which it waits for the person is nobody's work. */
export interface WorkClock {
  /** The same result; the time until it is there does not count. */
  waiting<T>(answer: Promise<T>): Promise<T>;
  /** @returns milliseconds of work since the last call, or since the beginning */
  lap(): number;
}

export const createWorkClock = (now: () => number): WorkClock => {
  let since = now();
  let waited = 0;
  return {
    waiting: async (answer) => {
      const from = now();
      try {
        return await answer;
      } finally {
        waited += Math.max(0, now() - from);
      }
    },
    lap: () => {
      const at = now();
      const worked = Math.max(0, at - since - waited);
      since = at;
      waited = 0;
      return worked;
    },
  };
};
