/** One request of a connection: its time, its cancellation, and what its failure means. */
import type { Client, Progress, RequestOptions } from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';
import { type Clocks, createCallClock } from './connectionCalls.ts';
import type { Doing, ErrorWords } from './connectionErrors.ts';
import { type PayloadKind, type Payloads, payloadOf } from './connectionMend.ts';

export interface RequestPorts {
  readonly client: Client;
  readonly clocks: Clocks;
  readonly closed: Promise<string>;
  readonly errorOf: ErrorWords;
}

/** So long is waited for the reason of an end that is known already. */
const reasonLimit = 500;
/** The SDK's own timer must not be faster than ours. */
const noLimit = 2_000_000_000;

/** @param options go to the SDK with the request */
export type Send = (options: RequestOptions) => Promise<unknown>;

/** @throws McpError, McpSignInError, the signal's reason */
export type Ask = <K extends PayloadKind>(
  kind: K,
  doing: Doing,
  signal: AbortSignal,
  send: Send,
  more?: { readonly total?: number; readonly onProgress?: (progress: Progress) => void },
) => Promise<Payloads[K]>;

export const createAsk = (ports: RequestPorts): Ask => {
  const { client } = ports;

  const fail = async (error: unknown, doing: Doing, signal: AbortSignal): Promise<never> => {
    signal.throwIfAborted();
    const failure = ports.errorOf(error, doing);
    if (client.transport === undefined) {
      const late = new Promise<string>((resolve) => setTimeout(resolve, reasonLimit, ''));
      const why = await Promise.race([ports.closed, late]);
      signal.throwIfAborted();
      if (why !== '') throw new McpError(`${why} (${doing.what})`);
    }
    throw failure;
  };

  return async (kind, doing, signal, send, more = {}) => {
    signal.throwIfAborted();
    const ended = new AbortController();
    let { limit } = doing;
    const clock = createCallClock(limit, more.total ?? limit, (which) => {
      limit = which;
      ended.abort('no answer within the time that is allowed');
    });
    ports.clocks.add(clock);
    // The reason goes to the server with the cancellation: nothing of ours is in it.
    const onAbort = (): void => ended.abort('the call was cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const result = await send({
        signal: ended.signal,
        timeout: noLimit,
        onprogress: (progress) => {
          clock.touch();
          more.onProgress?.(progress);
        },
      });
      signal.throwIfAborted();
      return payloadOf(result, kind);
    } catch (error) {
      return await fail(error, { ...doing, limit }, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      clock.stop();
      ports.clocks.delete(clock);
    }
  };
};
