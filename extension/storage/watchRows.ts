import { movedTables } from './coldRows.ts';
import type { Query, Sqlite } from './sqlite.ts';

const events = [
  { on: 'INSERT', rows: ['new'] },
  { on: 'UPDATE', rows: ['old', 'new'] },
  { on: 'DELETE', rows: ['old'] },
] as const;

const triggerName = (table: string, on: string): string => `touched_${table}_${on.toLowerCase()}`;

/** Notes from now on which chats' rows change, by this window or another: their copies are then not the same any more. */
export const watchRows = (sqlite: Sqlite): void => {
  stopWatchingRows(sqlite);
  sqlite.run('CREATE TEMP TABLE touched (session_id TEXT)');
  for (const table of movedTables) {
    for (const { on, rows } of events) {
      // No constraint that the statement's own way with conflicts would be applied to.
      const notes = rows.map((row) => `INSERT INTO touched (session_id) VALUES (${row}.session_id);`);
      sqlite.run(
        `CREATE TEMP TRIGGER ${triggerName(table, on)} AFTER ${on} ON main.${table} BEGIN ${notes.join(' ')} END`,
      );
    }
  }
};

export const stopWatchingRows = (sqlite: Sqlite): void => {
  for (const table of movedTables) {
    for (const { on } of events) sqlite.run(`DROP TRIGGER IF EXISTS temp.${triggerName(table, on)}`);
  }
  sqlite.run('DROP TABLE IF EXISTS temp.touched');
};

/** Whether no row of these chats has changed since; false also where nobody was watching. */
export const areUntouched = (query: Query, sessionIds: readonly string[]): boolean => {
  if (query("SELECT 1 FROM temp.sqlite_master WHERE name = 'touched'").length === 0) return false;
  const touched = new Set(query('SELECT DISTINCT session_id FROM temp.touched').map((row) => row.session_id));
  return !sessionIds.some((id) => touched.has(id));
};
