/** The number of days in a month; months count from 0. */
export const daysInMonth = (year, month) => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();

/** The same day in a later month, or that month's last day where it has no such day. */
export const addMonths = (date, months) => {
  const result = new Date(date);
  result.setUTCMonth(result.getUTCMonth() + months);
  return result;
};

/** `2026-01-31` */
export const isoDay = (date) => date.toISOString().slice(0, 10);
