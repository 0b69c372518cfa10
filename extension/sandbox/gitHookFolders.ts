import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { readPlainFile } from './moveTree.ts';
import { isWithin } from './runFolders.ts';

const mostConfigBytes = 1_000_000;

/** The last one counts. */
const hooksPathIn = (config: string): string | undefined =>
  [...config.matchAll(/^[ \t]*hookspath[ \t]*=[ \t]*(.*)$/gim)]
    .at(-1)?.[1]
    ?.replace(/[ \t]*[#;].*$/, '')
    .trim()
    .replace(/^"(.*)"$/, '$1');

/**
 * Folders of a workspace from which git takes hooks because a repository in it says so (`core.hooksPath`), there or not.
 * @param protectedLabels `/`-separated, below the workspace
 * @returns the same
 */
export const gitHookFolders = async (
  workspace: string,
  protectedLabels: readonly string[],
): Promise<readonly string[]> => {
  const found = protectedLabels.map(async (label): Promise<string | undefined> => {
    if (path.posix.basename(label).toLowerCase() !== '.git') return undefined;
    const folder = path.join(workspace, ...label.split('/'));
    const state = await lstat(folder).catch(() => undefined);
    if (state?.isDirectory() !== true) return undefined;
    const config = await readPlainFile(path.join(folder, 'config'), mostConfigBytes);
    const hooks = hooksPathIn(config?.toString('utf8') ?? '');
    if (hooks === undefined || hooks === '' || hooks.startsWith('~')) return undefined;
    const whole = path.resolve(path.dirname(folder), hooks);
    const real = await realpath(whole).catch(() => whole);
    // In .git it is protected anyway; all of the workspace cannot be.
    if (real === workspace || !isWithin(workspace, real) || isWithin(folder, real)) return undefined;
    return path.relative(workspace, real).split(path.sep).join('/');
  });
  return (await Promise.all(found)).filter((label) => label !== undefined);
};
