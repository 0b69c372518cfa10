/** The time that calls may take, and how often their progress is told. */
import type { McpProgress } from './types.ts';

export interface CallClock {
  /** A sign of life. */
  touch(): void;
  /** A person is asked something: their time is not the server's. */
  pause(): void;
  resume(): void;
  stop(): void;
}

/** Ends a call that gives no sign of life for `limit`, or takes `total` in all; both in milliseconds. */
export const createCallClock = (limit: number, total: number, onEnd: (limit: number) => void): CallClock => {
  let left = total;
  let began = Date.now();
  let isRunning = true;
  let isPaused = false;
  const begin = (): [NodeJS.Timeout, NodeJS.Timeout] => {
    began = Date.now();
    return [setTimeout(() => end(limit), limit), setTimeout(() => end(total), Math.max(0, left))];
  };
  const halt = (): void => {
    for (const timer of timers) clearTimeout(timer);
    left -= Date.now() - began;
  };
  const end = (which: number): void => {
    stop();
    onEnd(which);
  };
  const stop = (): void => {
    if (isRunning && !isPaused) halt();
    isRunning = false;
  };
  let timers = begin();
  return {
    touch: () => {
      if (!isRunning || isPaused) return;
      clearTimeout(timers[0]);
      timers[0] = setTimeout(() => end(limit), limit);
    },
    pause: () => {
      if (isRunning && !isPaused) halt();
      isPaused = true;
    },
    resume: () => {
      if (isRunning && isPaused) timers = begin();
      isPaused = false;
    },
    stop,
  };
};

/** The clocks of the requests that run. */
export interface Clocks {
  add(clock: CallClock): void;
  delete(clock: CallClock): void;
  /** While a person is asked, all stand still, those that begin meanwhile too. */
  asking(isAsking: boolean): void;
}

export const createClocks = (): Clocks => {
  const clocks = new Set<CallClock>();
  let questions = 0;
  return {
    add: (clock) => {
      clocks.add(clock);
      if (questions > 0) clock.pause();
    },
    delete: (clock) => {
      clocks.delete(clock);
    },
    asking: (isAsking) => {
      const before = questions;
      questions += isAsking ? 1 : -1;
      if (before === 0) for (const clock of clocks) clock.pause();
      if (questions === 0) for (const clock of clocks) clock.resume();
    },
  };
};

const progressPause = 100;

export interface ProgressGate {
  readonly push: (progress: McpProgress) => void;
  readonly flush: () => void;
  /** Nothing is told any more. */
  readonly stop: () => void;
}

/** At most one every 100 ms; `flush` gives the last one that was held back. */
export const createProgressGate = (tell: (progress: McpProgress) => void): ProgressGate => {
  let held: McpProgress | undefined;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const last = held;
    held = undefined;
    if (last !== undefined) tell(last);
  };
  const open = (): void => {
    timer = undefined;
    if (held === undefined) return;
    flush();
    timer = setTimeout(open, progressPause);
  };
  return {
    push: (progress) => {
      if (isStopped) return;
      held = progress;
      if (timer !== undefined) return;
      flush();
      timer = setTimeout(open, progressPause);
    },
    flush,
    stop: () => {
      isStopped = true;
      held = undefined;
      clearTimeout(timer);
    },
  };
};
