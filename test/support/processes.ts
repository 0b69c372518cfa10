import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Rises from process to process by when they began, which process ids do not: those wrap around. */
  readonly began: number;
}

/** /proc where there is one: a minimal Debian has no ps. */
const fromProc = (): ProcessInfo[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // The command name in brackets may itself hold blanks and brackets.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(fields[1]), command, began: Number(fields[19]) }];
      } catch {
        return []; // It ended between the two reads.
      }
    });

const fromPs = (): ProcessInfo[] =>
  execFileSync('ps', ['-axo', 'pid=,ppid=,lstart=,command='], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\S+ +\S+ +\S+ +\S+ +\d+)\s+(.*)$/.exec(line);
      return match === null
        ? []
        : [
            {
              pid: Number(match[1]),
              parent: Number(match[2]),
              command: match[4] ?? '',
              began: Date.parse(match[3] ?? ''),
            },
          ];
    });

/** Every living process. Linux and macOS. */
export const listProcesses = (): ProcessInfo[] => (process.platform === 'linux' ? fromProc() : fromPs());

/** The children of a process, their children, and so on; not the process itself. */
export const descendantsOf = (pid: number, every = listProcesses()): ProcessInfo[] => {
  const children = every.filter((each) => each.parent === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, every)]);
};

/** Ends a process and everything it started, also what moved to a process group of its own. */
export const killTree = (pid: number): void => {
  if (process.platform === 'win32') {
    try {
      execFileSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    } catch {
      // Already gone.
    }
    return;
  }
  for (const each of [pid, ...descendantsOf(pid).map((child) => child.pid)]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
};
