import type { Rule } from '../shared/rule.ts';
import { plain, text } from './rows.ts';
import type { Query, Statement } from './sqlite.ts';

export const listRules = (query: Query): readonly Rule[] =>
  query('SELECT body FROM rules ORDER BY created_at, id').map((row): Rule => JSON.parse(text(row, 'body')));

export const saveRule = (rule: Rule): readonly Statement[] => [
  {
    sql: `INSERT INTO rules (id, body, session_id, folder, created_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET body = excluded.body, session_id = excluded.session_id,
        folder = excluded.folder, created_at = excluded.created_at`,
    params: [rule.id, JSON.stringify(rule), rule.sessionId ?? null, plain(rule.folder), rule.createdAt],
  },
];

export const deleteRule = (id: string): readonly Statement[] => [
  { sql: 'DELETE FROM rules WHERE id = ?', params: [id] },
];
