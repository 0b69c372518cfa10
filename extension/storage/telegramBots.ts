import type { TelegramBinding, TelegramCard, TelegramThread } from '../core/telegramStore.ts';
import { approvalModes } from '../shared/rule.ts';
import { type TelegramConfig, telegramDefaults } from '../shared/telegram.ts';
import { integer, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

/** What an older version wrote lacks what bots have got since. */
const complete = (body: string): TelegramConfig => {
  const stored: TelegramConfig = JSON.parse(body);
  return {
    ...telegramDefaults,
    ...stored,
    // A mode that is not known here must not be taken for a looser one.
    mode: approvalModes.find((mode) => mode === stored.mode) ?? telegramDefaults.mode,
    notices: { ...telegramDefaults.notices, ...stored.notices },
  };
};

export const listBots = (query: Query): readonly TelegramConfig[] =>
  query('SELECT body FROM telegram_bots ORDER BY created_at, id').map((row) => complete(text(row, 'body')));

export const saveBot = (config: TelegramConfig): readonly Statement[] => [
  {
    sql: `INSERT INTO telegram_bots (id, body, created_at) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET body = excluded.body, created_at = excluded.created_at`,
    params: [config.id, JSON.stringify(config), config.createdAt],
  },
];

const tablesOfBot = [
  'telegram_updates',
  'telegram_entries',
  'telegram_bindings',
  'telegram_cards',
  'telegram_jobs',
];

export const deleteBot = (id: string): readonly Statement[] => [
  ...tablesOfBot.map((table) => ({ sql: `DELETE FROM ${table} WHERE config_id = ?`, params: [id] })),
  // Switched off: at the desk they would run without the bot's stricter mode and budget.
  {
    sql: `UPDATE schedules SET config_id = NULL, chat_id = NULL, body = json_set(body, '$.isEnabled', json('false'))
      WHERE config_id = ?`,
    params: [id],
  },
  { sql: 'DELETE FROM telegram_bots WHERE id = ?', params: [id] },
];

const bindingOf = (row: Row): TelegramBinding => {
  const sessionId = textOrNone(row, 'session_id');
  const agentId = textOrNone(row, 'agent_id');
  return {
    configId: text(row, 'config_id'),
    chatId: integer(row, 'chat_id'),
    topicId: integer(row, 'topic_id'),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(agentId === undefined ? {} : { agentId }),
  };
};

export const getBinding = (query: Query, { configId, chatId, topicId }: TelegramThread): TelegramBinding => {
  const [row] = query(
    'SELECT * FROM telegram_bindings WHERE config_id = ? AND chat_id = ? AND topic_id = ?',
    [configId, chatId, topicId],
  );
  return row === undefined ? { configId, chatId, topicId } : bindingOf(row);
};

export const saveBinding = (binding: TelegramBinding): readonly Statement[] => [
  {
    sql: `INSERT OR REPLACE INTO telegram_bindings (config_id, chat_id, topic_id, session_id, agent_id)
      VALUES (?, ?, ?, ?, ?)`,
    params: [
      ...[binding.configId, binding.chatId, binding.topicId],
      ...[binding.sessionId ?? null, binding.agentId ?? null],
    ],
  },
];

export const bindingsOf = (query: Query, sessionId: string): readonly TelegramBinding[] =>
  query('SELECT * FROM telegram_bindings WHERE session_id = ? ORDER BY config_id, chat_id, topic_id', [
    sessionId,
  ]).map(bindingOf);

/** The chat is gone for good: the next message begins a new one. */
export const forgetBinding = (sessionId: string): Statement => ({
  sql: 'UPDATE telegram_bindings SET session_id = NULL WHERE session_id = ?',
  params: [sessionId],
});

const tablesOfChat = ['telegram_bindings', 'telegram_entries', 'telegram_cards', 'schedules'];

export const moveChat = (query: Query, configId: string, from: number, to: number): readonly Statement[] => {
  const [row] = query('SELECT body FROM telegram_bots WHERE id = ?', [configId]);
  const config = row === undefined ? undefined : complete(text(row, 'body'));
  const chats = config?.allowedChats ?? [];
  const isKnown = chats.some(({ chatId }) => chatId === to);
  const allowedChats = chats.flatMap((chat) =>
    chat.chatId !== from ? [chat] : isKnown ? [] : [{ ...chat, chatId: to }],
  );
  if (from === to) return [];
  return [
    // What began under the new id, where anything did, gives way to the conversation that goes on.
    ...tablesOfChat.map((table) => ({
      sql: `UPDATE OR REPLACE ${table} SET chat_id = ? WHERE config_id = ? AND chat_id = ?`,
      params: [to, configId, from],
    })),
    ...(config === undefined ? [] : saveBot({ ...config, allowedChats })),
  ];
};

export const saveCard = (card: TelegramCard): readonly Statement[] => [
  {
    sql: `INSERT OR REPLACE INTO telegram_cards (id, config_id, chat_id, expires_at, body)
      VALUES (?, ?, ?, ?, ?)`,
    params: [card.id, card.configId, card.chatId, card.expiresAt, JSON.stringify(card)],
  },
];

export const deleteCard = (id: string): readonly Statement[] => [
  { sql: 'DELETE FROM telegram_cards WHERE id = ?', params: [id] },
];

export const listCards = (query: Query, configId: string): readonly TelegramCard[] =>
  query('SELECT chat_id, body FROM telegram_cards WHERE config_id = ? ORDER BY expires_at, id', [
    configId,
  ]).map((row): TelegramCard => ({ ...JSON.parse(text(row, 'body')), chatId: integer(row, 'chat_id') }));
