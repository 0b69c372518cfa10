import path from 'node:path';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import { deletedForMs } from '../shared/session.ts';
import { type Blobs, deleteDoomed, doomedBlobs, type Packer } from './blobs.ts';
import type { Database } from './database.ts';
import { forgetOldDecisions, lastDecision } from './decisions.ts';
import type { Disk } from './disk.ts';
import { interruptJob, runningJobs } from './interruptedJobs.ts';
import {
  formatOwner,
  isLeaseOld,
  leaseFile,
  type Owner,
  OwnerWatch,
  parseOwner,
  renewLease,
  sameOwner,
} from './owner.ts';
import { recordEvent } from './recordEvent.ts';
import { deletedBefore, deleteSession } from './sessions.ts';
import { forgetOldSpending } from './spending.ts';
import type { Query, Statement } from './sqlite.ts';
import { forgetOldVersions } from './versions.ts';

export interface UpkeepOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly owner: Owner;
  readonly incarnation: string;
  readonly now: () => number;
  /** Rows were changed that nobody asked to change. */
  readonly onChange: () => void;
  readonly database: Database;
  readonly blobs: Blobs;
}

/** What the storage of a window does on its own account. */
export interface Upkeep {
  /** Whether another (formatted) owner still runs. */
  readonly isAlive: (owner: string) => boolean;
  /** Looks after everything once; never rejects. */
  look(): Promise<void>;
  /** Ends jobs of windows that are gone as interrupted. */
  closeDeadJobs(): Promise<void>;
  /** Deletes the files that no chat needs any more. @param call unique name */
  deleteBlobs(call: string): Promise<void>;
  /** A write failed: the files it had written are not needed, and the end of a job must not stay unwritten for ever. */
  failed(packer: Packer, event?: AgentEvent): void;
  /** Writes what could not be written before, ahead of anything that is written from now on. Never rejects. */
  retry(): Promise<void>;
  /** The window closes in the middle of its work: the next one need not find out that this one is gone. */
  closeOwnJobs(): Promise<void>;
}

/** Looking through the record takes time that grows with it. */
const decisionsBetweenLooks = 500;
const betweenVersionLooksMs = 60 * 60_000;

export const createUpkeep = (options: UpkeepOptions): Upkeep => {
  const { folder, disk, owner, now, onChange, database, blobs } = options;
  const ownerText = formatOwner(owner);
  const watch = new OwnerWatch(disk, folder);
  /** Ends of jobs that could not be written, by job. */
  const ends = new Map<string, AgentEvent>();
  /** Dooms the files of writes that failed, unless others need them. */
  let left: readonly Statement[] = [];
  /** The number of the decision from which on the record is looked through again. */
  let nextDecisionLook = 0;
  /** When it is looked again for steps that are too old to be undone. */
  let nextVersionLook = 0;
  let trying: Promise<void> | undefined;

  let calls = 0;
  const newCall = (what: string): string => {
    calls += 1;
    return `${what}:${calls}:${owner.id}:${options.incarnation}`;
  };

  const isAlive = (formatted: string): boolean => {
    const holder = parseOwner(formatted);
    return holder !== undefined && watch.isAlive(holder);
  };

  const interrupt = (id: string, holder: string): Promise<void> =>
    database.transact(newCall(`interrupt:${id}`), interruptJob(id, holder, now(), blobs.packer()));

  const closeDeadJobs = async (): Promise<void> => {
    for (const { id, owner: text } of await database.read(runningJobs)) {
      const holder = parseOwner(text);
      if ((holder !== undefined && sameOwner(holder, owner)) || isAlive(text)) continue;
      await interrupt(id, text);
      onChange();
    }
  };

  const closeOwnJobs: Upkeep['closeOwnJobs'] = async () => {
    for (const { id, owner: text } of await database.read(runningJobs)) {
      if (text === ownerText) await interrupt(id, text);
    }
  };

  const purge = async (): Promise<void> => {
    const time = now() - deletedForMs;
    if ((await database.read((query) => deletedBefore(query, time))).length === 0) return;
    // Looked up again under the lock: somebody may have taken one back meanwhile.
    await database.transact(newCall('purge'), (query) => deletedBefore(query, time).flatMap(deleteSession));
    onChange();
  };

  const forgetSpending = async (): Promise<void> => {
    const build = (query: Query) => forgetOldSpending(query, now());
    if ((await database.read(build)).length > 0) await database.transact(newCall('spending'), build);
  };

  const forgetVersions = async (): Promise<void> => {
    if (now() < nextVersionLook) return;
    nextVersionLook = now() + betweenVersionLooksMs;
    const build = (query: Query) => forgetOldVersions(query, now());
    if ((await database.read(build)).length > 0) await database.transact(newCall('versions'), build);
  };

  const forgetDecisions = async (): Promise<void> => {
    const last = await database.read(lastDecision);
    if (last < nextDecisionLook) return;
    nextDecisionLook = last + decisionsBetweenLooks;
    const build = (query: Query) => forgetOldDecisions(query);
    if ((await database.read(build)).length > 0) await database.transact(newCall('decisions'), build);
  };

  const deleteBlobs: Upkeep['deleteBlobs'] = async (call) => {
    const hashes = await database.read(doomedBlobs);
    if (hashes.length === 0) return;
    await database.transact(
      call,
      deleteDoomed(hashes, (hash) => blobs.remove(hash)),
    );
  };

  /** Those of windows that were killed: nobody removes them else, and while a job names one it is still asked for. */
  const sweepLeases = async (): Promise<void> => {
    const holders = new Set((await database.read(runningJobs)).map((job) => job.owner));
    const own = leaseFile(folder, owner);
    for (const name of disk.list(path.dirname(own))) {
      const file = path.join(path.dirname(own), name);
      const text = disk.readFile(file)?.toString('utf8') ?? '';
      if (file === own || holders.has(text)) continue;
      const isOver = parseOwner(text) === undefined ? isLeaseOld(disk, file) : !isAlive(text);
      if (isOver) disk.remove(file);
    }
  };

  const writeEnd = async (event: AgentEvent): Promise<void> => {
    const packer = blobs.packer();
    const build = recordEvent(event, { owner: ownerText, packer, isAlive, onGone: () => undefined });
    if (build !== undefined) await database.transact(newCall('end'), build);
    ends.delete(event.jobId);
    onChange();
  };

  const writeLeft = async (): Promise<void> => {
    const statements = left;
    if (statements.length === 0) return;
    await database.transact(newCall('left'), () => statements);
    left = left.filter((statement) => !statements.includes(statement));
    await deleteBlobs(newCall('left'));
  };

  const retry: Upkeep['retry'] = () => {
    if (ends.size === 0 && left.length === 0) return Promise.resolve();
    // All of it is in the database's queue when this returns.
    trying ??= Promise.allSettled([...[...ends.values()].map(writeEnd), writeLeft()]).then(() => {
      trying = undefined;
    });
    return trying;
  };

  const look: Upkeep['look'] = async () => {
    const parts = [
      () => renewLease(disk, folder, owner, Date.now()),
      () => database.refresh(),
      retry,
      closeDeadJobs,
      purge,
      forgetSpending,
      forgetDecisions,
      forgetVersions,
      sweepLeases,
      () => deleteBlobs(newCall('look')),
    ];
    for (const part of parts) {
      try {
        await part();
      } catch {
        // A folder that cannot be written says so to whoever writes; looking around stays quiet.
      }
    }
  };

  return {
    isAlive,
    look,
    closeDeadJobs,
    deleteBlobs,
    failed: (packer, event) => {
      left = [...left, ...packer.discard()];
      if (event !== undefined && endsJob(event)) ends.set(event.jobId, event);
    },
    retry,
    closeOwnJobs,
  };
};
