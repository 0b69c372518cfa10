import { createHash } from 'node:crypto';
import type { AuditEntry, NewAuditEntry } from '../shared/audit.ts';
import type { EventOf } from '../shared/event.ts';
import type { JsonObject } from '../shared/message.ts';
import { integer, integerOrNone, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

/** Of the record the newest are kept, since it stays in memory: so many, and so many UTF-16 units of them. */
export const keptDecisions = { entries: 100_000, units: 25_000_000 };

/** UTF-16 units of a detail that are kept. */
export const detailLimit = 16 * 1024;
const titleLimit = 1_000;

/** All of a text, or its beginning with what tells whether another text is this one. */
export const keptText = (whole: string, limit = detailLimit): string => {
  if (whole.length <= limit) return whole;
  const hash = createHash('sha256').update(whole).digest('hex');
  return `${whole.slice(0, limit)}… (${whole.length - limit} more characters; SHA-256 of the whole: ${hash})`;
};

/** What is kept of an entry. */
export const keptEntry = (entry: NewAuditEntry): NewAuditEntry => ({
  ...entry,
  title: keptText(entry.title, titleLimit),
  detail: keptText(entry.detail),
  reason: keptText(entry.reason),
});

export const insertDecision = (entry: NewAuditEntry): Statement => {
  const { at, kind, outcome, sessionId, jobId, stepId, agentId, tool, effect } = entry;
  const { title, detail, by, reason, ruleIds } = keptEntry(entry);
  return {
    sql: `INSERT INTO decisions (at, kind, outcome, session_id, job_id, step_id, agent_id, tool, effect, title, detail,
        decided_by, reason, rule_ids) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      ...[at, kind, outcome, sessionId ?? null, jobId ?? null, stepId ?? null, agentId ?? null],
      ...[tool ?? null, effect ?? null, JSON.stringify(title), JSON.stringify(detail)],
      ...[by, JSON.stringify(reason), JSON.stringify(ruleIds)],
    ],
  };
};

const outcomeOf = (event: EventOf<'StepApproved' | 'StepRejected'>): AuditEntry['outcome'] => {
  if (event.type === 'StepApproved') return event.by === 'rule' ? 'ran' : 'approved';
  return event.by === 'rule' ? 'refused' : 'rejected';
};

/** Fields of tools' inputs that hold what goes into files. */
const contentKeys = new Set(['content', 'old_text', 'new_text']);

/** Tells whether another content is this one, and no word of it: files hold secrets, and the record is kept for long. */
const digest = (content: string): JsonObject => ({
  sha256: createHash('sha256').update(content).digest('hex'),
  characters: content.length,
  lines: content === '' ? 0 : content.replace(/\n$/, '').split('\n').length,
});

const withoutContents = (input: JsonObject): string =>
  JSON.stringify(input, (key, value: unknown) =>
    typeof value === 'string' && contentKeys.has(key) ? digest(value) : value,
  );

/** What is to be done, and what the person made of it where they changed it. */
const stepDetail = (event: EventOf<'StepApproved' | 'StepRejected'>): string => {
  const accepted = event.type === 'StepApproved' ? event.accepted : undefined;
  const { input } = event.step;
  return withoutContents(
    accepted === undefined ? input : { ...input, accepted: accepted.map((change) => ({ ...change })) },
  );
};

/**
 * What the record says of a step that was let through or not. Nothing of a read that every chat may do: nobody decided
 * it, and there are many.
 */
export const stepDecision = (
  event: EventOf<'StepApproved' | 'StepRejected'>,
  sessionId: string,
  agentId: string | undefined,
): NewAuditEntry | undefined => {
  const { step } = event;
  const isPlainRead =
    event.type === 'StepApproved' && event.by === 'rule' && step.effect === 'read' && !event.ruleIds?.length;
  if (isPlainRead) return undefined;
  return {
    at: event.at,
    kind: 'step',
    outcome: outcomeOf(event),
    sessionId,
    jobId: event.jobId,
    stepId: step.id,
    ...(agentId === undefined ? {} : { agentId }),
    tool: step.tool,
    effect: step.effect,
    title: step.title,
    detail: stepDetail(event),
    by: event.by,
    reason: event.reason,
    ruleIds: event.type === 'StepApproved' ? (event.ruleIds ?? []) : [],
  };
};

const optional = <K extends string>(row: Row, column: string, key: K): { readonly [P in K]?: string } => {
  const value = textOrNone(row, column);
  // The one key that is there is K.
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
};

const auditEntry = (row: Row): AuditEntry => {
  const effect = textOrNone(row, 'effect');
  return {
    id: integer(row, 'id'),
    at: integer(row, 'at'),
    // What wrote the row knew no other words.
    kind: text(row, 'kind') as AuditEntry['kind'],
    outcome: text(row, 'outcome') as AuditEntry['outcome'],
    ...optional(row, 'session_id', 'sessionId'),
    ...optional(row, 'job_id', 'jobId'),
    ...optional(row, 'step_id', 'stepId'),
    ...optional(row, 'agent_id', 'agentId'),
    ...optional(row, 'tool', 'tool'),
    ...(effect === undefined ? {} : { effect: effect as NonNullable<AuditEntry['effect']> }),
    title: JSON.parse(text(row, 'title')),
    detail: JSON.parse(text(row, 'detail')),
    by: text(row, 'decided_by') as AuditEntry['by'],
    reason: JSON.parse(text(row, 'reason')),
    ruleIds: JSON.parse(text(row, 'rule_ids')),
  };
};

export const readAudit = (query: Query, afterId: number, limit: number): readonly AuditEntry[] =>
  query('SELECT * FROM decisions WHERE id > ? ORDER BY id LIMIT ?', [afterId, limit]).map(auditEntry);

/** The newest entry: their numbers grow by one. */
export const lastDecision = (query: Query): number =>
  Number(query('SELECT max(id) AS id FROM decisions')[0]?.id ?? 0);

/** Forgets the oldest entries where there are more than are kept. Goes through all of them. */
export const forgetOldDecisions = (query: Query, limits = keptDecisions): readonly Statement[] => {
  const passed = query(
    `SELECT max(id) AS id FROM (
      SELECT id, row_number() OVER newest AS number,
        sum(length(title) + length(detail) + length(reason)) OVER newest AS units
      FROM decisions WINDOW newest AS (ORDER BY id DESC)
    ) WHERE number > ? OR units > ?`,
    [limits.entries, limits.units],
  );
  const last = passed[0] === undefined ? undefined : integerOrNone(passed[0], 'id');
  return last === undefined ? [] : [{ sql: 'DELETE FROM decisions WHERE id <= ?', params: [last] }];
};
