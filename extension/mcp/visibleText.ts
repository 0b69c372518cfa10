/** Text of configuration files, shown to the letter. */

/**
 * Controls, text direction, what cannot be seen or has no meaning yet, spaces that are none, and half characters: with
 * them a text looks like another one.
 */
const hidden = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|[^\P{Zs} ]/u;
const hiddenAll = new RegExp(hidden, 'gu');
/** These mark what we put in: a text must not look like that. */
const marks = /[‹›]/g;

const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`;

/** Whether a text has characters that cannot be seen; line breaks and tabs count. */
export const hasHidden = (text: string): boolean => hidden.test(text);

/** On one line, with escapes for what could not be seen and for our own marks. */
export const visibleLine = (text: string): string =>
  text.replace(hiddenAll, escapeOf).replace(marks, escapeOf);

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word of a command line as a POSIX shell would read it back, with escapes and placeholders for people. */
export const shellWord = (shown: string): string =>
  plainWord.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
