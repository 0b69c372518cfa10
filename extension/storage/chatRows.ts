import type { ChatPage } from '../core/store.ts';
import type { ChatItem, Notice, StepRecord, StepStatus } from '../shared/chat.ts';
import type { Blobs } from './blobs.ts';
import { integer, integerOrNone, text, textOrNone } from './rows.ts';
import type { Query, Row } from './sqlite.ts';

const select = `SELECT messages.row AS row, messages.id AS id, messages.job_id AS job_id, messages.kind AS kind,
    messages.body AS body, steps.status AS status, steps.step AS step, steps.prompt AS prompt,
    steps.decision AS decision, steps.result AS result, steps.summary AS summary, steps.diffs AS diffs,
    steps.started_at AS started_at, steps.ended_at AS ended_at
  FROM messages LEFT JOIN steps ON steps.row = messages.row
  WHERE messages.session_id = ?`;

const stepRecord = (row: Row, blobs: Blobs): StepRecord => {
  const endedAt = integerOrNone(row, 'ended_at');
  const prompt = textOrNone(row, 'prompt');
  const decision = textOrNone(row, 'decision');
  const result = textOrNone(row, 'result');
  return {
    step: blobs.unpack(text(row, 'step')),
    // The table's own check allows no other words.
    status: text(row, 'status') as StepStatus,
    startedAt: integer(row, 'started_at'),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(prompt === undefined ? {} : { prompt: blobs.unpack(prompt) }),
    ...(decision === undefined ? {} : { decision: blobs.unpack(decision) }),
    liveOutput: '',
    ...(result === undefined ? {} : { result: blobs.unpack(result) }),
    summary: blobs.unpack(text(row, 'summary')),
    diffs: blobs.unpack(text(row, 'diffs')),
  };
};

const chatItem = (row: Row, blobs: Blobs): ChatItem => {
  const common = { id: text(row, 'id'), jobId: text(row, 'job_id'), row: integer(row, 'row') };
  const kind = text(row, 'kind');
  switch (kind) {
    case 'user':
      return { ...common, kind, message: blobs.unpack(text(row, 'body')) };
    case 'assistant':
      return { ...common, kind, message: blobs.unpack(text(row, 'body')), streaming: false };
    case 'step':
      return { ...common, kind, record: stepRecord(row, blobs) };
    case 'notice':
      return { ...common, kind, ...blobs.unpack<{ notice: Notice; at: number }>(text(row, 'body')) };
    default:
      throw new Error(`A message of unknown kind ${kind}`);
  }
};

export const readPage = (
  query: Query,
  blobs: Blobs,
  sessionId: string,
  limit: number,
  beforeRow = Number.MAX_SAFE_INTEGER,
): ChatPage => {
  const rows = query(`${select} AND messages.row < ? ORDER BY messages.row DESC LIMIT ?`, [
    sessionId,
    beforeRow,
    limit + 1,
  ]);
  const items = rows
    .slice(0, limit)
    .toReversed()
    .map((row) => chatItem(row, blobs));
  return { items, hasOlder: rows.length > limit };
};

export const readAll = (query: Query, blobs: Blobs, sessionId: string): readonly ChatItem[] =>
  query(`${select} ORDER BY messages.row`, [sessionId]).map((row) => chatItem(row, blobs));
