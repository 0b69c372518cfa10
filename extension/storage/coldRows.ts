import type { Sliced } from '../core/slices.ts';
import { integer, text } from './rows.ts';
import type { Query, Row, Sqlite, SqlParam, Statement } from './sqlite.ts';

/** The rows of a chat that lie in memory or in a cold file. A step comes after its message. */
export const movedTables = ['messages', 'steps', 'approvals', 'usage', 'usage_totals', 'jobs'] as const;

const batch = 50;

/** The rows of one chat in one table, a few at a time. */
function* rowsOf(query: Query, table: string, sessionId: string): Generator<readonly Row[]> {
  let after = 0;
  for (;;) {
    const rows = query(
      `SELECT rowid AS position, * FROM ${table} WHERE session_id = ? AND rowid > ? ORDER BY rowid LIMIT ${batch}`,
      [sessionId, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = integer(last, 'position');
    yield rows;
  }
}

const insert = (table: string, row: Row): Statement => {
  const values: [string, SqlParam][] = Object.entries(row).filter(([column]) => column !== 'position');
  const names = values.map(([column]) => column).join(', ');
  const marks = values.map(() => '?').join(', ');
  // The last job of a cold chat stays where it is, for the list.
  const verb = table === 'jobs' ? 'INSERT OR IGNORE' : 'INSERT';
  return {
    sql: `${verb} INTO ${table} (${names}) VALUES (${marks})`,
    params: values.map(([, value]) => value),
  };
};

/** Puts the rows of some chats, with their numbers, into another database. */
export function* copyChats(from: Query, to: Sqlite, sessionIds: readonly string[]): Sliced<void> {
  to.run('BEGIN');
  for (const id of sessionIds) {
    for (const row of from('SELECT * FROM sessions WHERE id = ?', [id])) {
      const { sql, params } = insert('sessions', row);
      to.run(sql, params);
    }
    for (const table of movedTables) {
      for (const rows of rowsOf(from, table, id)) {
        for (const row of rows) {
          const { sql, params } = insert(table, row);
          to.run(sql, params);
        }
        yield;
      }
    }
  }
  to.run('COMMIT');
}

/** What puts the rows of a cold chat back, with their numbers. */
export const bringBackRows = (from: Query, sessionId: string): readonly Statement[] => [
  ...movedTables.flatMap((table) =>
    [...rowsOf(from, table, sessionId)].flatMap((rows) => rows.map((row) => insert(table, row))),
  ),
  { sql: 'UPDATE sessions SET cold_file = NULL, cold_bytes = NULL WHERE id = ?', params: [sessionId] },
];

/** Ids in one statement: SQLite takes 32,766 parameters, and 500 selects that are put together. */
const idsAtOnce = 500;

/** Leaves the rows of these chats to a cold file. What is journaled of it is their ids. */
export const leaveTo = (
  name: string,
  chats: readonly { readonly id: string; readonly bytes: number }[],
): readonly Statement[] => {
  const moved = 'SELECT id FROM sessions WHERE cold_file = ?';
  const groups = Array.from({ length: Math.ceil(chats.length / idsAtOnce) }, (_, index) =>
    chats.slice(index * idsAtOnce, (index + 1) * idsAtOnce),
  );
  return [
    ...groups.map((group) => ({
      sql: `WITH moved (id, bytes) AS (VALUES ${group.map(() => '(?, ?)').join(', ')})
        UPDATE sessions SET cold_file = ?, cold_bytes = (SELECT bytes FROM moved WHERE moved.id = sessions.id)
        WHERE id IN (SELECT id FROM moved)`,
      params: [...group.flatMap(({ id, bytes }) => [id, bytes]), name],
    })),
    ...movedTables.map((table) => ({
      sql:
        table === 'jobs'
          ? `DELETE FROM jobs WHERE session_id IN (${moved})
              AND id NOT IN (SELECT last_job_id FROM sessions WHERE last_job_id IS NOT NULL AND cold_file = ?)`
          : `DELETE FROM ${table} WHERE session_id IN (${moved})`,
      params: table === 'jobs' ? [name, name] : [name],
    })),
  ];
};

/** About what a row takes besides its long texts: ids, numbers, and its places in the indexes. */
const bytesBesides = { messages: 300, steps: 400, approvals: 450, usage: 200 };

const countBytes = `SELECT
  (SELECT total(coalesce(octet_length(body), 0) + ${bytesBesides.messages}) FROM messages WHERE session_id = ?1)
  + (SELECT total(octet_length(step) + coalesce(octet_length(prompt), 0) + coalesce(octet_length(decision), 0)
      + coalesce(octet_length(result), 0) + octet_length(summary) + octet_length(diffs)
      + coalesce(octet_length(undo), 0) + ${bytesBesides.steps})
    FROM steps WHERE session_id = ?1)
  + (SELECT count(*) * ${bytesBesides.approvals} FROM approvals WHERE session_id = ?1)
  + (SELECT count(*) * ${bytesBesides.usage} FROM usage WHERE session_id = ?1) AS bytes`;

/** About the bytes that a chat's rows take in the database, wherever it is that `query` looks. */
export const chatBytes = (query: Query, sessionId: string): number =>
  Number(query(countBytes, [sessionId])[0]?.bytes ?? 0);

const dayMs = 24 * 60 * 60 * 1_000;

/** The chats whose turn it is to be put away, the oldest first: as many as make up the bytes, at least one. */
export function* oldestChats(
  query: Query,
  now: number,
  bytesWanted: number,
): Sliced<readonly { readonly id: string; readonly bytes: number }[]> {
  const ids = query(
    `SELECT id FROM sessions WHERE cold_file IS NULL AND is_pinned = 0 AND shelf <> 'deleted' AND updated_at < ?
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.session_id = sessions.id AND jobs.status = 'running')
        AND EXISTS (SELECT 1 FROM messages WHERE messages.session_id = sessions.id)
      ORDER BY updated_at, id LIMIT 2000`,
    [now - dayMs],
  ).map((row) => text(row, 'id'));
  const chosen: { readonly id: string; readonly bytes: number }[] = [];
  let sum = 0;
  for (const id of ids) {
    const bytes = chatBytes(query, id);
    // The next file takes a chat that would make this one much larger.
    if (sum > 0 && sum + bytes > 2 * bytesWanted) break;
    chosen.push({ id, bytes });
    sum += bytes;
    if (sum >= bytesWanted) break;
    yield;
  }
  return chosen;
}
