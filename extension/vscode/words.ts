/** Texts of lists and messages that several commands share. Pure. */
import type { SessionStatus } from '../shared/session.ts';

/** A title as VS Code draws it in lists: `$(x)` would become an icon there. */
export const withoutIcons = (text: string): string =>
  text.replaceAll(/\$\([a-z0-9-]+(?:~[a-z]+)?\)/gi, '\\$&');

/**
 * A message as VS Code shows it in a notification, where `[x](command:y)` would become a link that runs the command:
 * titles, names and reasons in it come from models, files and other programs.
 */
export const withoutLinks = (text: string): string => text.replaceAll('](', '] (');

/** The first line that says something, cut. */
export const firstLine = (text: string, limit = 120): string => {
  const line = text.trim().split('\n', 1)[0]?.replaceAll(/\s+/g, ' ').trim() ?? '';
  return line.length <= limit ? line : `${line.slice(0, limit - 1).trimEnd()}…`;
};

export const titleOf = ({ title }: { readonly title: string }): string =>
  title.trim() === '' ? 'Untitled chat' : title;

export const statusWords: Record<SessionStatus, string> = {
  idle: '',
  running: 'running',
  waiting: 'waiting for you',
  failed: 'failed',
  interrupted: 'interrupted',
};

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** `0 bytes`, `980 bytes`, `1.5 KB`, `12.3 MB`; powers of 1,024. */
export const formatBytes = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const shown = unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${shown} ${bytes === 1 ? 'byte' : units[unit]}`;
};

/** `1 chat`, `3 chats`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** `Today`, `Yesterday`, `Tuesday` within a week, then the date. */
export const dayOf = (at: number, now: number): string => {
  // Rounded: days around a change of the clocks have 23 or 25 hours.
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return new Date(at).toLocaleDateString(undefined, { weekday: 'long' });
  return new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium' });
};

/** The time for today, the day otherwise. */
export const timeOf = (at: number, now: number): string =>
  dayOf(at, now) === 'Today'
    ? new Date(at).toLocaleTimeString(undefined, { timeStyle: 'short' })
    : dayOf(at, now);

/** `$0.42`; what is not nothing never reads as `$0.00`. */
export const money = (usd: number): string => {
  if (usd > 0 && usd < 0.005) return 'under $0.01';
  return `$${usd.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
};

/** `950`, `128k`, `1.2M`. */
export const short = (number: number): string => {
  if (number < 1_000) return String(Math.round(number));
  if (number < 999_500) return `${Math.round(number / 1_000)}k`;
  return `${Math.round(number / 100_000) / 10}M`;
};
