import { Worker } from 'node:worker_threads';
import { StoreError } from '../core/store.ts';
import { endsJob } from '../shared/event.ts';
import { realDisk } from './disk.ts';
import { FileLock } from './fileLock.ts';
import { storeFiles } from './files.ts';
import type { Call, FromWorker, Method, ResultOf, ToWorker, WorkerSetUp } from './messages.ts';
import { thisOwner } from './owner.ts';
import { storeClosed } from './problems.ts';

export interface ClientOptions extends Omit<WorkerSetUp, 'incarnation'> {
  readonly workerFile: URL | string;
  readonly now: () => number;
  readonly report: (problem: string) => void;
  readonly onChange: () => void;
  /** Starts the thread; tests look at it there. */
  readonly startWorker?: (file: URL | string, setUp: WorkerSetUp) => Worker;
}

interface Waiting {
  readonly message: ToWorker;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

const readMethods: readonly Method[] = [
  'open',
  'listAgents',
  'listSessions',
  'getSession',
  'readPage',
  'sessionUsage',
  'listRules',
  'readAudit',
  'spent',
  'listVersions',
  'versionHashes',
  'jobsElsewhere',
  'telegramListBots',
  'telegramOpenEntries',
  'telegramCountEntries',
  'telegramGetBinding',
  'telegramBindingsOf',
  'telegramListCards',
  'telegramBotSpending',
  'telegramListSchedules',
  'search',
  'use',
  'check',
  'wasSaved',
];

/** Writes that say whether there was anything to write: what stands in the journal was. */
const claims: readonly Method[] = ['telegramTakeUpdate', 'telegramClaimSchedule'];

/** A thread that dies this often within a minute is not started again. */
const deathLimit = 3;

const startThread = (file: URL | string, setUp: WorkerSetUp): Worker =>
  new Worker(file, { workerData: setUp, name: 'anycowork-storage' });

/** To other windows a lock that a thread died with is one of a process that lives: they would wait for it, in vain. */
const releaseLock = ({ folder, ownerId, incarnation }: WorkerSetUp): void => {
  try {
    new FileLock(realDisk, storeFiles(folder).lock, thisOwner(ownerId), incarnation).release();
  } catch {
    // The next thread breaks it.
  }
};

/** Speaks with the storage thread. Starts it on the first call, and again, from disk, should it die. */
export class WorkerClient {
  readonly #options: ClientOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #calls = 0;
  #starts = 0;
  #deaths: number[] = [];
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** @throws StoreError, also when the thread dies: then the message says whether the call was carried out */
  async call<M extends Method>(call: Call & { readonly method: M }): Promise<ResultOf<M>> {
    if (this.#isClosed) throw storeClosed();
    const value = await this.#send(call);
    // The thread answers a call with what its handler of that method returned.
    return value as ResultOf<M>;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#worker === undefined) return;
    await this.#send({ method: 'close', args: [] }).catch(() => undefined);
    await this.#worker?.terminate();
  }

  #send(call: Call): Promise<unknown> {
    const { ownerId, now } = this.#options;
    this.#calls += 1;
    const id = this.#calls;
    const message: ToWorker = { id, name: `${ownerId}:${this.#options.now()}:${id}`, at: now(), call };
    return new Promise((resolve, reject) => {
      try {
        this.#post({ message, resolve, reject });
      } catch (error) {
        this.#waiting.delete(id);
        const reason = error instanceof Error ? error.message : String(error);
        reject(
          new StoreError(`The history could not be reached (${reason}). Reload the window, then try again.`),
        );
      }
    });
  }

  #post(waiting: Waiting): void {
    const worker = this.#thread();
    this.#waiting.set(waiting.message.id, waiting);
    worker.postMessage(waiting.message);
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { folder, wasmFile, ownerId, workerFile, liveBytes } = this.#options;
    const recent = this.#options.now() - 60_000;
    this.#deaths = this.#deaths.filter((at) => at > recent);
    if (this.#deaths.length >= deathLimit) {
      throw new StoreError(
        'The part of AnyCowork that keeps the history has stopped several times. What was saved before is intact. Reload the window, then try again.',
      );
    }
    this.#starts += 1;
    const setUp = {
      folder,
      wasmFile,
      ownerId,
      incarnation: String(this.#starts),
      ...(liveBytes === undefined ? {} : { liveBytes }),
    };
    const worker = (this.#options.startWorker ?? startThread)(workerFile, setUp);
    this.#worker = worker;
    let cause = '';
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      releaseLock(setUp);
      this.#died(cause);
    });
    return worker;
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'report':
        this.#options.report(message.problem);
        return;
      case 'changed':
        this.#options.onChange();
        return;
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'failure': {
        const text = message.forPerson
          ? message.message
          : `The history could not be read (${message.message}). Try again; if it fails again, reload the window.`;
        this.#take(message.id)?.reject(new StoreError(text));
      }
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #died(cause: string): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (this.#isClosed) {
      for (const each of waiting) each.reject(storeClosed());
      return;
    }
    this.#deaths.push(this.#options.now());
    this.#options.report(
      `The storage thread stopped${cause === '' ? '' : ` (${cause})`} and is started again from disk.`,
    );
    for (const each of waiting) void this.#answerAfterDeath(each);
  }

  /** Looks up whether a write reached the disk before the thread died. */
  async #answerAfterDeath({ message, resolve, reject }: Waiting): Promise<void> {
    const stopped = 'The part of AnyCowork that keeps the history stopped and was started again.';
    if (readMethods.includes(message.call.method)) {
      reject(new StoreError(`${stopped} Nothing was lost; try again.`));
      return;
    }
    try {
      const { call } = message;
      const isSaved = (await this.#send({ method: 'wasSaved', args: [message.name] })) === true;
      if (isSaved) resolve(claims.includes(call.method) ? true : undefined);
      // Nobody else would tell it again, and the chat would be said to be running for as long as this window lives.
      else if (call.method === 'record' && endsJob(call.args[0])) this.#send(call).then(resolve, reject);
      else reject(new StoreError(`${stopped} This was not saved; everything before it was. Try again.`));
    } catch {
      reject(new StoreError(`${stopped} Whether this was saved is not known; reload the window to see.`));
    }
  }
}
