/** Work at a time: schedules as people and code make and change them, and what runs them when they are due. */
import type { Schedule } from '../shared/telegram.ts';
import { type Agents, InputError } from './agents.ts';
import { createOneAtATime } from './oneAtATime.ts';
import { createScheduleClock, type ScheduleClockPorts } from './scheduleClock.ts';
import { botOf, parseNewSchedule, parseSchedulePatch, timesOf } from './scheduleInput.ts';
import type { TelegramStore } from './telegramStore.ts';

export interface Schedules {
  /** Of all folders, other windows' included; oldest first. @throws StoreError */
  list(): Promise<readonly Schedule[]>;
  /**
   * @param input `when` and `prompt`; `agentId` or a chat of a bot (`telegram`), where they are not the first ones
   * @throws InputError
   */
  create(input: unknown): Promise<Schedule>;
  /** @param patch of the same fields and `isEnabled`; `telegram: null` for the editor. @throws InputError */
  update(id: string, patch: unknown): Promise<Schedule>;
  /** @throws InputError where it is gone */
  delete(id: string): Promise<void>;
  /**
   * Runs it besides its times.
   * @param dueAt of a run that was missed, so that it is made up for once only; absent: now
   * @throws InputError where it cannot run in this window, and whatever `run` throws
   */
  runNow(id: string, dueAt?: number): Promise<void>;
  /** Runs from now on what is due. A window in which one is made, changed or woken does so too. */
  start(): void;
  /** A bot has started, or another folder is open, or trusted: what is due by now is looked for at once. */
  wake(): void;
  /** After a change, in other windows too (within a minute). */
  onChange(listener: () => void): () => void;
  /** Starts nothing more. Resolves once nothing is being claimed. */
  close(): Promise<void>;
}

export interface SchedulesPorts
  extends Pick<
    ScheduleClockPorts,
    'run' | 'tellMissed' | 'tellFailed' | 'now' | 'setTimer' | 'zone' | 'logError'
  > {
  readonly store: Pick<
    TelegramStore,
    'listBots' | 'listSchedules' | 'saveSchedule' | 'deleteSchedule' | 'claimSchedule'
  >;
  readonly agents: Pick<Agents, 'get'>;
  /** Absolute path of the first open folder; empty without one. */
  folder(): string;
  isTrusted(): boolean;
  /** Its bot runs in this window, or it needs none. */
  mayRun(schedule: Schedule): boolean;
  newId(): string;
}

const scheduleLimit = 200;

export const createSchedules = (ports: SchedulesPorts): Schedules => {
  const { store, agents, now, logError } = ports;
  const listeners = new Set<() => void>();
  let known: string | undefined;
  /** Two changes at once must not undo each other. */
  const oneAtATime = createOneAtATime();

  const tellChange = (): void => {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        logError(error);
      }
    }
  };

  /** Other windows tell of their changes by nothing but what is read. */
  const read = async (): Promise<readonly Schedule[]> => {
    const schedules = await store.listSchedules();
    const before = known;
    known = JSON.stringify(schedules);
    if (before !== undefined && known !== before) tellChange();
    return schedules;
  };

  const existing = async (id: string): Promise<Schedule> => {
    const found = (await read()).find((schedule) => schedule.id === id);
    if (found === undefined)
      throw new InputError('This schedule is not there any more. It may have been deleted.');
    return found;
  };

  /** A bot runs only where its folder is open. */
  const isHere = (schedule: Schedule): boolean =>
    schedule.telegram !== undefined || schedule.folder === ports.folder();

  /** With its bot as it is now: the chat may have been shut out since the schedule was made. */
  const run = async (schedule: Schedule, dueAt: number): Promise<void> => {
    botOf(schedule.telegram, schedule.telegram === undefined ? [] : await store.listBots());
    await ports.run(schedule, dueAt);
  };

  const clock = createScheduleClock({
    ...ports,
    read,
    isUp: (schedule) => schedule.isEnabled && ports.isTrusted() && isHere(schedule) && ports.mayRun(schedule),
    run,
  });

  const save = async (schedule: Schedule): Promise<Schedule> => {
    await store.saveSchedule(schedule);
    await read();
    clock.wake();
    return schedule;
  };

  /**
   * Where the answer goes, where it works and who does.
   * @param folder for one of the editor
   * @throws InputError
   */
  const placed = async (
    telegram: Schedule['telegram'],
    agentId: string | undefined,
    folder: string,
  ): Promise<Pick<Schedule, 'agentId' | 'folder' | 'telegram'>> => {
    const bot = botOf(telegram, telegram === undefined ? [] : await store.listBots());
    if (bot === undefined || telegram === undefined) {
      if (folder !== '') return { agentId: (await agents.get(agentId)).id, folder };
      throw new InputError('A schedule works in a workspace folder, and none is open. Open a folder first.');
    }
    if (agentId === undefined) return { agentId: bot.agentId, folder: bot.folder, telegram };
    throw new InputError('In the chat of a bot the agent of that chat works. Leave the agent out.');
  };

  return {
    list: read,
    create: (input) =>
      oneAtATime(async () => {
        const { when, prompt, agentId, telegram } = parseNewSchedule(input);
        const times = timesOf(when);
        if ((await read()).length >= scheduleLimit) {
          throw new InputError(
            `There are ${scheduleLimit} schedules already. Delete one that is not needed any more.`,
          );
        }
        const place = await placed(telegram, agentId, ports.folder());
        const at = now();
        const id = ports.newId();
        return save({ id, ...place, ...times, prompt, isEnabled: true, doneThrough: at, createdAt: at });
      }),
    update: (id, patch) =>
      oneAtATime(async () => {
        const { when, prompt, agentId, telegram, isEnabled } = parseSchedulePatch(patch);
        const times = when === undefined ? {} : timesOf(when);
        const before = await existing(id);
        const { agentId: agentBefore, folder, telegram: placeBefore, ...rest } = before;
        const place = telegram === undefined ? placeBefore : (telegram ?? undefined);
        const isSame = telegram === undefined && agentId === undefined;
        const agent = agentId ?? (place === undefined ? agentBefore : undefined);
        const where = isSame
          ? { agentId: agentBefore, folder, ...(place === undefined ? {} : { telegram: place }) }
          : await placed(place, agent, folder);
        // What was due counts for the times that it had then, and not while it was off.
        const isAnew = when !== undefined || (isEnabled === true && !before.isEnabled);
        return save({
          ...rest,
          ...where,
          ...times,
          ...(prompt === undefined ? {} : { prompt }),
          ...(isEnabled === undefined ? {} : { isEnabled }),
          ...(isAnew ? { doneThrough: Math.max(now(), before.doneThrough) } : {}),
        });
      }),
    delete: (id) =>
      oneAtATime(async () => {
        await existing(id);
        await store.deleteSchedule(id);
        await read();
      }),
    runNow: async (id, dueAt) => {
      const schedule = await existing(id);
      if (!ports.isTrusted()) {
        throw new InputError(
          'This folder is not trusted, so agents do not work in it. Trust the folder to go on.',
        );
      }
      if (!isHere(schedule)) {
        throw new InputError(
          `This schedule works in ${schedule.folder}. Open that folder, and run it there.`,
        );
      }
      if (!ports.mayRun(schedule)) {
        throw new InputError('The bot of this schedule does not run in this window. Start the bot first.');
      }
      await run(schedule, dueAt ?? now());
    },
    start: clock.wake,
    wake: clock.wake,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: clock.close,
  };
};
