/** What to look for, and what was found, whichever way it was searched. */

export interface LineQuery {
  readonly pattern: string;
  readonly isLiteral: boolean;
  readonly ignoreCase: boolean;
  /** Lines shown before and after a match. */
  readonly context: number;
}

export interface FoundLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly isMatch: boolean;
}

export interface FileMatches {
  /** Relative to the searched folder, `/`-separated. */
  readonly file: string;
  readonly lines: readonly FoundLine[];
}

/** Matching lines that are collected before a search stops; what is shown is cut far lower, by path. */
export const collectedMatchLimit = 5_000;

/** @returns false to stop */
export type OnFileMatches = (matches: FileMatches) => boolean;
