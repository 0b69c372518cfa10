import type { SearchHit, SessionSummary, TextRange } from '../extension/shared/session.ts';
import { dayLabel } from './format.ts';

export interface SessionGroup {
  readonly label: string;
  readonly sessions: readonly SessionSummary[];
}

export interface GroupOptions {
  readonly filter: string;
  readonly now: number;
  /** Path of the open folder, empty without one: its chats come first. */
  readonly folder: string;
}

const pinnedLabel = 'Pinned';

const partsOf = (folder: string): readonly string[] => folder.split(/[\\/]/).filter((part) => part !== '');

/** The last part of a path, with as many before it as tell it from the others; the whole path where none do. */
const nameAmong = (folder: string, folders: readonly string[]): string => {
  const others = folders.filter((other) => other !== folder);
  const parts = partsOf(folder);
  for (let count = 1; count <= parts.length; count += 1) {
    const name = parts.slice(-count).join('/');
    if (others.every((other) => partsOf(other).slice(-count).join('/') !== name)) return name;
  }
  return folder;
};

/** Pinned ones first, then this folder's chats by day, then the others by folder; newest first in each. */
export const groupSessions = (
  sessions: readonly SessionSummary[],
  { filter, now, folder }: GroupOptions,
): readonly SessionGroup[] => {
  const wanted = filter.trim().toLowerCase();
  const sorted = sessions
    .filter((session) => session.title.toLowerCase().includes(wanted))
    .toSorted((a, b) => b.updatedAt - a.updatedAt);
  const isHere = (session: SessionSummary) => session.folder === folder;
  const folders = [...new Set([folder, ...sessions.map((session) => session.folder)])];
  const names = new Map(folders.map((each) => [each, nameAmong(each, folders)]));
  const groups = new Map<string, SessionSummary[]>();
  const labelOf = (session: SessionSummary): string => {
    if (session.isPinned) return pinnedLabel;
    if (isHere(session)) return dayLabel(session.updatedAt, now);
    return session.folder === '' ? 'Without a folder' : `In ${names.get(session.folder)}`;
  };
  const inOrder = [
    ...sorted.filter(({ isPinned }) => isPinned),
    ...sorted.filter((each) => !each.isPinned && isHere(each)),
    ...sorted.filter((each) => !each.isPinned && !isHere(each)),
  ];
  for (const session of inOrder) {
    const label = labelOf(session);
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [session]);
    else group.push(session);
  }
  return [...groups].map(([label, group]) => ({ label, sessions: group }));
};

/** Characters before the first word that was found: more would push it out of a narrow column. */
const leadIn = 12;

/** The part of a hit that one line shows: it begins with a whole word, not long before the first that was found. */
export const lineOf = ({ snippet, ranges }: SearchHit): { text: string; ranges: readonly TextRange[] } => {
  const first = Math.min(...ranges.map(([start]) => start));
  if (ranges.length === 0 || first <= leadIn) return { text: snippet, ranges };
  const space = snippet.indexOf(' ', first - leadIn - 1);
  const cut = space === -1 || space >= first ? first : space + 1;
  const shift = cut - 1;
  return {
    text: `…${snippet.slice(cut)}`,
    ranges: ranges.map(([start, end]) => [start - shift, end - shift]),
  };
};
