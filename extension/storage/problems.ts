import { StoreError } from '../core/store.ts';
import { errorCode } from './disk.ts';

const readOnlyCodes = ['EACCES', 'EPERM', 'EROFS'];

/**
 * What a failed save means for the person.
 * @param folder where the history is kept
 */
export const saveProblem = (error: unknown, folder: string): StoreError => {
  if (error instanceof StoreError) return error;
  const code = errorCode(error);
  const options = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StoreError(
      'The disk is full, so this could not be saved. Everything saved before is intact. Free some space, then try again.',
      options,
    );
  }
  if (readOnlyCodes.includes(code)) {
    return new StoreError(
      `This could not be saved because the folder ${folder} cannot be written to. Everything saved before can still be read. Check the folder's permissions, then try again.`,
      options,
    );
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new StoreError(
      `The history cannot be kept because ${folder} is not a folder. Move the file that is in its place, then reload the window.`,
      options,
    );
  }
  return new StoreError(
    `This could not be saved (${error instanceof Error ? error.message : String(error)}). Everything saved before is intact. Try again; if it fails again, reload the window.`,
    options,
  );
};

/** @param problem why it could not be written */
export const notUpgraded = (problem: StoreError): StoreError =>
  new StoreError(
    `This history was written by an older version of AnyCowork and could not be brought up to date yet. It can be read here, but nothing can be saved. ${problem.message}`,
    { cause: problem },
  );

export const newerSchema = (found: number, known: number): StoreError =>
  new StoreError(
    `This history was written by a newer version of AnyCowork (format ${found}; this window knows ${known}). It can be read here but not changed. Update AnyCowork, then reload the window.`,
  );

export const lockTimeout = (): StoreError =>
  new StoreError(
    'Another window has been busy with the history for too long, so this could not be saved. Everything saved before is intact. Close windows that hang, then try again.',
  );

export const unreadable = (folder: string, why: string): StoreError =>
  new StoreError(
    `The history in ${folder} cannot be opened: ${why}. Nothing was changed or deleted. Keep a copy of that folder; to start with an empty history, move its anycowork files away and reload the window.`,
  );

export const storeClosed = (): StoreError =>
  new StoreError('The history is closed in this window. Reload the window, then try again.');
