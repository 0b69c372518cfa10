/**
 * Windows tell each other of their jobs through files in the folder `live` of the store: `<job>.events`, to which the
 * window that runs it appends what happens, and `<job>.asks`, to which any other appends what it wants. Both are gone
 * soon after the job is. Nothing here is kept for good, so nothing is made durable: that is the store's.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AnswerResult } from '../core/approvals.ts';
import { type Ask, type AskResult, askPatience, type FollowListener, type Relay } from '../core/relay.ts';
import { endsJob } from '../shared/event.ts';
import { FolderWatch, type WatchFolder } from './folderWatch.ts';
import { LineTail } from './lineTail.ts';
import { LiveFile } from './liveFile.ts';
import { askLine, type Header, parseAnswer, parseAsk, parseHeader } from './liveLine.ts';
import { EventReader } from './liveParts.ts';

export interface RelayOptions {
  /** The store's. */
  readonly folder: string;
  /** As the store knows this window. */
  readonly ownerId: string;
  /** What is open in this window, as people call it; empty without a folder. */
  place(): string;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
  /** Milliseconds for which the files of a job that has ended can still be read. */
  readonly lingerMs?: number;
  /** For tests. */
  readonly watchFolder?: WatchFolder;
}

/** What an answer takes back to the asker, in milliseconds: later, nothing is done any more that would surprise. */
const answerTime = 500;

/** A file that nobody has touched for so long, of a job that does not run, was left behind by a crash. Milliseconds. */
const leftAfter = 60_000;

/** Job ids are names of files here, and come from afar. */
const isName = (jobId: string): boolean => /^[\w-]{1,100}$/.test(jobId);

interface OwnJob {
  readonly file: LiveFile;
  readonly asks: LineTail;
  unlisten: () => void;
  removing?: NodeJS.Timeout;
}

export const createRelay = (options: RelayOptions): Relay => {
  const { logError, now } = options;
  const folder = path.join(options.folder, 'live');
  const watch = new FolderWatch(folder, options.watchFolder);
  const own = new Map<string, OwnJob>();
  const ends = new Set<() => void>();
  let answerAsk: (jobId: string, ask: Ask) => AnswerResult = () => 'unknown';
  let hasFailed = false;

  const eventsOf = (jobId: string): string => path.join(folder, `${jobId}.events`);
  const asksOf = (jobId: string): string => path.join(folder, `${jobId}.asks`);

  const forget = async (jobId: string): Promise<void> => {
    if (!isName(jobId)) return;
    const files = [eventsOf(jobId), asksOf(jobId)];
    await Promise.all(files.map((file) => rm(file, { force: true }).catch(logError)));
  };

  const answerLine = (jobId: string, line: string): void => {
    const asked = parseAsk(line);
    // Who asked has given up by then, and been told that nothing happened.
    if (asked === undefined || now() > asked.until) return;
    let result: AnswerResult = 'unknown';
    try {
      result = answerAsk(jobId, asked.ask);
    } catch (error) {
      logError(error);
    }
    own.get(jobId)?.file.answer({ answerTo: asked.id, result });
  };

  const end = async (jobId: string): Promise<void> => {
    const job = own.get(jobId);
    if (job === undefined) return;
    own.delete(jobId);
    clearTimeout(job.removing);
    job.unlisten();
    job.asks.close();
    await job.file.close();
    await forget(jobId);
  };

  const failed = (jobId: string, error: unknown): void => {
    // Other windows then show what the store has. Once is enough to say so.
    if (!hasFailed) logError(error);
    hasFailed = true;
    void end(jobId);
  };

  const begin = (jobId: string): OwnJob => {
    const prepare = async (): Promise<void> => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await (await open(asksOf(jobId), 'ax', 0o600)).close();
      const job = own.get(jobId);
      if (job === undefined) return;
      const read = (): void => void job.asks.read().catch(logError);
      job.unlisten = watch.listen(asksOf(jobId), read);
    };
    const header = { jobId, owner: options.ownerId, place: options.place() };
    const job: OwnJob = {
      file: new LiveFile(eventsOf(jobId), header, {
        prepare,
        newId: options.newId,
        onFailure: (error) => failed(jobId, error),
      }),
      asks: new LineTail(asksOf(jobId), (line) => answerLine(jobId, line)),
      unlisten: () => undefined,
    };
    own.set(jobId, job);
    return job;
  };

  const tell: Relay['tell'] = (event) => {
    const { jobId } = event;
    const job = event.type === 'JobStarted' && isName(jobId) ? begin(jobId) : own.get(jobId);
    job?.file.add(event);
    if (job === undefined || !endsJob(event)) return;
    job.removing = setTimeout(() => void end(jobId), options.lingerMs ?? 5_000).unref();
  };

  const follow = async (jobId: string, listener: FollowListener) => {
    if (!isName(jobId) || own.has(jobId)) return undefined;
    const reader = new EventReader();
    let header: Header | undefined;
    let isOver = false;
    let isLost = false;
    let isReady = false;
    const close = (): void => {
      isOver = true;
      tail.close();
      unlisten();
      ends.delete(close);
    };
    const lose = (): void => {
      if (isOver) return;
      isLost = true;
      close();
      if (isReady) listener.onLost();
    };
    const take = (line: string): void => {
      if (isOver) return;
      if (header === undefined) {
        header = parseHeader(line);
        if (header?.jobId !== jobId) lose();
        return;
      }
      const event = reader.read(line);
      if (event === undefined) return;
      if (event === 'damaged' || event.jobId !== jobId) {
        logError(new Error(`What another window told of its work is damaged, at: ${line.slice(0, 100)}`));
        lose();
        return;
      }
      if (endsJob(event)) close();
      listener.onEvent(event);
    };
    const tail = new LineTail(eventsOf(jobId), take);
    const update = async (): Promise<void> => {
      if (isOver) return;
      try {
        await tail.read();
        if (isOver || !(await tail.isGone())) return;
        await tail.read();
        lose();
      } catch (error) {
        if (isReady) logError(error);
        lose();
      }
    };
    const unlisten = watch.listen(eventsOf(jobId), () => void update());
    ends.add(close);
    await update();
    isReady = true;
    if (header !== undefined && !isLost) return { place: header.place, read: update, close };
    close();
    return undefined;
  };

  /** @returns false where there is nobody to ask */
  const append = async (jobId: string, line: string): Promise<boolean> => {
    try {
      // Not made here: where it is not there, the job has ended.
      const handle = await open(asksOf(jobId), constants.O_WRONLY | constants.O_APPEND);
      // One write, so that two windows that ask at once do not mix their lines.
      await handle.write(line).finally(() => handle.close());
      return true;
    } catch {
      return false;
    }
  };

  const ask: Relay['ask'] = async (jobId, asked) => {
    if (!isName(jobId)) return 'unknown';
    const file = eventsOf(jobId);
    const offset = await stat(file).then(
      ({ size }) => size,
      () => undefined,
    );
    if (offset === undefined) return 'unknown';
    const id = options.newId();
    const { promise, resolve } = Promise.withResolvers<AskResult>();
    const tail = new LineTail(
      file,
      (line) => {
        const answer = parseAnswer(line);
        if (answer?.answerTo === id) resolve(answer.result);
      },
      offset,
    );
    const update = async (): Promise<void> => {
      const isGone = await tail.isGone();
      await tail.read();
      if (isGone) resolve('unknown');
    };
    const unlisten = watch.listen(file, () => void update().catch(logError));
    const timer = setTimeout(() => resolve('silent'), askPatience);
    try {
      const until = now() + askPatience - answerTime;
      if (!(await append(jobId, askLine({ id, until, ask: asked })))) return 'unknown';
      return await promise;
    } finally {
      clearTimeout(timer);
      unlisten();
      tail.close();
    }
  };

  const sweep: Relay['sweep'] = async (running) => {
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names) {
      const jobId = name.replace(/\.(?:events|asks)$/, '');
      if (jobId === name || running.has(jobId) || own.has(jobId)) continue;
      const found = await stat(path.join(folder, name)).catch(() => undefined);
      if (found !== undefined && now() - found.mtimeMs > leftAfter) {
        await rm(path.join(folder, name), { force: true }).catch(logError);
      }
    }
  };

  return {
    tell,
    onAsk: (answer) => {
      answerAsk = answer;
    },
    follow,
    ask,
    forget,
    sweep,
    close: async () => {
      for (const stop of [...ends]) stop();
      await Promise.all([...own.keys()].map(end));
      watch.close();
    },
  };
};
