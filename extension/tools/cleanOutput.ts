import { stripVTControlCharacters } from 'node:util';
import { withoutWindowOrders } from '../core/windowOrders.ts';

/** What a progress bar overwrote is gone, as on a screen. */
const lastOfLine = (line: string): string => {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
};

/** Output of a terminal program as plain text: no colours, no cursor moves, no overwritten progress lines. */
export const cleanOutput = (text: string): string =>
  stripVTControlCharacters(withoutWindowOrders(text))
    .split('\n')
    .map(lastOfLine)
    .join('\n')
    // What is left of control characters says nothing to a reader, and some providers refuse it.
    .replace(/[^\P{Cc}\n\t]/gu, '');
