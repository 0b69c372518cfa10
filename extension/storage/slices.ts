import { setImmediate } from 'node:timers/promises';

/** How long the storage thread does not answer anybody while it works on its own account; milliseconds. */
const sliceMs = 10;

/** Work that can be left for a moment at each of its steps. */
export type Sliced<T> = Generator<undefined, T, undefined>;

/**
 * Does the work a few milliseconds at a time; whatever waits for this thread comes in between.
 * @throws the signal's reason
 */
export const inSlices = async <T>(work: Sliced<T>, signal?: AbortSignal): Promise<T> => {
  for (;;) {
    signal?.throwIfAborted();
    const until = performance.now() + sliceMs;
    do {
      const { done, value } = work.next();
      if (done === true) return value;
    } while (performance.now() < until);
    await setImmediate();
  }
};
