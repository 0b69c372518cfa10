import { type Store, StoreError } from '../core/store.ts';
import { endsJob } from '../shared/event.ts';
import { deleteAgent, listAgents, saveAgent } from './agents.ts';
import { Blobs, deleteDoomed, doomedBlobs } from './blobs.ts';
import { readAll, readPage } from './chatRows.ts';
import { copySession, importSession, rewindSession } from './copySession.ts';
import { Database } from './database.ts';
import type { Disk } from './disk.ts';
import { Drafts } from './drafts.ts';
import { interruptJob, runningJobs } from './interruptedJobs.ts';
import type { BuildTransaction } from './liveDatabase.ts';
import {
  formatOwner,
  leaseFile,
  leaseRenewalMs,
  type Owner,
  OwnerWatch,
  parseOwner,
  renewLease,
  sameOwner,
} from './owner.ts';
import { saveProblem, storeClosed } from './problems.ts';
import { busyElsewhere, decide, holdersIn, recordEvent, stillRunning } from './recordEvent.ts';
import { migrations } from './schema.ts';
import {
  deleteSession,
  getSession,
  listSessions,
  saveSession,
  sessionUsage,
  updateSession,
} from './sessions.ts';
import type { OpenSqlite, Query } from './sqlite.ts';
import { watchJournal } from './watchJournal.ts';

export interface ServiceOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly owner: Owner;
  readonly incarnation: string;
  readonly now: () => number;
  /** As in DatabaseOptions. */
  readonly snapshotBytes?: number;
  readonly report: (problem: string) => void;
  /** Another window, or this one on its own account, changed rows. */
  readonly onChange: () => void;
}

type StoreMethod = Exclude<keyof Store, 'onExternalChange'>;

/** The store's methods as its thread offers them: each takes the unique name of the call before its arguments. */
export type StoreHandlers = {
  readonly [M in StoreMethod]: (call: string, ...args: Parameters<Store[M]>) => ReturnType<Store[M]>;
} & {
  /** Whether the write of that name is in the journal. */
  readonly wasSaved: (call: string, name: string) => Promise<boolean>;
};

const openService = async (options: ServiceOptions) => {
  const { folder, disk, owner, incarnation, now } = options;
  const ownerText = formatOwner(owner);
  const database = await Database.open({ ...options, migrations, onForeignChange: options.onChange });
  const blobs = new Blobs(disk, folder);
  const drafts = new Drafts();
  const watch = new OwnerWatch(disk, folder);
  const isAlive = (formatted: string): boolean => {
    const holder = parseOwner(formatted);
    return holder !== undefined && watch.isAlive(holder);
  };

  const interrupt = (id: string, holder: string): Promise<void> =>
    database.transact(`interrupt:${id}:${owner.id}`, interruptJob(id, holder, now(), blobs.packer()));

  const closeDeadJobs = async (): Promise<void> => {
    for (const { id, owner: text } of await database.read(runningJobs)) {
      const holder = parseOwner(text);
      if (holder !== undefined && sameOwner(holder, owner)) continue;
      if (isAlive(text)) continue;
      await interrupt(id, text);
      if (holder !== undefined) disk.remove(leaseFile(folder, holder));
      options.onChange();
    }
  };
  /** The window closes in the middle of its work: the next one need not find out that this one is gone. */
  const closeOwnJobs = async (): Promise<void> => {
    for (const { id, owner: text } of await database.read(runningJobs)) {
      if (text === ownerText) await interrupt(id, text);
    }
  };
  /** @param call unique name */
  const deleteBlobs = async (call: string): Promise<void> => {
    const hashes = await database.read(doomedBlobs);
    if (hashes.length === 0) return;
    await database.transact(
      call,
      deleteDoomed(hashes, (hash) => blobs.remove(hash)),
    );
  };
  let looks = 0;
  const look = async (): Promise<void> => {
    looks += 1;
    try {
      renewLease(disk, folder, owner, Date.now());
      await database.refresh();
      await closeDeadJobs();
      await deleteBlobs(`look:${looks}:${owner.id}:${incarnation}`);
    } catch {
      // A folder that cannot be written says so to whoever writes; looking around stays quiet.
    }
  };

  await look();
  const looking = setInterval(look, leaseRenewalMs).unref();
  const stopWatching = watchJournal(folder, () => {
    database.refresh().catch(() => undefined);
  });
  const close = async (): Promise<void> => {
    clearInterval(looking);
    stopWatching();
    // Not written: then the next window sees that its owner is gone.
    await closeOwnJobs().catch(() => undefined);
    await database.close();
    try {
      disk.remove(leaseFile(folder, owner));
    } catch {
      // Nothing was written there either.
    }
  };
  return { database, blobs, drafts, ownerText, isAlive, deleteBlobs, close };
};

/** What runs in the storage thread: opens on the first call, and again on the next one if that failed. */
export const createStoreService = (options: ServiceOptions): StoreHandlers => {
  let opening: ReturnType<typeof openService> | undefined;
  let isClosed = false;
  const opened = (): ReturnType<typeof openService> => {
    if (isClosed) return Promise.reject(storeClosed());
    opening ??= openService(options).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  type Service = Awaited<ReturnType<typeof openService>>;

  const read = async <T>(reader: (query: Query, service: Service) => T): Promise<T> => {
    const service = await opened();
    return service.database.read((query) => reader(query, service));
  };
  /** Prepares before the lock is taken: that may hash and write files. */
  const save = async (
    call: string,
    prepare: (service: Service) => BuildTransaction | undefined,
    isDurable = true,
  ): Promise<void> => {
    const service = await opened();
    try {
      const build = prepare(service);
      if (build !== undefined) await service.database.transact(call, build, isDurable);
    } catch (error) {
      throw saveProblem(error, options.folder);
    }
  };

  return {
    open: async () => {
      await opened();
    },
    listAgents: () => read(listAgents),
    saveAgent: (call, agent) => save(call, () => () => saveAgent(agent)),
    deleteAgent: (call, id) => save(call, () => () => deleteAgent(id)),
    listSessions: (_, request) => read((query) => listSessions(query, request)),
    getSession: (_, id) => read((query) => getSession(query, id)),
    saveSession: (call, session) => save(call, () => () => saveSession(session)),
    updateSession: (call, id, change, at) => save(call, () => () => updateSession(id, change, at)),
    copySession: (call, request) => save(call, () => (query) => copySession(query, request)),
    rewindSession: (call, request) =>
      save(call, () => (query) => {
        if (holdersIn(query, request.sessionId).length > 0) throw stillRunning();
        return rewindSession(query, request);
      }),
    importSession: (call, session, items) =>
      save(call, ({ blobs }) => importSession(session, items, blobs.packer())),
    search: () => {
      throw new StoreError('not yet');
    },
    use: () => {
      throw new StoreError('not yet');
    },
    check: () => {
      throw new StoreError('not yet');
    },
    repair: () => {
      throw new StoreError('not yet');
    },
    free: () => {
      throw new StoreError('not yet');
    },
    deleteSession: async (call, id) => {
      await save(call, ({ isAlive, ownerText }) => (query) => {
        const holders = holdersIn(query, id).filter((holder) => holder !== ownerText);
        if (holders.some(isAlive)) throw busyElsewhere();
        return deleteSession(id);
      });
      const { deleteBlobs } = await opened();
      // The chat is gone; a file that cannot be deleted now is tried again later.
      await deleteBlobs(`${call}:blobs`).catch(() => undefined);
    },
    record: async (call, event) => {
      let isGone = false;
      await save(call, ({ blobs, drafts, ownerText, isAlive }) => {
        if (event.type === 'TurnCompleted' || endsJob(event)) drafts.forget(event.jobId);
        const onGone = (): void => {
          isGone = true;
        };
        return recordEvent(event, { owner: ownerText, packer: blobs.packer(), isAlive, onGone });
      });
      // The job must not go on where nobody sees what it does.
      if (isGone) throw new StoreError('This chat has been deleted, so nothing more is kept of its work.');
    },
    // Without the fdatasync: a draft is worth a crash of the window, which this survives, not a wait for the disk each
    // second. Its record is whole like every other, and becomes durable with the next one that waits.
    saveDraft: async (call, jobId, draft) => {
      const { drafts } = await opened();
      await save(call, () => drafts.save(jobId, draft), false).catch((error: unknown) => {
        drafts.forget(jobId);
        throw error;
      });
    },
    recordDecision: (call, stepId, decision, at) => save(call, () => () => decide(stepId, decision, at)),
    readPage: (_, sessionId, limit, place) =>
      read((query, { blobs }) => readPage(query, blobs, sessionId, limit, place)),
    readAll: (_, sessionId) => read((query, { blobs }) => readAll(query, blobs, sessionId)),
    sessionUsage: (_, sessionId) => read((query) => sessionUsage(query, sessionId)),
    wasSaved: async (_, name) => (await opened()).database.wasSaved(name),
    close: async () => {
      isClosed = true;
      const service = await opening?.catch(() => undefined);
      await service?.close();
    },
  };
};
