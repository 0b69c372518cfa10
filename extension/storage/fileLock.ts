import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Disk, errorCode } from './disk.ts';
import { type Owner, parseOwner, processState, sameOwner } from './owner.ts';
import { lockTimeout } from './problems.ts';

/**
 * How long to wait for another window. Its longest work under the lock, a snapshot, takes a second or two, but its
 * fdatasync takes as long as the disk lets it, which is half a minute where others write gigabytes. Longer than
 * `unknownHolderMs`: who waits for a holder that cannot be asked then gets the lock, and not an error.
 */
const waitMs = 90_000;
/** A longer pause between two tries was none of the holder's: this process was suspended, or waited for the disk. */
const longestPauseMs = 1_000;
/** A lock whose holder cannot be asked (other machine, no start time) ends after this long. */
const unknownHolderMs = 60_000;
/** Tries before a waiter says that it waits. */
const roundsBeforeWanted = 4;
/** For how long after its own turn a holder lets a waiter go first; longer than the longest pause between two tries. */
const yieldMs = 8;
/** A lock file without readable content: its holder died between creating and writing it. */
const emptyMs = 2_000;

/**
 * A lock between processes: a file created exclusively, naming its holder. Unlike a lock judged by its age alone, one
 * left by a killed process is broken at once, and one held by a living process is never broken however long a snapshot
 * or a sleeping laptop keeps it. (Where the system does not say when a process started, a minute is the limit.) Two waiters breaking at the same instant could both win; the journal notices that.
 * Who waits says so in a file beside it, and who has just had a turn then steps back: a window that writes all the time
 * would else keep another one waiting for a second.
 */
export class FileLock {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #owner: Owner;
  readonly #text: string;
  readonly #incarnation: string;
  readonly #wanted: string;
  #releasedAt = Number.NEGATIVE_INFINITY;

  /** @param incarnation unique among the threads that ever act for this owner, of which one lives at a time */
  constructor(disk: Disk, file: string, owner: Owner, incarnation: string) {
    this.#disk = disk;
    this.#file = file;
    this.#wanted = `${file}.wanted`;
    this.#owner = owner;
    this.#incarnation = incarnation;
    this.#text = JSON.stringify({ ...owner, incarnation });
  }

  /** @throws StoreError when others hold it too long; the system's error when the folder cannot be written */
  async acquire(): Promise<void> {
    let waited = 0;
    let triedAt = performance.now();
    let seen = '';
    let denied = 0;
    await this.#stepBack();
    for (let round = 0; ; round += 1) {
      try {
        if (this.#disk.createExclusive(this.#file, this.#text)) {
          if (round > roundsBeforeWanted) this.#forgetWanted();
          return;
        }
      } catch (error) {
        // Windows answers so for a moment while a file that someone has open is being deleted.
        denied += 1;
        const mayPass =
          process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error));
        if (!mayPass || denied > 200) throw error;
      }
      // Asking whether the holder lives costs more than trying again: only after a while of the same holder.
      if (round % 8 === 3) {
        const text = this.#read();
        if (text !== undefined && text === seen && this.#isAbandoned(text)) {
          this.#break(text);
          continue;
        }
        seen = text ?? '';
      }
      const now = performance.now();
      waited += Math.min(now - triedAt, longestPauseMs);
      triedAt = now;
      if (waited > waitMs) throw lockTimeout();
      if (round % 8 === roundsBeforeWanted) this.#sayWanted();
      await delay(round < 20 ? 1 : 5);
    }
  }

  release(): void {
    if (this.#read() === this.#text) this.#disk.remove(this.#file);
    else this.#takeBack();
    this.#releasedAt = performance.now();
  }

  /** Another waiter may just have moved this lock aside by mistake: without that file it is not given back. */
  #takeBack(): void {
    const folder = path.dirname(this.#file);
    for (const name of this.#disk.list(folder)) {
      const file = path.join(folder, name);
      if (!file.startsWith(`${this.#file}.`) || file === this.#wanted) continue;
      if (this.#disk.readFile(file)?.toString('utf8') === this.#text) this.#disk.remove(file);
    }
  }

  async #stepBack(): Promise<void> {
    if (performance.now() - this.#releasedAt > yieldMs) return;
    try {
      if (this.#disk.stat(this.#wanted) === undefined) return;
    } catch {
      return;
    }
    // Taken away first: a mark whose maker was killed costs one pause, once.
    this.#forgetWanted();
    await delay(yieldMs);
  }

  #forgetWanted(): void {
    try {
      this.#disk.remove(this.#wanted);
    } catch {
      // Whoever finds it later pauses once too often.
    }
  }

  /** Without it the lock still works. */
  #sayWanted(): void {
    try {
      this.#disk.createExclusive(this.#wanted, '');
    } catch {
      // A folder that may not be written to, or a full disk: the lock itself says so.
    }
  }

  #read(): string | undefined {
    return this.#disk.readFile(this.#file)?.toString('utf8');
  }

  #isAbandoned(text: string): boolean {
    const age = Date.now() - (this.#disk.stat(this.#file)?.changedAt ?? Date.now());
    const holder = parseOwner(text);
    if (holder === undefined) return age > emptyMs;
    // An earlier thread of this very window: it has ended, or this one would not have been started.
    if (sameOwner(holder, this.#owner)) return true;
    const state = processState(holder);
    return state === 'dead' || (state === 'unknown' && age > unknownHolderMs);
  }

  #break(text: string): void {
    const aside = `${this.#file}.${this.#owner.pid}-${this.#incarnation}`;
    try {
      this.#disk.rename(this.#file, aside);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    const taken = this.#disk.readFile(aside)?.toString('utf8');
    // Another waiter broke it first and this was its new lock: give it back, unless it has been released meanwhile.
    if (taken !== undefined && taken !== text && this.#disk.createExclusive(this.#file, taken)) {
      const isReleased = this.#disk.stat(aside) === undefined;
      if (isReleased && this.#read() === taken) this.#disk.remove(this.#file);
    }
    this.#disk.remove(aside);
  }
}
