import { StoreError } from '../core/store.ts';
import { errorCode } from './disk.ts';
import { counted } from './storageWords.ts';

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

const words = {
  gone: 'was gone',
  empty: 'was empty',
  damaged: 'was damaged',
  replaced: 'was cut short, or replaced by an older one,',
} as const;

/** What was done to the journal of an open window. */
export type JournalLoss = keyof typeof words;

/**
 * @param kept names under which is kept what was there instead
 * @param refused changes of other windows that could not be taken over from there
 */
export const writtenAnew = (
  journal: string,
  loss: JournalLoss,
  kept: readonly string[],
  refused: number,
): string =>
  [
    `The history's journal ${journal} ${words[loss]} while this window was open. All that was saved was still in memory here and has been written anew.`,
    ...(refused === 0 ? [] : [`${counted(refused, 'change')} of another window could not be taken over.`]),
    ...(kept.length === 0 ? [] : [`What was there instead is kept as ${kept.join(' and ')}.`]),
    'If another program cleans up or syncs that folder, leave it out there.',
  ].join(' ');

/** After `notWrittenAnew`, where another window did it, or the file came back. */
export const isThereAgain = (journal: string): string =>
  `The history's journal ${journal} has been written, with all that was saved.`;

/** @param problem why it could not be written */
export const notWrittenAnew = (journal: string, loss: JournalLoss, problem: StoreError): StoreError =>
  new StoreError(
    `The history's journal ${journal} ${words[loss]} while this window was open, and could not be written anew. All that was saved is still in memory here: keep this window open until AnyCowork says that it has been written. ${problem.message}`,
    { cause: problem },
  );

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
