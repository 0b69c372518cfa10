/** An engine that hangs must not hang us: how long each of its answers may take, in milliseconds. */
export const engineDeadlines = {
  inspect: 10_000,
  list: 10_000,
  create: 30_000,
  attach: 10_000,
  start: 30_000,
  kill: 4_000,
  remove: 10_000,
} as const;

/** What of a container is needed to end it. */
export interface Stoppable {
  kill(options: { readonly signal: string; readonly abortSignal: AbortSignal }): Promise<unknown>;
  remove(options: {
    readonly force: boolean;
    readonly v: boolean;
    readonly abortSignal: AbortSignal;
  }): Promise<unknown>;
}

/** Between asking a program to end and ending it. */
export const graceMs = 2_000;

/** The engine took too long to answer. */
export class EngineHangs extends Error {
  override readonly name = 'EngineHangs';
}

/**
 * The same result, or an error once so many milliseconds have passed, whether the work listens to its signal or not.
 * @throws EngineHangs
 */
export const within = async <T>(
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new EngineHangs(`The container engine did not answer within ${ms / 1_000} s (${what}).`));
    controller.abort();
  }, ms);
  const working = work(controller.signal);
  // Whichever loses must not count as unhandled.
  working.catch(() => undefined);
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([working, tooLate]);
  } finally {
    clearTimeout(timer);
  }
};

export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;

/** @returns whether the engine answered, be it that there is nothing to kill */
const send = (container: Stoppable, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> =>
  within(engineDeadlines.kill, 'kill', (abortSignal) => container.kill({ signal, abortSignal })).then(
    () => true,
    (error: unknown) => !(error instanceof EngineHangs),
  );

/**
 * Ends a container: SIGTERM, and SIGKILL after 2 s. Never throws.
 * @param ended settles when the container has ended
 * @param isGentle false: SIGKILL at once
 */
export const stopContainer = async (
  container: Stoppable,
  ended: Promise<unknown>,
  isGentle: boolean,
): Promise<void> => {
  if (isGentle) {
    // Removal by force comes next, whatever happens here.
    if (!(await send(container, 'SIGTERM'))) return;
    const { promise: grace, resolve } = Promise.withResolvers<'grace'>();
    const timer = setTimeout(resolve, graceMs, 'grace');
    const first = await Promise.race([
      grace,
      ended.then(
        () => 'ended' as const,
        () => 'ended' as const,
      ),
    ]);
    clearTimeout(timer);
    if (first === 'ended') return;
  }
  await send(container, 'SIGKILL');
};

/**
 * Removes a container, running or not, with its volumes.
 * @throws EngineHangs, or the engine's error; not where it is gone already
 */
export const removeContainer = async (container: Stoppable): Promise<void> => {
  try {
    await within(engineDeadlines.remove, 'remove', (abortSignal) =>
      container.remove({ force: true, v: true, abortSignal }),
    );
  } catch (error) {
    // 404: it is gone. 409: somebody is removing it.
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
};
