/** Which files of a skill are others than before. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import type { SkillFile } from '../shared/skill.ts';
import type { ComparedFile } from './skillDocuments.ts';
import { readableText } from './undoMerge.ts';
import { count } from './words.ts';

export interface Side {
  /** Absolute. */
  readonly folder: string;
  readonly files: readonly Pick<SkillFile, 'path' | 'sha256'>[];
}

/** Those that differ, by path. Pure. */
export const changedFiles = (before: Side, after: Side): readonly ComparedFile[] => {
  const left = new Map(before.files.map(({ path: name, sha256 }) => [name, sha256]));
  const right = new Map(after.files.map(({ path: name, sha256 }) => [name, sha256]));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => left.get(name) !== right.get(name))
    .toSorted()
    .map((name) => ({
      path: name,
      before: left.has(name) ? before.folder : undefined,
      after: right.has(name) ? after.folder : undefined,
    }));
};

/** `2 files changed, 1 is new, 3 are gone`. Pure. */
export const changesText = (files: readonly ComparedFile[]): string => {
  const made = files.filter(({ before }) => before === undefined).length;
  const gone = files.filter(({ after }) => after === undefined).length;
  const changed = files.length - made - gone;
  const parts = [
    ...(changed > 0 ? [`${count(changed, 'file')} changed`] : []),
    ...(made > 0 ? [`${made} new`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ];
  return parts.length === 0 ? 'No text file is different.' : `${parts.join(', ')}.`;
};

/** The files of a kept copy. @throws the system's error */
export const sideOf = async (folder: string): Promise<Side> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Pick<SkillFile, 'path' | 'sha256'>[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    files.push({ path: path.relative(folder, file).split(path.sep).join('/'), sha256 });
  }
  return { folder, files };
};

/** A kept copy has no binary files: one that is in it neither cannot be compared, and is not new. */
export const withoutUnkept = async (files: readonly ComparedFile[]): Promise<readonly ComparedFile[]> => {
  const kept: ComparedFile[] = [];
  for (const file of files) {
    const isNew = file.before === undefined && file.after !== undefined;
    const isText =
      !isNew ||
      readableText(
        await readFile(path.join(file.after, ...file.path.split('/'))).catch(() => Buffer.alloc(0)),
      ) !== undefined;
    if (isText) kept.push(file);
  }
  return kept;
};
