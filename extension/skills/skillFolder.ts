/** A skill as it lies in a folder: what it says, its files, and the hash that stands for exactly these. */
import path from 'node:path';
import type { Skill, SkillFile, SkillProblem } from '../shared/skill.ts';
import { contentHash, hashFile } from './contentHash.ts';
import { fewProblems, hasErrors } from './skillFields.ts';
import { descriptionFilesOf, parseSkillFiles, type SkillFileText } from './skillFile.ts';
import { readSkillTree, type TreeFile, treeLimits, unreadable } from './skillTree.ts';

export interface SkillFolder {
  /** Absent where a problem is an error. */
  readonly skill?: Skill;
  /** By path. */
  readonly files: readonly SkillFile[];
  /** Over paths, executable bits and contents of the files, and over links. */
  readonly hash: string;
  readonly problems: readonly SkillProblem[];
  /** By path, to find out later what has changed. */
  readonly stamps: ReadonlyMap<string, string>;
  /** When reading began. */
  readonly readAt: number;
}

export interface ReadOptions {
  /** Of the skill's folder, where that is not the folder's own name. */
  readonly folderName?: string;
  /** What was read there before: files that are still the same are not read again. */
  readonly previous?: SkillFolder | undefined;
}

/** A file that changed this shortly before it was read may change once more within the same tick of the clock. */
const clockDoubt = 2_000;

const filesAtOnce = 4;

interface ReadFile {
  readonly file?: SkillFile;
  readonly text?: SkillFileText;
  readonly problem?: SkillProblem;
}

const readOne = async (folder: string, file: TreeFile, isDescription: boolean): Promise<ReadFile> => {
  try {
    const { content, ...hashed } = await hashFile(
      path.join(folder, file.path),
      treeLimits.bytes,
      isDescription,
    );
    return {
      file: { path: file.path, ...hashed },
      ...(content === undefined ? {} : { text: { file: file.path, content } }),
    };
  } catch (error) {
    return { problem: unreadable(file.path, error) };
  }
};

const isSame = (file: TreeFile, { stamps, readAt }: SkillFolder): boolean =>
  stamps.get(file.path) === file.stamp && file.changedAt < readAt - clockDoubt;

/** In order, a few at a time. */
const inParallel = async <T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
};

/**
 * Reads a folder that holds a skill, or should. Follows no links, and gives the rest of the program its turn in between.
 * Whatever is wrong with the files becomes a problem.
 * @param folder absolute path
 * @throws the system's error when the folder itself cannot be read
 */
export const readSkillFolder = async (folder: string, options: ReadOptions = {}): Promise<SkillFolder> => {
  const { folderName = path.basename(folder), previous } = options;
  const readAt = Date.now();
  const tree = await readSkillTree(folder);
  const descriptions = new Set(Object.values(descriptionFilesOf(tree.files.map((file) => file.path))));
  const known = new Map(previous?.files.map((file) => [file.path, file]));
  const read = await inParallel(tree.files, filesAtOnce, async (file): Promise<ReadFile> => {
    const isDescription = descriptions.has(file.path);
    const same = known.get(file.path);
    if (!isDescription && previous !== undefined && same !== undefined && isSame(file, previous)) {
      return { file: same };
    }
    return readOne(folder, file, isDescription);
  });
  const files = read.flatMap(({ file }) => file ?? []);
  const found = [...tree.problems, ...read.flatMap(({ problem }) => problem ?? [])];
  const texts = read.flatMap(({ text }) => text ?? []);
  const { skill, problems } = parseSkillFiles(
    folderName,
    files.map((file) => file.path),
    texts,
  );
  const all = [...problems, ...found];
  return {
    ...(skill === undefined || hasErrors(all) ? {} : { skill }),
    files,
    hash: contentHash(files, tree.links),
    problems: fewProblems(all),
    stamps: new Map(tree.files.map((file) => [file.path, file.stamp])),
    readAt,
  };
};
