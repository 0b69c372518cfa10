/** Entry point of the storage thread: SQLite, the journal and the lock live here, so that the extension host never waits. */
import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../core/store.ts';
import { realDisk } from './disk.ts';
import type { FromWorker, ToWorker, WorkerSetUp } from './messages.ts';
import { thisOwner } from './owner.ts';
import { loadSqlite } from './sqlite.ts';
import { createStoreService, type StoreHandlers } from './storeService.ts';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread');

// Both ends of this port are this extension; `messages.ts` is what they agree on.
const setUp: WorkerSetUp = workerData;
const send = (message: FromWorker): void => port.postMessage(message);

/** The window's clock, which tests set, minus this thread's. */
let clockOffset = 0;

const starting = loadSqlite(setUp.wasmFile).then((openSqlite) =>
  createStoreService({
    folder: setUp.folder,
    disk: realDisk,
    openSqlite,
    owner: thisOwner(setUp.ownerId),
    incarnation: setUp.incarnation,
    ...(setUp.liveBytes === undefined ? {} : { liveBytes: setUp.liveBytes }),
    now: () => Date.now() + clockOffset,
    report: (problem) => send({ type: 'report', problem }),
    onChange: () => send({ type: 'changed' }),
  }),
);

// Every call waits for it and answers with its error; the thread must not end over it before one has come.
starting.catch(() => undefined);

const perform = (handlers: StoreHandlers, { name, call }: ToWorker): Promise<unknown> => {
  // TypeScript cannot see that the handler and the arguments belong together, though `Call` says so.
  const handler = handlers[call.method] as (call: string, ...args: readonly unknown[]) => Promise<unknown>;
  return handler(name, ...call.args);
};

port.on('message', async (message: ToWorker) => {
  const { id, at } = message;
  clockOffset = at - Date.now();
  try {
    send({ type: 'result', id, value: await perform(await starting, message) });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    send({ type: 'failure', id, message: text, forPerson: error instanceof StoreError });
  }
});
