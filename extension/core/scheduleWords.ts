/** A cron pattern in words that `parseWhen` understands again: what a person sees is what runs. Pure. */

export const dayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const;

/** `a`, `a and b`, `a, b and c`. */
const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const ordinal = (number: number): string => {
  const teen = number % 100 >= 11 && number % 100 <= 13;
  const ending = teen ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[number % 10];
  return `${number}${ending ?? 'th'}`;
};

/** Numbers of a plain list; undefined for ranges, steps and names. */
const numbersOf = (field: string): readonly number[] | undefined =>
  /^\d+(,\d+)*$/.test(field) ? field.split(',').map(Number) : undefined;

/** Plain lists only: with ranges and steps there are other ways of saying it. */
const weekdaysOf = (field: string): readonly string[] | undefined => {
  const names = numbersOf(field)?.map((day) => dayNames[day % 7]);
  return names?.every((name) => name !== undefined) === true ? names : undefined;
};

/** Before `at 9:00`. */
const daysBefore = (dayOfMonth: string, dayOfWeek: string): string | undefined => {
  if (dayOfMonth !== '*') {
    if (dayOfWeek !== '*') return undefined;
    if (dayOfMonth === 'L') return 'on the last day of every month';
    const days = numbersOf(dayOfMonth);
    return days === undefined ? undefined : `on the ${listed(days.map(ordinal))} of every month`;
  }
  if (dayOfWeek === '*') return 'every day';
  if (dayOfWeek === '1-5') return 'every weekday';
  if (dayOfWeek === '0,6') return 'on weekends';
  const names = weekdaysOf(dayOfWeek);
  return names === undefined ? undefined : `every ${listed(names)}`;
};

/** Behind `every 2 hours`, with a space before it; empty for every day. */
const daysBehind = (dayOfMonth: string, dayOfWeek: string): string | undefined => {
  if (dayOfMonth !== '*') return undefined;
  if (dayOfWeek === '*') return '';
  if (dayOfWeek === '1-5') return ' on weekdays';
  if (dayOfWeek === '0,6') return ' on weekends';
  const names = weekdaysOf(dayOfWeek);
  return names === undefined ? undefined : ` on ${listed(names.map((name) => `${name}s`))}`;
};

/** Of a field with a step; undefined where the last one of an hour, or of a day, would be shorter. */
const stepOf = (field: string, whole: number): number | undefined => {
  const step = Number(/^\*\/(\d+)$/.exec(field)?.[1]);
  return step > 1 && whole % step === 0 ? step : undefined;
};

const intervalOf = (minute: string, hour: string): string | undefined => {
  const minutes = stepOf(minute, 60);
  if (minutes !== undefined && hour === '*') return `every ${minutes} minutes`;
  if (minute !== '0') return undefined;
  if (hour === '*') return 'every hour';
  const hours = stepOf(hour, 24);
  return hours === undefined ? undefined : `every ${hours} hours`;
};

/** @param cron five fields. @returns `every weekday at 9:00`; `cron …` where there are no better words */
export const wordsOfCron = (cron: string): string => {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = cron.split(' ');
  const asItIs = `cron ${cron}`;
  if (month !== '*') return asItIs;
  const interval = intervalOf(minute, hour);
  if (interval !== undefined) {
    const days = daysBehind(dayOfMonth, dayOfWeek);
    return days === undefined ? asItIs : `${interval}${days}`;
  }
  const days = daysBefore(dayOfMonth, dayOfWeek);
  const hours = numbersOf(hour);
  if (days === undefined || hours === undefined || !/^\d+$/.test(minute)) return asItIs;
  return `${days} at ${listed(hours.map((each) => `${each}:${minute.padStart(2, '0')}`))}`;
};

const partsOf = (at: number, zone: string | undefined): Readonly<Record<string, string>> => {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
};

/** `today 9:00`, `Mon 30 Nov 9:00`, `1 Jan 2028 9:00`. */
export const wordsOfTime = (at: number, now: number, zone?: string): string => {
  const { weekday, day, month, year, hour, minute } = partsOf(at, zone);
  const today = partsOf(now, zone);
  const time = `${Number(hour)}:${minute}`;
  const date = `${day} ${month}`;
  if (year !== today.year) return `${date} ${year} ${time}`;
  return date === `${today.day} ${today.month}` ? `today ${time}` : `${weekday} ${date} ${time}`;
};
