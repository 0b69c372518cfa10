/** What servers say, as few plain words for people. Apart: forms need it in windows that have not loaded the client. */
import { cutText } from '../core/text.ts';

const wordsLimit = 500;

/** ANSI sequences first: what is left of them without their first character would be shown. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g;
const hidden = /[^\P{Cc}\n\t]|[\u2028\u2029]|\p{Default_Ignorable_Code_Point}/gu;

/** Words of a server, within bounds and with nothing in them that cannot be seen. */
export const plainWords = (text: string, limit = wordsLimit): string =>
  cutText(
    text
      .slice(0, limit * 20)
      .replaceAll(ansi, '')
      .replaceAll(hidden, '')
      .trim(),
    limit,
  );
