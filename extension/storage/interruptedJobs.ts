import type { JobElsewhere } from '../core/store.ts';
import type { Notice } from '../shared/chat.ts';
import type { AssistantMessage } from '../shared/message.ts';
import type { Packer } from './blobs.ts';
import type { BuildTransaction } from './changes.ts';
import { readDraft } from './drafts.ts';
import { endJob, insertMessage } from './recordEvent.ts';
import { integer, text } from './rows.ts';
import type { Query } from './sqlite.ts';

/** Jobs that say they run, and the (formatted) owner each runs in. */
export const runningJobs = (query: Query): readonly { readonly id: string; readonly owner: string }[] =>
  query("SELECT id, owner FROM jobs WHERE status = 'running' ORDER BY id").map((row) => ({
    id: text(row, 'id'),
    owner: text(row, 'owner'),
  }));

/** Those of other (formatted) owners that are alive. */
export const jobsElsewhere = (
  query: Query,
  self: string,
  isAlive: (owner: string) => boolean,
): readonly JobElsewhere[] =>
  query("SELECT id, session_id, owner, started_at FROM jobs WHERE status = 'running' ORDER BY id")
    .filter((row) => text(row, 'owner') !== self && isAlive(text(row, 'owner')))
    .map((row) => ({
      jobId: text(row, 'id'),
      sessionId: text(row, 'session_id'),
      startedAt: integer(row, 'started_at'),
      waitingSteps: query("SELECT id FROM steps WHERE job_id = ? AND status = 'waiting'", [
        text(row, 'id'),
      ]).map((step) => text(step, 'id')),
    }));

const noticeOf = (hasRunningStep: boolean): Notice => ({
  kind: 'interrupted',
  error: {
    kind: 'interrupted',
    message: `The work here was cut off, because its window was closed, reloaded or crashed. Everything up to this point was kept.${
      hasRunningStep ? ' The step that was running may have had effects already; look before going on.' : ''
    } Choose Continue to go on from here.`,
    actions: ['continue'],
  },
});

/** Closes a job whose process has died, unless another window has done so already: what was streamed stays in the chat. */
export const interruptJob =
  (jobId: string, owner: string, at: number, packer: Packer): BuildTransaction =>
  (query) => {
    const job = query(
      `SELECT jobs.session_id AS session_id, sessions.model AS model
        FROM jobs JOIN sessions ON sessions.id = jobs.session_id
        WHERE jobs.id = ? AND jobs.status = 'running' AND jobs.owner = ?`,
      [jobId, owner],
    )[0];
    if (job === undefined) return [];
    const sessionId = text(job, 'session_id');
    const draft = readDraft(query, jobId);
    const message: AssistantMessage = {
      role: 'assistant',
      id: `interrupted-${jobId}`,
      model: JSON.parse(text(job, 'model')),
      content: [{ type: 'text', text: draft }],
      stopReason: 'interrupted',
      createdAt: at,
    };
    const hasRunningStep =
      query("SELECT 1 FROM steps WHERE job_id = ? AND status = 'running'", [jobId]).length > 0;
    return [
      ...(draft === ''
        ? []
        : [
            insertMessage(sessionId, jobId, {
              id: message.id,
              kind: 'assistant',
              body: packer.pack(message),
              at,
            }),
          ]),
      ...endJob(sessionId, jobId, 'interrupted', at, packer.pack({ notice: noticeOf(hasRunningStep), at })),
      ...packer.references(sessionId),
    ];
  };
