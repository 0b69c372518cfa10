/** Schedules checked at the border: what a form, or code, says of one. Pure. */
import * as z from 'zod';
import type { Schedule, TelegramConfig } from '../shared/telegram.ts';
import { InputError } from './agents.ts';
import { parseWhen } from './scheduleTime.ts';

const placeSchema = z.strictObject({
  configId: z.string().min(1).max(100),
  chatId: z.number().int().safe(),
});

const newSchema = z.strictObject({
  /** As a person says it, or a cron pattern. */
  when: z.string().min(1).max(200),
  prompt: z.string().trim().min(1).max(10_000),
  /** Absent: that of the bot, or the first one. */
  agentId: z.string().min(1).max(100).exactOptional(),
  /** Absent: the editor. */
  telegram: placeSchema.exactOptional(),
});

const patchSchema = z.strictObject({
  when: newSchema.shape.when.exactOptional(),
  prompt: newSchema.shape.prompt.exactOptional(),
  agentId: newSchema.shape.agentId,
  /** `null`: from now on in the editor. */
  telegram: placeSchema.nullable().exactOptional(),
  isEnabled: z.boolean().exactOptional(),
});

export type NewSchedule = z.infer<typeof newSchema>;
export type SchedulePatch = z.infer<typeof patchSchema>;

const parse = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${what}: ${z.prettifyError(parsed.error)}`);
};

/** @throws InputError */
export const parseNewSchedule = (input: unknown): NewSchedule =>
  parse(newSchema, input, 'This is not a schedule');

/** @throws InputError */
export const parseSchedulePatch = (patch: unknown): SchedulePatch =>
  parse(patchSchema, patch, 'This is not a change of a schedule');

/** @throws InputError with what is not understood */
export const timesOf = (text: string): Pick<Schedule, 'cron' | 'when'> => {
  const when = parseWhen(text);
  if ('problem' in when) throw new InputError(when.problem);
  return when;
};

/**
 * The bot whose chat the answer goes to; undefined for the editor.
 * @throws InputError where there is no such bot, or it does not listen to that chat
 */
export const botOf = (
  place: Schedule['telegram'],
  bots: readonly TelegramConfig[],
): TelegramConfig | undefined => {
  if (place === undefined) return undefined;
  const bot = bots.find(({ id }) => id === place.configId);
  if (bot === undefined) {
    throw new InputError(
      'The bot of this schedule is not there any more. Edit the schedule, and choose where its answers go.',
    );
  }
  if (!bot.allowedChats.some(({ chatId }) => chatId === place.chatId)) {
    throw new InputError(
      `The bot ${bot.name} does not talk in the chat of this schedule. Let the chat in, or edit the schedule and choose where its answers go.`,
    );
  }
  return bot;
};
