import type { TelegramEntry } from '../core/telegramStore.ts';
import { integer, text } from './rows.ts';
import type { Query, Statement } from './sqlite.ts';

/** So long is known what was taken: seven times as long as Telegram keeps what nobody has asked for. Milliseconds. */
const keptMs = 7 * 24 * 60 * 60 * 1_000;

const isKnown = (query: Query, configId: string, updateId: number): boolean =>
  query(
    `SELECT 1 FROM telegram_updates WHERE config_id = ?1 AND update_id = ?2
      UNION ALL SELECT 1 FROM telegram_entries WHERE config_id = ?1 AND update_id = ?2`,
    [configId, updateId],
  ).length > 0;

/** What nobody asks for any more: mostly nothing, which then is not written either. */
const forgetOld = (query: Query, before: number): readonly Statement[] =>
  [
    ['telegram_updates', 'at < ?'],
    ['telegram_entries', "state = 'done' AND received_at < ?"],
  ].flatMap(([table, condition]) =>
    query(`SELECT 1 FROM ${table} WHERE ${condition} LIMIT 1`, [before]).length === 0
      ? []
      : [{ sql: `DELETE FROM ${table} WHERE ${condition}`, params: [before] }],
  );

/** @returns undefined where it was taken before */
export const takeUpdate = (
  query: Query,
  configId: string,
  updateId: number,
  at: number,
  entry: TelegramEntry | undefined,
): readonly Statement[] | undefined =>
  isKnown(query, configId, updateId)
    ? undefined
    : [
        ...forgetOld(query, at - keptMs),
        {
          sql: 'INSERT INTO telegram_updates (config_id, update_id, at) VALUES (?, ?, ?)',
          params: [configId, updateId, at],
        },
        ...(entry === undefined ? [] : saveEntry(entry)),
      ];

/** What is done stays done: a window that has lost the bot without knowing it yet may still write what was before. */
export const saveEntry = (entry: TelegramEntry): readonly Statement[] => [
  {
    sql: `INSERT INTO telegram_entries
        (config_id, update_id, chat_id, user_id, state, received_at, body)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (config_id, update_id) DO UPDATE SET chat_id = excluded.chat_id, user_id = excluded.user_id,
        state = excluded.state, received_at = excluded.received_at, body = excluded.body
        WHERE telegram_entries.state <> 'done' OR excluded.state = 'done'`,
    params: [
      ...[entry.configId, entry.updateId, entry.chatId, entry.userId],
      ...[entry.state, entry.receivedAt, JSON.stringify(entry)],
    ],
  },
];

export const openEntries = (query: Query, configId: string): readonly TelegramEntry[] =>
  query(
    `SELECT chat_id, body FROM telegram_entries WHERE config_id = ? AND state <> 'done'
      ORDER BY received_at, update_id`,
    [configId],
  ).map((row): TelegramEntry => ({ ...JSON.parse(text(row, 'body')), chatId: integer(row, 'chat_id') }));

export const countEntries = (query: Query, configId: string, userId: number, since: number): number =>
  Number(
    query(
      `SELECT count(*) AS entries FROM telegram_entries
        WHERE config_id = ? AND user_id = ? AND received_at >= ? AND update_id > 0`,
      [configId, userId, since],
    )[0]?.entries ?? 0,
  );
