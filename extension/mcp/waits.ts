/** Waiting that ends: at a limit, or when it is cancelled. */
import type { SetTimer } from '../core/approvals.ts';
import { McpError } from '../core/mcp.ts';

/** The same result, or the signal's reason as soon as it aborts; the work itself goes on. */
export const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
};

/**
 * Work with a signal of its own, which aborts with `signal` and after so many milliseconds; not waited for any longer
 * then, whether it listens or not. @throws McpError in the words given
 */
export const withLimit = async <T>(
  setTimer: SetTimer,
  milliseconds: number,
  words: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  const cancel = setTimer(() => controller.abort(new McpError(words)), milliseconds);
  const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
  try {
    both.throwIfAborted();
    return await unlessAborted(work(both), both);
  } finally {
    cancel();
  }
};

/** Ends well after so many milliseconds at the latest, however the work ends. */
export const atMost = async (
  setTimer: SetTimer,
  milliseconds: number,
  work: Promise<unknown>,
): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = setTimer(resolve, milliseconds);
  try {
    await Promise.race([work.then(() => undefined).catch(() => undefined), promise]);
  } finally {
    cancel();
  }
};

/** @returns runs so many pieces of work at once, the others after them, in their order */
export const createGate = (width: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= width) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await promise;
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Whoever waits takes over the place.
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
