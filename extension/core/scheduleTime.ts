/** When schedules are due: from words to a cron pattern, and from that to times. Pure; local time, or that of a zone. */
import { Cron } from 'croner';
import { dayNames, wordsOfCron } from './scheduleWords.ts';

export type When = { readonly cron: string; readonly when: string } | { readonly problem: string };

/** Minutes between two runs. */
const shortest = 5;

/** More than these are not counted. */
export const missedLimit = 1_000;

const examples =
  'Try “every weekday at 9”, “every monday and thursday at 8 am”, “every 2 hours”, “on the 1st of every month at 10”, or a cron pattern of five fields.';

const minuteMs = 60_000;

/** Without a look at a table of zones it is ten times as fast. */
const placeOf = (
  zone: string | undefined,
): { readonly utcOffset: number } | { readonly timezone?: string } => {
  if (zone === 'UTC') return { utcOffset: 0 };
  return zone === undefined ? {} : { timezone: zone };
};

/**
 * What is due at a time that is skipped when the clocks go forward runs right after; what is due at one that comes twice
 * runs once, unless it is due in every so many hours or minutes.
 * @returns undefined for what is no pattern
 */
const patternOf = (cron: string, zone: string | undefined): Cron | undefined => {
  try {
    return new Cron(cron, {
      paused: true,
      mode: '5-part',
      fixedTimeRule: 'no-wildcard',
      ...placeOf(zone),
    });
  } catch {
    return undefined;
  }
};

/**
 * The next due times after `from`, in milliseconds; fewer where there are no more, none for what is no pattern.
 * @param zone an IANA name; absent: this computer's
 */
export const nextRuns = (cron: string, from: number, count: number, zone?: string): readonly number[] =>
  patternOf(cron, zone)
    ?.nextRuns(count, new Date(from))
    .map((date) => date.getTime()) ?? [];

export interface MissedRuns {
  /** At most `missedLimit`, which then means: that many or more. */
  readonly count: number;
  readonly last: number;
}

/** Due times after `after`, and not after `until`. @returns undefined without any */
export const missedRuns = (
  cron: string,
  after: number,
  until: number,
  zone?: string,
): MissedRuns | undefined => {
  const pattern = patternOf(cron, zone);
  // Runs fall on whole minutes, and the one at the end counts.
  const end = new Date(Math.floor(until / minuteMs) * minuteMs + 1_000);
  const last = pattern?.previousRuns(1, end)[0]?.getTime();
  if (pattern === undefined || last === undefined || last <= after) return undefined;
  let count = 0;
  let run = pattern.nextRun(new Date(after));
  while (run !== null && run.getTime() <= last && count < missedLimit) {
    count += 1;
    run = pattern.nextRun(run);
  }
  return { count: Math.max(count, 1), last };
};

/** Within a day, whichever day that is. */
const isTooOften = (cron: string): boolean => {
  const [minute, hour] = cron.split(' ');
  const pattern = patternOf(`${minute} ${hour} * * *`, 'UTC');
  let before = pattern?.nextRun(new Date(0));
  for (let runs = 0; before != null && runs <= (24 * 60) / shortest; runs += 1) {
    const next: Date | null | undefined = pattern?.nextRun(before);
    if (next != null && next.getTime() - before.getTime() < shortest * minuteMs) return true;
    before = next;
  }
  return false;
};

/** What has been put together or typed as a pattern, where it can be kept. */
const checked = (cron: string): When => {
  // A nickname has no minutes to be checked, and a date is due once and never again.
  const pattern = cron.split(' ').length === 5 ? patternOf(cron, 'UTC') : undefined;
  if (pattern === undefined) return { problem: `“${cron}” is no cron pattern of five fields. ${examples}` };
  if (isTooOften(cron))
    return { problem: `That is too often: a schedule runs at most every ${shortest} minutes.` };
  if (pattern.nextRun() === null) return { problem: 'That day never comes. Choose another one.' };
  return { cron, when: wordsOfCron(cron) };
};

const wordsIn = (text: string): readonly string[] =>
  text.split(/\s*,\s*and\s+|\s*,\s*|\s+and\s+/).filter((word) => word !== '');

const sorted = (numbers: readonly number[]): readonly number[] =>
  [...new Set(numbers)].toSorted((a, b) => a - b);

/** @returns minutes since midnight; undefined for what is no time */
const timeOfDay = (text: string): number | undefined => {
  if (text === 'noon') return 12 * 60;
  if (text === 'midnight') return 0;
  const match = /^(\d{1,2})(?:[:.](\d{2}))? ?(?:([ap])\.?m\.?|o[’']clock|h)?$/.exec(text);
  if (match === null) return undefined;
  const [, first = '', minutes = '0', half] = match;
  const hour = Number(first);
  const isRight = Number(minutes) < 60 && (half === undefined ? hour < 24 : hour >= 1 && hour <= 12);
  if (!isRight) return undefined;
  const hour24 = half === undefined ? hour : (hour % 12) + (half === 'p' ? 12 : 0);
  return hour24 * 60 + Number(minutes);
};

/** `Monday`, `mondays`, `mon`. */
const dayNumber = (word: string): number | undefined => {
  const name = word.replace(/s$/, '');
  const found = dayNames.findIndex((day) => {
    const full = day.toLowerCase();
    return name === full || word === full.slice(0, 3) || (word.length > 3 && full.startsWith(word));
  });
  return found < 0 ? undefined : found;
};

/** Field of the days of the week. */
const daysOfWeek = (text: string): string | undefined => {
  const days = text.replace(/^(?:on |every |each )+/, '');
  if (/^(?:days?|daily)$/.test(days)) return '*';
  if (/^(?:weekdays?|working days?|workdays?)$/.test(days)) return '1-5';
  if (/^weekends?$/.test(days)) return '0,6';
  const range = /^(\w+) ?(?:to|through|until|-|–) ?(\w+)$/.exec(days);
  const numbers = range === null ? wordsIn(days).map(dayNumber) : rangeOf(range[1], range[2]);
  const known = numbers.filter((number) => number !== undefined);
  if (known.length === 0 || known.length < numbers.length) return undefined;
  const field = sorted(known).join(',');
  return { '1,2,3,4,5': '1-5', '0,1,2,3,4,5,6': '*' }[field] ?? field;
};

/** Goes past the end of the week: `friday to monday`. */
const rangeOf = (first = '', last = ''): readonly (number | undefined)[] => {
  const [from, to] = [dayNumber(first), dayNumber(last)];
  if (from === undefined || to === undefined) return [];
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, step) => (from + step) % 7);
};

/** Field of the days of the month; undefined where none are meant. */
const daysOfMonth = (text: string): string | undefined => {
  const days =
    /^(?:on )?(?:the )?(.+?) (?:day )?of (?:every|each|the) month$/.exec(text)?.[1] ??
    /^(?:every month|each month|monthly) on (?:the )?(.+?)(?: day)?$/.exec(text)?.[1];
  if (days === undefined) return undefined;
  if (/^last(?: day)?$/.test(days)) return 'L';
  const numbers = wordsIn(days.replaceAll(/\bthe /g, '')).map(
    (word) => /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(word)?.[1],
  );
  if (numbers.length === 0 || numbers.some((number) => number === undefined)) return undefined;
  return sorted(numbers.map(Number)).join(',');
};

const atTimes = (days: string, text: string): When => {
  const ofMonth = daysOfMonth(days);
  const ofWeek = ofMonth === undefined ? daysOfWeek(days) : '*';
  if (ofWeek === undefined) return { problem: `“${days}” is not understood as days. ${examples}` };
  if (ofMonth?.split(',').some((day) => Number(day) < 1 || Number(day) > 31) === true) {
    return { problem: 'A month has the days 1 to 31.' };
  }
  const times = wordsIn(text).map(timeOfDay);
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0 || known.length < times.length) {
    return { problem: `“${text}” is not understood as a time. Write it like 9, 9:30, 8 am or 17:00.` };
  }
  const minutes = new Set(known.map((time) => time % 60));
  const [minute] = minutes;
  if (minutes.size > 1) {
    return { problem: 'Times of one schedule differ by whole hours. Make a schedule for each of these.' };
  }
  const hours = sorted(known.map((time) => Math.floor(time / 60)));
  return checked(`${minute} ${hours.join(',')} ${ofMonth ?? '*'} * ${ofWeek}`);
};

const atIntervals = (number: number, unit: string, days: string): When => {
  const ofWeek = daysOfWeek(days);
  if (ofWeek === undefined) return { problem: `“${days}” is not understood as days. ${examples}` };
  const isMinutes = unit === 'minute' && number !== 60;
  const whole = isMinutes ? 60 : 24;
  const each = unit === 'minute' && number === 60 ? 1 : number;
  if (isMinutes && number < shortest) return checked('* * * * *');
  // Others would begin anew at the full hour, or at midnight, whatever is said.
  const parts = Array.from({ length: whole - 1 }, (_, index) => index + 1).filter(
    (part) => whole % part === 0,
  );
  if (!parts.includes(each)) {
    const possible = parts.filter((part) => !isMinutes || part >= shortest).join(', ');
    return {
      problem: `Every ${number} ${unit}s does not go into ${isMinutes ? 'an hour' : 'a day'} evenly. Possible are ${possible} ${unit}s, or a time: “every day at 9”.`,
    };
  }
  const field = each === 1 ? '*' : `*/${each}`;
  return checked(isMinutes ? `${field} * * * ${ofWeek}` : `0 ${field} * * ${ofWeek}`);
};

const isPattern = (fields: readonly string[]): boolean =>
  fields.length === 5 && fields.slice(0, 2).every((field) => /^[\d*?][\d*?,/-]*$/.test(field));

/**
 * Understands a person: `every weekday at 9`, `every 30 minutes`, `on the 1st of every month at 10`, `0 9 * * 1-5`.
 * @returns what to keep, with the words to say it back; or what to tell the person
 */
export const parseWhen = (text: string): When => {
  const words = text.trim().replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  const pattern = words.replace(/^cron:? /i, '').toUpperCase();
  if (pattern !== words.toUpperCase() || isPattern(pattern.split(' '))) return checked(pattern);
  const said = words.toLowerCase();
  const interval = /^(?:every|each) (?:(\d{1,4}) )?(minute|hour)s?(?: (on .+|every .+|each .+))?$/.exec(said);
  if (interval !== null) {
    const [, number = '1', unit = '', days = 'every day'] = interval;
    return atIntervals(Number(number), unit, days);
  }
  if (said === 'hourly') return atIntervals(1, 'hour', 'every day');
  const behind = /^(at )?(.+?) ((?:on|every|each) .+|daily|weekdays|weekends)$/.exec(said);
  const [, at, times = '', days = ''] = behind ?? [];
  if (at !== undefined || (times !== '' && wordsIn(times).every((word) => timeOfDay(word) !== undefined))) {
    return atTimes(days, times);
  }
  const before = /^(.+?) (?:at|@) (.+)$/.exec(said);
  if (before !== null) return atTimes(before[1] ?? '', before[2] ?? '');
  const isDays = daysOfMonth(said) !== undefined || daysOfWeek(said) !== undefined;
  return isDays
    ? { problem: 'Say at what time too, such as “at 9” or “at 17:30”.' }
    : { problem: `That is not understood. ${examples}` };
};
