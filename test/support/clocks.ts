/** Clocks for tests that say how quick something is, on a machine that is busy with other things. */

/** Milliseconds this thread has worked so far: they do not pass while it waits for others or for the disk. */
export const cpuTime = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** Longer than that the event loop of a test does not stand still by itself; milliseconds. */
const longestGap = 50;

/**
 * For what waits: measures in milliseconds what passes for this process. Where it gets no processor for a while, that
 * counts for little.
 * @returns stops it, and tells
 */
export const stopwatch = (): (() => number) => {
  let passed = 0;
  let last = performance.now();
  const look = (): void => {
    const at = performance.now();
    passed += Math.min(at - last, longestGap);
    last = at;
  };
  const timer = setInterval(look, 10).unref();
  return () => {
    look();
    clearInterval(timer);
    return passed;
  };
};
