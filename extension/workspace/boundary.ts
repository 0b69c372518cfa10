import { lstat, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { BoundaryError, type WorkspacePath, type WorkspaceRoot } from '../core/workspace.ts';
import { readPathForm } from './pathForm.ts';

/** Both absolute and normalised. A folder is inside itself. */
export const isInside = (folder: string, file: string): boolean => {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
};

export const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const outside = (given: string): BoundaryError =>
  new BoundaryError(`${given} is outside the workspace. Only files inside the open folder can be used.`);

interface Nearest {
  /** Real path of the nearest existing ancestor, or of the path itself. */
  readonly real: string;
  /** What does not exist yet below it. */
  readonly missing: readonly string[];
}

const nearestExisting = async (absolute: string, given: string): Promise<Nearest> => {
  const missing: string[] = [];
  let current = absolute;
  // Bounded: a path that keeps appearing and vanishing must not hold the loop.
  for (let attempt = 0; attempt < 2_048; attempt += 1) {
    try {
      return { real: await realpath(current), missing };
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ELOOP') throw new BoundaryError(`${given} is a symbolic link that leads to itself.`);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        throw new BoundaryError(`${given} cannot be looked at (${code === '' ? 'unknown error' : code}).`);
      }
    }
    const status = await lstat(current).catch(() => undefined);
    if (status?.isSymbolicLink() === true) {
      throw new BoundaryError(`${given} passes through a symbolic link that leads nowhere.`);
    }
    if (status !== undefined) continue;
    const parent = path.dirname(current);
    if (parent === current) break;
    missing.unshift(path.basename(current));
    current = parent;
  }
  throw outside(given);
};

/** Where a path points by its text alone. */
const locate = (given: string, roots: readonly WorkspaceRoot[], platform: NodeJS.Platform): string => {
  const form = readPathForm(given, platform);
  if (form.isAbsolute) return path.resolve(form.path);
  const [only, another] = roots;
  if (only !== undefined && another === undefined) {
    const absolute = path.resolve(only.path, form.path);
    if (!isInside(only.path, absolute)) throw outside(given);
    return absolute;
  }
  // A root's name may itself have slashes in it: the longest that fits is meant.
  const root = [...roots]
    .sort((a, b) => b.name.length - a.name.length)
    .find(({ name }) => form.path === name || form.path.startsWith(`${name}/`));
  if (root === undefined) {
    const names = roots.map(({ name }) => `${name}/`).join(', ');
    throw new BoundaryError(
      `${given} does not name a workspace folder. Start the path with one of: ${names}`,
    );
  }
  const absolute = path.resolve(root.path, `.${form.path.slice(root.name.length)}`);
  if (!isInside(root.path, absolute)) throw outside(given);
  return absolute;
};

const toSlashes = (relative: string): string => relative.split(path.sep).join('/');

/** How people and models call a path of a root: `src/a.ts`, or `name/src/a.ts` with several roots; `.` is the root. */
export const labelOf = (root: WorkspaceRoot, relative: string, roots: readonly WorkspaceRoot[]): string => {
  const below = toSlashes(relative);
  if (roots.length < 2) return below === '' ? '.' : below;
  return below === '' ? root.name : `${root.name}/${below}`;
};

/**
 * Resolves a path as a model gives it: relative to the only root, `rootName/...` with several, or absolute.
 * The real path of its nearest existing parent must lie in the real path of a root.
 * @throws BoundaryError
 */
export const resolveInside = async (
  given: string,
  roots: readonly WorkspaceRoot[],
  platform: NodeJS.Platform = process.platform,
): Promise<WorkspacePath> => {
  if (roots.length === 0) throw new BoundaryError('No folder is open, so there are no files to work with.');
  const absolute = locate(given === '' ? '.' : given, roots, platform);
  const [{ real, missing }, realRoots] = await Promise.all([
    nearestExisting(absolute, given),
    Promise.all(
      roots.map(async (root) => ({ root, real: await realpath(root.path).catch(() => undefined) })),
    ),
  ]);
  const file = path.join(real, ...missing);
  // The innermost root, where one lies within another.
  const home = realRoots
    .flatMap(({ root, real: folder }) =>
      folder !== undefined && isInside(folder, real) ? [{ root, folder }] : [],
    )
    .sort((a, b) => b.folder.length - a.folder.length)[0];
  if (home === undefined) throw outside(given);
  const status = await stat(real).catch(() => undefined);
  if (status === undefined) throw new BoundaryError(`${given} changed while it was looked at. Try again.`);
  if (missing.length > 0 && !status.isDirectory()) {
    throw new BoundaryError(`${given} cannot exist: a part of the path is a file, not a folder.`);
  }
  const relative = path.relative(home.folder, file);
  const isAsGiven = roots.some((root) => isInside(root.path, absolute));
  const editorFile = isAsGiven ? absolute : path.join(home.root.path, relative);
  const link = missing.length === 0 ? await lstat(editorFile).catch(() => undefined) : undefined;
  return {
    file,
    label: labelOf(home.root, relative, roots),
    root: home.root,
    realRoot: home.folder,
    below: toSlashes(relative) || '.',
    exists: missing.length === 0,
    isFolder: missing.length === 0 && status.isDirectory(),
    isLink: link?.isSymbolicLink() === true && !roots.some((root) => root.path === editorFile),
    editorFile,
  };
};
