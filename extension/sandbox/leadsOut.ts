import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './errorCode.ts';
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
  /** Where a beginning of the path leads, or the code of why it leads nowhere. */
  const lookAt = async (length: number): Promise<{ readonly real: string } | { readonly code: unknown }> => {
    const start = parts.slice(0, length).join(path.sep) || path.parse(whole).root;
    try {
      return { real: await realpath(start) };
    } catch (error) {
      return { code: errorCode(error) };
    }
  };
  // The longest beginning that is there, found by halves: a link may have thousands of parts, and there may be thousands
  // of links. What goes on from where nothing is, is not there either.
  let isThere = 0;
  let isNot = parts.length + 1;
  let length = parts.length;
  let real: string | undefined;
  while (isNot - isThere > 1) {
    const answer = await lookAt(length);
    if ('real' in answer) {
      isThere = length;
      real = answer.real;
    } else {
      if (answer.code === 'ELOOP') return false;
      if (answer.code !== 'ENOENT' && answer.code !== 'ENOTDIR') return true;
      isNot = length;
    }
    length = Math.floor((isThere + isNot) / 2);
  }
  // What is not there cannot be climbed out of today; it can once somebody makes it.
  return real === undefined || parts.slice(isThere).includes('..') || !isWithin(folder, real);
};
