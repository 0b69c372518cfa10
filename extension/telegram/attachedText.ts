import { decodeText } from '../core/text.ts';

/** No text has these; what is in no known encoding but free of them may be text. */
const control = /[^\P{Cc}\t\n\r\f]/u;

/** Formats that may pass for text by their first bytes. */
const isOfProgram = (text: string): boolean => /^(?:%PDF-|\{\\rtf|%!PS)/.test(text);

/** The text of a file, with `\n` at the end of its lines; undefined where it is none. */
export const plainTextOf = (bytes: Uint8Array): string | undefined => {
  const decoded = decodeText(bytes);
  if (decoded.kind === 'binary' || isOfProgram(decoded.text)) return undefined;
  if (control.test(decoded.text)) return undefined;
  return decoded.text.replaceAll(/\r\n?/g, '\n');
};
