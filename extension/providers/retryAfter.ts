/**
 * How long a server asks to wait, in milliseconds: `retry-after-ms` (OpenAI, Azure) or `retry-after` in seconds or as an
 * HTTP date (RFC 9110, 10.2.3). Undefined when it does not say, or not in a way to be understood.
 */
export const retryAfterOf = (headers: Headers, now: number): number | undefined => {
  const inMs = headers.get('retry-after-ms');
  if (inMs !== null && /^\d+(\.\d+)?$/.test(inMs.trim())) return Number(inMs);
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};

/** A `google.protobuf.Duration` as JSON writes it: `36s`, `0.5s`. */
export const durationOf = (text: string): number | undefined => {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
};

/** `45 seconds`, `12 minutes`, `3 hours`. */
export const inWords = (ms: number): string => {
  const [amount, unit] =
    ms < 100_000
      ? [Math.max(1, Math.ceil(ms / 1000)), 'second']
      : ms < 6_000_000
        ? [Math.ceil(ms / 60_000), 'minute']
        : [Math.ceil(ms / 3_600_000), 'hour'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
};
