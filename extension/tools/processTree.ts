import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

interface RunningProcess {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  /** Tells a process from a later one that got the same id. */
  readonly started: string;
}

const graceMs = 2_000;

const output = (command: string, parameters: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(command, [...parameters], { timeout: 5_000, windowsHide: true }, (_error, stdout) =>
      resolve(stdout),
    );
  });

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name, in parentheses, may have anything in it. */
const readStat = async (id: string): Promise<RunningProcess | undefined> => {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, started] = [fields[0], fields[1], fields[2], fields[19]];
  // A dead process that nobody has asked after yet.
  if (parent === undefined || group === undefined || started === undefined || state === 'Z') return undefined;
  return { id: Number(id), parent: Number(parent), group: Number(group), started };
};

const runningProcesses = async (): Promise<readonly RunningProcess[]> => {
  if (process.platform === 'linux') {
    const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    return (await Promise.all(ids.map(readStat))).filter((found) => found !== undefined);
  }
  const lines = (await output('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='])).split('\n');
  return lines.flatMap((line) => {
    const [, id, parent, group, started] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+[^Z\s]\S*\s+(.*\S)/.exec(line) ?? [];
    return started === undefined
      ? []
      : [{ id: Number(id), parent: Number(parent), group: Number(group), started }];
  });
};

/** Those of a group, whose leader may have gone before, that made groups of their own. */
const descendantsOf = (group: number, all: readonly RunningProcess[]): readonly RunningProcess[] => {
  const found: RunningProcess[] = [];
  const parents = new Set([group, ...all.filter((each) => each.group === group).map(({ id }) => id)]);
  for (let before = 0; before !== parents.size; ) {
    before = parents.size;
    for (const each of all) {
      if (parents.has(each.parent) && !parents.has(each.id)) {
        parents.add(each.id);
        found.push(each);
      }
    }
  }
  return found;
};

/** @returns whether there was anyone to get it */
const send = (id: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(id, signal);
    return true;
  } catch (error) {
    // Not allowed to signal it: it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Whether a process has this id. */
export const hasProcess = (id: number): boolean => send(id, 0);

/** Whether anything of a process group still runs. Always false on Windows, which has none. */
export const groupIsAlive = async (group: number): Promise<boolean> =>
  process.platform !== 'win32' &&
  send(-group, 0) &&
  (await runningProcesses()).some((each) => each.group === group);

/**
 * Ends a process that leads its own group (it may be gone already), everything in the group, and every descendant, even one that made a group
 * of its own: SIGTERM, and SIGKILL to what is left after 2 s. Returns when nothing is left, or was sent SIGKILL.
 */
export const killTree = async (root: number): Promise<void> => {
  if (process.platform === 'win32') {
    await output('taskkill', ['/pid', String(root), '/T', '/F']);
    return;
  }
  const descendants = new Map(
    descendantsOf(root, await runningProcesses()).map(({ id, started }) => [id, started]),
  );
  const survivors = async (): Promise<readonly RunningProcess[]> =>
    (await runningProcesses()).filter(
      ({ id, group, started }) => group === root || descendants.get(id) === started,
    );
  send(-root, 'SIGTERM');
  for (const id of descendants.keys()) send(id, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  for (let waitMs = 20; Date.now() < deadline; waitMs = Math.min(2 * waitMs, 200)) {
    await delay(waitMs);
    if ((await survivors()).length === 0) return;
  }
  for (const { id } of await survivors()) send(id, 'SIGKILL');
};
