import type { Session, SessionStatus, SessionSummary } from '../shared/agent.ts';
import { noUsage, type TokenUsage } from '../shared/message.ts';
import { releaseBlobs } from './blobs.ts';
import { integer, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

/** The status comes from the last job's row and an index of open steps, so a list costs the same however long the chats are. */
const select = `SELECT sessions.*, jobs.status AS job_status,
    EXISTS (SELECT 1 FROM steps WHERE steps.job_id = jobs.id AND steps.status = 'waiting') AS is_waiting
  FROM sessions LEFT JOIN jobs ON jobs.id = sessions.last_job_id`;

const statusOf = (row: Row): SessionStatus => {
  const status = textOrNone(row, 'job_status');
  if (status === 'running') return integer(row, 'is_waiting') === 1 ? 'waiting' : 'running';
  return status === 'failed' || status === 'interrupted' ? status : 'idle';
};

const summary = (row: Row): SessionSummary => ({
  id: text(row, 'id'),
  title: text(row, 'title'),
  agentId: text(row, 'agent_id'),
  model: JSON.parse(text(row, 'model')),
  folder: text(row, 'folder'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
  status: statusOf(row),
});

export const listSessions = (query: Query, limit: number): readonly SessionSummary[] =>
  query(`${select} ORDER BY sessions.updated_at DESC, sessions.id LIMIT ?`, [limit]).map(summary);

export const getSession = (query: Query, id: string): SessionSummary | undefined =>
  query(`${select} WHERE sessions.id = ?`, [id]).map(summary)[0];

/** What an SQLite text can hold whole: sql.js reads no further than a NUL, and UTF-8 has no half surrogate pairs. */
const plain = (value: string): string => value.toWellFormed().replaceAll('\0', '');

export const saveSession = (session: Session): readonly Statement[] => [
  {
    // A window may hold an older time than a job in another one has written since.
    sql: `INSERT INTO sessions (id, title, agent_id, model, folder, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET title = excluded.title, agent_id = excluded.agent_id, model = excluded.model,
        folder = excluded.folder, updated_at = max(updated_at, excluded.updated_at)`,
    params: [
      session.id,
      plain(session.title),
      session.agentId,
      JSON.stringify(session.model),
      plain(session.folder),
      session.createdAt,
      session.updatedAt,
    ],
  },
];

const tablesOfSession = ['steps', 'messages', 'approvals', 'drafts', 'usage', 'usage_totals', 'jobs'];

export const deleteSession = (id: string): readonly Statement[] => [
  ...releaseBlobs(id),
  ...tablesOfSession.map((table) => ({ sql: `DELETE FROM ${table} WHERE session_id = ?`, params: [id] })),
  { sql: 'DELETE FROM sessions WHERE id = ?', params: [id] },
];

const usageOf = (row: Row | undefined): TokenUsage =>
  row === undefined
    ? noUsage
    : {
        input: integer(row, 'input'),
        output: integer(row, 'output'),
        cachedInput: integer(row, 'cached_input'),
        cacheWrite: integer(row, 'cache_write'),
        reasoning: integer(row, 'reasoning'),
      };

export const sessionUsage = (
  query: Query,
  sessionId: string,
): { readonly total: TokenUsage; readonly lastRequest: TokenUsage } => ({
  total: usageOf(query('SELECT * FROM usage_totals WHERE session_id = ?', [sessionId])[0]),
  lastRequest: usageOf(
    query('SELECT * FROM usage WHERE session_id = ? ORDER BY id DESC LIMIT 1', [sessionId])[0],
  ),
});
