/** One way to connect to a server, and what comes of it. */
import {
  Client,
  type FetchLike,
  SdkError,
  SdkErrorCode,
  SseError,
  type Transport,
} from '@modelcontextprotocol/client';
import { settleAfterAbort } from '../core/abort.ts';
import { McpError, type McpLogLevel, type ResolvedTransport } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { createConnection } from './connection.ts';
import { createAsker } from './connectionAsk.ts';
import { createClocks } from './connectionCalls.ts';
import { followChanges } from './connectionChanges.ts';
import {
  createErrorWords,
  type ErrorWords,
  httpStatus,
  mcpErrorIn,
  networkProblem,
} from './connectionErrors.ts';
import { createLineLimit, type Log } from './connectionLog.ts';
import { createWire } from './connectionWire.ts';
import { type Attempt, probeLimit } from './eras.ts';
import { plainWords } from './plainWords.ts';
import { createRemote, type Remote } from './remoteTransport.ts';
import type { McpConnection, McpConnectRequest, McpServerFacts, McpTimes } from './types.ts';

export type StdioServer = Extract<ResolvedTransport, { type: 'stdio' }>;

/** A process that speaks MCP. `ended`: how it ended, in a sentence; empty after `close`. */
export type ProcessTransport = Transport & { readonly ended: Promise<string> };

export interface OpenPorts {
  readonly startProcess: (
    server: StdioServer,
    log: (level: McpLogLevel, text: string) => void,
  ) => ProcessTransport;
  readonly fetch: FetchLike;
  readonly times: McpTimes;
  readonly clientInfo: { readonly name: string; readonly version: string };
  readonly now: () => number;
}

export type Opened =
  | { readonly connection: McpConnection }
  /** Nothing is left running. `problem`: in words; `error`: as it was thrown. */
  | { readonly error: unknown; readonly problem: McpError };

/** All of `close`, in milliseconds; the session at a server gets the first part of it. */
const closeLimit = 2_900;
const sessionLimit = 1_000;
/** How long the reason of an end that is known already is waited for. */
const endLimit = 1_000;
/** So the SDK says it; an answer was faster. */
const lateProgress = 'Received a progress notification for an unknown token';
const instructionsLimit = 100_000;

/** @returns its value where it came in time; never rejects */
const within = async <T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  try {
    return await Promise.race([work.catch(() => undefined), promise]);
  } finally {
    clearTimeout(timer);
  }
};

interface Link {
  readonly transport: Transport;
  readonly ended?: Promise<string>;
  readonly remote?: Remote;
}

const linkFor = (ports: OpenPorts, request: McpConnectRequest, kind: Attempt['kind']): Link => {
  const { transport: server, name, auth, handlers } = request;
  if (server.type === 'stdio') {
    const transport = ports.startProcess(server, (level, text) => handlers.log(level, text));
    return { transport, ended: transport.ended };
  }
  const { url, headers } = server;
  const remote = createRemote(kind === 'sse' ? 'sse' : 'http', {
    name,
    url,
    headers,
    fetch: ports.fetch,
    ...(auth === undefined ? {} : { auth }),
  });
  return { transport: remote.transport, remote };
};

const createClient = (ports: OpenPorts, request: McpConnectRequest, attempt: Attempt): Client =>
  new Client(ports.clientInfo, {
    capabilities: {
      roots: { listChanged: true },
      elicitation: { form: {}, url: {} },
      ...(request.handlers.sample === undefined ? {} : { sampling: {} }),
    },
    versionNegotiation:
      attempt.mode === 'legacy'
        ? { mode: 'legacy' }
        : {
            mode: 'auto',
            probe:
              attempt.kind === 'stdio' ? { timeoutMs: Math.min(probeLimit, ports.times.connect / 2) } : {},
          },
  });

const factsOf = (client: Client): McpServerFacts => {
  const has = client.getServerCapabilities() ?? {};
  const instructions = client.getInstructions();
  return {
    protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
    era: client.getProtocolEra() ?? 'legacy',
    ...(instructions === undefined || instructions === ''
      ? {}
      : { instructions: instructions.slice(0, instructionsLimit) }),
    has: {
      tools: has.tools !== undefined,
      resources: has.resources !== undefined,
      prompts: has.prompts !== undefined,
      completions: has.completions !== undefined,
    },
  };
};

const endsConnection = new Set<unknown>([
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.NotConnected,
  SdkErrorCode.EraNegotiationFailed,
]);

/** @throws the signal's reason when it aborts; nothing else but for an address that is none */
export const openConnection = async (
  ports: OpenPorts,
  request: McpConnectRequest,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<Opened> => {
  const { name, handlers } = request;
  const { times } = ports;
  const log: Log = createLineLimit((level, text) => handlers.log(level, text), ports.now);
  const link = linkFor(ports, request, attempt.kind);
  const { remote } = link;
  const client = createClient(ports, request, attempt);
  const life = new AbortController();
  const clocks = createClocks();
  const { promise: closed, resolve: tellClosed } = Promise.withResolvers<string>();
  let isReady = false;

  let closing: Promise<void> | undefined;
  /** @param why for a person; empty where it was asked for */
  const end = (why: string): Promise<void> => {
    closing ??= (async () => {
      tellClosed(why);
      life.abort();
      const work = async (): Promise<void> => {
        if (isReady && why === '' && remote !== undefined) await within(remote.endSession(), sessionLimit);
        await client.close();
        // Where the client has not taken it over yet.
        await link.transport.close();
      };
      await within(work(), closeLimit);
    })();
    return closing;
  };

  const hasSession = (): boolean => link.transport.sessionId !== undefined;
  const errorOf: ErrorWords = createErrorWords({
    server: name,
    hasSession,
    isChallenged: () => remote?.isChallenged() ?? false,
    ...(request.auth === undefined
      ? {}
      : { stepUp: (challenge) => request.auth?.stepUp(challenge) ?? new McpError('') }),
  });

  const wire = createWire({
    transport: link.transport,
    isStdio: attempt.kind === 'stdio',
    now: ports.now,
    isModern: () => client.getProtocolEra() === 'modern',
    log: (text) => log('warning', text),
    onSendFailed: (error) => {
      if (!isReady) return;
      const isForgotten = httpStatus(error) === 404 && hasSession();
      const network = isForgotten ? undefined : networkProblem(error);
      if (isForgotten) void end(`The MCP server ${name} has forgotten the session.`);
      else if (network !== undefined) void end(`The MCP server ${name} cannot be reached: ${network}.`);
    },
  });
  client.onerror = (error) => {
    if (closing !== undefined || error.message.startsWith(lateProgress)) return;
    log('debug', plainWords(reasonOf(error)));
    // The SDK would connect anew by itself, to a server that then knows nothing of us.
    if (isReady && error instanceof SseError) void end(`The connection to the MCP server ${name} was cut.`);
  };
  client.onclose = () => {
    life.abort();
    void (link.ended === undefined ? Promise.resolve('') : within(link.ended, endLimit)).then((sentence) =>
      end(
        sentence === undefined || sentence === ''
          ? `The MCP server ${name} has ended the connection.`
          : sentence,
      ),
    );
  };
  const asker = createAsker({ name, client, handlers, log, onAsking: clocks.asking, signal: life.signal });
  const listen = followChanges({
    client,
    tell: (what) => handlers.listChanged(what),
    log: (text) => log('debug', text),
    signal: life.signal,
  });

  const limited = AbortSignal.any([signal, AbortSignal.timeout(times.connect)]);
  try {
    const connecting = client.connect(wire, { timeout: times.connect, signal: limited });
    await settleAfterAbort(connecting, limited, 0);
    limited.throwIfAborted();
  } catch (error) {
    const isCut = error instanceof SdkError && endsConnection.has(error.code);
    const sentence = isCut && link.ended !== undefined ? await within(link.ended, endLimit) : '';
    const isLate = limited.aborted;
    await end('');
    signal.throwIfAborted();
    const what = { what: 'connecting', limit: times.connect };
    if (isLate) return { error, problem: errorOf(new SdkError(SdkErrorCode.RequestTimeout, ''), what) };
    // A process can end before something is sent to it, or after: the same is said of both.
    const why = sentence || (link.ended === undefined ? undefined : mcpErrorIn(error)?.message);
    if (why === undefined || why === '') return { error, problem: errorOf(error, what) };
    return { error, problem: new McpError(`The MCP server ${name} could not be started. ${why}`) };
  }
  isReady = true;
  const facts = factsOf(client);
  if (facts.era === 'legacy' && client.getServerCapabilities()?.logging !== undefined) {
    client
      .setLoggingLevel('info', { timeout: times.list })
      .catch((error: unknown) => log('debug', `It keeps its own log level: ${plainWords(reasonOf(error))}`));
  }
  listen();
  const connection = createConnection({
    name,
    client,
    facts,
    times,
    asker,
    log,
    clocks,
    errorOf,
    closed,
    close: () => end(''),
  });
  return { connection };
};
