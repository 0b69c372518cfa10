import { addMonths, isoDay } from './dates.js';

/** The days of the next `count` reminders of something that comes back every month. */
export const nextReminders = (first, count) =>
  Array.from({ length: count }, (_, index) => isoDay(addMonths(first, index + 1)));
