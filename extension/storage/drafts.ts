import type { BuildTransaction } from './changes.ts';
import { deleteDraft } from './recordEvent.ts';
import { text } from './rows.ts';
import type { Query } from './sqlite.ts';

/** Keeps streaming replies by what was added since the last time, so that a long one is not written again and again. */
export class Drafts {
  readonly #saved = new Map<string, string>();

  /** @returns undefined when there is nothing new */
  save(jobId: string, draft: string): BuildTransaction | undefined {
    const saved = this.#saved.get(jobId);
    if (saved === draft) return undefined;
    this.#saved.set(jobId, draft);
    const isLonger = saved !== undefined && draft.startsWith(saved);
    const piece = JSON.stringify(isLonger ? draft.slice(saved.length) : draft);
    return (query) => {
      const job = query("SELECT session_id FROM jobs WHERE id = ? AND status = 'running'", [jobId])[0];
      if (job === undefined) return [];
      const insert = {
        sql: 'INSERT INTO drafts (job_id, session_id, piece) VALUES (?, ?, ?)',
        params: [jobId, text(job, 'session_id'), piece],
      };
      return isLonger ? [insert] : [deleteDraft(jobId), insert];
    };
  }

  /** The next draft of this job begins anew: its reply is complete, or saving failed. */
  forget(jobId: string): void {
    this.#saved.delete(jobId);
  }
}

export const readDraft = (query: Query, jobId: string): string =>
  query('SELECT piece FROM drafts WHERE job_id = ? ORDER BY id', [jobId])
    .map((row): string => JSON.parse(text(row, 'piece')))
    .join('');
