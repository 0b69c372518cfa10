import { useEffect, useState } from 'preact/hooks';
import { expiryOf } from './asking.ts';

/** Timers cannot wait for longer. In milliseconds. */
const longestWait = 2 ** 31 - 1;

/** What there is to say about the time left: drawn again when that changes, and not before. */
export const useExpiry = (expiresAt: number | undefined): string => {
  const [now, setNow] = useState(() => Date.now());
  const { text, nextIn } =
    expiresAt === undefined ? { text: '', nextIn: undefined } : expiryOf(expiresAt, now);
  useEffect(() => {
    if (nextIn === undefined) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(nextIn, longestWait));
    return () => clearTimeout(timer);
  }, [now, nextIn]);
  return text;
};
