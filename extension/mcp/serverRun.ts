/** One server's life: starting, ready, crashed, started again, idle, stopped. */
import type { SetTimer } from '../core/approvals.ts';
import { McpError, type McpLogLevel, McpSignInError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpDefinitions, McpState } from '../shared/mcp.ts';
import { createLiveList, type LiveList } from './liveList.ts';
import { createRestarts } from './restarts.ts';
import { createRunningCalls, type RunningCalls } from './runningCalls.ts';
import type { McpConnection } from './types.ts';
import { atMost, unlessAborted, withLimit } from './waits.ts';

/** Milliseconds. */
export const runTimes = {
  /** Of whoever waits for a start. */
  wait: 120_000,
  /** After a start that failed nobody but a person tries again for so long. */
  pause: 5_000,
  /** And agents' tools begin nothing by themselves for so long. */
  quiet: 60_000,
  /** Whoever was given its tools so long ago may still want them. */
  lately: 600_000,
  /** A process that nobody has used for so long is stopped. */
  idle: 1_800_000,
  close: 2_900,
} as const;

export type RunState = Extract<McpState, { kind: 'stopped' | 'starting' | 'ready' | 'signIn' | 'failed' }>;

/** What the one who opens a connection may know and tell of the run. */
export interface Attempt {
  /** Of the consent: nothing else may be connected to. */
  readonly hash: string;
  /** Somebody has just asked for it, and may be asked. */
  readonly isPersonHere: boolean;
  readonly calls: RunningCalls;
  /** Whether the server may ask the person something now. */
  mayAsk(): boolean;
  toolsChanged(): void;
  /** Whoever stops it waits for the end of this too, for some time. */
  began(work: Promise<unknown>): void;
}

export interface Opened {
  readonly connection: McpConnection;
  readonly live: McpDefinitions;
  /** It ends when nobody has used it for long. */
  readonly isProcess: boolean;
}

/** A connection that is ready. */
export interface Session {
  readonly hash: string;
  readonly connection: McpConnection;
  readonly calls: RunningCalls;
  readonly list: LiveList;
}

export interface ServerRunPorts {
  readonly name: string;
  /** @throws McpError, McpSignInError, the signal's reason */
  open(attempt: Attempt, signal: AbortSignal): Promise<Opened>;
  now(): number;
  readonly setTimer: SetTimer;
  log(level: McpLogLevel, text: string): void;
  /** Of what the state says. */
  redact(text: string): string;
  onChange(): void;
}

export interface ServerRun {
  state(): RunState;
  session(): Session | undefined;
  /** The consent of what runs, starts or is about to. */
  hash(): string | undefined;
  /** What that server offered when it was listed last in this window. */
  live(hash: string): McpDefinitions | undefined;
  /** Starts it where it does not run, or waits for who does. @throws McpError, McpSignInError, the signal's reason */
  ensure(hash: string, signal: AbortSignal | undefined): Promise<Session>;
  /** For a person: at once, and they may be asked. Their signal cancels the start. */
  start(hash: string, signal: AbortSignal | undefined): Promise<Session>;
  /** Whether agents' tools may begin it: it has not just failed, and nobody has stopped it. */
  mayBegin(): boolean;
  /** Somebody uses it, or was given its tools. */
  used(): void;
  /** @param why behind `The server`. @param byPerson it does not begin again before it is called */
  stop(why: string, byPerson?: boolean): Promise<void>;
}

interface Starting {
  readonly hash: string;
  readonly isPersonHere: boolean;
  readonly controller: AbortController;
  readonly promise: Promise<Session>;
  /** Whatever it began has come to its end, also after it was given up. */
  settled(): Promise<unknown>;
}

/** A start after a crash that has not begun. */
interface Again {
  readonly hash: string;
  readonly promise: Promise<Session>;
  cancel(why: Error): void;
}

export const createServerRun = (ports: ServerRunPorts): ServerRun => {
  const { name, now, setTimer, log } = ports;
  const restarts = createRestarts();
  const closing = new Set<Promise<void>>();
  let state: RunState = { kind: 'stopped' };
  let session: Session | undefined;
  let starting: Starting | undefined;
  let again: Again | undefined;
  let failure: { readonly at: number; readonly error: Error } | undefined;
  let lastList: { readonly hash: string; readonly list: LiveList } | undefined;
  let usedAt = Number.NEGATIVE_INFINITY;
  let readyAt = 0;
  let isStoppedByPerson = false;
  let stops = 0;
  let cancelIdle = (): void => undefined;

  const become = (next: RunState, words: string, level: McpLogLevel = 'info'): void => {
    state = next;
    log(level, words);
    ports.onChange();
  };

  const becomeReady = ({ connection: { facts } }: Session): void => {
    const { protocolVersion } = facts;
    become({ kind: 'ready', protocolVersion }, `The server is ready (protocol ${protocolVersion}).`);
  };

  /** Not waited for any longer than its time, whatever it does. */
  const awaitEnd = (end: Promise<unknown>): void => {
    const work: Promise<void> = atMost(setTimer, runTimes.close, end).finally(() => closing.delete(work));
    closing.add(work);
  };

  const stop = async (why: string, byPerson = false): Promise<void> => {
    const error = new McpError(`The MCP server ${name} ${why}.`);
    stops += 1;
    restarts.clear();
    failure = undefined;
    isStoppedByPerson = byPerson;
    cancelIdle();
    const [old, attempt, planned] = [session, starting, again];
    session = undefined;
    starting = undefined;
    again = undefined;
    planned?.cancel(error);
    attempt?.controller.abort(error);
    old?.calls.end(error.message);
    old?.list.end();
    if (old !== undefined) awaitEnd(old.connection.close());
    if (attempt !== undefined) awaitEnd(attempt.settled());
    if (state.kind !== 'stopped') become({ kind: 'stopped' }, `The server ${why}.`);
    await Promise.all([...closing]);
  };

  const idleSince = (): number => Math.max(usedAt, readyAt);

  const watchIdle = (mine: Session): void => {
    const passed = (): void => {
      if (session !== mine) return;
      if (mine.calls.size > 0) usedAt = now();
      if (now() - idleSince() < runTimes.idle) watchIdle(mine);
      else void stop('was stopped: nobody has used it for 30 minutes');
    };
    cancelIdle = setTimer(passed, Math.max(1, idleSince() + runTimes.idle - now()));
  };

  const failed = (error: Error, words = error.message): void => {
    failure = { at: now(), error };
    become({ kind: 'failed', reason: ports.redact(words) }, words, 'error');
  };

  const startAgain = (hash: string, why: string): void => {
    const delay = restarts.next(now());
    if (delay === undefined) {
      failed(new McpError(`${why} It was started again three times within five minutes: look at its log.`));
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    promise.catch(() => undefined);
    const cancelTimer = setTimer(() => {
      again = undefined;
      begin(hash, false, true).then(resolve, reject);
    }, delay);
    const cancel = (error: Error): void => {
      cancelTimer();
      reject(error);
    };
    again = { hash, promise, cancel };
    failed(new McpError(why), `${why} It is started again in ${delay / 1_000} s.`);
  };

  const ended = (mine: Session, why: string): void => {
    if (session !== mine) return;
    session = undefined;
    cancelIdle();
    mine.list.end();
    const words = why === '' ? `The MCP server ${name} has ended.` : why;
    const isInUse = mine.calls.size > 0 || now() - usedAt < runTimes.lately;
    mine.calls.end(words);
    if (isInUse) startAgain(mine.hash, words);
    else become({ kind: 'stopped' }, `${words} It is started again when it is needed.`, 'warning');
  };

  const begin = (hash: string, isPersonHere: boolean, isAgain = false): Promise<Session> => {
    const controller = new AbortController();
    const { signal } = controller;
    const calls = createRunningCalls((failure) => {
      if (session?.calls !== calls) return;
      // The connection stays: other calls may need no other rights.
      if (failure instanceof McpSignInError && state.kind === 'ready')
        become({ kind: 'signIn' }, failure.message, 'warning');
      else if (failure === undefined && state.kind === 'signIn') becomeReady(session);
    });
    let list: LiveList | undefined;
    let isStale = false;
    const begun: Promise<unknown>[] = [];
    const isMine = (): boolean => starting?.controller === controller;
    const attempt: Attempt = {
      hash,
      isPersonHere,
      calls,
      mayAsk: () => calls.hasDesk() || (isPersonHere && isMine()),
      toolsChanged: () => {
        isStale = true;
        list?.changed();
      },
      began: (part) => void begun.push(part),
    };
    const open = async (): Promise<Opened> => {
      // The one before may hold what this one needs: a port, a lock.
      await Promise.all([...closing]);
      signal.throwIfAborted();
      return ports.open(attempt, signal);
    };
    const work = open();
    // What is ready only after it was stopped must not go on.
    const late = work.then(({ connection }) => (signal.aborted ? connection.close() : undefined));
    const settled = (): Promise<unknown> => Promise.allSettled([late, ...begun]);
    late.catch(() => undefined);

    const ready = ({ connection, live, isProcess }: Opened): Session => {
      if (!isMine()) {
        awaitEnd(connection.close());
        signal.throwIfAborted();
        throw new McpError(`The MCP server ${name} was stopped.`);
      }
      const { onChange } = ports;
      list = createLiveList({ name, connection, first: live, setTimer, log, onChange });
      const mine: Session = { hash, connection, calls, list };
      session = mine;
      lastList = { hash, list };
      starting = undefined;
      failure = undefined;
      readyAt = now();
      if (isProcess) watchIdle(mine);
      becomeReady(mine);
      if (isStale) list.changed();
      connection.closed.then(
        (why) => ended(mine, why),
        (error: unknown) => ended(mine, reasonOf(error)),
      );
      return mine;
    };
    const notReady = (error: unknown): never => {
      calls.end(`The MCP server ${name} was not started.`);
      if (!isMine()) throw error;
      starting = undefined;
      // It may have been given up before it came to its end.
      awaitEnd(settled());
      const known =
        error instanceof McpError
          ? error
          : new McpError(`The MCP server ${name} could not be started: ${reasonOf(error)}`);
      if (known instanceof McpSignInError) {
        failure = { at: now(), error: known };
        become({ kind: 'signIn' }, known.message, 'warning');
      } else if (isAgain) startAgain(hash, known.message);
      else failed(known);
      throw known;
    };
    const promise = unlessAborted(work, signal).then(ready, notReady);
    promise.catch(() => undefined);
    starting = { hash, isPersonHere, controller, promise, settled };
    become({ kind: 'starting' }, 'The server is being started.');
    return promise;
  };

  const join = (promise: Promise<Session>, signal: AbortSignal | undefined): Promise<Session> =>
    withLimit(
      setTimer,
      runTimes.wait,
      `The MCP server ${name} is still being started. Look at it in the view “MCP Servers”, or try again later.`,
      signal,
      () => promise,
    );

  /** What belongs to another configuration ends first. */
  const onlyOf = async (hash: string): Promise<void> => {
    const present = session ?? starting ?? again;
    if (present !== undefined && present.hash !== hash) {
      await stop('was stopped: its configuration has changed');
    }
  };

  return {
    state: () => state,
    session: () => session,
    hash: () => (session ?? starting ?? again)?.hash,
    live: (hash) => (lastList?.hash === hash ? lastList.list.definitions() : undefined),
    ensure: async (hash, signal) => {
      usedAt = now();
      await onlyOf(hash);
      signal?.throwIfAborted();
      if (session !== undefined) return session;
      const waiting = starting ?? again;
      if (waiting !== undefined) return join(waiting.promise, signal);
      if (failure !== undefined && now() - failure.at < runTimes.pause) throw failure.error;
      return join(begin(hash, false), signal);
    },
    start: async (hash, signal) => {
      await onlyOf(hash);
      signal?.throwIfAborted();
      isStoppedByPerson = false;
      // One that begins without a person may fail for want of one.
      if (starting !== undefined && !starting.isPersonHere) {
        const before = stops;
        await join(starting.promise, signal).catch((error: unknown) => {
          signal?.throwIfAborted();
          // Whoever stopped it did so after this was asked for.
          if (stops !== before) throw error;
        });
      }
      if (session !== undefined && session.hash === hash) return session;
      if (starting?.hash === hash) return unlessAborted(starting.promise, signal);
      again?.cancel(new McpError(`The MCP server ${name} is started by a person.`));
      again = undefined;
      restarts.clear();
      const promise = begin(hash, true);
      const attempt = starting;
      const cancel = (): void => {
        if (starting === attempt) void stop('was stopped: its start was cancelled', true);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        return await unlessAborted(promise, signal);
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },
    mayBegin: () =>
      (session ?? starting ?? again) === undefined &&
      !isStoppedByPerson &&
      (failure === undefined || now() - failure.at >= runTimes.quiet),
    used: () => {
      usedAt = now();
    },
    stop,
  };
};
