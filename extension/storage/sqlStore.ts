import type { Worker } from 'node:worker_threads';
import type { Store } from '../core/store.ts';
import type { ChatItem } from '../shared/chat.ts';
import type { AgentEventType } from '../shared/event.ts';
import { partsOf } from './arriving.ts';
import type { WorkerSetUp } from './messages.ts';
import { telegramCalls } from './telegramCalls.ts';
import { WorkerClient } from './workerClient.ts';

export interface SqlStoreOptions {
  /** Where the history is kept; made when missing. */
  readonly folder: string;
  /** The bundled `worker.ts`, or its source where types are stripped. */
  readonly workerFile: URL | string;
  /** Absolute path of sql-wasm.wasm. */
  readonly wasmFile: string;
  readonly now?: () => number;
  /** Bytes in memory from which old chats are put away into files; absent: a default. */
  readonly liveBytes?: number;
  /** Unique per window and process. */
  readonly ownerId: string;
  /** What a person should know about the history as a whole: damage and what was restored, or why nothing can be saved. */
  readonly report: (problem: string) => void;
  /** Starts the thread; for tests. */
  readonly startWorker?: (file: URL | string, setUp: WorkerSetUp) => Worker;
}

/** Events that keep nothing: they come many times a second and need not cross over. */
const previews: readonly AgentEventType[] = ['Thinking', 'Token', 'Retrying', 'StepProgress'];

/** Taking over the items of a whole long chat at once would hold the window's host for many milliseconds. */
const pageItems = 200;

/** The store on SQLite, in a thread of its own. Nothing is loaded before the first call. */
export const createSqlStore = (options: SqlStoreOptions): Store => {
  const listeners = new Set<() => void>();
  const client = new WorkerClient({
    ...options,
    now: options.now ?? Date.now,
    onChange: () => {
      for (const listener of listeners) listener();
    },
  });
  return {
    open: () => client.call({ method: 'open', args: [] }),
    listAgents: () => client.call({ method: 'listAgents', args: [] }),
    saveAgent: (agent) => client.call({ method: 'saveAgent', args: [agent] }),
    deleteAgent: (id) => client.call({ method: 'deleteAgent', args: [id] }),
    listSessions: (query) => client.call({ method: 'listSessions', args: [query] }),
    getSession: (id) => client.call({ method: 'getSession', args: [id] }),
    saveSession: (session) => client.call({ method: 'saveSession', args: [session] }),
    updateSession: (id, change, at) => client.call({ method: 'updateSession', args: [id, change, at] }),
    copySession: (request) => client.call({ method: 'copySession', args: [request] }),
    rewindSession: (request) => client.call({ method: 'rewindSession', args: [request] }),
    importSession: async (session, items) => {
      let count = 0;
      for (const part of partsOf(items)) {
        await client.call({ method: 'importPart', args: [session.id, part] });
        count += 1;
      }
      await client.call({ method: 'importSession', args: [session, session.id, count] });
    },
    search: (query) => client.call({ method: 'search', args: [query] }),
    deleteSession: (id) => client.call({ method: 'deleteSession', args: [id] }),
    record: async (event, lastRow) => {
      if (!previews.includes(event.type)) await client.call({ method: 'record', args: [event, lastRow] });
    },
    saveDraft: (jobId, text) => client.call({ method: 'saveDraft', args: [jobId, text] }),
    recordDecision: (stepId, decision, at) =>
      client.call({ method: 'recordDecision', args: [stepId, decision, at] }),
    readPage: (sessionId, limit, place) =>
      client.call({ method: 'readPage', args: [sessionId, limit, place] }),
    readAll: async (sessionId) => {
      const items: ChatItem[] = [];
      for (let after = 0; ; ) {
        const page = await client.call({ method: 'readPage', args: [sessionId, pageItems, { after }] });
        items.push(...page.items);
        const last = page.items.at(-1)?.row;
        if (!page.hasNewer || last === undefined) return items;
        after = last;
      }
    },
    sessionUsage: (sessionId, exceptJobId) =>
      client.call({ method: 'sessionUsage', args: [sessionId, exceptJobId] }),
    jobsElsewhere: () => client.call({ method: 'jobsElsewhere', args: [] }),
    listRules: () => client.call({ method: 'listRules', args: [] }),
    saveRule: (rule) => client.call({ method: 'saveRule', args: [rule] }),
    deleteRule: (id) => client.call({ method: 'deleteRule', args: [id] }),
    audit: (entry) => client.call({ method: 'audit', args: [entry] }),
    readAudit: (afterId, limit) => client.call({ method: 'readAudit', args: [afterId, limit] }),
    spent: (query) => client.call({ method: 'spent', args: [query] }),
    raiseBudget: (scope, key, at) => client.call({ method: 'raiseBudget', args: [scope, key, at] }),
    keepVersions: (versions) => client.call({ method: 'keepVersions', args: [versions] }),
    listVersions: (sessionId, of) => client.call({ method: 'listVersions', args: [sessionId, of] }),
    markUndone: (sessionId, stepIds, at) =>
      client.call({ method: 'markUndone', args: [sessionId, stepIds, at] }),
    versionHashes: () => client.call({ method: 'versionHashes', args: [] }),
    forgetVersions: (hashes) => client.call({ method: 'forgetVersions', args: [hashes] }),
    telegram: telegramCalls(client),
    use: () => client.call({ method: 'use', args: [] }),
    check: () => client.call({ method: 'check', args: [] }),
    repair: (kind) => client.call({ method: 'repair', args: [kind] }),
    free: (kind) => client.call({ method: 'free', args: [kind] }),
    onExternalChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => client.close(),
  };
};
