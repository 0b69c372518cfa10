/** What is told of schedules, on the phone and in the editor. Pure. */
import { titleFrom } from '../shared/chat.ts';
import type { Schedule } from '../shared/telegram.ts';
import { reasonOf } from './reasonOf.ts';
import { missedLimit } from './scheduleTime.ts';
import { wordsOfTime } from './scheduleWords.ts';

export const nameOfSchedule = ({ prompt }: Pick<Schedule, 'prompt'>): string => `“${titleFrom(prompt)}”`;

/** @param last as in words */
const missedTimes = (count: number, last: string): string => {
  if (count === 1) return `was due ${last}`;
  const often = count >= missedLimit ? `${missedLimit} times or more` : `${count} times`;
  return `was due ${often}, the last time ${last}`;
};

/** @param count at most `missedLimit`, which means: that many or more */
export const missedText = (
  schedule: Pick<Schedule, 'prompt' | 'telegram'>,
  count: number,
  lastDue: number,
  now: number,
  zone?: string,
): string => {
  const times = missedTimes(count, wordsOfTime(lastDue, now, zone));
  const outcome = count === 1 ? 'It was not run.' : 'None of these was run.';
  const bot = schedule.telegram === undefined ? '' : ', or its bot did not run';
  return `The scheduled work ${nameOfSchedule(schedule)} ${times}, while VS Code was not open with its folder, or the computer slept${bot}. ${outcome}`;
};

export const failedText = (schedule: Pick<Schedule, 'prompt'>, error: unknown): string =>
  `The scheduled work ${nameOfSchedule(schedule)} was due and could not be run: ${reasonOf(error)}`;
