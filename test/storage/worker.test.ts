import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Store, StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { FromWorker, ToWorker, WorkerSetUp } from '../../extension/storage/messages.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import { createSqlStore, type SqlStoreOptions } from '../../extension/storage/sqlStore.ts';
import { jobEvents } from './chatEvents.ts';
import { session, storeOptions, temporaryFolder, uniqueName, userMessage } from './support.ts';
import { entry, schedule } from './telegramSupport.ts';

/** A thread that can be made to die at a certain message. */
class FragileWorker extends Worker {
  /** Dies instead of getting it. */
  diesBefore: (message: ToWorker) => boolean = () => false;
  /** Does what it is asked, and dies before the answer is out. */
  diesAfter: (message: ToWorker) => boolean = () => false;
  readonly #lastWords = new Set<number>();

  constructor(file: URL | string, setUp: WorkerSetUp) {
    super(file, { workerData: setUp });
  }

  override postMessage(message: ToWorker): void {
    if (this.diesBefore(message)) {
      void this.terminate();
      return;
    }
    if (this.diesAfter(message)) this.#lastWords.add(message.id);
    super.postMessage(message);
  }

  override emit(event: string, ...values: unknown[]): boolean {
    const message = event === 'message' ? (values[0] as FromWorker) : undefined;
    if (message?.type === 'result' && this.#lastWords.has(message.id)) {
      void this.terminate();
      return false;
    }
    return super.emit(event, ...values);
  }
}

const saves = ({ call }: ToWorker): boolean => call.method === 'saveSession';
const anything = (): boolean => true;

const list = async (store: Store) =>
  (await store.listSessions({ shelf: 'active', limit: 100, folderFirst: '' })).sessions;

describe('the storage thread', function () {
  this.timeout(60_000);
  const opened: Store[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  const folder = temporaryFolder(this);

  const open = (options: Partial<SqlStoreOptions> = {}) => {
    const problems: string[] = [];
    const threads: FragileWorker[] = [];
    const where = options.folder ?? folder();
    const store = createSqlStore({
      ...storeOptions(where, problems),
      startWorker: (file, setUp) => {
        const thread = new FragileWorker(file, setUp);
        threads.push(thread);
        return thread;
      },
      ...options,
    });
    opened.push(store);
    const last = (): FragileWorker => {
      const thread = threads.at(-1);
      assert.ok(thread);
      return thread;
    };
    const ids = async (): Promise<readonly string[]> => (await list(store)).map(({ id }) => id).sort();
    return { store, where, problems, threads, last, ids };
  };

  const storeError = (pattern: RegExp) => (error: unknown) =>
    error instanceof StoreError && pattern.test(error.message);

  it('is told how much of the history may lie in memory', async () => {
    const setUps: WorkerSetUp[] = [];
    const startWorker = (file: URL | string, setUp: WorkerSetUp) => {
      setUps.push(setUp);
      return new FragileWorker(file, setUp);
    };
    await open({ startWorker, liveBytes: 50_000_000 }).store.open();
    await open({ startWorker }).store.open();
    assert.deepEqual(
      setUps.map(({ liveBytes }) => liveBytes),
      [50_000_000, undefined],
    );
  });

  it('is started by the first call, and not by what keeps nothing', async () => {
    const { store, threads, where } = open({ folder: path.join(folder(), 'deep/er') });
    await store.record({ type: 'Token', text: 'x', jobId: 'j', at: 1 });
    assert.equal(threads.length, 0);
    assert.ok(!existsSync(where));
    assert.equal(await store.getSession('none'), undefined);
    assert.equal(threads.length, 1);
    assert.ok(existsSync(where));
    await open().store.close();
  });

  it('keeps what it acknowledged for the next window, and tells open ones of it', async () => {
    const first = open();
    await first.store.saveSession(session('a'));
    const second = open({ folder: first.where });
    assert.deepEqual(await second.ids(), ['a']);
    const told = new Promise<void>((resolve) => {
      const stop = second.store.onExternalChange(() => {
        stop();
        resolve();
      });
    });
    await first.store.saveSession(session('b'));
    await told;
    assert.deepEqual(await second.ids(), ['a', 'b']);
    assert.deepEqual([...first.problems, ...second.problems], []);
  });

  it('is started again when it dies, with everything that was saved', async () => {
    const { store, threads, last, ids, problems } = open();
    await store.saveSession(session('a'));
    await last().terminate();
    assert.deepEqual(await ids(), ['a']);
    await store.saveSession(session('b'));
    assert.deepEqual(await ids(), ['a', 'b']);
    assert.equal(threads.length, 2);
    assert.match(problems.join(), /The storage thread stopped and is started again from disk/);
  });

  it('leaves no lock to other windows when it dies with it, though nothing is asked of it then', async () => {
    const ownerId = uniqueName();
    const { store, where, last, problems } = open({ ownerId });
    await store.saveSession(session('a'));
    const lock = path.join(where, 'anycowork.lock');
    writeFileSync(lock, JSON.stringify({ ...thisOwner(ownerId), incarnation: '1' }));
    await last().terminate();
    assert.ok(!existsSync(lock));
    const other = open({ folder: where });
    await other.store.saveSession(session('b'));
    assert.deepEqual(await other.ids(), ['a', 'b']);
    assert.match(problems.join(), /The storage thread stopped/);
  });

  it('leaves the lock of another thread alone when it dies', async () => {
    const { store, where, last } = open();
    await store.saveSession(session('a'));
    const lock = path.join(where, 'anycowork.lock');
    writeFileSync(lock, JSON.stringify({ ...thisOwner(uniqueName()), incarnation: '1' }));
    await last().terminate();
    assert.ok(existsSync(lock));
    rmSync(lock);
  });

  it('says of a write it died over that it was not saved, when it was not', async () => {
    const { store, last, ids } = open();
    await store.open();
    last().diesBefore = saves;
    await assert.rejects(store.saveSession(session('a')), storeError(/This was not saved.*Try again/));
    assert.deepEqual(await ids(), []);
    await store.saveSession(session('a'));
    assert.deepEqual(await ids(), ['a']);
  });

  it('takes a write it died over for done, when it was', async () => {
    const { store, last, ids, threads } = open();
    await store.open();
    last().diesAfter = saves;
    await store.saveSession(session('a'));
    assert.equal(threads.length, 2);
    assert.deepEqual(await ids(), ['a']);
  });

  it('says of a claim it died over whether it was made', async () => {
    const { store, last, threads } = open();
    const { telegram } = store;
    await store.open();
    const claims = ({ call }: ToWorker): boolean => call.method === 'telegramTakeUpdate';
    const take = (): Promise<boolean> => telegram.takeUpdate('a', 1, 1_000, entry('a', 1));
    last().diesBefore = claims;
    await assert.rejects(take(), storeError(/This was not saved.*Try again/));
    last().diesAfter = claims;
    assert.equal(await take(), true);
    assert.equal(await take(), false);
    assert.deepEqual(await telegram.openEntries('a'), [entry('a', 1)]);
    assert.equal(threads.length, 3);
  });

  it('says so of a schedule’s time as well', async () => {
    const { store, last } = open();
    const { telegram } = store;
    await telegram.saveSchedule(schedule('a'));
    last().diesAfter = ({ call }) => call.method === 'telegramClaimSchedule';
    assert.equal(await telegram.claimSchedule('a', 1_000, 2_000), true);
    assert.equal(await telegram.claimSchedule('a', 1_000, 2_000), false);
  });

  it('keeps the end of a job that it died over: nobody would tell it again', async () => {
    const { store, last, threads, problems } = open();
    await store.saveSession(session('a'));
    const job = jobEvents('a', 'job');
    await store.record(job.started());
    last().diesBefore = ({ call }) => call.method === 'record';
    await assert.rejects(store.record(job.said('Gone')), storeError(/This was not saved.*Try again/));
    last().diesBefore = ({ call }) => call.method === 'record';
    await store.record(job.failed());
    assert.equal(threads.length, 3);
    assert.equal((await store.getSession('a'))?.status, 'failed');
    assert.equal((await store.readAll('a')).length, 2);
    assert.equal(problems.length, 2);
  });

  it('says of a read it died over that nothing was lost', async () => {
    const { store, last, ids } = open();
    await store.saveSession(session('a'));
    last().diesBefore = anything;
    await assert.rejects(list(store), storeError(/Nothing was lost; try again/));
    assert.deepEqual(await ids(), ['a']);
  });

  it('is given up when it keeps dying, until a minute has passed', async () => {
    let time = 1_000_000;
    const { store, threads, ids } = open({
      now: () => time,
      startWorker: (file, setUp) => {
        const thread = new FragileWorker(file, setUp);
        threads.push(thread);
        if (threads.length <= 3) thread.diesBefore = anything;
        return thread;
      },
    });
    // The second thread dies over the question whether the first one had saved it.
    await assert.rejects(store.saveSession(session('a')), storeError(/Whether this was saved is not known/));
    await assert.rejects(list(store), storeError(/Nothing was lost/));
    await assert.rejects(list(store), storeError(/has stopped several times/));
    assert.equal(threads.length, 3);
    time += 61_000;
    await store.saveSession(session('b'));
    assert.deepEqual(await ids(), ['b']);
  });

  it('that is killed over and over while it writes loses nothing it acknowledged, and tells the rest apart', async () => {
    let time = 0;
    // Deaths a minute apart.
    const { store, threads, last, ids } = open({ now: () => (time += 20_000) });
    await store.open();
    const outcomes = new Map<string, string>();
    for (let round = 0; round < 3; round += 1) {
      let saved = 0;
      const killAfter = 1 + Math.floor(Math.random() * 12);
      const save = async (id: string): Promise<void> => {
        try {
          await store.saveSession(session(id));
          outcomes.set(id, 'saved');
          saved += 1;
          // Others are being written at this moment.
          if (saved === killAfter) void last().terminate();
        } catch (error) {
          outcomes.set(id, error instanceof Error ? error.message : 'no error');
        }
      };
      const lane = async (name: number): Promise<void> => {
        for (let index = 0; index < 5; index += 1) await save(`${round}-${name}-${index}`);
      };
      await Promise.all([0, 1, 2, 3].map(lane));
    }
    assert.ok(threads.length >= 4, `${threads.length} threads`);
    const kept = new Set(await ids());
    let lost = 0;
    for (const [id, outcome] of outcomes) {
      assert.equal(kept.has(id), outcome === 'saved', `${id}: ${outcome}`);
      if (outcome !== 'saved') {
        assert.match(outcome, /This was not saved/);
        lost += 1;
      }
    }
    assert.equal(outcomes.size, 60);
    assert.ok(lost < 30, `${lost} were not saved`);
  });

  it('gives a long chat in parts, so that the window is never held for long', async () => {
    const { store, last } = open();
    const items = Array.from({ length: 450 }, (_, index): ChatItem => {
      const message = userMessage(`m${index}`, `Message ${index}`);
      return { id: message.id, jobId: 'job', kind: 'user', message };
    });
    await store.importSession(session('long'), items);
    let answers = 0;
    last().on('message', (message: FromWorker) => {
      if (message.type !== 'result' || message.value === undefined) return;
      answers += 1;
      assert.ok(JSON.stringify(message.value).split('"kind"').length <= 201);
    });
    const read = await store.readAll('long');
    assert.deepEqual(
      read.map(({ id }) => id),
      items.map(({ id }) => id),
    );
    assert.equal(answers, 3);
  });

  const parts = ({ call }: ToWorker): boolean => call.method === 'importPart';
  /** A chat of some megabytes, of which one message is the most. */
  const large = (): readonly ChatItem[] =>
    [10, 2_500_000, 600_000, 600_000, 10].map((length, index) => {
      const message = userMessage(`m${index}`, `${index}\n"${'ä\n'.repeat(length / 2)}`);
      return { id: message.id, jobId: 'job', kind: 'user', message };
    });

  it('gets a chat that is imported in parts, so that the window is never held for long', async () => {
    const { store, last } = open();
    await store.open();
    const sizes: number[] = [];
    last().diesBefore = (message) => {
      sizes.push(JSON.stringify(message).length);
      return false;
    };
    await store.importSession(session('large'), large());
    // A new line takes two characters in a message, and two more in this one.
    assert.ok(sizes.length > 5 && Math.max(...sizes) < 2_100_000, sizes.join());
    assert.deepEqual(
      (await store.readAll('large')).map((item) => item.kind === 'user' && item.message),
      large().map((item) => item.kind === 'user' && item.message),
    );
    await store.importSession(session('empty'), []);
    assert.deepEqual(await store.readAll('empty'), []);
  });

  it('imports nothing of a chat over which it died', async () => {
    const { store, last, ids } = open();
    await store.open();
    last().diesBefore = parts;
    await assert.rejects(store.importSession(session('a'), large()), storeError(/not saved.*Try again/));
    let count = 0;
    last().diesBefore = (message) => parts(message) && ++count === 3;
    await assert.rejects(store.importSession(session('a'), large()), storeError(/not saved.*Try again/));
    assert.deepEqual(await ids(), []);
    await store.importSession(session('a'), large());
    assert.equal((await store.readAll('a')).length, 5);
  });

  it('says what it cannot be given', async () => {
    const { store, ids } = open();
    const unclonable = { ...session('a'), title: (() => '') as unknown as string };
    await assert.rejects(store.saveSession(unclonable), storeError(/could not be reached/));
    assert.deepEqual(await ids(), []);
  });

  it('says why it cannot open, and opens when that has passed', async () => {
    const nowhere = open({ wasmFile: path.join(folder(), 'none.wasm') });
    await assert.rejects(nowhere.store.open(), storeError(/could not be read \(.*none\.wasm/));
    const { store, last } = open();
    await store.open();
    await last().terminate();
    await store.open();
  });

  it('refuses everything once it is closed', async () => {
    const { store, where } = open();
    const writing = store.saveSession(session('a'));
    const closing = store.close();
    await writing;
    await closing;
    await store.close();
    await assert.rejects(store.saveSession(session('b')), storeError(/closed in this window/));
    await assert.rejects(list(store), storeError(/closed in this window/));
    assert.deepEqual(await open({ folder: where }).ids(), ['a']);
  });
});
