import { type CopyRequest, type RewindRequest, StoreError } from '../core/store.ts';
import type { ChatItem } from '../shared/chat.ts';
import type { Session } from '../shared/session.ts';
import { hashesIn, type Packer } from './blobs.ts';
import type { BuildTransaction } from './changes.ts';
import { text } from './rows.ts';
import { saveSession, updateSession } from './sessions.ts';
import type { Query, Statement } from './sqlite.ts';

const lastRow = Number.MAX_SAFE_INTEGER;

const gone = (): StoreError => new StoreError('This chat has been deleted. Nothing was changed.');

/**
 * The rows of one chat up to a row as those of another. Copied by SQLite, so that what is journaled does not grow with
 * the chat, and in order, so that every window gives the copies the same numbers.
 * @param at when steps that have not ended end in the copy
 * @param undoFromRow from where on steps can be undone in the copy; else that stays with the chat they were done in
 */
const copyRows = (
  from: string,
  to: string,
  throughRow: number,
  at: number,
  undoFromRow: number | null,
): readonly Statement[] => [
  {
    sql: `INSERT INTO messages (session_id, id, job_id, kind, body, created_at)
      SELECT ?, id, job_id, kind, body, created_at FROM messages WHERE session_id = ? AND row <= ? ORDER BY row`,
    params: [to, from, throughRow],
  },
  {
    sql: `INSERT INTO steps
        (row, id, session_id, job_id, status, step, prompt, decision, result, summary, diffs, undo, started_at, ended_at)
      SELECT copies.row, steps.id, copies.session_id, steps.job_id,
        CASE WHEN steps.status IN ('waiting', 'running') THEN 'interrupted' ELSE steps.status END,
        steps.step, steps.prompt, steps.decision, steps.result, steps.summary, steps.diffs,
        CASE WHEN originals.row >= ? THEN steps.undo END, steps.started_at,
        CASE WHEN steps.status IN ('waiting', 'running') THEN ? ELSE steps.ended_at END
      FROM messages AS originals
        JOIN steps ON steps.row = originals.row
        JOIN messages AS copies ON copies.session_id = ? AND copies.id = originals.id
      WHERE originals.session_id = ? AND originals.row <= ? ORDER BY copies.row`,
    params: [undoFromRow, at, to, from, throughRow],
  },
];

const packedColumns = ['step', 'prompt', 'decision', 'result', 'summary', 'diffs', 'undo'];

/** The files that a chat's rows up to this one refer to. */
const filesThrough = (query: Query, sessionId: string, throughRow: number): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const [table, column] of [['messages', 'body'], ...packedColumns.map((name) => ['steps', name])]) {
    const rows = query(
      `SELECT ${column} AS packed FROM ${table} WHERE session_id = ? AND row <= ? AND ${column} LIKE '%"$blob":"%'`,
      [sessionId, throughRow],
    );
    for (const row of rows) for (const hash of hashesIn(text(row, 'packed'))) found.add(hash);
  }
  return found;
};

const copyAllReferences = (from: string, to: string): Statement => ({
  sql: 'INSERT INTO blob_refs (session_id, hash) SELECT ?, hash FROM blob_refs WHERE session_id = ?',
  params: [to, from],
});

export const copySession = (
  query: Query,
  { from, to, throughRow = lastRow }: CopyRequest,
): readonly Statement[] => {
  if (query('SELECT 1 FROM sessions WHERE id = ?', [from]).length === 0) throw gone();
  const references =
    throughRow === lastRow
      ? [copyAllReferences(from, to.id)]
      : [...filesThrough(query, from, throughRow)].map((hash) => ({
          sql: 'INSERT INTO blob_refs (session_id, hash) VALUES (?, ?)',
          params: [to.id, hash],
        }));
  return [...saveSession(to), ...copyRows(from, to.id, throughRow, to.updatedAt, null), ...references];
};

/**
 * The job whose end a chat shows once its rows from this one on are gone: the one its last row is of, if it is whole.
 * Copied rows name jobs of the chat they come from, which say nothing about this one.
 */
const lastWholeJob = (query: Query, sessionId: string, fromRow: number): string | null => {
  const last = query(
    'SELECT job_id FROM messages WHERE session_id = ? AND row < ? ORDER BY row DESC LIMIT 1',
    [sessionId, fromRow],
  ).map((row) => text(row, 'job_id'))[0];
  if (last === undefined) return null;
  const isWhole =
    query('SELECT 1 FROM messages WHERE session_id = ? AND row >= ? AND job_id = ? LIMIT 1', [
      sessionId,
      fromRow,
      last,
    ]).length === 0;
  const isOwn = query('SELECT 1 FROM jobs WHERE id = ? AND session_id = ?', [last, sessionId]).length > 0;
  return isWhole && isOwn ? last : null;
};

/** Under the lock, with no job running in the chat. */
export const rewindSession = (
  query: Query,
  { sessionId, fromRow, earlier, at }: RewindRequest,
): readonly Statement[] => {
  if (query('SELECT 1 FROM sessions WHERE id = ?', [sessionId]).length === 0) throw gone();
  // Whoever rewound it first, in another window, has taken this row out.
  if (query('SELECT 1 FROM messages WHERE session_id = ? AND row = ?', [sessionId, fromRow]).length === 0) {
    throw new StoreError(
      'This part of the chat is not there any more; it was taken out already. Nothing was changed.',
    );
  }
  const needed = filesThrough(query, sessionId, fromRow - 1);
  const files = query('SELECT hash FROM blob_refs WHERE session_id = ?', [sessionId]);
  const released = files.map((row) => text(row, 'hash')).filter((hash) => !needed.has(hash));
  return [
    ...saveSession(earlier),
    ...updateSession(earlier.id, { shelf: 'archived' }, at),
    ...copyRows(sessionId, earlier.id, lastRow, at, fromRow),
    copyAllReferences(sessionId, earlier.id),
    // Who was asked, what they said, and what the files were before, goes with the steps.
    ...['approvals', 'file_versions'].map((table) => ({
      sql: `UPDATE ${table} SET session_id = ? WHERE session_id = ?
        AND step_id IN (SELECT id FROM steps WHERE session_id = ? AND row >= ?)`,
      params: [earlier.id, sessionId, sessionId, fromRow],
    })),
    ...['steps', 'messages'].map((table) => ({
      sql: `DELETE FROM ${table} WHERE session_id = ? AND row >= ?`,
      params: [sessionId, fromRow],
    })),
    // Never doomed by this: the chat as it was needs them.
    ...released.map((hash) => ({
      sql: 'DELETE FROM blob_refs WHERE session_id = ? AND hash = ?',
      params: [sessionId, hash],
    })),
    {
      sql: 'UPDATE sessions SET last_job_id = ?, updated_at = max(updated_at, ?) WHERE id = ?',
      params: [lastWholeJob(query, sessionId, fromRow), at, sessionId],
    },
  ];
};

/** Why a chat of these items could not be kept as it is; a file can be anything. */
const problemOf = (items: readonly ChatItem[]): string | undefined => {
  if (new Set(items.map(({ id }) => id)).size < items.length) return 'two of its parts have the same id';
  const isOpen = (item: ChatItem): boolean =>
    item.kind === 'assistant'
      ? item.streaming
      : item.kind === 'step' && ['waiting', 'running'].includes(item.record.status);
  if (items.some(isOpen)) return 'a part of it has not ended';
  const hasNoResult = (item: ChatItem): boolean =>
    item.kind === 'step' && item.record.status !== 'interrupted' && item.record.result === undefined;
  return items.some(hasNoResult) ? 'a step has ended without a result' : undefined;
};

const insertItem = (sessionId: string, item: ChatItem, pack: Packer['pack']): readonly Statement[] => {
  const insert = (body: string | null, at: number): Statement => ({
    sql: 'INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    params: [sessionId, item.id, item.jobId, item.kind, body, at],
  });
  switch (item.kind) {
    case 'user':
    case 'assistant':
      return [insert(pack(item.message), item.message.createdAt)];
    case 'notice':
      return [insert(pack({ notice: item.notice, at: item.at }), item.at)];
    case 'step': {
      const { record } = item;
      const packed = (value: unknown): string | null => (value === undefined ? null : pack(value));
      return [
        insert(null, record.startedAt),
        {
          sql: `INSERT INTO steps
              (row, id, session_id, job_id, status, step, prompt, decision, result, summary, diffs, started_at, ended_at)
            VALUES ((SELECT row FROM messages WHERE session_id = ? AND id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [
            ...[sessionId, item.id, item.id, sessionId, item.jobId, record.status, pack(record.step)],
            ...[packed(record.prompt), packed(record.decision), packed(record.result)],
            ...[pack(record.summary), pack(record.diffs), record.startedAt, record.endedAt ?? null],
          ],
        },
      ];
    }
  }
};

/** Packs now, before the lock is taken, since that may write files. @throws StoreError for items that cannot be kept */
export const importSession = (
  session: Session,
  items: readonly ChatItem[],
  packer: Packer,
): BuildTransaction => {
  const problem = problemOf(items);
  if (problem !== undefined) {
    throw new StoreError(`This chat cannot be imported: ${problem}. Nothing was changed.`);
  }
  const statements = items.flatMap((item) => insertItem(session.id, item, packer.pack));
  return () => [...saveSession(session), ...statements, ...packer.references(session.id)];
};
