/** What servers say, as plain text for models and people. Pure. */
import { stripVTControlCharacters } from 'node:util';
import { visibleText } from '../core/shownText.ts';
import { withoutWindowOrders } from '../core/windowOrders.ts';

/** Of what cannot be seen, what letters and pictures need: a joiner, or a selector, by itself between two of them. */
const needed = /^(?:\ufe0f?\u200d|\u200c|\ufe0e|\ufe0f)$/;

/**
 * Without what only a terminal, or nobody, would see: colours, control characters, text direction, tags and other
 * characters that have no width, in which orders could be hidden. Line breaks are `\n`.
 */
export const plainText = (text: string): string =>
  stripVTControlCharacters(withoutWindowOrders(text))
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(/\p{Default_Ignorable_Code_Point}+/gu, (run) => (needed.test(run) ? run : ''))
    .toWellFormed();

/** Whether something is hidden between the letters; text direction and tags aside. */
export const hasHidden = (text: string): boolean =>
  (text.match(/\p{Default_Ignorable_Code_Point}+/gu) ?? []).some((run) => {
    const rest = run.replaceAll(/\p{Bidi_Control}|[\u{e0000}-\u{e007f}]/gu, '');
    return rest !== '' && !needed.test(rest);
  });

/** On one line of at most `limit` characters, with escapes for what could not be seen: names that people decide by. */
export const nameLine = (text: string, limit = 200): string => {
  // What is longer is cut before it is looked at: it may be megabytes.
  const start = text
    .slice(0, 10 * limit)
    .replaceAll(/\s+/g, ' ')
    .trim();
  const shown = visibleText(start);
  return (shown.length <= limit ? shown : `${shown.slice(0, limit - 1)}…`).toWellFormed();
};

/** Who speaks in what a server answers. */
export const serverTaint = (server: string): string => `the MCP server ${nameLine(server, 100)}`;
