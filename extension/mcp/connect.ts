/** Connects to servers: over which transport and by which protocol, one after the other where it has to be. */
import { type FetchLike, ProtocolError, SdkError, SdkErrorCode } from '@modelcontextprotocol/client';
import { McpError, McpSignInError } from '../core/mcp.ts';
import { httpStatus } from './connectionErrors.ts';
import { type OpenPorts, openConnection } from './connectionOpen.ts';
import { type Attempt, attemptsFor } from './eras.ts';
import { type McpConnect, type McpTimes, mcpTimes } from './types.ts';

export type { ProcessTransport, StdioServer } from './connectionOpen.ts';

export interface McpConnectPorts extends Omit<OpenPorts, 'fetch' | 'times'> {
  /** With the proxies of the editor; the runtime's own where it is absent. */
  readonly fetch?: FetchLike;
  readonly times?: McpTimes;
}

/** These say nothing of how a server wants to be spoken to. */
const otherwise = new Set([401, 403, 407, 408, 429]);
const isRefused = (error: unknown): boolean => {
  const status = httpStatus(error);
  return status !== undefined && status >= 400 && status < 500 && !otherwise.has(status);
};

/** Whether the way `to` can do what `from` could not. */
const isWorthIt = (error: unknown, from: Attempt, to: Attempt): boolean => {
  if (to.kind === 'sse') return isRefused(error);
  if (from.mode === 'legacy') return error instanceof ProtocolError || isRefused(error);
  // The process has ended on a question of the newer protocol.
  return error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
};

export const createMcpConnect = (given: McpConnectPorts): McpConnect => {
  const ports: OpenPorts = {
    ...given,
    fetch: given.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    times: given.times ?? mcpTimes,
  };
  return async (request, signal) => {
    let first: McpError | undefined;
    let last: { readonly error: unknown; readonly attempt: Attempt } | undefined;
    for (const attempt of attemptsFor(request, ports.now())) {
      signal.throwIfAborted();
      if (last !== undefined && !isWorthIt(last.error, last.attempt, attempt)) continue;
      const opened = await openConnection(ports, request, attempt, signal);
      if ('connection' in opened) return opened.connection;
      const { error, problem } = opened;
      if (problem instanceof McpSignInError) throw problem;
      // That of the way that was configured; an older one that fails too says less.
      if (first === undefined || attempt.kind !== 'sse') first = problem;
      last = { error, attempt };
    }
    throw first ?? new McpError(`The MCP server ${request.name} could not be reached.`);
  };
};
