/** The calls that run on one connection: for whom, and that they end when it does. */
import { type McpCaller, McpError } from '../core/mcp.ts';
import { unlessAborted } from './waits.ts';

/** Whoever opens a resource or a prompt sits at the desk. */
export const atDesk: McpCaller = { sessionId: '', isAway: false };

export interface RunningCalls {
  readonly size: number;
  /** Somebody who began one of them sits at the desk. */
  hasDesk(): boolean;
  /** The chat of the latest of those, where it works for one. */
  deskChat(): string | undefined;
  /** Aborts when the last of them has ended. */
  readonly signal: AbortSignal;
  /** Ends with an error at once when the connection does. */
  run<T>(caller: McpCaller, work: () => Promise<T>): Promise<T>;
  /** No further ones. @param why for those that run */
  end(why: string): void;
}

/** @param ended hears how each went: undefined, or what it threw */
export const createRunningCalls = (ended: (failure: unknown) => void = () => undefined): RunningCalls => {
  const callers = new Set<{ readonly caller: McpCaller }>();
  const over = new AbortController();
  let current = new AbortController();
  return {
    get size() {
      return callers.size;
    },
    hasDesk: () => [...callers].some(({ caller }) => !caller.isAway),
    deskChat: () =>
      [...callers].findLast(({ caller }) => !caller.isAway && caller.sessionId !== '')?.caller.sessionId,
    get signal() {
      return current.signal;
    },
    run: async (caller, work) => {
      over.signal.throwIfAborted();
      const entry = { caller };
      callers.add(entry);
      try {
        const result = await unlessAborted(work(), over.signal);
        ended(undefined);
        return result;
      } catch (error) {
        ended(error);
        throw error;
      } finally {
        callers.delete(entry);
        if (callers.size === 0) {
          current.abort(new McpError('The call that this belongs to has ended.'));
          current = new AbortController();
        }
      }
    },
    end: (why) => over.abort(new McpError(why)),
  };
};
