import { dominantEnding, toLineFeeds } from '../core/text.ts';
import { ToolError } from '../core/tool.ts';
import { nearestMatch } from './nearestMatch.ts';

export interface TextEdit {
  readonly oldText: string;
  readonly newText: string;
  readonly replaceAll: boolean;
}

/** A text with `\r\n` read as `\n`, and the way back to where each character stood. */
interface View {
  readonly text: string;
  /** @returns the offset in the original of an offset in the view */
  original(offset: number): number;
}

const viewOf = (original: string): View => {
  const text = toLineFeeds(original);
  if (text.length === original.length) return { text, original: (offset) => offset };
  // Offsets in the view right after which a `\r` was left out: those of the line feeds that had one.
  const removed: number[] = [];
  for (let at = original.indexOf('\r\n'); at !== -1; at = original.indexOf('\r\n', at + 2)) {
    removed.push(at - removed.length);
  }
  return {
    text,
    original: (offset) => {
      let [low, high] = [0, removed.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((removed[middle] ?? 0) < offset) low = middle + 1;
        else high = middle;
      }
      return offset + low;
    },
  };
};

/** Overlapping ones count: each is a place that could have been meant. */
const occurrences = (text: string, wanted: string): number[] => {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) found.push(at);
  return found;
};

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const separate = (offsets: readonly number[], length: number): number[] => {
  const result: number[] = [];
  for (const offset of offsets) {
    const last = result.at(-1);
    if (last === undefined || offset >= last + length) result.push(offset);
  }
  return result;
};

const ambiguous = (name: string, text: string, offsets: readonly number[]): ToolError => {
  const lines = offsets.slice(0, 10).map((offset) => lineOf(text, offset));
  const more = offsets.length > lines.length ? ` and ${offsets.length - lines.length} more` : '';
  return new ToolError(
    `${name}: old_text is there ${offsets.length} times, at lines ${lines.join(', ')}${more}. Give more of the text around it, or set replace_all. Nothing was changed.`,
  );
};

const applyEdit = (text: string, edit: TextEdit, name: string): string => {
  const wanted = toLineFeeds(edit.oldText);
  if (wanted === '') {
    throw new ToolError(`${name}: old_text is empty. Use write_file to make a file or to replace all of it.`);
  }
  if (wanted === toLineFeeds(edit.newText)) {
    throw new ToolError(`${name}: old_text and new_text are the same. Nothing was changed.`);
  }
  const view = viewOf(text);
  const found = occurrences(view.text, wanted);
  if (found.length === 0) {
    const hint = nearestMatch(view.text, wanted);
    throw new ToolError(`${name}: old_text is not in the file. Nothing was changed. ${hint}`);
  }
  if (found.length > 1 && !edit.replaceAll) throw ambiguous(name, view.text, found);
  const ending = dominantEnding(text);
  const replacement = toLineFeeds(edit.newText).replaceAll('\n', ending);
  let result = '';
  let done = 0;
  for (const offset of separate(found, wanted.length)) {
    result += text.slice(done, view.original(offset)) + replacement;
    done = view.original(offset + wanted.length);
  }
  return result + text.slice(done);
};

/**
 * Applies exact replacements in order, each to the result of the one before; all of them or none. Line endings are
 * not told apart when matching, what is put in gets the file's own, and everything else stays as it is.
 * @throws ToolError saying which edit failed and why
 */
export const applyEdits = (text: string, edits: readonly TextEdit[]): string =>
  edits.reduce(
    (current, edit, index) =>
      applyEdit(current, edit, edits.length === 1 ? 'The edit failed' : `Edit ${index + 1} failed`),
    text,
  );
