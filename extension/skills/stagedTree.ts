/**
 * Files of strangers on their way into the product's storage. Whatever they come from, folder, zip or git, they pass
 * here: names that lead elsewhere or that some file system takes for another are refused, links are never made, and
 * counts and sizes are those of what really arrives.
 */
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { SkillInstallError } from '../core/skills.ts';

export interface TreeBounds {
  readonly files: number;
  /** Unpacked, of all files. */
  readonly bytes: number;
  /** Of a zip file, and of what git fetches, five times as much. */
  readonly packedBytes: number;
  /** Folders above a file. */
  readonly depth: number;
}

export const treeBounds: TreeBounds = {
  files: 2_000,
  bytes: 100_000_000,
  packedBytes: 20_000_000,
  depth: 16,
};

/** Of one name, in bytes of UTF-8: what common file systems take. */
const longestName = 255;
/** Of a path below the tree, in characters: Windows counts 260 for all of it. */
const longestPath = 200;

export interface StagedTree {
  /** Absolute path. */
  readonly folder: string;
  /** `/`-separated paths of links that were left out. */
  readonly links: readonly string[];
  /**
   * Writes one file.
   * @param name `/`-separated, as the source gives it; whatever it is, nothing outside the folder is touched
   * @throws SkillInstallError
   */
  add(name: string, content: AsyncIterable<Uint8Array>, isExecutable: boolean): Promise<void>;
  /** Remembers a link that is not copied. @throws SkillInstallError */
  leaveOutLink(name: string): void;
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

/** What the person reads when a source is not taken: what is wrong, and that nothing happened. */
export const refusal = (text: string): SkillInstallError =>
  new SkillInstallError(`${text} Nothing was installed.`);

/** A name of others as a person may safely see it: cut, without control characters. */
export const shownName = (name: string): string => {
  const clean = name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
  return clean.length > 120 ? `${clean.slice(0, 120)}…` : clean;
};

/**
 * As the most forgiving file system compares names: without case, invisible characters, dots and spaces at the end. To
 * lower case over upper case, since some take ß for ss and ς for σ.
 */
const comparable = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/[. ]+$/, '');

const windowsDevice = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/;
/** Records of version control, caches of interpreters and desktops: no part of a skill, and never hashed. */
const leftOut = new Set(['.git', '__pycache__', '.ds_store', '__macosx']);

/** Whether a file is not taken along, quietly. */
export const isLeftOut = (name: string): boolean =>
  name.split('/').some((part) => leftOut.has(comparable(part)));

/**
 * Why a `/`-separated path must not be used below a folder.
 * @returns undefined for one that is safe on every system
 */
export const pathProblem = (name: string): string | undefined => {
  if (name === '') return 'is empty';
  if (/[\p{Cc}]/u.test(name)) return 'has control characters';
  if (!name.isWellFormed()) return 'is not valid Unicode';
  if (name.startsWith('/')) return 'is an absolute path';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  if (name.includes('\\')) return 'has a backslash';
  if (name.length > longestPath) return `is longer than ${longestPath} characters`;
  for (const part of name.split('/')) {
    if (part === '' || part === '.') return 'has an empty part';
    if (part === '..') return 'leads out of the folder';
    if (comparable(part) === '') return 'has a part of invisible characters, dots or spaces';
    if (Buffer.byteLength(part) > longestName) return `has a part longer than ${longestName} bytes`;
    if (/[<>:"|?*]/.test(part)) return 'has a character that Windows does not allow in names';
    if (/[. ]$/.test(part)) return 'has a part that ends with a dot or a space';
    if (windowsDevice.test(part.toLowerCase())) return 'is the name of a device on Windows';
  }
  return undefined;
};

/** Of a file that lies in a folder of this computer already: its name may be odd elsewhere, but must not lead out. */
export const leadsElsewhere = (name: string): boolean => {
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return true;
  return process.platform === 'win32' && parts.some((part) => pathProblem(part) !== undefined);
};

/**
 * Knows the names of one tree.
 * @returns a function that takes a path in and throws where it is unsafe, or is another one on some file system
 */
export const createNameCheck = (what: string, bounds: TreeBounds): ((name: string) => readonly string[]) => {
  const seen = new Map<string, { readonly spelling: string; readonly isFile: boolean }>();
  return (name) => {
    const problem = pathProblem(name);
    if (problem !== undefined)
      throw refusal(`${what} has a file whose name ${problem}: "${shownName(name)}".`);
    const parts = name.split('/');
    if (parts.length - 1 > bounds.depth) {
      throw refusal(`${what} has folders more than ${bounds.depth} deep: "${shownName(name)}".`);
    }
    for (let count = 1; count <= parts.length; count += 1) {
      const spelling = parts.slice(0, count).join('/');
      const key = parts.slice(0, count).map(comparable).join('/');
      const isFile = count === parts.length;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, { spelling, isFile });
      else if (before.spelling !== spelling) {
        throw refusal(
          `${what} has two names that are one on some computers: "${shownName(before.spelling)}" and "${shownName(spelling)}".`,
        );
      } else if (isFile || before.isFile) throw refusal(`${what} has "${shownName(spelling)}" twice.`);
    }
    return parts;
  };
};

/** @param what for people, at the beginning of a sentence: `The zip file` */
export const createStagedTree = (
  folder: string,
  what: string,
  bounds: TreeBounds = treeBounds,
): StagedTree => {
  const check = createNameCheck(what, bounds);
  const links: string[] = [];
  let files = 0;
  let bytes = 0;
  const count = (): void => {
    files += 1;
    if (files > bounds.files) {
      throw refusal(
        `${what} has more than ${bounds.files.toLocaleString('en-US')} files; a skill may have no more. Choose a folder inside it.`,
      );
    }
  };
  return {
    folder,
    links,
    async add(name, content, isExecutable) {
      const parts = check(name);
      count();
      const file = path.join(folder, ...parts);
      await mkdir(path.dirname(file), { recursive: true });
      const handle = await open(file, 'wx', isExecutable ? 0o755 : 0o644);
      try {
        for await (const chunk of content) {
          bytes += chunk.length;
          if (bytes > bounds.bytes) {
            throw refusal(
              `${what} is larger than ${megabytes(bounds.bytes)} when unpacked; a skill may not be. Choose a folder inside it.`,
            );
          }
          await handle.writeFile(chunk);
        }
      } finally {
        await handle.close();
      }
    },
    leaveOutLink(name) {
      check(name);
      count();
      links.push(name);
    },
  };
};
