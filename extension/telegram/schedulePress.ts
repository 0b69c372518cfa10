/** The button below the message about runs that were missed. */
import { InputError } from '../core/agents.ts';
import type { Schedules } from '../core/schedules.ts';
import type { BotContext } from './context.ts';
import { parseMissedData } from './scheduleEntries.ts';
import type { Press } from './types.ts';

export interface SchedulePress {
  /** Buttons whose data begins with `s1:`, of people who were let in. @throws InputError */
  press(press: Press): Promise<void>;
}

export const createSchedulePress = (
  ports: Pick<BotContext, 'config' | 'courier'> & {
    readonly schedules: Pick<Schedules, 'list' | 'runNow'>;
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
    if (given === undefined || schedule === undefined) {
      throw new InputError('This schedule is not there any more, or answers elsewhere.');
    }
    // A second press finds the run known.
    await ports.schedules.runNow(schedule.id, given.dueAt);
    await ports.courier.acknowledge(press.callbackId, 'It runs now.');
  },
});
