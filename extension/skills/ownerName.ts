/** Names that say which process made a file, so that others can tell whether it still lives. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const orEmpty = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

/** Names the space in which process ids mean something: one boot of one machine, one container. */
const thisMachine = createHash('sha256')
  .update(hostname())
  .update(orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')))
  .update(orEmpty(() => readlinkSync('/proc/self/ns/pid')))
  .digest('hex')
  .slice(0, 12);

/** `<machine>-<process id>-<unique>` */
export const newOwnerName = (): string => `${thisMachine}-${process.pid}-${randomUUID()}`;

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not allowed to signal it: it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** `unknown`: of another machine or container, or no such name at all. An id may belong to somebody else by now. */
export const ownerState = (name: string): 'alive' | 'dead' | 'unknown' => {
  const [, machine, pid] = /^([0-9a-f]{12})-(\d+)-/.exec(name) ?? [];
  if (machine !== thisMachine || pid === undefined) return 'unknown';
  return lives(Number(pid)) ? 'alive' : 'dead';
};
