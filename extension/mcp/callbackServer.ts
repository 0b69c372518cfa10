/** Waits on loopback for the one answer with which the browser comes back from a sign-in. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { McpError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';

export interface CallbackServer {
  readonly port: number;
  /** `http://127.0.0.1:port/path`. A browser may reach it at another address. */
  readonly url: string;
  /** Everything the answer says; its state is the right one. @throws the signal's reason, McpError at the deadline */
  readonly answer: Promise<URLSearchParams>;
  close(): Promise<void>;
}

export interface CallbackRequest {
  /** Begins with `/`. */
  readonly path: string;
  readonly state: string;
  /** Tried first; another one where it is taken. Absent: a random one. */
  readonly port?: number;
  /** Milliseconds. */
  readonly timeout: number;
}

const host = '127.0.0.1';

const page = (title: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><p>${text}</p></html>\n`;
const donePage = page('AnyCowork', 'You can close this window and go back to the editor.');
const wrongPage = page('AnyCowork', 'This is not the answer AnyCowork waits for.');

const send = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(text);
};

const isSame = (given: string, expected: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
};

/** @returns what the answer says; undefined: it is none */
const answerIn = (
  request: IncomingMessage,
  { path, state }: CallbackRequest,
): URLSearchParams | undefined => {
  const url = URL.parse(request.url ?? '', `http://${host}`);
  if (request.method !== 'GET' || url === null || url.pathname !== path) return undefined;
  const given = url.searchParams;
  const names = ['state', 'code', 'error', 'iss'];
  if (names.some((name) => given.getAll(name).length > 1)) return undefined;
  if (!isSame(given.get('state') ?? '', state)) return undefined;
  return given.has('code') || given.has('error') ? given : undefined;
};

/** @throws McpError where nothing can be listened to, the signal's reason */
export const startCallbackServer = async (
  request: CallbackRequest,
  signal: AbortSignal,
): Promise<CallbackServer> => {
  signal.throwIfAborted();
  const { promise: answer, resolve, reject } = Promise.withResolvers<URLSearchParams>();
  // Whoever gives up before it is waited for has been told otherwise.
  answer.catch(() => undefined);

  let isAnswered = false;
  const server = createServer((incoming, response) => {
    incoming.resume();
    const found = isAnswered ? undefined : answerIn(incoming, request);
    if (found === undefined) {
      send(response, 400, wrongPage);
      return;
    }
    isAnswered = true;
    response.on('close', () => {
      void close();
      resolve(found);
    });
    send(response, 200, donePage);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;

  const listen = (port: number): Promise<number> =>
    new Promise((done, failed) => {
      server.once('error', failed);
      server.listen({ host, port }, () => {
        server.off('error', failed);
        const address = server.address();
        done(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  const onAbort = (): void => {
    reject(signal.reason);
    void close();
  };
  let timer: NodeJS.Timeout | undefined;
  const close = (): Promise<void> =>
    new Promise((done) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (server.listening) server.close(() => done());
      else done();
      server.closeAllConnections();
    });

  let port: number;
  try {
    port = await listen(request.port ?? 0).catch((error: unknown) => {
      if (request.port === undefined) throw error;
      return listen(0);
    });
  } catch (error) {
    throw new McpError(
      `The answer of a sign-in cannot be waited for on this computer: ${reasonOf(error)}. Nothing was changed.`,
    );
  }
  server.on('error', () => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  timer = setTimeout(() => {
    const minutes = Math.max(1, Math.round(request.timeout / 60_000));
    reject(
      new McpError(
        `Nobody has finished the sign-in in the browser within ${minutes} min. Nothing was changed; sign in again when you are ready.`,
      ),
    );
    void close();
  }, request.timeout);
  if (signal.aborted) onAbort();
  return { port, url: `http://${host}:${port}${request.path}`, answer, close };
};
