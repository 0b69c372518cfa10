import { createHash } from 'node:crypto';
import type { Decision } from '../core/approver.ts';
import { StoreError } from '../core/store.ts';
import type { Notice, StepStatus } from '../shared/chat.ts';
import type { AgentEvent, ApprovalPrompt, EventOf, Step } from '../shared/event.ts';
import type { Packer } from './blobs.ts';
import type { BuildTransaction } from './changes.ts';
import { needWarm } from './coldFiles.ts';
import { insertDecision, stepDecision } from './decisions.ts';
import { text } from './rows.ts';
import { insertUsage } from './spending.ts';
import type { Query, SqlParam, Statement } from './sqlite.ts';

/** Turns a value into the text of a row. */
type Pack = Packer['pack'];

interface NewMessage {
  readonly id: string;
  readonly kind: 'user' | 'assistant' | 'step' | 'notice';
  /** Packed; none for a step, which has its own table. */
  readonly body: string | null;
  readonly at: number;
}

export const insertMessage = (sessionId: string, jobId: string, message: NewMessage): Statement => ({
  sql: `INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (session_id, id) DO UPDATE SET body = excluded.body`,
  params: [sessionId, message.id, jobId, message.kind, message.body, message.at],
});

export const deleteDraft = (jobId: string): Statement => ({
  sql: 'DELETE FROM drafts WHERE job_id = ?',
  params: [jobId],
});

/** Ends a job: its status, its open steps and questions, its draft, and what the chat shows about the end. */
export const endJob = (
  sessionId: string,
  jobId: string,
  status: 'completed' | 'failed' | 'cancelled' | 'interrupted',
  at: number,
  /** Packed. */
  notice?: string,
): readonly Statement[] => [
  { sql: 'UPDATE jobs SET status = ?, ended_at = ? WHERE id = ?', params: [status, at, jobId] },
  {
    // What was kept before it ran is of most use now: nobody knows how far it came.
    sql: `UPDATE steps SET undo = json_object('files', kept.files, 'unknown', json_array())
      FROM (SELECT step_id, count(*) AS files FROM file_versions WHERE session_id = ?1 AND job_id = ?2 GROUP BY step_id)
        AS kept
      WHERE steps.session_id = ?1 AND steps.id = kept.step_id AND status = 'running' AND undo IS NULL`,
    params: [sessionId, jobId],
  },
  {
    sql: `UPDATE steps SET status = 'interrupted', ended_at = ? WHERE job_id = ? AND status IN ('waiting', 'running')`,
    params: [at, jobId],
  },
  {
    // Nobody can say yes to what has ended: an answer that comes later finds the question decided.
    sql: `UPDATE approvals SET decided_at = ?, expires_at = ?, approved = 0, reason = ?
      WHERE job_id = ? AND decided_at IS NULL`,
    params: [at, at, JSON.stringify('The work had ended before this was answered.'), jobId],
  },
  deleteDraft(jobId),
  ...(notice === undefined
    ? []
    : [insertMessage(sessionId, jobId, { id: `notice-${jobId}`, kind: 'notice', body: notice, at })]),
];

/** The columns of a step that an event sets. */
interface StepColumns {
  readonly status: StepStatus;
  readonly prompt?: string;
  readonly decision?: string;
  readonly result?: string;
  readonly summary?: string;
  readonly diffs?: string;
  readonly undo?: string;
  readonly started_at?: number;
  readonly ended_at?: number;
}

/** Adds the step to the chat, or changes the one that is there. */
const writeStep = (
  query: Query,
  sessionId: string,
  jobId: string,
  event: { readonly step: Step; readonly at: number },
  step: string,
  columns: StepColumns,
): readonly Statement[] => {
  const { id } = event.step;
  const find = 'SELECT row FROM messages WHERE session_id = ? AND id = ?';
  const known = query(find, [sessionId, id])[0]?.row;
  const set: [string, SqlParam][] = Object.entries({ step, ...columns });
  if (known !== undefined) {
    const assignments = set.map(([column]) => `${column} = ?`).join(', ');
    return [
      {
        sql: `UPDATE steps SET ${assignments} WHERE row = ?`,
        params: [...set.map(([, value]) => value), known],
      },
    ];
  }
  const values: [string, SqlParam][] = Object.entries({ started_at: event.at, step, ...columns });
  const names = values.map(([column]) => column).join(', ');
  const marks = values.map(() => '?').join(', ');
  return [
    insertMessage(sessionId, jobId, { id, kind: 'step', body: null, at: event.at }),
    {
      sql: `INSERT INTO steps (row, id, session_id, job_id, ${names}) VALUES ((${find}), ?, ?, ?, ${marks})`,
      params: [sessionId, id, id, sessionId, jobId, ...values.map(([, value]) => value)],
    },
  ];
};

/** The hash tells what was asked; nothing compares it: an answer counts for the very object that was asked and then runs. */
const insertApproval = (
  sessionId: string,
  event: EventOf<'ApprovalRequired'>,
  prompt: ApprovalPrompt,
): Statement => {
  const payload = JSON.stringify([event.step.tool, event.step.input, prompt.detail]);
  return {
    sql: `INSERT INTO approvals (step_id, session_id, job_id, payload_hash, asked_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?)`,
    params: [
      event.step.id,
      sessionId,
      event.jobId,
      createHash('sha256').update(payload).digest('hex'),
      event.at,
      prompt.expiresAt ?? null,
    ],
  };
};

/** The first answer to an open question of this step; later ones change nothing. */
export const decide = (stepId: string, decision: Decision, at: number): readonly Statement[] => [
  {
    sql: `UPDATE approvals SET decided_at = ?, approved = ?, scope = ?, decided_by = ?, surface = ?, reason = ?
      WHERE step_id = ? AND decided_at IS NULL`,
    params: [
      at,
      decision.approved ? 1 : 0,
      decision.scope,
      decision.by,
      decision.surface,
      decision.reason === undefined ? null : JSON.stringify(decision.reason),
      stepId,
    ],
  },
];

/** The (formatted) owners of the jobs that run in a chat. */
export const holdersIn = (query: Query, sessionId: string): readonly string[] =>
  query("SELECT owner FROM jobs WHERE session_id = ? AND status = 'running'", [sessionId]).map((row) =>
    text(row, 'owner'),
  );

export const busyElsewhere = (): StoreError =>
  new StoreError(
    'Another window is working in this chat. Nothing was changed. Wait until it is done, or stop it there.',
  );

export const stillRunning = (): StoreError =>
  new StoreError('The agent is still working in this chat. Nothing was changed. Stop it, then try again.');

const changedMeanwhile = (): StoreError =>
  new StoreError(
    'This chat has just changed in another window. Nothing was sent. Look at what is new, then send again.',
  );

/**
 * Whether the chat says anything else to the model than it did when `lastRow` was its last row. A notice says nothing to
 * it, and may come in between from this very window: the end of the last job, which could not be written until now.
 */
const hasChanged = (query: Query, sessionId: string, lastRow: number): boolean => {
  const isThere = 'SELECT 1 FROM messages WHERE session_id = ? AND row = ?';
  if (lastRow > 0 && query(isThere, [sessionId, lastRow]).length === 0) return true;
  const said = "SELECT 1 FROM messages WHERE session_id = ? AND row > ? AND kind <> 'notice' LIMIT 1";
  return query(said, [sessionId, lastRow]).length > 0;
};

const startJob = (event: EventOf<'JobStarted'>, recording: Recording): BuildTransaction => {
  const { owner, packer, isAlive, lastRow } = recording;
  const { jobId, sessionId, agentId, at, input } = event;
  const body = input === undefined ? '' : packer.pack(input);
  return (query) => {
    needWarm(query, sessionId);
    if (query('SELECT 1 FROM sessions WHERE id = ?', [sessionId]).length === 0) {
      throw new StoreError(
        'This chat has been deleted, so the message could not be kept. Send it in a new chat.',
      );
    }
    const others = holdersIn(query, sessionId).filter((holder) => holder !== owner);
    if (others.some(isAlive)) throw busyElsewhere();
    if (lastRow !== undefined && hasChanged(query, sessionId, lastRow)) throw changedMeanwhile();
    return [
      {
        sql: `INSERT INTO jobs (id, session_id, agent_id, status, owner, started_at) VALUES (?, ?, ?, 'running', ?, ?)`,
        params: [jobId, sessionId, agentId, owner, at],
      },
      {
        // A chat that somebody writes in is in nobody's way: it comes back from the archive, and from the deleted ones.
        sql: `UPDATE sessions SET last_job_id = ?, updated_at = max(updated_at, ?), shelf = 'active', shelved_at = NULL
          WHERE id = ?`,
        params: [jobId, at, sessionId],
      },
      ...(input === undefined
        ? []
        : [insertMessage(sessionId, jobId, { id: input.id, kind: 'user', body, at })]),
      ...packer.references(sessionId),
    ];
  };
};

export const sessionOfJob = (query: Query, jobId: string): string | undefined =>
  query('SELECT session_id FROM jobs WHERE id = ?', [jobId]).map((row) => text(row, 'session_id'))[0];

const agentOfJob = (query: Query, jobId: string): string | undefined =>
  query('SELECT agent_id FROM jobs WHERE id = ?', [jobId]).map((row) => text(row, 'agent_id'))[0];

export interface Recording {
  /** Who runs the job, formatted. */
  readonly owner: string;
  readonly packer: Packer;
  /** Whether another (formatted) owner still runs. */
  readonly isAlive: (owner: string) => boolean;
  /** Told when the chat has been deleted: nothing was kept. */
  readonly onGone: () => void;
  /** Of the chat in which a job begins, as the job knows it. */
  readonly lastRow?: number | undefined;
}

type Build = (query: Query, sessionId: string) => readonly Statement[];

const ofStep = (
  event: EventOf<'ApprovalRequired' | 'StepApproved' | 'StepRejected' | 'StepCompleted'>,
  pack: Pack,
  columns: StepColumns,
): Build => {
  const step = pack(event.step);
  return (query, sessionId) => writeStep(query, sessionId, event.jobId, event, step, columns);
};

/** A step that was let through or not, and what the record of decisions says of it. */
const ofDecision = (
  event: EventOf<'StepApproved' | 'StepRejected'>,
  pack: Pack,
  columns: StepColumns,
): Build => {
  const write = ofStep(event, pack, columns);
  return (query, sessionId) => {
    const entry = stepDecision(event, sessionId, agentOfJob(query, event.jobId));
    return [...write(query, sessionId), ...(entry === undefined ? [] : [insertDecision(entry)])];
  };
};

const packNotice = (notice: Notice, at: number, pack: Pack): string => pack({ notice, at });

/** Packs now, before the lock is taken, since that may write files; builds later. */
const buildFor = (event: AgentEvent, pack: Pack): Build | undefined => {
  const { jobId, at } = event;
  switch (event.type) {
    case 'TurnCompleted': {
      const body = pack(event.message);
      return (_, sessionId) => [
        insertMessage(sessionId, jobId, { id: event.message.id, kind: 'assistant', body, at }),
        deleteDraft(jobId),
      ];
    }
    case 'ApprovalRequired': {
      const write = ofStep(event, pack, { status: 'waiting', prompt: pack(event.prompt) });
      return (query, sessionId) => [
        ...write(query, sessionId),
        insertApproval(sessionId, event, event.prompt),
      ];
    }
    case 'StepApproved': {
      const decision = pack({ approved: true, by: event.by, reason: event.reason });
      return ofDecision(event, pack, { status: 'running', decision, started_at: at });
    }
    case 'StepRejected':
      return ofDecision(event, pack, {
        status: event.result.outcome === 'cancelled' ? 'cancelled' : 'rejected',
        decision: pack({ approved: false, by: event.by, reason: event.reason }),
        result: pack(event.result),
        ended_at: at,
      });
    case 'StepCompleted':
      return ofStep(event, pack, {
        status: event.result.outcome,
        result: pack(event.result),
        summary: pack(event.summary),
        diffs: pack(event.diffs),
        ...(event.undo === undefined ? {} : { undo: pack(event.undo) }),
        ended_at: at,
      });
    case 'Usage':
      return (query, sessionId) => insertUsage(sessionId, agentOfJob(query, jobId) ?? '', event);
    case 'JobCompleted':
      return (_, sessionId) => endJob(sessionId, jobId, 'completed', at);
    case 'JobFailed': {
      const notice = packNotice({ kind: 'failed', error: event.error }, at, pack);
      return (_, sessionId) => endJob(sessionId, jobId, 'failed', at, notice);
    }
    case 'JobCancelled': {
      const notice = packNotice({ kind: 'cancelled' }, at, pack);
      return (_, sessionId) => endJob(sessionId, jobId, 'cancelled', at, notice);
    }
    case 'JobStarted':
    case 'Thinking':
    case 'Token':
    case 'Retrying':
    case 'StepProgress':
      return undefined;
  }
};

/** The transaction that keeps what an event says; none for the events that are only a preview. */
export const recordEvent = (event: AgentEvent, recording: Recording): BuildTransaction | undefined => {
  const { packer } = recording;
  if (event.type === 'JobStarted') return startJob(event, recording);
  const build = buildFor(event, packer.pack);
  if (build === undefined) return undefined;
  return (query) => {
    const sessionId = sessionOfJob(query, event.jobId);
    needWarm(query, sessionId);
    if (sessionId !== undefined) return [...build(query, sessionId), ...packer.references(sessionId)];
    recording.onGone();
    return packer.discard();
  };
};
