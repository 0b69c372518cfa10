/** Schedules on the phone: the work that one makes, what is told of it, and what `/schedules` lists. Pure. */
import { createHash } from 'node:crypto';
import { nextRuns } from '../core/scheduleTime.ts';
import { failedText, missedText, nameOfSchedule } from '../core/scheduleTold.ts';
import { wordsOfTime } from '../core/scheduleWords.ts';
import type { TelegramEntry } from '../core/telegramStore.ts';
import type { Schedule } from '../shared/telegram.ts';
import { cleanText, escapeHtml } from './richText.ts';
import type { Outgoing } from './types.ts';

/** Below every number of Telegram's, and the same for the same run: taken once, it is known from then on. */
const updateIdOf = ({ id }: Schedule, dueAt: number): number =>
  -1 -
  createHash('sha256')
    .update(JSON.stringify([id, dueAt]))
    .digest()
    .readUIntBE(0, 6);

/** @returns undefined where its answer stays in the editor */
export const scheduleEntry = (schedule: Schedule, dueAt: number, now: number): TelegramEntry | undefined => {
  const { telegram, prompt } = schedule;
  if (telegram === undefined) return undefined;
  return {
    ...telegram,
    topicId: 0,
    updateId: updateIdOf(schedule, dueAt),
    messageId: 0,
    userId: 0,
    userName: 'a schedule',
    text: prompt,
    files: [],
    isForwarded: false,
    // A run that is made up for was asked for now.
    sentAt: now,
    receivedAt: now,
    state: 'waiting',
    attempts: 0,
    sentParts: 0,
    isSending: false,
  };
};

const plain = (text: string): Outgoing => ({ html: escapeHtml(cleanText(text)), plain: cleanText(text) });

/** Its button runs what was missed, once. */
export const missedMessage = (
  schedule: Schedule,
  count: number,
  lastDue: number,
  now: number,
  zone?: string,
): Outgoing => ({
  ...plain(missedText(schedule, count, lastDue, now, zone)),
  buttons: [[{ text: 'Run now', data: missedData(schedule, lastDue), style: 'primary' }]],
});

export const failedMessage = (schedule: Schedule, error: unknown): Outgoing =>
  plain(failedText(schedule, error));

/** At most 64 bytes: ids have 36 characters. */
const missedData = ({ id }: Schedule, lastDue: number): string => `s1:${id}:${lastDue.toString(36)}`;

/** @returns undefined for what no message of ours has as its button's data */
export const parseMissedData = (
  data: string,
): { readonly id: string; readonly dueAt: number } | undefined => {
  const [, id, time = ''] = /^s1:([\w-]{1,50}):([0-9a-z]{1,9})$/.exec(data) ?? [];
  return id === undefined ? undefined : { id, dueAt: Number.parseInt(time, 36) };
};

/** Lines for a person: those of one bot, with their next runs. */
export const schedulesText = (
  schedules: readonly Schedule[],
  configId: string,
  now: number,
  zone?: string,
): string => {
  const own = schedules.filter(({ telegram }) => telegram?.configId === configId);
  if (own.length === 0) {
    return 'This bot has no schedules. Make one in VS Code: “AnyCowork: Create Schedule”.';
  }
  const lines = own.map((schedule) => {
    const [next] = schedule.isEnabled ? nextRuns(schedule.cron, now, 1, zone) : [];
    const coming = next === undefined ? '' : `, next ${wordsOfTime(next, now, zone)}`;
    return `• ${nameOfSchedule(schedule)}: ${schedule.when}${schedule.isEnabled ? coming : ', off'}`;
  });
  const shown = lines.slice(0, 25);
  const more = lines.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].join('\n');
};
