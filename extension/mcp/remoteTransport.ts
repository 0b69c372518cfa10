/** Transports to remote servers, and the network requests they make. */
import {
  type AuthProvider,
  type FetchLike,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';

/** Bytes of one answer, or of one event of a stream: a few of the largest parts that are taken. */
const bodyLimit = 64_000_000;

export interface RemotePorts {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth?: AuthProvider;
  readonly fetch: FetchLike;
}

export interface Remote {
  readonly transport: StreamableHTTPClientTransport | SSEClientTransport;
  /** The last answer 403 named a way to sign in. */
  readonly isChallenged: () => boolean;
  /** Ends the session at the server, where there is one. */
  readonly endSession: () => Promise<void>;
}

/** What is no escape stands for itself. */
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const parseUrl = (name: string, text: string): { url: URL; basic?: string } => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new McpError(`The address of the MCP server ${name} is no http or https address. Correct it.`);
  }
  if (url.username === '' && url.password === '') return { url };
  const basic = Buffer.from(`${unescaped(url.username)}:${unescaped(url.password)}`).toString('base64');
  url.username = '';
  url.password = '';
  return { url, basic: `Basic ${basic}` };
};

/** The same place, or the same host now behind TLS. */
const isWithin = (from: URL, to: URL): boolean =>
  to.origin === from.origin ||
  (from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.hostname === to.hostname &&
    !from.port &&
    !to.port);

/** @param isAtLine what came before ended with a line @returns where the last event ends; -1: none does */
const blankLine = (bytes: Buffer, isAtLine: boolean): number =>
  Math.max(
    bytes.lastIndexOf('\n\n'),
    bytes.lastIndexOf('\n\r\n'),
    isAtLine && /^\r?\n/.test(bytes.toString('latin1', 0, 2)) ? 0 : -1,
  );

/** Fails where an answer, or one event of a stream, is longer than it may be. */
const bounded = (response: Response): Response => {
  if (response.body === null) return response;
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  let since = 0;
  let isAtLine = false;
  const limiter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const end = isStream ? blankLine(bytes, isAtLine) : -1;
      isAtLine = bytes.at(-1) === 10;
      since = end === -1 ? since + chunk.byteLength : chunk.byteLength - end;
      if (since > bodyLimit) controller.error(new McpError('The answer of the server is longer than 64 MB.'));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  const made = new Response(response.body.pipeThrough(limiter), { status, statusText, headers });
  Object.defineProperty(made, 'url', { value: response.url });
  return made;
};

const createFetch = (ports: RemotePorts, url: URL, basic: string | undefined) => {
  let isChallenged = false;
  const configured = Object.entries({
    ...(basic === undefined ? {} : { Authorization: basic }),
    ...ports.headers,
  });
  const request: FetchLike = async (target, init) => {
    const headers = new Headers(init?.headers);
    // They are for this server and for nobody it may send us to: not for another origin.
    if (isWithin(url, new URL(target))) {
      for (const [name, value] of configured) if (!headers.has(name)) headers.set(name, value);
    }
    const response = await ports.fetch(target, { ...init, headers });
    if (response.status >= 400)
      isChallenged = response.status === 403 && response.headers.has('www-authenticate');
    return bounded(response);
  };
  return { request, isChallenged: () => isChallenged };
};

/** @throws McpError for an address that is none */
export const createRemote = (kind: 'http' | 'sse', ports: RemotePorts): Remote => {
  const { url, basic } = parseUrl(ports.name, ports.url);
  const { request, isChallenged } = createFetch(ports, url, basic);
  const options = { fetch: request, ...(ports.auth === undefined ? {} : { authProvider: ports.auth }) };
  if (kind === 'sse') {
    return {
      transport: new SSEClientTransport(url, options),
      isChallenged,
      endSession: async () => undefined,
    };
  }
  const transport = new StreamableHTTPClientTransport(url, options);
  return { transport, isChallenged, endSession: () => transport.terminateSession() };
};
