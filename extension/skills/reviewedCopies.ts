/** Texts of skills as they were when a person looked at them, so that a later change can be shown beside them. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { ReviewedCopy } from '../core/skills.ts';
import type { SkillFile } from '../shared/skill.ts';
import { copyListed, renameFolder } from './verifiedCopy.ts';

const mostBytes = 5_000_000;
const temporary = '.tmp-';
/** No copy takes that long. */
const staleMs = 3_600_000;

export interface ReviewedCopies {
  /**
   * Keeps the text files, up to 5 MB of them. Nothing happens where it has them already.
   * @throws SkillInstallError when one is not as listed; the system's error when they cannot be kept
   */
  keep(hash: string, folder: string, files: readonly SkillFile[]): Promise<void>;
  find(hash: string): Promise<ReviewedCopy | undefined>;
  forget(hash: string): Promise<void>;
}

const listSchema: z.ZodType<readonly SkillFile[]> = z.array(
  z.object({ path: z.string(), bytes: z.number(), sha256: z.string(), isExecutable: z.boolean() }),
);
const listName = 'files.json';

const isFolder = (folder: string): Promise<boolean> =>
  stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** @param folder absolute path, for these copies only; made when needed */
export const createReviewedCopies = (folder: string): ReviewedCopies => {
  const placeOf = (hash: string): string => {
    // It becomes a path, and it may come from a file.
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError('not a hash');
    return path.join(folder, hash);
  };
  const sweep = async (): Promise<void> => {
    for (const name of await readdir(folder)) {
      if (!name.startsWith(temporary)) continue;
      const old = path.join(folder, name);
      const found = await stat(old).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > staleMs)
        await rm(old, { recursive: true, force: true });
    }
  };
  return {
    async keep(hash, from, files) {
      const place = placeOf(hash);
      await mkdir(folder, { recursive: true });
      await sweep();
      const made = path.join(folder, `${temporary}${randomUUID()}`);
      let bytes = 0;
      try {
        // Read even where a copy is there: that they are as listed is what the person relies on.
        await copyListed(from, files, path.join(made, 'files'), (file, content) => {
          const isKept = !content.subarray(0, 8_192).includes(0) && bytes + file.bytes <= mostBytes;
          if (isKept) bytes += file.bytes;
          return isKept;
        });
        await writeFile(path.join(made, listName), JSON.stringify(files));
        if (await isFolder(place)) return;
        await renameFolder(made, place).catch(async (error: unknown) => {
          // Another window was faster with the same files.
          if (!(await isFolder(place))) throw error;
        });
      } finally {
        await rm(made, { recursive: true, force: true });
      }
    },
    async find(hash) {
      const place = placeOf(hash);
      if (!(await isFolder(place))) return undefined;
      const files = listSchema.parse(JSON.parse(await readFile(path.join(place, listName), 'utf8')));
      return { folder: path.join(place, 'files'), files };
    },
    async forget(hash) {
      await rm(placeOf(hash), { recursive: true, force: true });
    },
  };
};
