import { isChange } from '../core/restorePlan.ts';
import type { VersionQuery } from '../core/store.ts';
import { type FileState, type FileVersion, undoIdPrefix } from '../shared/undo.ts';
import { integer, integerOrNone, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

const hashOf = (state: FileState | undefined): string | null => (state?.kind === 'file' ? state.hash : null);

/** The values of a row, in the order of its columns. */
const valuesOf = (version: FileVersion): readonly (string | number | null)[] => [
  ...[version.stepId, version.sessionId, version.jobId],
  ...[JSON.stringify(version.file), JSON.stringify(version.label), JSON.stringify(version.root)],
  ...[JSON.stringify(version.before), hashOf(version.before)],
  ...[version.after === undefined ? null : JSON.stringify(version.after), hashOf(version.after)],
  ...[version.at, version.undoneAt ?? null],
];

/**
 * Those of chats that have been deleted meanwhile are not kept, and not those of what a step left as it was.
 * One statement for all of them: a build makes thousands.
 */
export const keepVersions = (versions: readonly FileVersion[]): readonly Statement[] => {
  const changes = versions.filter(isChange);
  const others = versions.filter((version) => !isChange(version));
  const kept: Statement = {
    sql: `INSERT INTO file_versions
        (step_id, session_id, job_id, file, label, root, before, before_hash, after, after_hash, at, undone_at)
      SELECT ${Array.from({ length: 12 }, (_, index) => `each.value ->> ${index}`).join(', ')}
      FROM json_each(?) AS each WHERE each.value ->> 1 IN (SELECT id FROM sessions) ORDER BY each.key
      ON CONFLICT (step_id, file) DO UPDATE SET session_id = excluded.session_id, job_id = excluded.job_id,
        label = excluded.label, root = excluded.root, before = excluded.before, before_hash = excluded.before_hash,
        after = excluded.after, after_hash = excluded.after_hash, at = excluded.at, undone_at = excluded.undone_at`,
    params: [JSON.stringify(changes.map(valuesOf))],
  };
  const unchanged: Statement = {
    sql: `DELETE FROM file_versions WHERE (step_id, file) IN
      (SELECT each.value ->> 0, each.value ->> 1 FROM json_each(?) AS each)`,
    params: [JSON.stringify(others.map(({ stepId, file }) => [stepId, JSON.stringify(file)]))],
  };
  return [...(changes.length > 0 ? [kept] : []), ...(others.length > 0 ? [unchanged] : [])];
};

const fileVersion = (row: Row): FileVersion => {
  const after = textOrNone(row, 'after');
  const undoneAt = integerOrNone(row, 'undone_at');
  return {
    stepId: text(row, 'step_id'),
    sessionId: text(row, 'session_id'),
    jobId: text(row, 'job_id'),
    file: JSON.parse(text(row, 'file')),
    label: JSON.parse(text(row, 'label')),
    root: JSON.parse(text(row, 'root')),
    before: JSON.parse(text(row, 'before')),
    ...(after === undefined ? {} : { after: JSON.parse(after) }),
    at: integer(row, 'at'),
    ...(undoneAt === undefined ? {} : { undoneAt }),
  };
};

/**
 * @param live where the versions are
 * @param chat where the chat's steps are: there too, or in a file of old chats
 */
export const listVersions = (
  live: Query,
  chat: Query,
  sessionId: string,
  of: VersionQuery,
): readonly FileVersion[] => {
  if ('stepId' in of) {
    const ofStep = 'SELECT * FROM file_versions WHERE session_id = ? AND step_id = ? ORDER BY id';
    return live(ofStep, [sessionId, of.stepId]).map(fileVersion);
  }
  if ('of' in of) {
    const ofUndos =
      'SELECT * FROM file_versions WHERE session_id = ? AND substr(step_id, 1, ?) = ? ORDER BY id';
    return live(ofUndos, [sessionId, undoIdPrefix.length, undoIdPrefix]).map(fileVersion);
  }
  const steps = chat('SELECT id, row FROM steps WHERE session_id = ? AND row >= ?', [sessionId, of.fromRow]);
  const rows = new Map(steps.map((row) => [text(row, 'id'), integer(row, 'row')]));
  const rowOf = ({ stepId }: FileVersion): number => rows.get(stepId) ?? 0;
  return live('SELECT * FROM file_versions WHERE session_id = ? ORDER BY id', [sessionId])
    .map(fileVersion)
    .filter(({ stepId }) => rows.has(stepId))
    .toSorted((a, b) => rowOf(a) - rowOf(b));
};

/** @param at undefined takes the mark away */
export const markUndone = (
  sessionId: string,
  stepIds: readonly string[],
  at: number | undefined,
): readonly Statement[] =>
  stepIds.flatMap((stepId) => [
    {
      sql: 'UPDATE file_versions SET undone_at = ? WHERE session_id = ? AND step_id = ?',
      params: [at ?? null, sessionId, stepId],
    },
    at === undefined
      ? {
          sql: `UPDATE steps SET undo = json_remove(undo, '$.undoneAt')
            WHERE session_id = ? AND id = ? AND undo IS NOT NULL`,
          params: [sessionId, stepId],
        }
      : {
          sql: `UPDATE steps SET undo = json_set(undo, '$.undoneAt', CAST(? AS INTEGER))
            WHERE session_id = ? AND id = ? AND undo IS NOT NULL`,
          params: [at, sessionId, stepId],
        },
  ]);

/** What undoing needs. What a step made of a file serves a later merge only, and can go. */
export const versionHashes = (query: Query): readonly string[] =>
  query(
    'SELECT DISTINCT before_hash FROM file_versions WHERE before_hash IS NOT NULL ORDER BY before_hash',
  ).map((row) => text(row, 'before_hash'));

/** Whether it is of any use. */
export const isImageNeeded = (query: Query, hash: string): boolean =>
  query('SELECT 1 FROM file_versions WHERE before_hash = ?1 OR after_hash = ?1 LIMIT 1', [hash]).length > 0;

const notAtWork = "session_id NOT IN (SELECT session_id FROM jobs WHERE status = 'running')";

/** The rows stay: a step that is undone without some of its files would leave less than there was. */
export const forgetVersions = (hashes: readonly string[]): readonly Statement[] => [
  {
    sql: `UPDATE file_versions SET before_hash = NULL WHERE before_hash IN (SELECT value FROM json_each(?)) AND ${notAtWork}`,
    params: [JSON.stringify(hashes)],
  },
];

/** All of them, except those of chats in which a job runs. */
export const forgetAllVersions = (): Statement => ({
  sql: `DELETE FROM file_versions WHERE ${notAtWork}`,
  params: [],
});

const keptForMs = 30 * 24 * 60 * 60_000;

/** Whole steps only: one that lacks some of its files must not look whole. Nothing is deleted where none is old. */
export const forgetOldVersions = (query: Query, now: number): readonly Statement[] => {
  const old = `SELECT step_id FROM file_versions GROUP BY step_id HAVING max(at) < ?`;
  const time = now - keptForMs;
  if (query(`${old} LIMIT 1`, [time]).length === 0) return [];
  return [{ sql: `DELETE FROM file_versions WHERE step_id IN (${old}) AND ${notAtWork}`, params: [time] }];
};
