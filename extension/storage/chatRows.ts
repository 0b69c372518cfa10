import { type KeptPrompt, promptOfToday } from '../core/olderPrompt.ts';
import type { ChatPage, PagePlace } from '../core/store.ts';
import type { ChatItem, Notice, StepRecord, StepStatus } from '../shared/chat.ts';
import type { Step } from '../shared/event.ts';
import type { Blobs } from './blobs.ts';
import { integer, integerOrNone, text, textOrNone } from './rows.ts';
import type { Query, Row } from './sqlite.ts';

const select = `SELECT messages.row AS row, messages.id AS id, messages.job_id AS job_id, messages.kind AS kind,
    messages.session_id AS session_id,
    messages.body AS body, steps.status AS status, steps.step AS step, steps.prompt AS prompt,
    steps.decision AS decision, steps.result AS result, steps.summary AS summary, steps.diffs AS diffs,
    steps.undo AS undo,
    steps.started_at AS started_at, steps.ended_at AS ended_at
  FROM messages LEFT JOIN steps ON steps.row = messages.row
  WHERE messages.session_id = ?`;

const stepRecord = (row: Row, blobs: Blobs): StepRecord => {
  const sessionId = text(row, 'session_id');
  const endedAt = integerOrNone(row, 'ended_at');
  const prompt = textOrNone(row, 'prompt');
  const decision = textOrNone(row, 'decision');
  const result = textOrNone(row, 'result');
  const undo = textOrNone(row, 'undo');
  return {
    // A copied row still names the chat it was copied from.
    step: { ...blobs.unpack<Step>(text(row, 'step')), sessionId },
    // The table's own check allows no other words.
    status: text(row, 'status') as StepStatus,
    startedAt: integer(row, 'started_at'),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(prompt === undefined ? {} : { prompt: promptOfToday(blobs.unpack<KeptPrompt>(prompt)) }),
    ...(decision === undefined ? {} : { decision: blobs.unpack(decision) }),
    liveOutput: '',
    ...(result === undefined ? {} : { result: blobs.unpack(result) }),
    summary: blobs.unpack(text(row, 'summary')),
    diffs: blobs.unpack(text(row, 'diffs')),
    ...(undo === undefined ? {} : { undo: blobs.unpack(undo) }),
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

const lastRow = Number.MAX_SAFE_INTEGER;

export const readPage = (
  query: Query,
  blobs: Blobs,
  sessionId: string,
  limit: number,
  place: PagePlace = { before: lastRow },
): ChatPage => {
  const older = (before: number, count: number) =>
    query(`${select} AND messages.row < ? ORDER BY messages.row DESC LIMIT ?`, [sessionId, before, count]);
  const newer = (after: number, count: number) =>
    query(`${select} AND messages.row > ? ORDER BY messages.row LIMIT ?`, [sessionId, after, count]);
  const page = (rows: readonly Row[], hasOlder: boolean, hasNewer: boolean): ChatPage => ({
    items: rows.map((row) => chatItem(row, blobs)),
    hasOlder,
    hasNewer,
  });
  if ('before' in place) {
    const rows = older(place.before, limit + 1);
    const hasNewer = place.before < lastRow && newer(place.before - 1, 1).length > 0;
    return page(rows.slice(0, limit).toReversed(), rows.length > limit, hasNewer);
  }
  if ('after' in place) {
    const rows = newer(place.after, limit + 1);
    return page(rows.slice(0, limit), older(place.after + 1, 1).length > 0, rows.length > limit);
  }
  // Where one side is short the other has the room.
  const half = Math.ceil(limit / 2);
  const before = older(place.around, limit + 1);
  const after = newer(place.around - 1, limit + 1);
  const afterCount = Math.max(half, limit - before.length);
  const shownAfter = after.slice(0, Math.min(afterCount, limit));
  const shownBefore = before.slice(0, limit - shownAfter.length);
  return page(
    [...shownBefore.toReversed(), ...shownAfter],
    before.length > shownBefore.length,
    after.length > shownAfter.length,
  );
};
