/** Bytes as text, and how to write text back the way it was. */

export type Decoded =
  /** `exact`: encoding the text again gives the same bytes. */
  | { readonly kind: 'text'; readonly text: string; readonly hasMark: boolean; readonly exact: boolean }
  | { readonly kind: 'binary' };

/** As git and ripgrep judge it: a NUL early on means binary. */
const sniffLength = 8_000;

const utf16 = (bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
};

/** The text of a file without its byte order mark. Not UTF-8: shown as Latin-1 or UTF-16, but not exact. */
export const decodeText = (bytes: Uint8Array): Decoded => {
  const wide = utf16(bytes);
  if (wide !== undefined) {
    return { kind: 'text', text: new TextDecoder(wide).decode(bytes), hasMark: true, exact: false };
  }
  if (bytes.subarray(0, sniffLength).includes(0)) return { kind: 'binary' };
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { kind: 'text', text, hasMark, exact: true };
  } catch {
    return { kind: 'text', text: new TextDecoder('latin1').decode(bytes), hasMark: false, exact: false };
  }
};

export const byteOrderMark = '\ufeff';

export type LineEnding = '\n' | '\r\n';

/** The more frequent one; `\n` for a text without line breaks. */
export const dominantEnding = (text: string): LineEnding => {
  const windows = text.split('\r\n').length - 1;
  const all = text.split('\n').length - 1;
  return windows > all - windows ? '\r\n' : '\n';
};

export const toLineFeeds = (text: string): string => text.replaceAll('\r\n', '\n');

/** The lines as an editor counts them, without their endings; a final line break opens no further line. */
export const splitLines = (text: string): string[] => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

export const countLines = (text: string): number => splitLines(text).length;

/** `12 bytes`, `3.4 KB`, `5.0 MB`. */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1_000) return counted(bytes, 'byte');
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
};

/** `1 match`, `2 matches`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

export const cutText = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

/** At most `limit` characters of a line that a search or a read shows. */
export const cutLine = (line: string, limit: number): string =>
  line.length <= limit ? line : `${line.slice(0, limit)}… [${line.length - limit} more characters]`;
