/** What the parts of the MCP servers of a window share: the book of servers, their runs, and who hears of changes. */
import { McpError, type McpLog } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { createMcpInputs, type McpInputs } from './inputs.ts';
import type { McpManagerPorts } from './managerPorts.ts';
import { createOpen } from './openServer.ts';
import { createQuestions } from './questions.ts';
import {
  type Approved,
  type BookEntry,
  barWords,
  createServerBook,
  isApproved,
  type ServerBook,
} from './serverBook.ts';
import { createServerContent, type ServerContent } from './serverContent.ts';
import { createServerRun, runTimes, type ServerRun, type Session } from './serverRun.ts';
import { atMost, createGate } from './waits.ts';

/** Connections that agents' tools begin at once. */
const beginAtOnce = 4;

export interface ManagerBase {
  readonly ports: McpManagerPorts;
  readonly book: ServerBook;
  readonly inputs: McpInputs;
  readonly content: ServerContent;
  /** Redacts. */
  readonly log: McpLog;
  runOf(entry: Pick<BookEntry, 'key' | 'name'>): ServerRun;
  /** The one of that name, if it may run. @throws McpError saying what the person has to do */
  approved(name: string): Promise<Approved>;
  /** Of the one of that name, which is started where it does not run. @throws McpError, the signal's reason */
  ready(name: string, signal: AbortSignal): Promise<Session>;
  /** Not waited for; some at once, and none that has just failed or was stopped by the person. */
  beginSoon(entry: Approved): void;
  changed(): void;
  onChange(listener: () => void): () => void;
  /** Files, decisions, trust or folders are others: what may not run any more ends. */
  worldChanged(): void;
  /** Aborts when the window is being closed. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

export const createManagerBase = (ports: McpManagerPorts): ManagerBase => {
  const { configs, records, people, now, setTimer, redact, isTrusted, logError } = ports;
  const listeners = new Set<() => void>();
  const runs = new Map<string, ServerRun>();
  const gate = createGate(beginAtOnce);
  /** Servers that wait at the gate. */
  const beginning = new Set<string>();
  let version = 0;
  const closing = new AbortController();

  const changed = (): void => {
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        logError(error);
      }
    }
  };
  const assertOpen = (): void => {
    closing.signal.throwIfAborted();
  };
  const log: McpLog = { write: (server, level, text) => ports.log.write(server, level, redact(text)) };
  const book = createServerBook({ configs, records, isTrusted });
  const inputs = createMcpInputs({ secrets: ports.secrets, people });
  const content = createServerContent({ setTimer, log, onChange: changed });
  const open = createOpen({
    configs,
    book,
    records,
    inputs,
    connect: ports.connect,
    signIns: ports.signIns,
    questions: createQuestions({ people }),
    log,
    version: () => version,
    assertOpen,
    isTrusted,
    roots: ports.roots,
    now,
    setTimer,
    listChanged: content.changed,
  });

  const runOf = ({ key, name }: Pick<BookEntry, 'key' | 'name'>): ServerRun => {
    const known = runs.get(key);
    if (known !== undefined) return known;
    const run = createServerRun({
      name,
      open: async (attempt, signal) => {
        const opened = await open(name, attempt, signal);
        content.load(name, opened.connection);
        return opened;
      },
      now,
      setTimer,
      log: (level, text) => log.write(name, level, text),
      redact,
      onChange: changed,
    });
    runs.set(key, run);
    return run;
  };

  const approved = async (name: string): Promise<Approved> => {
    const entry = await book.named(name);
    assertOpen();
    if (isApproved(entry)) return entry;
    throw new McpError(barWords(name, entry.bar ?? { kind: 'unapproved', hasChanged: true }));
  };

  const reasonToEnd = (entry: BookEntry | undefined, hash: string): string | undefined => {
    if (entry === undefined)
      return 'was stopped: it is not configured any more, or another one of its name counts';
    if (entry.bar?.kind === 'disabled') return 'was stopped: it is disabled';
    if (entry.bar?.kind === 'invalid') return 'was stopped: its configuration cannot be used any more';
    if (entry.bar?.kind === 'untrusted') return 'was stopped: the workspace is not trusted';
    return entry.hash === hash && isApproved(entry)
      ? undefined
      : 'was stopped: what it starts or connects to has changed, and has to be approved again';
  };
  const endWrongOnes = async (): Promise<void> => {
    const seen = version;
    const entries = await book.read();
    // What was read is not what counts by now, such as an approval given meanwhile: it is read again.
    if (seen !== version) return;
    const counting = new Map(
      entries.filter(({ bar }) => bar?.kind !== 'shadowed').map((entry) => [entry.key, entry]),
    );
    for (const [key, run] of runs) {
      const hash = run.hash();
      const why = hash === undefined ? undefined : reasonToEnd(counting.get(key), hash);
      if (why !== undefined) void run.stop(why);
    }
  };
  let isLooking = false;
  let mustLookAgain = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    do {
      mustLookAgain = false;
      await endWrongOnes().catch((error: unknown) =>
        logError(`MCP servers could not be compared with their files: ${reasonOf(error)}`),
      );
    } while (mustLookAgain && !closing.signal.aborted);
    isLooking = false;
  };
  const worldChanged = (): void => {
    version += 1;
    if (closing.signal.aborted) return;
    mustLookAgain = true;
    void look();
    changed();
  };

  const stopWatching = [configs.onChange(worldChanged), records.onChange(worldChanged)];

  return {
    ports,
    book,
    inputs,
    content,
    log,
    runOf,
    approved,
    ready: async (name, signal) => {
      const entry = await approved(name);
      return runOf(entry).ensure(entry.hash, signal);
    },
    beginSoon: (entry) => {
      const run = runOf(entry);
      if (closing.signal.aborted || beginning.has(entry.key) || !run.mayBegin()) return;
      beginning.add(entry.key);
      void gate(async () => {
        beginning.delete(entry.key);
        // Why not is in its state and its log.
        if (!closing.signal.aborted && run.mayBegin())
          await run.ensure(entry.hash, undefined).catch(() => undefined);
      });
    },
    changed,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    worldChanged: () => {
      worldChanged();
      for (const run of runs.values()) run.session()?.connection.rootsChanged();
    },
    closing: closing.signal,
    close: async () => {
      version += 1;
      closing.abort(new McpError('The window is being closed: no MCP server is started any more.'));
      for (const stop of stopWatching) stop();
      const ends = [...runs.values()].map((run) => run.stop('was stopped: the window is being closed'));
      await atMost(setTimer, runTimes.close, Promise.all(ends));
      listeners.clear();
    },
  };
};
