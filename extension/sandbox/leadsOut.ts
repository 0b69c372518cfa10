import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isWithin } from './runFolders.ts';

/**
 * Whether a symbolic link leads out of a folder for whoever follows it on this computer, however many links it takes, and
 * also where it leads to nothing yet. A link in a ring leads nowhere.
 * @param folder absolute real path
 * @param link absolute path in it
 * @param target as it is written in the link
 */
export const leadsOut = async (folder: string, link: string, target: string): Promise<boolean> => {
  // Joined as text: `a/..` is not nothing where `a` is a link.
  const whole = path.isAbsolute(target) ? target : `${path.dirname(link)}${path.sep}${target}`;
  let parts = whole.split(/[\\/]/);
  if (path.sep === '/') parts = whole.split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const start = parts.slice(0, length).join(path.sep) || path.parse(whole).root;
    try {
      const real = await realpath(start);
      // What is not there cannot be climbed out of today; it can once somebody makes it.
      return parts.slice(length).includes('..') || !isWithin(folder, real);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ELOOP') return false;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return true;
    }
  }
  return true;
};
