/** Cancelling must not depend on the other side listening to its signal. */

const aborted = (signal: AbortSignal): { promise: Promise<never>; release: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>();
  // Raced below; alone it must not count as unhandled.
  promise.catch(() => undefined);
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { promise, release: () => signal.removeEventListener('abort', onAbort) };
};

/** The same items, ending with the signal's reason as soon as it aborts, even while the source hangs. */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  const { promise, release } = aborted(signal);
  let isDone = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), promise]);
      if (next.done === true) {
        isDone = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    isDone = !signal.aborted;
    throw error;
  } finally {
    release();
    // Lets the source clean up; not awaited, since it may be what hangs.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** The same result, or the signal's reason when the work has not ended within `grace` milliseconds after the abort. */
export const settleAfterAbort = async <T>(
  work: Promise<T>,
  signal: AbortSignal,
  grace: number,
): Promise<T> => {
  const { promise, release } = aborted(signal);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = promise.catch(async (reason: unknown) => {
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, grace);
    });
    throw reason;
  });
  givenUp.catch(() => undefined);
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    release();
    clearTimeout(timer);
  }
};
