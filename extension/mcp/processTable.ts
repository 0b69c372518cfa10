/** What runs on this computer, and which of it belongs to a process that leads a group of its own. Not on Windows. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessRow {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  /** Tells a process from a later one that got the same id. */
  readonly started: string;
}

const ps = (parameters: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    // Dates in it are compared as they stand: they have to be written in one way.
    const env = { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
    execFile('ps', [...parameters], { timeout: 2_000, env }, (_error, stdout) => resolve(stdout));
  });

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name, in parentheses, may have anything in it. */
const readRow = async (id: string): Promise<ProcessRow | undefined> => {
  const text = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, started] = [fields[0], fields[1], fields[2], fields[19]];
  // A dead process that nobody has asked after yet.
  if (parent === undefined || group === undefined || started === undefined || state === 'Z') return undefined;
  return { id: Number(id), parent: Number(parent), group: Number(group), started };
};

const rowsOfPs = (text: string): readonly ProcessRow[] =>
  text.split('\n').flatMap((line) => {
    const [, id, parent, group, started] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+[^Z\s]\S*\s+(.*\S)/.exec(line) ?? [];
    return started === undefined
      ? []
      : [{ id: Number(id), parent: Number(parent), group: Number(group), started }];
  });

const columns = ['-o', 'pid=,ppid=,pgid=,stat=,lstart='];

/** Everything that runs. Empty on Windows. */
export const processTable = async (): Promise<readonly ProcessRow[]> => {
  if (process.platform === 'win32') return [];
  if (process.platform !== 'linux') return rowsOfPs(await ps(['-A', ...columns]));
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(ids.map(readRow))).filter((row) => row !== undefined);
};

/** When a process began, to know it again; undefined when there is none, and on Windows. */
export const startOf = async (id: number): Promise<string | undefined> => {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return (await readRow(String(id)))?.started;
  return rowsOfPs(await ps([...columns, '-p', String(id)]))[0]?.started;
};

/** The leader of a group, those in it and their descendants, and the descendants of others that are known to belong to it. */
export const membersOf = (
  group: number,
  rows: readonly ProcessRow[],
  known: ReadonlyMap<number, string> = new Map(),
): readonly ProcessRow[] => {
  const belongs = (row: ProcessRow): boolean =>
    row.id === group || row.group === group || known.get(row.id) === row.started;
  const found = new Map(rows.filter(belongs).map((row) => [row.id, row]));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const row of rows) if (found.has(row.parent)) found.set(row.id, row);
  }
  return [...found.values()];
};

/** To a process, or to a group by its negative id. Whoever is not there any more does not get it. */
export const sendSignal = (id: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(id, signal);
  } catch {
    // Gone, or somebody else's.
  }
};
