/** Windows that share a store and a clock, which stands until a test moves it. */
import { setImmediate } from 'node:timers/promises';
import { InputError } from '../../extension/core/agents.ts';
import { createSchedules, type Schedules, type SchedulesPorts } from '../../extension/core/schedules.ts';
import type { Schedule, TelegramConfig } from '../../extension/shared/telegram.ts';
import { telegramDefaults } from '../../extension/shared/telegram.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';

export const shop = '/home/me/shop';

export const bot: TelegramConfig = {
  ...telegramDefaults,
  id: 'bot',
  botId: 1,
  username: 'helper_bot',
  name: 'Helper',
  agentId: 'coder',
  folder: shop,
  allowedChats: [{ chatId: 7, kind: 'private', title: 'Ann' }],
  allowedUsers: [{ userId: 7, name: 'Ann', isApprover: true }],
  createdAt: 1,
  updatedAt: 1,
};

export interface FakeWindow {
  readonly schedules: Schedules;
  /** `run nine 09:00`, `missed nine 3 08:00`, `failed nine: why`. */
  readonly told: string[];
  readonly errors: unknown[];
  /** A test changes these. */
  readonly now: { folder: string; isTrusted: boolean; mayRun: boolean; failure: Error | undefined };
}

const minuteMs = 60_000;
const time = (at: number): string => new Date(at).toISOString().slice(11, 16);

export const scheduleRig = (start = '2026-06-01T08:30:00Z') => {
  const store = createFakeTelegramStore();
  const clock = { at: Date.parse(start) };
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  let ids = 0;

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  };

  const createWindow = (more: Partial<SchedulesPorts> = {}): FakeWindow => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const now: FakeWindow['now'] = { folder: shop, isTrusted: true, mayRun: true, failure: undefined };
    const schedules = createSchedules({
      store,
      agents: {
        get: async (id = 'coder') => {
          if (id === 'coder' || id === 'writer') return { id } as never;
          throw new InputError('There is no agent with this id.');
        },
      },
      folder: () => now.folder,
      isTrusted: () => now.isTrusted,
      mayRun: ({ telegram }) => telegram === undefined || now.mayRun,
      run: async ({ prompt }, dueAt) => {
        if (now.failure !== undefined) throw now.failure;
        told.push(`run ${prompt} ${time(dueAt)}`);
      },
      tellMissed: async ({ prompt }, count, lastDue) => {
        told.push(`missed ${prompt} ${count} ${time(lastDue)}`);
      },
      tellFailed: async ({ prompt }, error) => {
        told.push(`failed ${prompt}: ${error instanceof Error ? error.message : ''}`);
      },
      newId: () => {
        ids += 1;
        return `schedule-${ids}`;
      },
      now: () => clock.at,
      setTimer: (run, milliseconds) => {
        const timer = { at: clock.at + milliseconds, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      zone: 'UTC',
      logError: (error) => void errors.push(error),
      ...more,
    });
    return { schedules, told, errors, now };
  };

  const fire = async (): Promise<void> => {
    for (const timer of [...timers].filter(({ at }) => at <= clock.at)) {
      timers.delete(timer);
      timer.run();
    }
    await settle();
  };

  return {
    store,
    clock,
    timers,
    settle,
    createWindow,
    /** Timers fire at their times meanwhile. */
    pass: async (minutes: number): Promise<void> => {
      await settle();
      const end = clock.at + minutes * minuteMs;
      for (;;) {
        const next = Math.min(...[...timers].map(({ at }) => at));
        if (next > end) break;
        clock.at = Math.max(clock.at, next);
        await fire();
      }
      clock.at = end;
    },
    /** Nothing fires until the computer is awake again. */
    sleep: async (minutes: number): Promise<void> => {
      await settle();
      clock.at += minutes * minuteMs;
      await fire();
    },
    kept: async (): Promise<Schedule | undefined> => (await store.listSchedules())[0],
  };
};
