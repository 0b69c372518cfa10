import { constants } from 'node:fs';
import { access, copyFile, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { ToolError } from '../core/tool.ts';
import {
  BoundaryError,
  type Editor,
  type FileContent,
  type FolderEntry,
  type WorkspaceFiles,
  type WorkspacePath,
  type WorkspaceRoot,
} from '../core/workspace.ts';
import { writeAtomically } from './atomicWrite.ts';
import { errorCode, isInside, resolveInside } from './boundary.ts';
import { askedContent } from './folderContents.ts';
import { protectedReason } from './protectedPaths.ts';
import { realRootsOf } from './realRoots.ts';
import { isSecretName } from './secretFiles.ts';
import { changedMeanwhile, makeVerifiedFolder, openVerified, openVerifiedFolder } from './verified.ts';

export interface WorkspaceFilesOptions {
  /** Asked anew for every path: folders come and go while a chat is open. */
  roots(): readonly WorkspaceRoot[];
  readonly editor: Editor;
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

const explanations: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be accessed: permission denied',
  EPERM: 'may not be accessed: not permitted',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'cannot be written: the disk is full',
  EDQUOT: 'cannot be written: the disk quota is used up',
  ENAMETOOLONG: 'has too long a name',
  EBUSY: 'is in use by another program',
  ETXTBSY: 'is in use by another program',
  EISDIR: 'is a folder',
  ENOTDIR: 'is a file, not a folder',
  ENOTEMPTY: 'is a folder that is not empty',
  EXDEV: 'is on another disk',
};

/** Turns a file system's failure into what the model should read; passes on everything else. */
const explained = async <T>(path: WorkspacePath, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const code = errorCode(error);
    if (code === '' || error instanceof ToolError || error instanceof BoundaryError) throw error;
    throw new ToolError(`${path.label} ${explanations[code] ?? `failed with ${code}`}.`, { cause: error });
  }
};

const kindOf = (entry: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): FolderEntry['kind'] => {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
};

/** On a file system that ignores case, another spelling of a name is the same file. */
const isSameFile = async (a: string, b: string): Promise<boolean> => {
  if (path.basename(a).toLowerCase() !== path.basename(b).toLowerCase()) return false;
  const [left, right] = await Promise.all([a, b].map((file) => lstat(file, { bigint: true })));
  return left !== undefined && left.ino === right?.ino && left.dev === right.dev;
};

/** Moving or deleting follows no link: what is meant, the link or what it leads to, would be a guess. */
const refuseLink = (target: WorkspacePath, verb: string): void => {
  if (target.isLink) throw new ToolError(`${target.editorFile} is a symbolic link; it is not ${verb}.`);
};

/** The disk and the editor behind one boundary. See verified.ts for what holds against races. */
export const createWorkspaceFiles = ({ roots, editor }: WorkspaceFilesOptions): WorkspaceFiles => {
  const resolve = (given: string): Promise<WorkspacePath> => resolveInside(given, roots());

  /** Again from the start, because links may have been made since. */
  const recheck = async (target: WorkspacePath): Promise<WorkspacePath> => {
    const now = await resolve(target.editorFile);
    if (now.file !== target.file) throw changedMeanwhile(target.label);
    return now;
  };

  /**
   * What is a workspace folder, or has one in it, stays where it is: with the folder its files would be known by other
   * names, and something else could be put in its place.
   * @throws ToolError
   */
  const refuseToUproot = async (target: WorkspacePath, verb: string): Promise<void> => {
    const all = roots();
    const places = [
      ...all.map((root) => path.resolve(root.path)),
      ...(await realRootsOf(all)).map(({ real }) => real),
    ];
    const names = [target.file, path.resolve(target.editorFile)];
    if (!places.some((place) => names.some((name) => isInside(name, place)))) return;
    throw new ToolError(`${target.label} is a workspace folder itself, or holds one; it is never ${verb}.`);
  };

  /** The names the editor may know a file by: documents keep the path they were opened with. */
  const openName = (target: WorkspacePath): string | undefined =>
    [...new Set([target.editorFile, target.file])].find((name) => editor.openText(name) !== undefined);

  const readDisk = async (target: WorkspacePath, limit: number): Promise<Uint8Array> => {
    const handle = await openVerified(target.file);
    try {
      const status = await handle.stat();
      if (status.isDirectory()) throw new ToolError(`${target.label} is a folder. Use list_directory.`);
      if (!status.isFile()) throw new ToolError(`${target.label} is not a regular file.`);
      if (status.size > limit) {
        throw new ToolError(
          `${target.label} has ${megabytes(status.size)}; at most ${megabytes(limit)} can be read at once. Use search_text to find a part of it, or run_command.`,
        );
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  };

  const read = async (target: WorkspacePath, limit: number): Promise<FileContent> => {
    await recheck(target);
    const name = openName(target);
    const document = name === undefined ? undefined : editor.openText(name);
    if (document?.isDirty === true) {
      const bytes = new TextEncoder().encode(document.text);
      if (bytes.length > limit) {
        throw new ToolError(
          `${target.label} has ${megabytes(bytes.length)}; the limit is ${megabytes(limit)}.`,
        );
      }
      return { bytes, isUnsaved: true };
    }
    return { bytes: await explained(target, () => readDisk(target, limit)), isUnsaved: false };
  };

  const list = async (target: WorkspacePath): Promise<readonly FolderEntry[]> => {
    const now = await recheck(target);
    if (!now.exists) throw new ToolError(`${target.label} does not exist.`);
    if (!now.isFolder) throw new ToolError(`${target.label} is a file, not a folder. Use read_file.`);
    return explained(target, async () => {
      const folder = await openVerifiedFolder(target.file);
      try {
        const entries = await readdir(folder.here, { withFileTypes: true });
        const sizes = await Promise.all(
          entries.map(async (entry) =>
            entry.isFile() ? ((await lstat(folder.at(entry.name)).catch(() => undefined))?.size ?? 0) : 0,
          ),
        );
        return entries
          .map((entry, index) => ({ name: entry.name, kind: kindOf(entry), size: sizes[index] ?? 0 }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      } finally {
        await folder.close();
      }
    });
  };

  /** @returns false when the document was closed meanwhile @throws ToolError when the editor cannot save it */
  const writeInEditor = async (target: WorkspacePath, name: string, text: string): Promise<boolean> => {
    const before = editor.openText(name)?.text;
    // A document's text never has the byte order mark; the editor keeps it by itself.
    const result = await editor.replaceText(name, text.replace(/^\ufeff/, ''));
    if (result !== 'notSaved') return result === 'saved';
    // The disk beneath is not written either: the editor has its reason, and would show a conflict from then on.
    const now = editor.openText(name);
    const outcome =
      now === undefined || now.text === before
        ? 'Nothing was written.'
        : 'The file is as it was, and the change stands unsaved in the editor.';
    throw new ToolError(
      `The editor could not save ${target.label}: it may be read-only, or have changed on the disk meanwhile. ${outcome}`,
    );
  };

  const writeText = async (target: WorkspacePath, text: string): Promise<void> => {
    const now = await recheck(target);
    if (now.isFolder) throw new ToolError(`${target.label} is a folder.`);
    const name = openName(target);
    if (name !== undefined && (await writeInEditor(target, name, text))) return;
    await explained(target, async () => {
      const folder = await makeVerifiedFolder(path.dirname(target.file));
      try {
        await writeAtomically(folder, path.basename(target.file), text);
      } finally {
        await folder.close();
      }
    });
  };

  const moveOnDisk = async (from: WorkspacePath, to: WorkspacePath): Promise<void> => {
    const source = await openVerifiedFolder(path.dirname(from.file));
    try {
      const target = await makeVerifiedFolder(path.dirname(to.file));
      try {
        const [oldName, newName] = [source.at(path.basename(from.file)), target.at(path.basename(to.file))];
        const isTaken = (await lstat(newName).catch(() => undefined)) !== undefined;
        if (isTaken && !(await isSameFile(oldName, newName)))
          throw new ToolError(`${to.label} exists already.`);
        await rename(oldName, newName).catch(async (error: unknown) => {
          if (errorCode(error) !== 'EXDEV' || from.isFolder) throw error;
          // Roots may lie on different disks.
          await copyFile(oldName, newName, constants.COPYFILE_EXCL);
          await unlink(oldName);
        });
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  };

  const move = async (from: WorkspacePath, to: WorkspacePath): Promise<void> => {
    refuseLink(from, 'moved');
    await refuseToUproot(from, 'moved');
    await refuseToUproot(to, 'replaced');
    const [source, target] = [await recheck(from), await recheck(to)];
    if (!source.exists) throw new ToolError(`${from.label} does not exist.`);
    if (target.exists && !(await isSameFile(source.file, target.file))) {
      throw new ToolError(`${to.label} exists already.`);
    }
    const name = source.isFolder ? undefined : openName(from);
    if (name !== undefined) {
      await explained(to, async () => (await makeVerifiedFolder(path.dirname(to.file))).close());
      await recheck(to);
      if (await editor.moveFile(name, to.editorFile)) return;
    }
    await explained(from, () => moveOnDisk(from, to));
  };

  const remove = async (target: WorkspacePath): Promise<void> => {
    refuseLink(target, 'deleted');
    await refuseToUproot(target, 'deleted');
    const now = await recheck(target);
    if (!now.exists) throw new ToolError(`${target.label} does not exist.`);
    const name = path.basename(target.file);
    await explained(target, async () => {
      const folder = await openVerifiedFolder(path.dirname(target.file));
      try {
        if (now.isFolder) {
          await rmdir(folder.at(name));
          return;
        }
        // The editor's way leads to the trash; it must not be the way around a missing right.
        await access(folder.here, constants.W_OK);
        if (await editor.deleteFile(openName(target) ?? target.editorFile)) return;
        await unlink(folder.at(name));
      } finally {
        await folder.close();
      }
    });
  };

  const identity = async (target: WorkspacePath): Promise<string> => {
    const { file } = await recheck(target);
    const status = await explained(target, () => lstat(file, { bigint: true }));
    const content = status.isDirectory() ? [] : [status.size, status.mtimeNs];
    return [status.dev, status.ino, ...content].join(':');
  };

  /** Both what it is called and what it leads to count: a link must not hide either. */
  const namesOf = (target: WorkspacePath): readonly string[] => {
    const folder = path.basename(target.root.path);
    const asGiven = path.relative(target.root.path, target.editorFile).split(path.sep).join('/');
    return [target.label, `${folder}/${asGiven}`];
  };

  const protectedBecause = (target: WorkspacePath): string | undefined =>
    namesOf(target)
      .map(protectedReason)
      .find((reason) => reason !== undefined);

  const movedBecause = async (from: WorkspacePath, to: WorkspacePath): Promise<string | undefined> => {
    await refuseToUproot(from, 'moved');
    await refuseToUproot(to, 'replaced');
    if (!from.isFolder) return undefined;
    // Both where it is and where it would be: `tpl/workflows` asks as `.github/workflows`.
    const names = [...namesOf(from), ...namesOf(to)];
    return askedContent(from.file, from.label, (below) => {
      const full = names.map((name) => `${name}/${below}`);
      return (
        full.map(protectedReason).find((reason) => reason !== undefined) ??
        (full.some(isSecretName) ? 'it looks like it holds secrets' : undefined)
      );
    });
  };

  return {
    roots,
    resolve,
    read,
    list,
    writeText,
    move,
    delete: remove,
    identity,
    protectedBecause,
    movedBecause,
    looksSecret: (target) => namesOf(target).some(isSecretName),
  };
};
