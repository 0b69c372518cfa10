/** What is at a path, as before-images tell it. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { missing } from '../core/restorePlan.ts';
import { CannotUndoError } from '../core/undo.ts';
import type { Editor, WorkspaceRoot } from '../core/workspace.ts';
import type { FileState } from '../shared/undo.ts';
import { errorCode, isInside } from './boundary.ts';
import { openVerified } from './verified.ts';

export const permissionsOf = ({ mode }: Pick<Stats, 'mode'>): number => mode & 0o7777;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @returns undefined where nothing is there */
export const statusOf = (file: string): Promise<Stats | undefined> =>
  lstat(file).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw error;
  });

/** The largest file that before-images are kept of, in bytes. */
export const largestKept = 200_000_000;

/** Reads from the start to the end, without changing the handle's place. @param size about how large it is */
export const hashOf = async (handle: FileHandle, size: number): Promise<string> => {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(size + 1, 1_048_576));
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
};

/** Everything but the content of regular files. @throws CannotUndoError for pipes, sockets and devices */
export const plainState = async (file: string, status: Stats | undefined): Promise<FileState | undefined> => {
  if (status === undefined) return missing;
  if (status.isDirectory()) return { kind: 'folder', mode: permissionsOf(status) };
  if (status.isSymbolicLink()) return { kind: 'link', target: await readlink(file) };
  if (status.isFile()) return undefined;
  throw new CannotUndoError('it is neither a file nor a folder');
};

/**
 * What is on the disk. Symbolic links are not followed.
 * @throws BoundaryError where a part of the path is a link; the file system's error when it cannot be read
 */
export const stateOnDisk = async (file: string): Promise<FileState> => {
  const plain = await plainState(file, await statusOf(file));
  if (plain !== undefined) return plain;
  const handle = await openVerified(file);
  try {
    const status = await handle.stat();
    // It is never kept, so it need only be told whether it is still the same.
    const hash =
      status.size > largestKept
        ? sha256(Buffer.from(`not kept: ${status.size} ${status.mtimeMs}`))
        : await hashOf(handle, status.size);
    return { kind: 'file', hash, size: status.size, mode: permissionsOf(status) };
  } finally {
    await handle.close();
  }
};

/** The names by which the editor may know a real path: documents keep the path they were opened with. */
export const editorNames = (
  file: string,
  roots: readonly { readonly root: WorkspaceRoot; readonly real: string }[],
): readonly string[] => [
  ...new Set([
    ...roots.flatMap(({ root, real }) =>
      isInside(real, file) ? [path.join(root.path, path.relative(real, file))] : [],
    ),
    file,
  ]),
];

const mark = '\ufeff';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As it is on the disk; undefined where it cannot be read. @throws CannotUndoError for another encoding */
const savedText = async (file: string): Promise<string | undefined> => {
  const handle = await openVerified(file).catch(() => undefined);
  const bytes = await handle
    ?.readFile()
    .catch(() => undefined)
    .finally(() => handle.close());
  if (bytes === undefined) return undefined;
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new CannotUndoError('it has unsaved changes, and is not in UTF-8; save it first', { cause });
  }
};

/**
 * What is typed in an editor and not saved yet, as it would be saved; a document's text never has the byte order mark.
 * @throws CannotUndoError where that is not in UTF-8: then only the editor could tell the bytes
 */
export const unsavedBytes = async (
  editor: Pick<Editor, 'openText'>,
  file: string,
  names: readonly string[],
): Promise<Uint8Array | undefined> => {
  const document = names.map((name) => editor.openText(name)).find((each) => each?.isDirty === true);
  if (document === undefined) return undefined;
  const hasMark = (await savedText(file))?.startsWith(mark) === true;
  return Buffer.from(hasMark ? mark + document.text : document.text, 'utf8');
};

/** Of a file that is not there yet. */
export const newFileMode = (): number => 0o666 & ~process.umask();
