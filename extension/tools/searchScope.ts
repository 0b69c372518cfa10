import path from 'node:path';
import picomatch from 'picomatch';
import { ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import { isIgnoredFolder } from './ignoreRules.ts';
import { skippedFolders } from './ripgrep.ts';

/** How the tools run ripgrep. */
export interface Searching {
  /** Absolute path, or undefined where there is none. */
  ripgrep(): Promise<string | undefined>;
  /** The whole environment of the process. */
  environment(): Record<string, string>;
}

/** One folder to search in. */
export interface SearchFolder {
  /** Absolute real path. */
  readonly folder: string;
  /** Set when only one file of it is meant. */
  readonly fileName: string | undefined;
  readonly useIgnoreFiles: boolean;
  /** How a path relative to the folder is called. */
  labelOf(relative: string): string;
}

/** Every search ends by itself after so long, with what it has by then. */
export const searchDeadlineMs = 30_000;

/** `''` and `.` mean the whole workspace: every root of it. */
export const resolveScope = async (
  files: WorkspaceFiles,
  given: string | undefined,
): Promise<readonly WorkspacePath[]> => {
  const isWhole = given === undefined || ['', '.', './'].includes(given);
  const roots = files.roots();
  if (isWhole && roots.length > 1) return Promise.all(roots.map((root) => files.resolve(root.path)));
  const only = await files.resolve(isWhole ? '.' : given);
  if (!only.exists) throw new ToolError(`${only.label} does not exist.`);
  return [only];
};

const folderOf = async (target: WorkspacePath): Promise<SearchFolder> => {
  const folder = target.isFolder ? target.file : path.dirname(target.file);
  const prefix = target.isFolder ? target.label : path.posix.dirname(target.label);
  // Whoever names a folder that is left out otherwise wants to see inside.
  const isLeftOut =
    target.label.split('/').some((part) => skippedFolders.includes(part)) ||
    (await isIgnoredFolder(target.file));
  return {
    folder,
    fileName: target.isFolder ? undefined : path.basename(target.file),
    useIgnoreFiles: target.isFolder && !isLeftOut,
    labelOf: (relative) => (prefix === '.' ? relative : `${prefix}/${relative}`),
  };
};

export const searchFolders = (targets: readonly WorkspacePath[]): Promise<readonly SearchFolder[]> =>
  Promise.all(targets.map(folderOf));

export interface GlobFilter {
  /** @param relative to the searched folder @param label how the file is called */
  matches(relative: string, label: string): boolean;
  /** A glob of the file's name alone, which ripgrep can apply by itself first; undefined where there is none. */
  readonly nameGlob: string | undefined;
}

/**
 * Without a slash a glob means the file's name at any depth; with one, the path from the searched folder (or from the
 * workspace, as paths are shown).
 * @throws ToolError
 */
export const globFilter = (glob: string | undefined): GlobFilter => {
  if (glob === undefined || glob === '' || glob === '**') return { matches: () => true, nameGlob: undefined };
  const cleaned = glob.replace(/^\.?\/+/, '');
  if (cleaned.split('/').includes('..')) {
    throw new ToolError(`The glob ${glob} leads upwards. Give the folder as path, and a glob inside of it.`);
  }
  // Nested extended globs can take exponential time, and braces serve as well.
  const matcher = picomatch(cleaned, { dot: true, noextglob: true, basename: !cleaned.includes('/') });
  const name = cleaned.slice(cleaned.lastIndexOf('/') + 1);
  const isPlainName = /^[\w.*?-]+$/.test(name) && !/^\*+$/.test(name);
  return {
    matches: (relative, label) => matcher(relative) || matcher(label),
    nameGlob: isPlainName ? name : undefined,
  };
};
