/** What the record of decisions says of a bot: who may talk to it, and what it may do. Pure. */
import type { NewAuditEntry } from '../shared/audit.ts';
import type { TelegramConfig } from '../shared/telegram.ts';

type Entry = Omit<NewAuditEntry, 'at'>;

const entry = ({ username, agentId }: TelegramConfig, title: string, detail: unknown): Entry => ({
  kind: 'bot',
  outcome: 'changed',
  agentId,
  title: `Telegram bot @${username}: ${title}`,
  detail: JSON.stringify(detail),
  by: 'user',
  reason: 'chosen in VS Code',
  ruleIds: [],
});

/** What gives or takes rights; the rest is of no interest here. */
const rights = [
  ['allowedUsers', 'who may talk to it'],
  ['allowedChats', 'where it listens'],
  ['mode', 'its approval mode'],
  ['allowsRules', 'whether the phone may allow more than once'],
  ['dailyBudget', 'its daily budget'],
  ['messagesPerHour', 'messages in an hour'],
  // Approvers answer what the desk asks where they are told of it.
  ['notices', 'what it tells of work at the desk'],
  ['agentId', 'its agent'],
  ['folder', 'its folder'],
] as const satisfies readonly (readonly [keyof TelegramConfig, string])[];

/** @param before undefined: it is new */
export const botChanges = (before: TelegramConfig | undefined, after: TelegramConfig): readonly Entry[] => {
  if (before === undefined) {
    const { allowedUsers, allowedChats, mode, allowsRules, dailyBudget, notices, folder } = after;
    const detail = { allowedUsers, allowedChats, mode, allowsRules, dailyBudget, notices, folder };
    return [entry(after, 'made', detail)];
  }
  return rights.flatMap(([field, words]) =>
    JSON.stringify(before[field]) === JSON.stringify(after[field])
      ? []
      : [entry(after, `${words} changed`, { from: before[field], to: after[field] })],
  );
};

export const botDeleted = (config: TelegramConfig): Entry =>
  entry(config, 'deleted', { botId: config.botId });
