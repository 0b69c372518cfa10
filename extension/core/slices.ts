/** Long work in a thread that others wait for too: done a few milliseconds at a time. */

/** How long nobody else is answered; milliseconds. */
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
    await new Promise((resolve) => setImmediate(resolve));
  }
};

function* collecting<T>(parts: Iterable<T>): Sliced<readonly T[]> {
  const all: T[] = [];
  for (const part of parts) {
    all.push(part);
    yield;
  }
  return all;
}

/** What the parts come to; they are made a few milliseconds at a time. */
const collectInSlices = <T>(parts: Iterable<T>): Promise<readonly T[]> => inSlices(collecting(parts));

/** Characters that are put together at once: to join all small parts at the end would take as long as making them. */
const batchLength = 200_000;

function* batches(parts: Iterable<string>): Generator<string, void> {
  let batch: string[] = [];
  let length = 0;
  for (const part of parts) {
    batch.push(part);
    length += part.length;
    // Slices are left between parts, and not only between batches.
    const isFull = length >= batchLength;
    yield isFull ? batch.join('') : '';
    if (!isFull) continue;
    batch = [];
    length = 0;
  }
  yield batch.join('');
}

/** The parts as one text; they are made a few milliseconds at a time. */
export const joinInSlices = async (parts: Iterable<string>): Promise<string> =>
  (await collectInSlices(batches(parts))).join('');
