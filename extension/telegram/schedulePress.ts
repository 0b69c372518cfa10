/** The button below the message about runs that were missed. */
import { InputError } from '../core/agents.ts';
import type { Schedules } from '../core/schedules.ts';
import { nextRuns } from '../core/scheduleTime.ts';
import type { BotContext } from './context.ts';
import { parseMissedData } from './scheduleEntries.ts';
import type { Press } from './types.ts';

/** Milliseconds: whoever comes back after a week asks anew. */
const oldestMs = 7 * 24 * 60 * 60_000;

export interface SchedulePress {
  /** Buttons whose data begins with `s1:`, of people who were let in. @throws InputError */
  press(press: Press): Promise<void>;
}

export const createSchedulePress = (
  ports: Pick<BotContext, 'config' | 'courier' | 'now'> & {
    readonly schedules: Pick<Schedules, 'list' | 'runNow'>;
    /** An IANA name; absent: this computer's. */
    readonly zone?: string;
  },
): SchedulePress => ({
  press: async (press) => {
    const given = parseMissedData(press.data);
    const schedule =
      given &&
      (await ports.schedules.list()).find(({ id, telegram }) => {
        const isOfHere = telegram?.configId === ports.config().id && telegram.chatId === press.chatId;
        return isOfHere && id === given.id;
      });
    const now = ports.now();
    if (given === undefined || schedule === undefined) {
      throw new InputError('This schedule is not there any more, or answers elsewhere.');
    }
    // Whatever a changed client sends: only a run that was due, and lately, can be made up for.
    const [due] = nextRuns(schedule.cron, given.dueAt - 1, 1, ports.zone);
    if (!schedule.isEnabled || due !== given.dueAt || given.dueAt > now || given.dueAt < now - oldestMs) {
      throw new InputError('This run cannot be made up for any more. The schedule runs at its next time.');
    }
    // A second press finds the run known.
    await ports.schedules.runNow(schedule.id, given.dueAt);
    await ports.courier.acknowledge(press.callbackId, 'It runs now.');
  },
});
