/** The way of single files between the open folder and a phone. */
import { lstat, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../core/agents.ts';
import { safeFileName } from '../core/fileName.ts';
import { imageKindOf } from '../core/imageFile.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { formatBytes } from '../core/text.ts';
import { ToolError } from '../core/tool.ts';
import {
  BoundaryError,
  type WorkspaceFiles,
  type WorkspacePath,
  type WorkspaceRoot,
} from '../core/workspace.ts';
import { errorCode, labelOf } from './boundary.ts';
import { comparableParts } from './comparableName.ts';
import { protectedReason } from './protectedPaths.ts';
import { makeVerifiedFolder, type VerifiedFolder } from './verified.ts';

/** A file as it goes out. */
export interface SentFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `photo`: a picture that a messenger shows by itself. */
  readonly kind: 'document' | 'photo';
}

export interface ReceivedFiles {
  /**
   * @param given as a person or a model gives it
   * @throws InputError for what is outside, secret, too large, empty or not there, and in an untrusted workspace
   */
  read(given: string): Promise<SentFile>;
  /**
   * Keeps bytes in `received/` of the first open folder, under a name that is free. Nothing is replaced.
   * @returns its label @throws InputError where it could not be kept
   */
  save(name: string, bytes: Uint8Array): Promise<string>;
}

/** Bytes. Telegram takes no more. */
const sendLimit = 50_000_000;
const photoLimit = 10_000_000;

const receivedName = 'received';
const namesTried = 1_000;

/** Within what Telegram takes as a photo: both sides together at most 10,000 pixels, neither 20 times the other. */
const isPhoto = (bytes: Uint8Array): boolean => {
  if (bytes.length > photoLimit) return false;
  const image = imageKindOf(bytes);
  if (image === undefined || image.mediaType === 'image/gif') return false;
  const { width = 0, height = 0 } = image;
  if (width === 0 || height === 0 || width + height > 10_000) return false;
  return Math.max(width, height) / Math.min(width, height) <= 20;
};

/** No name under which the file would configure an agent, an editor or a tool. */
const harmlessName = (given: string): string => {
  const name = safeFileName(given);
  const isProtected = (each: string): boolean => protectedReason(`${receivedName}/${each}`) !== undefined;
  if (!isProtected(name)) return name;
  const other = `${receivedName}-${name}`;
  return isProtected(other) ? `${other}.txt` : other;
};

/** `a.txt`, `a-2.txt`, `a-3.txt`. */
const nameAt = (name: string, index: number): string => {
  if (index === 1) return name;
  const { name: stem, ext } = path.parse(name);
  return `${stem}-${index}${ext}`;
};

const writeNew = async (folder: VerifiedFolder, name: string, bytes: Uint8Array): Promise<void> => {
  // Exclusive: neither a file nor a link of this name is written through.
  const handle = await open(folder.at(name), 'wx', 0o644);
  try {
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await folder.check();
  } catch (error) {
    await unlink(folder.at(name)).catch(() => undefined);
    throw error;
  }
};

const codes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

export const createReceivedFiles = (ports: {
  readonly files: Pick<WorkspaceFiles, 'resolve' | 'read' | 'looksSecret'>;
  roots(): readonly WorkspaceRoot[];
  isTrusted(): boolean;
}): ReceivedFiles => {
  const { files } = ports;

  const checkTrust = (): void => {
    if (ports.isTrusted()) return;
    throw new InputError(
      'The folder is not trusted, so no files go in or out. Trust it in VS Code, then try again.',
    );
  };

  /** What tools throw is said to a person here. */
  const inWords = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BoundaryError || error instanceof ToolError) throw new InputError(error.message);
      throw error;
    }
  };

  const checkReadable = async (target: WorkspacePath): Promise<void> => {
    const { label } = target;
    // Before whether it is there: that is nobody's business.
    const isHistory = [label, target.editorFile.replaceAll('\\', '/')].some((each) =>
      comparableParts(each).includes('.git'),
    );
    if (isHistory || files.looksSecret(target)) {
      throw new InputError(
        `${label} may hold passwords or keys, so it is not sent. Open it in VS Code instead.`,
      );
    }
    if (!target.exists) {
      throw new InputError(`There is no file ${label}. Paths start at the open folder, as in src/main.ts.`);
    }
    if (target.isFolder) throw new InputError(`${label} is a folder. Name one file in it.`);
    const status = await lstat(target.file).catch(() => undefined);
    const size = status?.size ?? 0;
    if (size > sendLimit) {
      throw new InputError(
        `${label} has ${formatBytes(size)}; at most ${formatBytes(sendLimit)} can be sent. Open it in VS Code instead.`,
      );
    }
  };

  /** @returns the opened folder `received`, made where it is missing */
  const openReceived = async (): Promise<{ folder: VerifiedFolder; label(name: string): string }> => {
    const roots = ports.roots();
    const [root] = roots;
    if (root === undefined) throw new InputError('No folder is open, so files cannot be kept.');
    const wanted = labelOf(root, receivedName, roots);
    const target = await files.resolve(wanted);
    if (target.isLink || target.file !== path.join(target.realRoot, receivedName)) {
      throw new InputError(
        `${wanted} is a link, so nothing was put there. Replace it by a folder, then send the file again.`,
      );
    }
    if (target.exists && !target.isFolder) {
      throw new InputError(
        `${wanted} is a file, so nothing can be put there. Rename it, then send the file again.`,
      );
    }
    const folder = await makeVerifiedFolder(target.file);
    return { folder, label: (name) => labelOf(root, `${receivedName}/${name}`, roots) };
  };

  const keep = async (given: string, bytes: Uint8Array): Promise<string> => {
    const name = harmlessName(given);
    const { folder, label } = await openReceived();
    try {
      for (let index = 1; index <= namesTried; index += 1) {
        const free = nameAt(name, index);
        try {
          await writeNew(folder, free, bytes);
          return label(free);
        } catch (error) {
          if (errorCode(error) !== 'EEXIST') throw error;
        }
      }
    } finally {
      await folder.close();
    }
    throw new InputError(`There are too many files called ${name} in ${receivedName}. Clear it up first.`);
  };

  return {
    read: (given) =>
      inWords(async () => {
        checkTrust();
        const target = await files.resolve(given);
        await checkReadable(target);
        const { bytes } = await files.read(target, sendLimit);
        if (bytes.length === 0) throw new InputError(`${target.label} is empty: there is nothing to send.`);
        const name = path.posix.basename(target.label);
        return { name, bytes, kind: isPhoto(bytes) ? 'photo' : 'document' };
      }),
    save: async (name, bytes) => {
      checkTrust();
      try {
        return await inWords(() => keep(name, bytes));
      } catch (error) {
        if (error instanceof InputError) throw error;
        const why = codes[errorCode(error)] ?? reasonOf(error);
        throw new InputError(`The file could not be kept in the open folder: ${why}.`);
      }
    },
  };
};
