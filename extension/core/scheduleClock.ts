/** Sleeps until a schedule is due, and lets exactly one window run it. */
import type { Schedule } from '../shared/telegram.ts';
import { missedRuns, nextRuns } from './scheduleTime.ts';
import type { TelegramStore } from './telegramStore.ts';

export interface ScheduleClockPorts {
  readonly store: Pick<TelegramStore, 'claimSchedule'>;
  /** @throws StoreError */
  read(): Promise<readonly Schedule[]>;
  /** It is enabled, and this window may run it. */
  isUp(schedule: Schedule): boolean;
  /** Resolves once it is under way. */
  run(schedule: Schedule, dueAt: number): Promise<void>;
  /** Runs that came and went while nobody was there; `count` is at most `missedLimit`. Does not wait for an answer. */
  tellMissed(schedule: Schedule, count: number, lastDue: number): Promise<void>;
  /** It was due, and could not be run. Does not wait for an answer. */
  tellFailed(schedule: Schedule, error: unknown): Promise<void>;
  now(): number;
  /** @returns what ends it */
  setTimer(run: () => void, milliseconds: number): () => void;
  /** An IANA name; absent: this computer's. */
  readonly zone?: string;
  logError(error: unknown): void;
}

export interface ScheduleClock {
  /** What is due by now is looked for at once, and what comes then at its time. */
  wake(): void;
  /** Starts nothing more. Resolves once nothing is being claimed. */
  close(): Promise<void>;
}

/** Milliseconds. What is run later than that would come as a surprise. */
const lateMs = 10 * 60_000;

/** Milliseconds. Timers stand still while a computer sleeps, and other windows change schedules. */
const longestSleep = 60_000;

export const createScheduleClock = (ports: ScheduleClockPorts): ScheduleClock => {
  const { now, zone, logError } = ports;
  let isClosed = false;
  let isWoken = false;
  let looking: Promise<void> | undefined;
  let endTimer: (() => void) | undefined;

  const runDue = async (schedule: Schedule, dueAt: number): Promise<void> => {
    try {
      await ports.run(schedule, dueAt);
    } catch (error) {
      logError(error);
      await ports.tellFailed(schedule, error);
    }
  };

  /**
   * Claimed first: what is lost when a window dies right then is one run, and none is ever run twice.
   * @returns whether it was
   */
  const deal = async (schedule: Schedule): Promise<boolean> => {
    const { id, cron, doneThrough } = schedule;
    const due = missedRuns(cron, doneThrough, now(), zone);
    if (due === undefined || !(await ports.store.claimSchedule(id, doneThrough, due.last))) return false;
    // Neither is waited for: one must not hold up the others.
    if (now() - due.last > lateMs) {
      ports.tellMissed(schedule, due.count, due.last).catch(logError);
      return true;
    }
    const before = missedRuns(cron, doneThrough, due.last - 1, zone);
    if (before !== undefined) ports.tellMissed(schedule, before.count, before.last).catch(logError);
    runDue(schedule, due.last).catch(logError);
    return true;
  };

  /** @returns when it is to be looked again */
  const look = async (): Promise<number> => {
    const schedules = await ports.read();
    let next = now() + longestSleep;
    let hasClaimed = false;
    for (const schedule of schedules) {
      if (isClosed) break;
      try {
        if (!ports.isUp(schedule)) continue;
        if (await deal(schedule)) hasClaimed = true;
        next = Math.min(next, ...nextRuns(schedule.cron, now(), 1, zone));
      } catch (error) {
        logError(error);
      }
    }
    // So that it is told what has moved on.
    if (hasClaimed) await ports.read();
    return next;
  };

  const lookUntilQuiet = async (): Promise<void> => {
    let next = now();
    do {
      isWoken = false;
      next = await look().catch((error: unknown) => {
        logError(error);
        return now() + longestSleep;
      });
    } while (isWoken && !isClosed);
    looking = undefined;
    const sleep = Math.min(Math.max(next - now(), 1), longestSleep);
    if (!isClosed) endTimer = ports.setTimer(wake, sleep);
  };

  const wake = (): void => {
    if (isClosed) return;
    isWoken = true;
    if (looking !== undefined) return;
    endTimer?.();
    endTimer = undefined;
    looking = lookUntilQuiet();
  };

  return {
    wake,
    close: async () => {
      isClosed = true;
      endTimer?.();
      endTimer = undefined;
      await looking;
    },
  };
};
