/** Where skills lie, and which folders there hold one. */
import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SkillPlace } from '../shared/skill.ts';
import { isSkillFolder } from './skillFile.ts';

export interface SkillLocation {
  readonly place: SkillPlace;
  /** For people: `~/.claude/skills`, `.agents/skills`. */
  readonly label: string;
  /** Absolute; need not exist. */
  readonly folder: string;
  /** Absolute; its real folder has to lie in this one. */
  readonly within?: string;
}

export interface LocationPorts {
  /** Absolute. Absent: the product brings none. */
  readonly bundled: string | undefined;
  /** Absolute: what is installed lies in folders below it. */
  readonly installed: string;
  /** Absolute. */
  readonly home: string;
  /** Absolute paths of the open folders. */
  readonly roots: readonly string[];
  /** Skills of open folders count only then. */
  readonly isTrusted: boolean;
}

const userFolders = ['.anycowork/skills', '.agents/skills', '.claude/skills', '.copilot/skills'];
const workspaceFolders = ['.anycowork/skills', '.agents/skills', '.github/skills', '.claude/skills'];

/** In the order in which they keep their names: what the person chose before what came along. */
export const skillLocations = (ports: LocationPorts): readonly SkillLocation[] => {
  const { bundled, installed, home, roots, isTrusted } = ports;
  const user = userFolders.map(
    (below): SkillLocation => ({ place: 'user', label: `~/${below}`, folder: path.join(home, below) }),
  );
  const workspace = (isTrusted ? roots : []).flatMap((root) =>
    workspaceFolders.map(
      (below): SkillLocation => ({
        place: 'workspace',
        label: roots.length > 1 ? `${path.basename(root)}/${below}` : below,
        folder: path.join(root, below),
        within: root,
      }),
    ),
  );
  return [
    { place: 'installed', label: 'installed', folder: installed },
    ...user,
    ...(bundled === undefined ? [] : [{ place: 'bundled', label: 'bundled', folder: bundled } as const]),
    ...workspace,
  ];
};

const deepest = 4;
const foldersAtMost = 2_000;

const isSkipped = (name: string): boolean =>
  name.startsWith('.') || name === 'node_modules' || name === '__pycache__';

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

export interface FoundFolders {
  /** Absolute real paths, in a steady order. */
  readonly folders: readonly string[];
  /** Those of `folders` and above them that lie elsewhere, behind a link. */
  readonly linked: readonly string[];
  /** What could not be looked at, in sentences. */
  readonly problems: readonly string[];
}

const isInside = (folder: string, file: string): boolean => {
  const below = path.relative(folder, file);
  return !(below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below));
};

/** The real path of a location; undefined where there is none, or where it only leads out of its open folder. */
const realLocation = async ({ folder, within }: SkillLocation): Promise<string | undefined> => {
  const real = await realpath(folder);
  return within === undefined || isInside(await realpath(within), real) ? real : undefined;
};

/** Installers of other products put links to skills into the user's folders. */
const linkedFolder = async (
  location: SkillLocation,
  file: string,
  depth: number,
): Promise<string | undefined> =>
  location.place === 'user' && depth === 0 ? realpath(file).catch(() => undefined) : undefined;

/** Looks for folders with a skill, up to four below the location, and not in those of skills. */
export const findSkillFolders = async (location: SkillLocation): Promise<FoundFolders> => {
  const folders: string[] = [];
  const linked: string[] = [];
  const problems: string[] = [];
  let looked = 0;
  const list = async (folder: string): Promise<readonly Dirent[]> => {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  const tell = (folder: string, error: unknown): void => {
    if (isMissing(error)) return;
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(`Skills in ${folder} cannot be looked at: ${reason}`);
  };

  const look = async (folder: string, depth: number): Promise<void> => {
    looked += 1;
    if (looked > foldersAtMost) return;
    const entries = await list(folder);
    // A description directly in the location belongs to nothing.
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    if (depth > 0 && isSkillFolder(names)) {
      folders.push(folder);
      return;
    }
    if (depth >= deepest) return;
    for (const entry of entries) {
      if (isSkipped(entry.name)) continue;
      const file = path.join(folder, entry.name);
      const below = entry.isSymbolicLink()
        ? await linkedFolder(location, file, depth)
        : entry.isDirectory()
          ? file
          : undefined;
      if (below === undefined) continue;
      if (below !== file) linked.push(below);
      await look(below, depth + 1).catch((error) => tell(below, error));
    }
  };

  try {
    const real = await realLocation(location);
    if (real !== undefined) await look(real, 0);
  } catch (error) {
    tell(location.folder, error);
  }
  if (looked > foldersAtMost) {
    problems.push(
      `${location.folder} holds more than ${foldersAtMost} folders; not all were looked at for skills.`,
    );
  }
  return { folders, linked, problems };
};
