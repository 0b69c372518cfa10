import { counted } from './storageWords.ts';

/** What loading says about damage that it has found. */
export interface Damage {
  readonly image: 'intact' | 'missing' | 'damaged';
  /** `intact` also where a crash in the middle of a snapshot has left none. */
  readonly journal: 'intact' | 'missing' | 'empty' | 'damaged';
  /** There is nothing at all that the history could be restored from. */
  readonly isAllGone: boolean;
  /** Changes that were found and could not be restored. */
  readonly lost: number;
  /** Changes may have been lost of which nothing is known. */
  readonly mayHaveLost: boolean;
  /** Names under which damaged files are kept. */
  readonly kept: readonly string[];
  readonly folder: string;
}

const whatOf = ({ image, journal, isAllGone }: Damage): string => {
  if (isAllGone && journal !== 'empty') return 'The files of the history were missing.';
  if (image === 'damaged') return 'The history file was damaged.';
  if (journal === 'intact') return 'The history file was missing.';
  return `The history's journal was ${journal}.`;
};

const resultOf = ({ image, isAllGone, lost, mayHaveLost }: Damage): string => {
  if (isAllGone) return 'There was nothing to restore it from, so it begins anew.';
  if (lost > 0) {
    return `Everything up to the damage was restored; ${lost === 1 ? 'one later change' : counted(lost, 'later change')} could not be.`;
  }
  if (mayHaveLost)
    return 'The last snapshot was restored; changes after it, if there were any, could not be.';
  return image === 'intact'
    ? 'It was repaired, and nothing was lost.'
    : 'It was restored completely from the previous snapshot and the journal.';
};

export const damageInWords = (damage: Damage): string => {
  const { kept, folder, isAllGone, lost, mayHaveLost } = damage;
  const where = kept.length === 0 ? '' : ` What was damaged is kept as ${kept.join(' and ')}.`;
  const next =
    isAllGone || lost > 0 || mayHaveLost
      ? ` If you have a copy of the folder ${folder}, close all windows and put it back.`
      : '';
  return `${whatOf(damage)} ${resultOf(damage)}${where}${next}`;
};
