/** Repositories on the disk, and the options with which the product fetches from them in tests. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { GitOptions } from '../../extension/skills/gitProcess.ts';
import { fill } from '../workspace/folders.ts';

export const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@host.example',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@host.example',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
    },
  }).trim();

export const initRepository = (folder: string): void => {
  git(folder, 'init', '-q', '-b', 'main');
};

/** @returns the commit */
export const commit = (folder: string, files: Record<string, string | Uint8Array>): string => {
  fill(folder, files);
  git(folder, 'add', '-A', '-f');
  git(folder, 'commit', '-q', '--allow-empty', '-m', 'x');
  return git(folder, 'rev-parse', 'HEAD');
};

export const urlOf = (folder: string): string => pathToFileURL(folder).href;

/** The product itself never fetches by `file:`. */
export const fromDisk: GitOptions = { protocols: ['file'] };
