// Entry point of a process that outlives the window, however that ends, to end the servers it has left running. It is told
// over standard input, a line each: `+PID START` and `-PID`; when that closes, it ends what is still on the list, and itself.
import { createInterface } from 'node:readline';
import { createProcessTree, endTree } from './endTree.ts';
import { membersOf, processTable, sendSignal } from './processTable.ts';

const graceMs = 500;
const watched = new Map<number, string | undefined>();

const taskkill = async (id: number): Promise<void> => {
  const { execFile } = await import('node:child_process');
  await new Promise<void>((resolve) => {
    execFile('taskkill', ['/pid', String(id), '/T', '/F'], { timeout: 5_000, windowsHide: true }, () =>
      resolve(),
    );
  });
};

const terminate = async (id: number): Promise<void> => {
  if (process.platform === 'win32') return taskkill(id);
  const members = membersOf(id, await processTable());
  for (const member of members) sendSignal(member.id, 'SIGTERM');
};

const end = async ([id, started]: [number, string | undefined]): Promise<void> => {
  await endTree(createProcessTree(id, started), () => terminate(id), graceMs);
};

const receive = (line: string): void => {
  const [, sign, id, started] = /^([+-])(\d+)(?: (.+))?$/.exec(line) ?? [];
  if (sign === '+') watched.set(Number(id), started);
  else if (sign === '-') watched.delete(Number(id));
};

// A window that is gone takes its terminal with it.
process.on('SIGHUP', () => undefined);
process.stdin.on('error', () => undefined);
createInterface({ input: process.stdin })
  .on('line', receive)
  .once('close', () => {
    void Promise.allSettled([...watched].map(end)).then(() => process.exit(0));
  });
