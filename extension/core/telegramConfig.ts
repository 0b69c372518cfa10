/** Bots checked at the border: what code, a form or another window's file says of one. */
import * as z from 'zod';
import { approvalModes } from '../shared/rule.ts';
import { type TelegramConfig, telegramDefaults } from '../shared/telegram.ts';
import { InputError } from './agents.ts';

const amount = z.number().nonnegative().finite();
const telegramId = z.number().int().safe();

const fields = z.strictObject({
  name: z.string().trim().min(1).max(100),
  agentId: z.string().min(1).max(100),
  folder: z.string().min(1).max(4_096),
  autoStart: z.boolean(),
  allowedChats: z
    .array(
      z.strictObject({
        chatId: telegramId,
        kind: z.enum(['private', 'group']),
        title: z.string().max(300),
      }),
    )
    .max(100),
  allowedUsers: z
    .array(
      z.strictObject({
        userId: telegramId.positive(),
        name: z.string().max(300),
        isApprover: z.boolean(),
      }),
    )
    .max(100),
  mode: z.enum(approvalModes),
  allowsRules: z.boolean(),
  dailyBudget: z.strictObject({
    usd: amount.exactOptional(),
    tokens: amount.exactOptional(),
    requests: amount.exactOptional(),
    minutes: amount.exactOptional(),
  }),
  messagesPerHour: z.number().int().min(1).max(10_000),
  notices: z.strictObject({ approvals: z.boolean(), completed: z.boolean(), failed: z.boolean() }),
});

const parse = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${what}: ${z.prettifyError(parsed.error)}`);
};

/** What a bot may be told to be; what Telegram says of it (`botId`, `username`) is not among it. */
export type BotFields = z.infer<typeof fields>;

/**
 * @param base what is absent in the input
 * @throws InputError
 */
export const parseNewBot = (
  input: unknown,
  base: Pick<BotFields, 'name' | 'agentId' | 'folder'>,
): BotFields => {
  const given = parse(fields.partial(), input ?? {}, 'This is not a bot');
  return checked({
    allowedChats: [],
    allowedUsers: [],
    ...telegramDefaults,
    ...base,
    ...present(given),
  });
};

/** @throws InputError */
export const patchBot = (config: TelegramConfig, patch: unknown, now: number): TelegramConfig => {
  const given = parse(fields.partial(), patch ?? {}, 'This is not a change of a bot');
  const { id, botId, username, createdAt, updatedAt: _, ...rest } = config;
  return { id, botId, username, ...checked({ ...rest, ...present(given) }), createdAt, updatedAt: now };
};

/** zod's optional properties may hold undefined, which must not overwrite what is there. */
const present = (given: { readonly [K in keyof BotFields]?: BotFields[K] | undefined }): Partial<BotFields> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

/** One entry for each chat and user, the last one. A private chat has the id of its user: who is not let in talks nowhere. */
const checked = (bot: unknown): BotFields => {
  const whole = parse(fields, bot, 'This is not a bot');
  const chats = new Map(whole.allowedChats.map((chat) => [chat.chatId, chat]));
  const users = new Map(whole.allowedUsers.map((user) => [user.userId, user]));
  for (const { chatId, kind } of chats.values()) {
    if ((kind === 'private') !== chatId > 0) {
      throw new InputError(
        kind === 'private'
          ? `The private chat ${chatId} has the number of a group: those are negative.`
          : `The group ${chatId} has the number of a person: those of groups are negative. Add the person instead.`,
      );
    }
  }
  return { ...whole, allowedChats: [...chats.values()], allowedUsers: [...users.values()] };
};
