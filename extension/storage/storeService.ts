import { type Store, StoreError } from '../core/store.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import type { Session } from '../shared/session.ts';
import { deleteAgent, listAgents, saveAgent } from './agents.ts';
import { ArrivingChats } from './arriving.ts';
import { Blobs, type Packer } from './blobs.ts';
import type { BuildTransaction } from './changes.ts';
import { readPage } from './chatRows.ts';
import { ColdChat, ColdFiles, needWarm } from './coldFiles.ts';
import { ColdMover } from './coldMove.ts';
import { copySession, importSession, rewindSession } from './copySession.ts';
import { Database } from './database.ts';
import { insertDecision, readAudit } from './decisions.ts';
import type { Disk } from './disk.ts';
import { Drafts } from './drafts.ts';
import { jobsElsewhere } from './interruptedJobs.ts';
import { formatOwner, leaseFile, leaseRenewalMs, type Owner } from './owner.ts';
import { saveProblem, storeClosed } from './problems.ts';
import { busyElsewhere, decide, holdersIn, recordEvent, stillRunning } from './recordEvent.ts';
import { deleteRule, listRules, saveRule } from './rules.ts';
import { migrations } from './schema.ts';
import { searchStore } from './search.ts';
import { fillIndex, SearchIndex } from './searchIndex.ts';
import { deleteSession, getSession, listSessions, saveSession, updateSession } from './sessions.ts';
import { raiseBudget, sessionUsage, spent } from './spending.ts';
import type { OpenSqlite, Query } from './sqlite.ts';
import { createStorageCare, type StorageCare } from './storageCare.ts';
import { createTelegramHandlers, type TelegramHandlers } from './telegramHandlers.ts';
import { createUpkeep } from './upkeep.ts';
import { forgetVersions, keepVersions, listVersions, markUndone, versionHashes } from './versions.ts';
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
  /** Bytes in memory from which old chats are put away into files. */
  readonly liveBytes?: number;
  readonly report: (problem: string) => void;
  /** Another window, or this one on its own account, changed rows. */
  readonly onChange: () => void;
}

type StoreMethod = Exclude<keyof Store, 'onExternalChange' | 'readAll' | 'importSession' | 'telegram'>;

/** The store's methods as its thread offers them: each takes the unique name of the call before its arguments. */
export type StoreHandlers = {
  readonly [M in StoreMethod]: (call: string, ...args: Parameters<Store[M]>) => ReturnType<Store[M]>;
} & TelegramHandlers & {
    /** @param chat unique name of the chat, whose items come in parts before it is imported */
    readonly importPart: (call: string, chat: string, part: string) => Promise<void>;
    /** @param parts how many there were */
    readonly importSession: (call: string, session: Session, chat: string, parts: number) => Promise<void>;
    /** Whether the write of that name is in the journal. */
    readonly wasSaved: (call: string, name: string) => Promise<boolean>;
  };

/** How long a search takes up what was written last; milliseconds. */
const searchFillMs = 40;
const defaultLiveBytes = 200 * 1024 * 1024;
/** Another window may put a chat away again in between, though hardly twice. */
const attemptsToWarm = 3;

const openService = async (options: ServiceOptions) => {
  const { folder, disk, owner } = options;
  const ownerText = formatOwner(owner);
  let mover: ColdMover | undefined;
  let index: SearchIndex | undefined;
  const database = await Database.open({
    ...options,
    migrations,
    onForeignChange: () => {
      index?.wake();
      options.onChange();
    },
    onSnapshot: () => mover?.soon(),
  });
  const blobs = new Blobs(disk, folder);
  const drafts = new Drafts();
  const upkeep = createUpkeep({ ...options, database, blobs });

  const searchIndex = new SearchIndex({
    live: () => database.derivable,
    blobs,
    save: () => database.snapshot(),
  });
  index = searchIndex;
  searchIndex.wake();
  const cold = new ColdFiles({ ...options, migrations });
  const liveBytes = options.liveBytes ?? defaultLiveBytes;
  mover = new ColdMover({
    ...options,
    liveBytes,
    database,
    cold,
    fillIndex: (sqlite, signal) => fillIndex(sqlite, blobs, signal),
    rebuildIndex: () => searchIndex.rebuild(),
    name: `${owner.id}:${options.incarnation}`,
  });
  const coldMover = mover;
  const care = createStorageCare({
    ...options,
    ...upkeep,
    liveBytes,
    database,
    cold,
    mover,
    rebuildIndex: async () => {
      await searchIndex.rebuild();
      await searchIndex.fill(Number.POSITIVE_INFINITY);
    },
  });

  await upkeep.look();
  const looking = setInterval(() => {
    void upkeep.look().then(() => coldMover.soon());
  }, leaseRenewalMs).unref();
  const stopWatching = watchJournal(folder, () => {
    database.refresh().catch(() => undefined);
  });
  const close = async (): Promise<void> => {
    clearInterval(looking);
    stopWatching();
    searchIndex.close();
    await coldMover.stop();
    cold.close();
    // Not written: then the next window sees that its owner is gone.
    await upkeep.retry();
    await upkeep.closeOwnJobs().catch(() => undefined);
    await database.close();
    try {
      disk.remove(leaseFile(folder, owner));
    } catch {
      // Nothing was written there either.
    }
  };
  return {
    ...upkeep,
    database,
    blobs,
    index: searchIndex,
    cold,
    mover: coldMover,
    care,
    drafts,
    ownerText,
    close,
  };
};

/** What runs in the storage thread: opens on the first call, and again on the next one if that failed. */
export const createStoreService = (options: ServiceOptions): StoreHandlers => {
  let opening: ReturnType<typeof openService> | undefined;
  let isClosed = false;
  const arriving = new ArrivingChats();
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
  /** Of one chat, wherever its rows lie. */
  const readChat = <T>(sessionId: string, reader: (query: Query, service: Service) => T): Promise<T> =>
    read((query, service) => reader(service.cold.queryFor(query, sessionId), service));
  const care = async <T>(work: (care: StorageCare) => Promise<T>): Promise<T> => {
    const service = await opened();
    try {
      return await work(service.care);
    } catch (error) {
      throw saveProblem(error, options.folder);
    }
  };
  /** Prepares before the lock is taken: that may hash and write files. */
  const save = async (
    call: string,
    prepare: (service: Service, packer: Packer) => BuildTransaction | undefined,
    { isDurable = true, event }: { readonly isDurable?: boolean; readonly event?: AgentEvent } = {},
  ): Promise<void> => {
    const service = await opened();
    const packer = service.blobs.packer();
    // What could not be written before comes first.
    void service.retry();
    const transact = async (attempt: number): Promise<void> => {
      try {
        const build = prepare(service, packer);
        if (build !== undefined) await service.database.transact(call, build, isDurable);
      } catch (error) {
        if (!(error instanceof ColdChat) || attempt === attemptsToWarm) throw error;
        await service.mover.bringBack(`${call}:cold${attempt}`, error.sessionId);
        await transact(attempt + 1);
      }
    };
    try {
      await transact(1);
      service.index.wake();
    } catch (error) {
      service.failed(packer, event);
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
    copySession: (call, request) =>
      save(call, () => (query) => {
        needWarm(query, request.from);
        return copySession(query, request);
      }),
    rewindSession: (call, request) =>
      save(call, () => (query) => {
        if (holdersIn(query, request.sessionId).length > 0) throw stillRunning();
        needWarm(query, request.sessionId);
        return rewindSession(query, request);
      }),
    importPart: async (_, chat, part) => arriving.add(chat, part),
    importSession: async (call, session, chat, parts) => {
      const items = arriving.take(chat, parts);
      await save(call, (_, packer) => importSession(session, items, packer));
    },
    search: async (_, request) => {
      const { database, index } = await opened();
      const find = async () => {
        await database.refresh();
        await index.fill(searchFillMs);
        return read((query, { blobs, cold }) => searchStore(query, blobs, cold, request));
      };
      try {
        return await find();
      } catch (error) {
        if (error instanceof StoreError || request.coldFile !== undefined) throw error;
        // A damaged index: the words stand in the messages.
        await index.rebuild();
        return find();
      }
    },
    use: async () => (await opened()).care.use(),
    check: async () => (await opened()).care.check(),
    repair: (call, kind) => care(({ repair }) => repair(call, kind)),
    free: (call, kind) => care(({ free }) => free(call, kind)),
    deleteSession: async (call, id) => {
      await save(call, ({ isAlive, ownerText }) => (query) => {
        const holders = holdersIn(query, id).filter((holder) => holder !== ownerText);
        if (holders.some(isAlive)) throw busyElsewhere();
        return deleteSession(id);
      });
      const { deleteBlobs, mover } = await opened();
      mover.soon();
      // The chat is gone; a file that cannot be deleted now is tried again later.
      await deleteBlobs(`${call}:blobs`).catch(() => undefined);
    },
    record: async (call, event, lastRow) => {
      let isGone = false;
      const prepare = ({ drafts, ownerText, isAlive }: Service, packer: Packer) => {
        if (event.type === 'TurnCompleted' || endsJob(event)) drafts.forget(event.jobId);
        const onGone = (): void => {
          isGone = true;
        };
        return recordEvent(event, { owner: ownerText, packer, isAlive, onGone, lastRow });
      };
      await save(call, prepare, { event });
      // The job must not go on where nobody sees what it does.
      if (isGone) throw new StoreError('This chat has been deleted, so nothing more is kept of its work.');
    },
    // Without the fdatasync: a draft is worth a crash of the window, which this survives, not a wait for the disk each
    // second. Its record is whole like every other, and becomes durable with the next one that waits.
    saveDraft: async (call, jobId, draft) => {
      const { drafts } = await opened();
      await save(call, () => drafts.save(jobId, draft), { isDurable: false }).catch((error: unknown) => {
        drafts.forget(jobId);
        throw error;
      });
    },
    recordDecision: (call, stepId, decision, at) => save(call, () => () => decide(stepId, decision, at)),
    readPage: (_, sessionId, limit, place) =>
      readChat(sessionId, (query, { blobs }) => readPage(query, blobs, sessionId, limit, place)),
    sessionUsage: (_, sessionId, exceptJobId) =>
      readChat(sessionId, (query) => sessionUsage(query, sessionId, exceptJobId)),
    listRules: () => read(listRules),
    saveRule: (call, rule) => save(call, () => () => saveRule(rule)),
    deleteRule: (call, id) => save(call, () => () => deleteRule(id)),
    audit: (call, entry) => save(call, () => () => [insertDecision(entry)]),
    readAudit: (_, afterId, limit) => read((query) => readAudit(query, afterId, limit)),
    spent: (_, request) =>
      read((query, { cold }) => spent(query, cold.queryFor(query, request.sessionId), request)),
    raiseBudget: (call, scope, key, at) => save(call, () => () => raiseBudget(scope, key, at)),
    keepVersions: (call, versions) => save(call, () => () => keepVersions(versions)),
    listVersions: (_, sessionId, of) =>
      read((query, { cold }) => listVersions(query, cold.queryFor(query, sessionId), sessionId, of)),
    markUndone: (call, sessionId, stepIds, at) =>
      save(call, () => (query) => {
        needWarm(query, sessionId);
        return markUndone(sessionId, stepIds, at);
      }),
    versionHashes: () => read(versionHashes),
    forgetVersions: (call, hashes) => save(call, () => () => forgetVersions(hashes)),
    jobsElsewhere: async () => {
      const { closeDeadJobs } = await opened();
      // Where that cannot be written they are not among the living anyway.
      await closeDeadJobs().catch(() => undefined);
      return read((query, { ownerText, isAlive }) => jobsElsewhere(query, ownerText, isAlive));
    },
    ...createTelegramHandlers({ read, save: (call, build) => save(call, () => build) }),
    wasSaved: async (_, name) => (await opened()).database.wasSaved(name),
    close: async () => {
      isClosed = true;
      const service = await opening?.catch(() => undefined);
      await service?.close();
    },
  };
};
