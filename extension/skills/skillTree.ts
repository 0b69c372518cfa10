/** What lies in the folder of a skill: its files by name and stamp, before anything of them is read. */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SkillProblem } from '../shared/skill.ts';
import type { SkillLink } from './contentHash.ts';

/** More than this is no skill. */
export const treeLimits = { files: 2_000, bytes: 100 * 1024 * 1024, depth: 10 } as const;

export interface TreeFile {
  /** `/`-separated, below the folder. */
  readonly path: string;
  readonly bytes: number;
  /** Other after every change of the file that came some time after the last look. */
  readonly stamp: string;
  /** When it was changed last, by the system's clock of changes, which programs cannot set. */
  readonly changedAt: number;
}

export interface SkillTree {
  /** By path. */
  readonly files: readonly TreeFile[];
  readonly links: readonly SkillLink[];
  readonly problems: readonly SkillProblem[];
}

/** They come and go by themselves, and are no part of what was reviewed. */
const passingFolders = new Set(['.git', '__pycache__']);
const passingFiles = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

const isPassing = (below: string): boolean => {
  const names = below.split('/');
  return passingFiles.has(names.at(-1) ?? '') || names.some((name) => passingFolders.has(name));
};

/** Ends the walk; the message is the problem. */
class TooMuch extends Error {}

const stampOf = (stats: BigIntStats): string =>
  [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino, stats.mode].join(':');

/** Whether what the link leads to is part of the hash anyway. */
const staysInside = async (folder: string, file: string): Promise<boolean> => {
  const [root, target] = await Promise.all([realpath(folder), realpath(file).catch(() => undefined)]);
  if (target === undefined) return false;
  const below = path.relative(root, target);
  const isBelow = below !== '' && !below.startsWith('..') && !path.isAbsolute(below);
  return isBelow && !isPassing(below.split(path.sep).join('/'));
};

const linkProblem = (below: string, isInside: boolean): SkillProblem => ({
  file: below,
  severity: isInside ? 'warning' : 'error',
  message: isInside
    ? 'This is a link, and no part of the skill. Put a copy of the file in its place.'
    : 'This link leads out of the skill, to something that can change without being seen. Put a copy of the file in its place, or delete the link.',
});

/**
 * Follows no links. Ends with a problem where there is too much.
 * @throws the system's error when the folder itself cannot be read
 */
export const readSkillTree = async (folder: string): Promise<SkillTree> => {
  const files: TreeFile[] = [];
  const links: SkillLink[] = [];
  const problems: SkillProblem[] = [];
  let bytes = 0;
  let folders = 0;

  const takeFile = async (below: string, file: string): Promise<void> => {
    const stats = await lstat(file, { bigint: true });
    // Replaced since the folder was listed.
    if (!stats.isFile()) throw new Error('it is no regular file');
    bytes += Number(stats.size);
    if (files.length >= treeLimits.files) throw new TooMuch(`more than ${treeLimits.files} files`);
    if (bytes > treeLimits.bytes) throw new TooMuch(`more than ${treeLimits.bytes / 1024 / 1024} MB`);
    const changedAt = Number(stats.ctimeNs / 1_000_000n);
    files.push({ path: below, bytes: Number(stats.size), stamp: stampOf(stats), changedAt });
  };

  const takeLink = async (below: string, file: string): Promise<void> => {
    if (links.length >= treeLimits.files) throw new TooMuch(`more than ${treeLimits.files} links`);
    links.push({ path: below, target: await readlink(file) });
    problems.push(linkProblem(below, await staysInside(folder, file)));
  };

  const walk = async (below: string, depth: number): Promise<void> => {
    folders += 1;
    if (folders > treeLimits.files) throw new TooMuch(`more than ${treeLimits.files} folders`);
    if (depth > treeLimits.depth) throw new TooMuch(`folders deeper than ${treeLimits.depth}`);
    const entries = await readdir(path.join(folder, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const file = path.join(folder, name);
      try {
        if (entry.isSymbolicLink()) await takeLink(name, file);
        else if (entry.isDirectory()) {
          if (!passingFolders.has(entry.name)) await walk(name, depth + 1);
        } else if (passingFiles.has(entry.name)) continue;
        else if (entry.isFile()) await takeFile(name, file);
        else throw new Error('it is no regular file');
      } catch (error) {
        if (error instanceof TooMuch) throw error;
        problems.push(unreadable(name, error));
      }
    }
  };

  try {
    await walk('', 0);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    const message = `A skill may not have ${error.message}. Take out what it does not need.`;
    problems.push({ file: '.', severity: 'error', message });
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), links, problems };
};

/** Of a file that could not be looked at: the skill is not whole. */
export const unreadable = (file: string, error: unknown): SkillProblem => ({
  file,
  severity: 'error',
  message: `This cannot be read: ${error instanceof Error ? error.message : String(error)}. Check who may read it, or delete it.`,
});
