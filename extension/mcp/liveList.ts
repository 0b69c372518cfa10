/** What a server that runs offers now, listed again when it says that it has changed. */
import type { SetTimer } from '../core/approvals.ts';
import { McpError, type McpLogLevel } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpDefinitions } from '../shared/mcp.ts';
import { tidyDefinitions } from './changes.ts';
import type { McpConnection } from './types.ts';
import { withLimit } from './waits.ts';

export const listTimes = {
  /** Milliseconds for all pages. */
  list: 40_000,
} as const;

export interface LiveList {
  /** As it was listed last. */
  definitions(): McpDefinitions;
  /** Nothing has told since that it is otherwise. */
  isFresh(): boolean;
  /** The server says so: it is asked at once. */
  changed(): void;
  /** Asks again where it is not fresh. @throws McpError, the signal's reason */
  refresh(signal: AbortSignal): Promise<void>;
  /** The connection has ended: what was listed last stays, and is never fresh again. */
  end(): void;
}

export const createLiveList = (ports: {
  readonly name: string;
  readonly connection: Pick<McpConnection, 'listTools' | 'facts'>;
  readonly first: McpDefinitions;
  readonly setTimer: SetTimer;
  log(level: McpLogLevel, text: string): void;
  onChange(): void;
}): LiveList => {
  const { name, connection, setTimer, log } = ports;
  const { instructions } = connection.facts;
  const ended = new AbortController();
  let definitions = ports.first;
  let isFresh = true;
  let running: Promise<void> | undefined;

  const listed = async (signal: AbortSignal): Promise<McpDefinitions> => {
    const tools = await connection.listTools(signal);
    return tidyDefinitions({ ...(instructions === undefined ? {} : { instructions }), tools });
  };

  const relist = async (): Promise<void> => {
    const words = `The MCP server ${name} did not list its tools in time, after it said that they have changed. They cannot be used until it does: restart it.`;
    // It may change again while it is asked.
    while (!isFresh) {
      isFresh = true;
      try {
        definitions = await withLimit(setTimer, listTimes.list, words, ended.signal, listed);
      } catch (error) {
        isFresh = false;
        throw error;
      }
    }
    log('info', 'The server listed its tools again.');
    ports.onChange();
  };

  const begin = (): Promise<void> => {
    ended.signal.throwIfAborted();
    const work = relist().finally(() => {
      running = undefined;
    });
    running = work;
    // It changed again between its answer and now.
    work.then(
      () => isFresh || changed(),
      () => undefined,
    );
    return work;
  };
  const changed = (): void => {
    if (ended.signal.aborted) return;
    isFresh = false;
    if (running !== undefined) return;
    begin().catch((error: unknown) => {
      if (ended.signal.aborted) return;
      log('error', `Its tools could not be listed again: ${reasonOf(error)}`);
      ports.onChange();
    });
  };

  return {
    definitions: () => definitions,
    // While it is being listed nobody knows.
    isFresh: () => isFresh && running === undefined,
    changed,
    refresh: async (signal) => {
      if (isFresh && running === undefined) return;
      await withLimit(
        setTimer,
        listTimes.list,
        `The MCP server ${name} goes on changing its tools: they cannot be used meanwhile.`,
        signal,
        () => running ?? begin(),
      );
    },
    end: () => {
      isFresh = false;
      ended.abort(new McpError(`The MCP server ${name} has ended.`));
    },
  };
};
