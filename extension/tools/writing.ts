import { type FileChange, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import type { ApprovalPrompt, FileDiff, GrantScope } from '../shared/event.ts';
import { countsOf } from './fileDiff.ts';
import { contentHash, type SeenFiles } from './seenFiles.ts';
import { byteOrderMark, type Decoded, decodeText } from './text.ts';

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
  /** Encoding the text again gives the same bytes. */
  readonly isExact: boolean;
  readonly hash: string;
}

const asText = (target: WorkspacePath, decoded: Decoded): Decoded & { kind: 'text' } => {
  if (decoded.kind === 'text') return decoded;
  throw new ToolError(`${target.label} is a binary file and cannot be edited as text.`);
};

/** @throws ToolError when it is missing, a folder, too large or binary */
export const readTextFile = async (files: WorkspaceFiles, target: WorkspacePath): Promise<TextFile> => {
  const { bytes } = await files.read(target, editableLimit);
  const { text, hasMark, exact } = asText(target, decodeText(bytes));
  return { text, hasMark, isExact: exact, hash: contentHash(bytes) };
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

/**
 * Writes a change if the file is still what it was when the change was made: the person may have taken an hour to
 * decide, and edited it meanwhile.
 * @throws ToolError when it changed; nothing is written then
 */
export const writeChange = async (
  { files, seen }: WritingPorts,
  { target, before, after }: TextChange,
  signal: AbortSignal,
): Promise<void> => {
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
  const text = before?.hasMark === true && before.isExact ? byteOrderMark + after : after;
  await files.writeText(target, text);
  seen.set(target.file, contentHash(after));
};
