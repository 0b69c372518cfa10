import { createHash } from 'node:crypto';
import type { AuditEntry, NewAuditEntry } from '../shared/audit.ts';
import type { EventOf } from '../shared/event.ts';
import { integer, text, textOrNone } from './rows.ts';
import type { Query, Row, Statement } from './sqlite.ts';

/** UTF-16 units of a detail that are kept: the record of decisions stays in memory for good. */
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

/** What the record says of a step that was let through or not. */
export const stepDecision = (
  event: EventOf<'StepApproved' | 'StepRejected'>,
  sessionId: string,
  agentId: string | undefined,
): NewAuditEntry => {
  const { step } = event;
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
    detail: JSON.stringify(step.input),
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
