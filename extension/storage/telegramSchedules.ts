import type { Schedule } from '../shared/telegram.ts';
import { integer, integerOrNone, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

const scheduleOf = (row: Row): Schedule => {
  const stored: Schedule = JSON.parse(text(row, 'body'));
  const { telegram: _, ...schedule } = stored;
  const configId = textOrNone(row, 'config_id');
  const chatId = integerOrNone(row, 'chat_id');
  return {
    ...schedule,
    ...(configId === undefined || chatId === undefined ? {} : { telegram: { configId, chatId } }),
    doneThrough: integer(row, 'done_through'),
  };
};

export const listSchedules = (query: Query): readonly Schedule[] =>
  query('SELECT * FROM schedules ORDER BY created_at, id').map(scheduleOf);

export const saveSchedule = (schedule: Schedule): readonly Statement[] => [
  {
    sql: `INSERT INTO schedules (id, config_id, chat_id, done_through, created_at, body) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET config_id = excluded.config_id, chat_id = excluded.chat_id,
        done_through = max(done_through, excluded.done_through), created_at = excluded.created_at,
        body = excluded.body`,
    params: [
      ...[schedule.id, schedule.telegram?.configId ?? null, schedule.telegram?.chatId ?? null],
      ...[schedule.doneThrough, schedule.createdAt, JSON.stringify(schedule)],
    ],
  },
];

export const deleteSchedule = (id: string): readonly Statement[] => [
  { sql: 'DELETE FROM schedules WHERE id = ?', params: [id] },
];

/** @returns undefined where another window was faster, or it is gone */
export const claimSchedule = (
  query: Query,
  id: string,
  from: number,
  through: number,
): readonly Statement[] | undefined => {
  const [row] = query('SELECT done_through FROM schedules WHERE id = ?', [id]);
  if (row?.done_through !== from || through <= from) return undefined;
  return [{ sql: 'UPDATE schedules SET done_through = ? WHERE id = ?', params: [through, id] }];
};
