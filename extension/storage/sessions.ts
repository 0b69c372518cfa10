import type { SessionPage, SessionQuery } from '../core/store.ts';
import { approvalModes } from '../shared/rule.ts';
import {
  type Session,
  type SessionChange,
  type SessionStatus,
  type SessionSummary,
  shelves,
  type TitleSource,
} from '../shared/session.ts';
import { releaseBlobs } from './blobs.ts';
import { integer, plain, text, textOrNone } from './rows.ts';
import { forgetRaises } from './spending.ts';
import type { Query, Row, SqlParam, Statement } from './sqlite.ts';
import { forgetBinding } from './telegramBots.ts';

/** The status comes from the last job's row and an index of open steps, so a list costs the same however long the chats are. */
const select = `SELECT sessions.*, jobs.status AS job_status,
    EXISTS (SELECT 1 FROM steps WHERE steps.job_id = jobs.id AND steps.status = 'waiting') AS is_waiting
  FROM sessions LEFT JOIN jobs ON jobs.id = sessions.last_job_id`;

const statusOf = (row: Row): SessionStatus => {
  const status = textOrNone(row, 'job_status');
  if (status === 'running') return integer(row, 'is_waiting') === 1 ? 'waiting' : 'running';
  return status === 'failed' || status === 'interrupted' ? status : 'idle';
};

const titleSources: readonly TitleSource[] = ['message', 'model', 'person'];

/** One of the words this version knows; another version may have written one it does not. */
const wordOf = <T extends string>(row: Row, column: string, words: readonly T[], other: T): T =>
  words.find((word) => word === row[column]) ?? other;

const summary = (row: Row): SessionSummary => ({
  id: text(row, 'id'),
  title: text(row, 'title'),
  titleBy: wordOf(row, 'title_by', titleSources, 'person'),
  agentId: text(row, 'agent_id'),
  model: JSON.parse(text(row, 'model')),
  // A mode that is not known here must not be taken for a looser one.
  ...(row.mode === null ? {} : { mode: wordOf(row, 'mode', approvalModes, 'ask') }),
  folder: text(row, 'folder'),
  createdAt: integer(row, 'created_at'),
  updatedAt: integer(row, 'updated_at'),
  status: statusOf(row),
  shelf: wordOf(row, 'shelf', shelves, 'active'),
  isPinned: integer(row, 'is_pinned') === 1,
});

export const listSessions = (query: Query, { shelf, limit, folderFirst }: SessionQuery): SessionPage => {
  const rows = query(
    `${select} WHERE sessions.shelf = ?
      ORDER BY sessions.is_pinned DESC, sessions.folder = ? DESC, sessions.updated_at DESC, sessions.id LIMIT ?`,
    [shelf, folderFirst, limit + 1],
  );
  return { sessions: rows.slice(0, limit).map(summary), hasMore: rows.length > limit };
};

export const getSession = (query: Query, id: string): SessionSummary | undefined =>
  query(`${select} WHERE sessions.id = ?`, [id]).map(summary)[0];

export const saveSession = (session: Session): readonly Statement[] => [
  {
    sql: `INSERT INTO sessions (id, title, title_by, agent_id, model, mode, folder, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      session.id,
      plain(session.title),
      session.titleBy,
      session.agentId,
      JSON.stringify(session.model),
      session.mode ?? null,
      plain(session.folder),
      session.createdAt,
      session.updatedAt,
    ],
  },
];

/** Only the columns that are given, so that two windows do not undo each other's changes. */
export const updateSession = (id: string, change: SessionChange, at: number): readonly Statement[] => {
  const { title, agentId, model, mode, isPinned, shelf } = change;
  const set: readonly (readonly [string, SqlParam])[] = [
    ...(agentId === undefined ? [] : [['agent_id', agentId] as const]),
    ...(model === undefined ? [] : [['model', JSON.stringify(model)] as const]),
    ...(mode === undefined ? [] : [['mode', mode] as const]),
    ...(isPinned === undefined ? [] : [['is_pinned', isPinned ? 1 : 0] as const]),
    ...(shelf === undefined
      ? []
      : ([
          ['shelf', shelf],
          ['shelved_at', shelf === 'active' ? null : at],
        ] as const)),
  ];
  const statements: Statement[] = [];
  if (set.length > 0) {
    statements.push({
      sql: `UPDATE sessions SET ${set.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ?`,
      params: [...set.map(([, value]) => value), id],
    });
  }
  if (title !== undefined) {
    statements.push({
      sql: `UPDATE sessions SET title = ?, title_by = ? WHERE id = ? AND (? <> 'model' OR title_by = 'message')`,
      params: [plain(title.text), title.by, id, title.by],
    });
  }
  return statements;
};

const tablesOfSession = [
  'steps',
  'messages',
  'approvals',
  'drafts',
  'usage',
  'usage_totals',
  'rules',
  'file_versions',
  'jobs',
];

/** Not what was decided in it, and what it has cost: the record of decisions and the sums of a day stay. */
export const deleteSession = (id: string): readonly Statement[] => [
  ...releaseBlobs(id),
  forgetRaises(id),
  forgetBinding(id),
  ...tablesOfSession.map((table) => ({ sql: `DELETE FROM ${table} WHERE session_id = ?`, params: [id] })),
  { sql: 'DELETE FROM sessions WHERE id = ?', params: [id] },
];

/** Chats that were deleted before this time and can be gone for good, since nothing runs in them. */
export const deletedBefore = (query: Query, time: number): readonly string[] =>
  query(
    `SELECT id FROM sessions WHERE shelf = 'deleted' AND shelved_at < ?
      AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.session_id = sessions.id AND jobs.status = 'running') ORDER BY id`,
    [time],
  ).map((row) => text(row, 'id'));
