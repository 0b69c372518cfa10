/** What "these very files" means: a review, a grant and a rule hold for one content hash and no other. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { SkillFile } from '../shared/skill.ts';

/** A link is no file of a skill; that it stands there and where it leads counts all the same. */
export interface SkillLink {
  /** `/`-separated, below the skill's folder. */
  readonly path: string;
  readonly target: string;
}

/**
 * Over paths, executable bits and contents, in whatever order they come.
 * @returns hexadecimal SHA-256
 */
export const contentHash = (
  files: readonly Pick<SkillFile, 'path' | 'sha256' | 'isExecutable'>[],
  links: readonly SkillLink[] = [],
): string => {
  // No path holds a NUL, so that no two lists of files give the same lines.
  const lines = [
    ...files.map(({ path, sha256, isExecutable }) => `${path}\0${isExecutable ? 'x' : '-'}\0${sha256}\n`),
    ...links.map(({ path, target }) => `${path}\0link\0${target}\0\n`),
  ];
  const hash = createHash('sha256');
  for (const line of lines.sort((a, b) => (a < b ? -1 : 1))) hash.update(line);
  return hash.digest('hex');
};

export interface HashedFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly isExecutable: boolean;
  /** What was hashed, where it was asked for. */
  readonly content?: Buffer;
}

const chunkBytes = 256 * 1024;

// What a link led to would not be the file that was looked at, and opening a pipe would wait for ever.
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const hashOpened = async (handle: FileHandle, limit: number, keep: boolean): Promise<HashedFile> => {
  const stats = await handle.stat();
  if (!stats.isFile()) throw new Error('it is no regular file');
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, stats.size + 1));
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, bytes);
    if (bytesRead === 0) break;
    bytes += bytesRead;
    if (bytes > limit) throw new Error('it grew while it was read');
    hash.update(buffer.subarray(0, bytesRead));
    if (keep) kept.push(Buffer.from(buffer.subarray(0, bytesRead)));
  }
  const isExecutable = (stats.mode & 0o111) !== 0;
  const sha256 = hash.digest('hex');
  return { bytes, sha256, isExecutable, ...(keep ? { content: Buffer.concat(kept) } : {}) };
};

/**
 * Reads a file piece by piece, so that others get their turn in between. Follows no link.
 * @param limit bytes that it may have
 * @throws the system's error; an Error where it is no regular file, or longer than the limit
 */
export const hashFile = async (file: string, limit: number, keep = false): Promise<HashedFile> => {
  const handle = await open(file, openFlags);
  try {
    return await hashOpened(handle, limit, keep);
  } finally {
    await handle.close();
  }
};
