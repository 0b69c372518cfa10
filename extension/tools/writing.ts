import { type FileChange, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import type { ApprovalPrompt, FileDiff, GrantScope } from '../shared/event.ts';
import { countsOf, fileDiff, patchLineLength } from './fileDiff.ts';
import { contentHash, type SeenFiles } from './seenFiles.ts';
import { byteOrderMark, counted, decodeText, toLineFeeds } from './text.ts';

/** What the tools that change files share. */
export interface WritingPorts {
  readonly files: WorkspaceFiles;
  readonly seen: SeenFiles;
}

/** Larger files are not edited by text replacement. */
export const editableLimit = 10_000_000;

export const editGrant: GrantScope = { key: 'write', label: 'edits to files in this workspace' };
export const moveGrant: GrantScope = { key: 'move', label: 'moving files in this workspace' };
export const deleteGrant: GrantScope = { key: 'delete', label: 'deleting files in this workspace' };

/** Why a path asks every time, or undefined. */
export const cautionFor = (files: WorkspaceFiles, targets: readonly WorkspacePath[]): string | undefined => {
  for (const target of targets) {
    const reason = files.protectedBecause(target);
    if (reason !== undefined) return reason;
    if (files.looksSecret(target)) return `${target.label} looks like it holds secrets`;
  }
  return undefined;
};

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

export interface ApprovalInput {
  readonly title: string;
  readonly detail: string;
  readonly diffs: readonly FileDiff[];
  readonly grant: GrantScope;
  readonly targets: readonly WorkspacePath[];
}

export const approvalFor = (files: WorkspaceFiles, input: ApprovalInput): ApprovalPrompt => {
  const caution = cautionFor(files, input.targets);
  const { title, detail, diffs } = input;
  return { title, detail, diffs, ...(caution === undefined ? { grant: input.grant } : { caution }) };
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
}

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
  /** For the model, where that is not what it wrote; otherwise empty. */
  readonly note: string;
}

/** Lines of that note's diff. */
const noteLineLimit = 80;

/** How a text differs from the one the model wrote, and whether that is told to the last character. */
const noteOf = (path: string, wrote: string, found: string): { note: string; isComplete: boolean } => {
  const { patch, omittedLines } = fileDiff({ path, before: wrote, after: found });
  const all = patch.split('\n');
  const lines = all.slice(0, noteLineLimit);
  const omitted = omittedLines + all.length - lines.length;
  const note = [
    'It was changed as it was saved (by a formatter, most likely). From what you wrote to what is there now:',
    ...lines,
    ...(omitted === 0
      ? []
      : [`[${counted(omitted, 'more line')}; read the file before you change it again]`]),
  ];
  const isComplete = omitted === 0 && lines.every((line) => line.length <= patchLineLength);
  return { note: `\n${note.join('\n')}`, isComplete };
};

/** The editor may have formatted the text as it saved it: what counts from now on is what is there. */
const readBack = async (
  { files, seen }: WritingPorts,
  { target, before, after, diff }: TextChange,
): Promise<Written> => {
  const knewAll = before === undefined || seen.get(target.file)?.linesShown === Number.POSITIVE_INFINITY;
  const remember = (hash: string, knowsAll: boolean): void =>
    seen.set(target.file, { hash, linesShown: knowsAll ? Number.POSITIVE_INFINITY : 0 });
  const bytes = await files.read(target, editableLimit).then(
    (content) => content.bytes,
    // It is written; that it cannot be read makes no failure of it.
    () => new TextEncoder().encode(after),
  );
  const decoded = decodeText(bytes);
  const text = decoded.kind === 'text' ? decoded.text : after;
  // An editor gives all lines of a document the same ending.
  if (toLineFeeds(text) === toLineFeeds(after)) {
    remember(contentHash(bytes), knewAll);
    return { text, diff, note: '' };
  }
  const { note, isComplete } = noteOf(target.label, after, text);
  remember(contentHash(bytes), knewAll && isComplete);
  return { text, diff: fileDiff({ path: target.label, before: before?.text, after: text }), note };
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
  const { target, before, after } = change;
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
  await files.writeText(target, before?.hasMark === true ? byteOrderMark + after : after);
  return readBack(ports, change);
};
