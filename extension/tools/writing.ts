import { createHash } from 'node:crypto';
import { byteOrderMark, counted, decodeText, toLineFeeds } from '../core/text.ts';
import { type FileChange, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import type { AcceptedChange, FileDiff } from '../shared/event.ts';
import { countsOf, fileDiff, patchLineLength } from './fileDiff.ts';
import { contentHash, type SeenFiles } from './seenFiles.ts';

/** What the tools that change files share. */
export interface WritingPorts {
  readonly files: WorkspaceFiles;
  readonly seen: SeenFiles;
}

/** Larger files are not edited by text replacement. */
export const editableLimit = 10_000_000;

/** The label, and the link it was reached through. */
export const fullName = (target: WorkspacePath): string =>
  target.isLink ? `${target.label} (through the symbolic link ${target.editorFile})` : target.label;

/** Moving or deleting a link, or what it leads to? Nobody has to guess. @throws ToolError */
export const refuseLink = (target: WorkspacePath): void => {
  if (!target.isLink) return;
  throw new ToolError(
    `${target.editorFile} is a symbolic link to ${target.label}. Use run_command for links.`,
  );
};

/** The content of an existing file as text, and what is needed to write it back and to notice a change. */
export interface TextFile {
  readonly text: string;
  readonly hasMark: boolean;
  readonly hash: string;
}

/** @throws ToolError when it is missing, a folder, too large, binary, or text that would be written back differently */
export const readTextFile = async (files: WorkspaceFiles, target: WorkspacePath): Promise<TextFile> => {
  const { bytes } = await files.read(target, editableLimit);
  const decoded = decodeText(bytes);
  if (decoded.kind === 'binary') {
    throw new ToolError(`${target.label} is a binary file and cannot be written as text.`);
  }
  if (!decoded.exact) {
    throw new ToolError(
      `${target.label} is not UTF-8; writing it as text would change its encoding. Use run_command.`,
    );
  }
  return { text: decoded.text, hasMark: decoded.hasMark, hash: contentHash(bytes) };
};

export interface TextChange {
  readonly target: WorkspacePath;
  /** Undefined for a new file. */
  readonly before: TextFile | undefined;
  /** Without a byte order mark; the one of the old file is kept. */
  readonly after: string;
  readonly diff: FileDiff;
  /** What the model wrote, where the person made `after` of it. */
  readonly proposed?: string;
}

const bytesOf = ({ before, after }: TextChange): string =>
  before?.hasMark === true ? byteOrderMark + after : after;

export const acceptedOf = (change: TextChange): AcceptedChange => ({
  path: change.target.label,
  sha256: createHash('sha256').update(bytesOf(change)).digest('hex'),
  added: change.diff.added,
  removed: change.diff.removed,
});

export const reviewOf = ({ target, before, after }: TextChange): FileChange => ({
  path: target.label,
  file: target.editorFile,
  before: before?.text,
  after,
});

/** `src/a.ts` and `+6 -2`, in one line. */
export const changeLine = ({ target, before, diff }: TextChange): string =>
  `${fullName(target)}${before === undefined ? ' (new file)' : ''}: ${countsOf(diff)}`;

/** What is in the file after a change was written to it. */
export interface Written {
  readonly text: string;
  /** From before the change to that. */
  readonly diff: FileDiff;
  /** For the model, where that is not what it wrote; otherwise empty. Begins with a line break. */
  readonly note: string;
}

/** Lines of that note's diff. */
const noteLineLimit = 80;

interface Note {
  readonly text: string;
  /** It tells the difference to the last character. */
  readonly isComplete: boolean;
}

const noNote: Note = { text: '', isComplete: true };

/** How two texts differ, below a sentence that says why. */
const noteOf = (heading: string, path: string, before: string, after: string): Note => {
  const { patch, omittedLines } = fileDiff({ path, before, after });
  const all = patch.split('\n');
  const lines = all.slice(0, noteLineLimit);
  const omitted = omittedLines + all.length - lines.length;
  const note = [
    heading,
    ...lines,
    ...(omitted === 0
      ? []
      : [`[${counted(omitted, 'more line')}; read the file before you change it again]`]),
  ];
  const isComplete = omitted === 0 && lines.every((line) => line.length <= patchLineLength);
  return { text: `\n${note.join('\n')}`, isComplete };
};

const changedByPerson =
  'The person changed this edit before accepting it. What was written, as a diff against what you proposed:';
const changedOnSave =
  'It was changed as it was saved (by a formatter, most likely). From what you wrote to what is there now:';
const changedOnSaveThen =
  'Then it was changed as it was saved (by a formatter, most likely). From what was accepted to what is there now:';

/** The editor may have formatted the text as it saved it: what counts from now on is what is there. */
const readBack = async ({ files, seen }: WritingPorts, change: TextChange): Promise<Written> => {
  const { target, before, after, diff, proposed } = change;
  const knewAll = before === undefined || seen.get(target.file)?.linesShown === Number.POSITIVE_INFINITY;
  const remember = (hash: string, knowsAll: boolean): void =>
    seen.set(target.file, { hash, linesShown: knowsAll ? Number.POSITIVE_INFINITY : 0 });
  const byPerson = proposed === undefined ? noNote : noteOf(changedByPerson, target.label, proposed, after);
  const bytes = await files.read(target, editableLimit).then(
    (content) => content.bytes,
    // It is written; that it cannot be read makes no failure of it.
    () => new TextEncoder().encode(after),
  );
  const decoded = decodeText(bytes);
  const text = decoded.kind === 'text' ? decoded.text : after;
  // An editor gives all lines of a document the same ending.
  if (toLineFeeds(text) === toLineFeeds(after)) {
    remember(contentHash(bytes), knewAll && byPerson.isComplete);
    return { text, diff, note: byPerson.text };
  }
  const heading = proposed === undefined ? changedOnSave : changedOnSaveThen;
  const onSave = noteOf(heading, target.label, after, text);
  remember(contentHash(bytes), knewAll && byPerson.isComplete && onSave.isComplete);
  return {
    text,
    diff: fileDiff({ path: target.label, before: before?.text, after: text }),
    note: byPerson.text + onSave.text,
  };
};

/**
 * Writes a change if the file is still what it was when the change was made: the person may have taken an hour to
 * decide, and edited it meanwhile.
 * @throws ToolError when it changed; nothing is written then
 */
export const writeChange = async (
  ports: WritingPorts,
  change: TextChange,
  signal: AbortSignal,
): Promise<Written> => {
  const { files } = ports;
  const { target, before } = change;
  const now = await files.resolve(target.editorFile);
  if (now.exists !== (before !== undefined)) {
    throw new ToolError(
      `${target.label} ${now.exists ? 'was made' : 'was removed'} since this step was proposed. Nothing was written.`,
    );
  }
  if (before !== undefined) {
    const { bytes } = await files.read(now, editableLimit);
    if (contentHash(bytes) !== before.hash) {
      throw new ToolError(
        `${target.label} changed since this step was proposed. Nothing was written. Read it again.`,
      );
    }
  }
  signal.throwIfAborted();
  await files.writeText(target, bytesOf(change));
  return readBack(ports, change);
};
