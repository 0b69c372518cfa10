import { ftruncateSync, readFileSync, writeFileSync } from 'node:fs';
import { type Disk, realDisk } from '../../extension/storage/disk.ts';

/** Thrown where the process or the machine ends. No code of ours may take it for a failure of the disk. */
export class Crash extends Error {}

export interface CrashOptions {
  /** Which operation is the last one, from 1. */
  readonly at: number;
  /** How much of it still happens, from 0 to 1. */
  readonly part: number;
  /** A power cut also takes back what was appended and not yet made durable, down to a part of it. */
  readonly isPowerCut: boolean;
}

export interface CrashingDisk {
  readonly disk: Disk;
  /** Operations so far that change something. */
  operations(): number;
  isDead(): boolean;
  /** What happens at last, once everything that ran has given up. */
  settle(): void;
}

/** The real disk, until the given operation: that one is cut short, and nothing works afterwards. */
export const crashingDisk = ({ at, part, isPowerCut }: CrashOptions): CrashingDisk => {
  let operations = 0;
  let isDead = false;
  /** Of each file open for appending: its length when it was last durable. */
  const durable = new Map<number, number>();

  const alive = <T>(read: () => T): T => {
    if (isDead) throw new Crash();
    return read();
  };
  const change = <T>(whole: () => T, some: () => void): T => {
    if (isDead) throw new Crash();
    operations += 1;
    if (operations < at) return whole();
    isDead = true;
    some();
    throw new Crash();
  };
  /** Happens or does not. */
  const either = <T>(whole: () => T): T =>
    change(whole, () => {
      if (part >= 0.5) whole();
    });
  const someOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, Math.floor(part * bytes.length));

  const disk: Disk = {
    stat: (file) => alive(() => realDisk.stat(file)),
    readFile: (file) => alive(() => realDisk.readFile(file)),
    list: (folder) => alive(() => realDisk.list(folder)),
    freeBytes: (folder) => alive(() => realDisk.freeBytes(folder)),
    size: (descriptor) => alive(() => realDisk.size(descriptor)),
    read: (descriptor, offset, length) => alive(() => realDisk.read(descriptor, offset, length)),
    openAppend: (file) =>
      alive(() => {
        const descriptor = realDisk.openAppend(file);
        durable.set(descriptor, realDisk.size(descriptor));
        return descriptor;
      }),
    // Left open, so that a power cut can reach it; `settle` closes.
    close: () => undefined,
    makeFolder: (folder) => either(() => realDisk.makeFolder(folder)),
    createExclusive: (file, text) => either(() => realDisk.createExclusive(file, text)),
    writeFile: (file, parts) => {
      const bytes = Buffer.concat(parts);
      change(
        () => writeFileSync(file, bytes),
        () => writeFileSync(file, someOf(bytes)),
      );
    },
    copy: (from, to) => {
      const bytes = readFileSync(from);
      change(
        () => writeFileSync(to, bytes),
        () => writeFileSync(to, someOf(bytes)),
      );
    },
    rename: (from, to) => either(() => realDisk.rename(from, to)),
    remove: (file) => either(() => realDisk.remove(file)),
    syncFolder: () => either(() => undefined),
    touch: (file, time) => either(() => realDisk.touch(file, time)),
    append: (descriptor, bytes) =>
      change(
        () => realDisk.append(descriptor, bytes),
        () => realDisk.append(descriptor, someOf(bytes)),
      ),
    syncData: (descriptor) =>
      either(() => {
        durable.set(descriptor, realDisk.size(descriptor));
      }),
    truncate: (file, size) => either(() => realDisk.truncate(file, size)),
  };
  return {
    disk,
    operations: () => operations,
    isDead: () => isDead,
    settle: () => {
      for (const [descriptor, length] of durable) {
        const written = realDisk.size(descriptor);
        if (isPowerCut && written > length) {
          ftruncateSync(descriptor, length + Math.floor(part * (written - length)));
        }
        realDisk.close(descriptor);
      }
      durable.clear();
    },
  };
};
