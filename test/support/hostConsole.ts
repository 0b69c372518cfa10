import { format } from 'node:util';

/** What a bundle in the extension host prints comes back between the window's own log; this mark tells it apart. */
export const hostMark = '##host ';

/** console.log for code in the extension host, whose lines reach `onLine` of runInHost. */
export const printFromHost = (...values: unknown[]): void => console.log(`${hostMark}${format(...values)}`);

/** @returns the lines that printFromHost printed; undefined for what something else printed. */
export const linesFromHost = (text: string): string[] | undefined =>
  text.startsWith(hostMark) ? text.slice(hostMark.length).split('\n') : undefined;
