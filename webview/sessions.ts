import type { SessionSummary } from '../extension/shared/agent.ts';
import { dayLabel } from './format.ts';

export interface SessionGroup {
  readonly label: string;
  readonly sessions: readonly SessionSummary[];
}

export interface GroupOptions {
  readonly filter: string;
  readonly now: number;
  /** Name of the open folder: its chats come first. */
  readonly folderName: string | undefined;
}

const nameOf = (folder: string): string => folder.split(/[\\/]/).findLast((part) => part !== '') ?? '';

/** Newest first; this folder's chats by day, then the others by folder. Every label is unique. */
export const groupSessions = (
  sessions: readonly SessionSummary[],
  { filter, now, folderName }: GroupOptions,
): readonly SessionGroup[] => {
  const wanted = filter.trim().toLowerCase();
  const sorted = sessions
    .filter((session) => session.title.toLowerCase().includes(wanted))
    .toSorted((a, b) => b.updatedAt - a.updatedAt);
  const isHere = (session: SessionSummary) => nameOf(session.folder) === (folderName ?? '');
  const here = sorted.filter(isHere);
  const groups = new Map<string, SessionSummary[]>();
  const labelOf = (session: SessionSummary): string => {
    if (isHere(session)) return dayLabel(session.updatedAt, now);
    return session.folder === '' ? 'Without a folder' : `In ${nameOf(session.folder)}`;
  };
  for (const session of [...here, ...sorted.filter((each) => !isHere(each))]) {
    const label = labelOf(session);
    groups.set(label, [...(groups.get(label) ?? []), session]);
  }
  return [...groups].map(([label, group]) => ({ label, sessions: group }));
};
