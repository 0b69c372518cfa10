/** Work in order: one at a time with the same key, in the order in which it was asked for. */
export interface Lanes {
  /**
   * @param giveUp what it fails with when the signal aborts before its turn; then it is never begun
   */
  run<T>(
    key: string,
    signal: AbortSignal | undefined,
    giveUp: () => Error,
    work: () => Promise<T>,
  ): Promise<T>;
}

export const createLanes = (): Lanes => {
  const tails = new Map<string, Promise<void>>();
  return {
    run: async (key, signal, giveUp, work) => {
      const before = tails.get(key);
      const { promise: end, resolve: finish } = Promise.withResolvers<void>();
      // Who comes next waits for this one and all before it, even if this one does not wait for its turn.
      const tail = before === undefined ? end : before.then(() => end);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      try {
        if (before !== undefined) await turn(before, signal);
        if (signal?.aborted === true) throw giveUp();
        return await work();
      } finally {
        finish();
      }
    },
  };
};

/** Resolves at its turn, or when the signal aborts. */
const turn = (before: Promise<void>, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      signal?.removeEventListener('abort', done);
      resolve();
    };
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
    void before.then(done);
  });
