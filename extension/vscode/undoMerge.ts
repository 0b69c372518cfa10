/** Takes what steps did out of a text that somebody went on working on. Pure. */
import { diff3Merge } from 'node-diff3';

export interface Merged {
  /** With conflict markers where both changed the same lines. */
  readonly text: string;
  readonly conflicts: number;
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** A marker stands on a line of its own, also behind a last line that has no end. */
const block = (lines: readonly string[]): string => {
  const text = lines.join('');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
};

/** @param base what both come from @param now is kept where only it differs @param earlier likewise */
export const mergeTexts = (base: string, now: string, earlier: string): Merged => {
  let conflicts = 0;
  const parts = diff3Merge(linesOf(now), linesOf(base), linesOf(earlier)).map(({ ok, conflict }) => {
    if (ok !== undefined) return ok.join('');
    if (conflict === undefined) return '';
    conflicts += 1;
    return `<<<<<<< as it is now\n${block(conflict.a)}=======\n${block(conflict.b)}>>>>>>> as it was before\n`;
  });
  return { text: parts.join(''), conflicts };
};

export interface TextChange {
  readonly before: string;
  readonly after: string;
}

/**
 * @param changes what the steps did, oldest first; others may have worked on it in between
 * @returns the text without them
 */
export const mergeOut = (now: string, changes: readonly TextChange[]): Merged => {
  let text = now;
  for (const { before, after } of changes.toReversed()) {
    const merged = mergeTexts(after, text, before);
    if (merged.conflicts > 0) {
      // Markers cannot be merged further: then all steps at once.
      return mergeTexts(changes.at(-1)?.after ?? now, now, changes[0]?.before ?? now);
    }
    text = merged.text;
  }
  return { text, conflicts: 0 };
};

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Without a byte order mark, as an editor has it. @returns undefined for what is no text */
export const readableText = (bytes: Uint8Array | undefined): string | undefined => {
  if (bytes === undefined || bytes.subarray(0, 8_000).includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
};
