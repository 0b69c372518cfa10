/** @returns stops it */
export type SetTimer = (run: () => void, milliseconds: number) => () => void;

export interface LinkTimes {
  /** Resolves early when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Rejects as soon as it takes longer or the signal aborts, whether or not the work gives up then. */
  within<T>(milliseconds: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @param run gets the milliseconds by which it is late @returns stops it */
  every(milliseconds: number, run: (late: number) => void): () => void;
  /** Doubles, and differs a little each time. @param attempt from 1 @returns milliseconds */
  backoff(attempt: number, first: number, longest: number): number;
}

export const defaultTimer: SetTimer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

/** In the real time, which a stop has to keep to. Does not throw. */
export const within = async (milliseconds: number, work: Promise<unknown>): Promise<void> => {
  let stopTimer = (): void => undefined;
  const patience = new Promise<void>((resolve) => {
    stopTimer = defaultTimer(resolve, milliseconds);
  });
  const end = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([end, patience]);
  stopTimer();
};

export const createLinkTimes = ({
  now,
  setTimer = defaultTimer,
  random = Math.random,
}: {
  now(): number;
  readonly setTimer?: SetTimer;
  random?(): number;
}): LinkTimes => ({
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        stopTimer();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const stopTimer = setTimer(end, milliseconds);
      signal.addEventListener('abort', end);
    }),
  within: async (milliseconds, outer, work) => {
    const own = new AbortController();
    const giveUp = (): void => own.abort(outer.reason);
    const aborted = new Promise<never>((_resolve, reject) => {
      own.signal.addEventListener('abort', () => reject(own.signal.reason));
    });
    if (outer.aborted) giveUp();
    outer.addEventListener('abort', giveUp);
    const seconds = Math.round(milliseconds / 1000);
    const stopTimer = setTimer(() => own.abort(new Error(`no answer for ${seconds} s`)), milliseconds);
    try {
      return await Promise.race([aborted, work(own.signal)]);
    } finally {
      stopTimer();
      outer.removeEventListener('abort', giveUp);
    }
  },
  every: (milliseconds, run) => {
    let stopTimer = (): void => undefined;
    let isStopped = false;
    const next = (): void => {
      const due = now() + milliseconds;
      stopTimer = setTimer(() => {
        run(now() - due);
        if (!isStopped) next();
      }, milliseconds);
    };
    next();
    return () => {
      isStopped = true;
      stopTimer();
    };
  },
  backoff: (attempt, first, longest) =>
    Math.round(Math.min(first * 2 ** Math.min(attempt - 1, 20), longest) * (0.8 + 0.2 * random())),
});
