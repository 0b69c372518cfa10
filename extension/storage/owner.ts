import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import type { Disk } from './disk.ts';

const ownerSchema = z.object({
  /** Unique per window. */
  id: z.string(),
  pid: z.number().int(),
  /** When the process started, in the system's own words; empty where it cannot be told cheaply. */
  start: z.string(),
  /** Names the space in which process ids mean something: one boot of one machine, one container. */
  machine: z.string(),
});

/** Who holds the lock or runs a job: a window's process, told apart from a later one with the same process id. */
export type Owner = z.infer<typeof ownerSchema>;

const readText = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

/** Fields of /proc/<pid>/stat after the command name (which may hold spaces): state first, start time twentieth. */
const processStat = (pid: number): readonly string[] => {
  const text = readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .filter((field) => field !== '');
};

const thisMachine = (): string => {
  const boot = readText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const space = readText(() => readlinkSync('/proc/self/ns/pid'));
  return boot === '' ? hostname() : `${boot} ${space}`;
};

export const thisOwner = (id: string): Owner => ({
  id,
  pid: process.pid,
  start: processStat(process.pid)[19] ?? '',
  machine: thisMachine(),
});

export const sameOwner = (a: Owner, b: Owner): boolean =>
  a.id === b.id && a.pid === b.pid && a.start === b.start && a.machine === b.machine;

export const formatOwner = (owner: Owner): string => JSON.stringify(owner);

export const parseOwner = (text: string): Owner | undefined => {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** `unknown`: of another machine or container, or alive by its id only (no start time to compare: Windows, macOS). */
export const processState = (owner: Owner): 'alive' | 'dead' | 'unknown' => {
  if (owner.machine !== thisMachine()) return 'unknown';
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (isGone) return 'dead';
  }
  if (owner.start === '') return 'unknown';
  const stat = processStat(owner.pid);
  const isZombie = stat[0] === 'Z' || stat[0] === 'X';
  return stat[19] === owner.start && !isZombie ? 'alive' : 'dead';
};

/** A lease nobody renewed for this long has ended, where the process itself cannot be asked. Milliseconds. */
const leaseMs = 90_000;
export const leaseRenewalMs = 20_000;
const looksUntilDead = leaseMs / leaseRenewalMs;

/** A file that says a window has this store open. Removed on close, renewed while open, outlived by a crash. */
export const leaseFile = (folder: string, owner: Owner): string =>
  path.join(
    folder,
    'owners',
    `${createHash('sha256').update(formatOwner(owner)).digest('hex').slice(0, 16)}.json`,
  );

export const renewLease = (disk: Disk, folder: string, owner: Owner, now: number): void => {
  const file = leaseFile(folder, owner);
  if (disk.stat(file) === undefined) {
    disk.makeFolder(path.dirname(file));
    disk.createExclusive(file, formatOwner(owner));
  }
  disk.touch(file, now);
};

/** Whether nobody has renewed this file for so long that its window cannot be there any more. */
export const isLeaseOld = (disk: Disk, file: string): boolean =>
  Date.now() - (disk.stat(file)?.changedAt ?? 0) > leaseMs;

/**
 * Whether other windows still have the store open. Exact on Linux. On another machine, or in another container, the age
 * of the lease tells. On systems that do not say when a process started, one that is there counts as alive until its
 * lease has not been renewed for 90 s of this window's own running time: when a laptop wakes up, all leases are old and
 * none has ended.
 */
export class OwnerWatch {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #now: () => number;
  readonly #leases = new Map<
    string,
    { readonly changedAt: number; readonly since: number; looks: number; lookedAt: number }
  >();

  /** @param now milliseconds of a clock that nobody sets */
  constructor(disk: Disk, folder: string, now: () => number = () => performance.now()) {
    this.#disk = disk;
    this.#folder = folder;
    this.#now = now;
  }

  isAlive(owner: Owner): boolean {
    const file = leaseFile(this.#folder, owner);
    const lease = this.#disk.stat(file);
    if (lease === undefined) return false;
    const state = processState(owner);
    if (state !== 'unknown') return state === 'alive';
    if (owner.machine !== thisMachine()) return Date.now() - lease.changedAt < leaseMs;
    const known = this.#leases.get(file);
    const at = this.#now();
    if (known === undefined || known.changedAt !== lease.changedAt) {
      this.#leases.set(file, { changedAt: lease.changedAt, since: at, looks: 1, lookedAt: at });
      return true;
    }
    // Who looks more often than leases are renewed has not seen more of them.
    if (at - known.lookedAt >= leaseRenewalMs) {
      known.looks += 1;
      known.lookedAt = at;
    }
    // Some clocks go on while the machine sleeps, so a long time alone says nothing.
    return known.looks < looksUntilDead || at - known.since < leaseMs;
  }
}
