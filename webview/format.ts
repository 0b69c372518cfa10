/** Numbers and times as a person reads them in a narrow column. */

const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** `950`, `1.2k`, `31k`, `1.4M`. */
export const shortNumber = (value: number): string => {
  if (value < 1_000) return String(value);
  if (value < 9_950) return `${trim(value / 1_000)}k`;
  if (value < 999_500) return `${Math.round(value / 1_000)}k`;
  return `${trim(value / 1_000_000)}M`;
};

export const exactNumber = (value: number): string => value.toLocaleString('en-US');

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${exactNumber(count)} ${count === 1 ? one : many}`;

/** Dollars: `$0`, `<$0.001`, `$0.004`, `$1.23`, `$123`. */
export const shortCost = (usd: number): string => {
  if (usd === 0) return '$0';
  if (usd < 0.0005) return '<$0.001';
  if (usd < 0.0095) return `$${usd.toFixed(3)}`;
  return usd < 99.995 ? `$${usd.toFixed(2)}` : `$${exactNumber(Math.round(usd))}`;
};

/** To a millionth of a dollar: `$0.0123`, `$1.50`. */
export const exactCost = (usd: number): string =>
  usd.toLocaleString('en-US', {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: usd === 0 ? 0 : 2,
    maximumFractionDigits: 6,
  });

/** How long something took, in milliseconds: `0.4 s`, `12 s`, `3 min 5 s`. */
export const duration = (milliseconds: number): string => {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 9.95) return `${trim(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return rest === 0 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 60)} min ${rest} s`;
};

/** A running clock: `0:07`, `12:40`, `1:02:03`. */
export const clock = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
};

export const exactTime = (at: number): string =>
  new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `now`, `5 min`, `3 h`, `2 d`, then the date. */
export const relativeTime = (at: number, now: number): string => {
  const age = now - at;
  if (age < minute) return 'now';
  if (age < hour) return `${Math.floor(age / minute)} min`;
  if (age < day) return `${Math.floor(age / hour)} h`;
  if (age < 7 * day) return `${Math.floor(age / day)} d`;
  return new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium' });
};

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** The heading a chat of that time stands under. */
export const dayLabel = (at: number, now: number): string => {
  // Rounded, because a day with a clock change is not 24 hours long.
  const days = Math.round((startOfDay(now) - startOfDay(at)) / day);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return new Date(at).toLocaleDateString(undefined, { weekday: 'long' });
  if (days < 31) return 'Last 30 days';
  return new Date(at).toLocaleDateString(undefined, { month: 'long', year: 'numeric' });
};
