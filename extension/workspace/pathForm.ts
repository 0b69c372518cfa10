import { BoundaryError } from '../core/workspace.ts';

/** Controls and bidirectional overrides: they could make an approval show another path than the one that is meant. */
const deceptive = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const windowsDevice = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;
const longestPath = 4_096;

export interface PathForm {
  readonly isAbsolute: boolean;
  /** With forward slashes on every platform. */
  readonly path: string;
}

const refuseWindowsForms = (given: string): void => {
  if (/^[\\/]{2}/.test(given)) throw new BoundaryError(`Network and device paths are refused: ${given}`);
  if (/^[a-z]:(?![\\/])/i.test(given) || /^[\\/]/.test(given)) {
    throw new BoundaryError(`A path relative to a drive is refused: ${given}`);
  }
  const segments = given.replace(/^[a-z]:/i, '').split(/[\\/]/);
  for (const segment of segments) {
    if (segment.includes(':')) throw new BoundaryError(`Alternate data streams are refused: ${given}`);
    if (windowsDevice.test(segment)) throw new BoundaryError(`${segment} is a device name: ${given}`);
    if (segment !== '.' && segment !== '..' && /[. ]$/.test(segment)) {
      throw new BoundaryError(`Windows drops dots and spaces at the end of a name: ${given}`);
    }
  }
};

/**
 * Reads a path as a model wrote it, and refuses every form that could mean something else than it seems to.
 * Pure, so that the rules of each platform can be tested on any.
 * @throws BoundaryError
 */
export const readPathForm = (given: string, platform: NodeJS.Platform): PathForm => {
  if (given.length > longestPath)
    throw new BoundaryError(`The path is longer than ${longestPath} characters.`);
  if (deceptive.test(given)) {
    throw new BoundaryError('The path has a control character (NUL, line break or text direction) in it.');
  }
  if (/^~($|[\\/])/.test(given)) {
    throw new BoundaryError(`~ is not expanded: ${given}. Give a path inside the workspace.`);
  }
  if (platform === 'win32') {
    refuseWindowsForms(given);
    return { isAbsolute: /^[a-z]:/i.test(given), path: given.replaceAll('\\', '/') };
  }
  if (/^[a-z]:/i.test(given)) throw new BoundaryError(`Windows drive paths are refused: ${given}`);
  if (given.startsWith('//')) throw new BoundaryError(`Network paths are refused: ${given}`);
  if (given.includes('\\')) throw new BoundaryError(`Use forward slashes: ${given}`);
  return { isAbsolute: given.startsWith('/'), path: given };
};
