/** A web server of a test, and the requests it got. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export interface WebRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of JSON bodies. */
  readonly body: {
    readonly id?: string | number;
    readonly method?: string;
    readonly params?: Record<string, unknown>;
  };
}

export interface Web {
  readonly url: string;
  readonly requests: WebRequest[];
  /** Those with a method of the protocol. */
  of(method: string): readonly WebRequest[];
  close(): Promise<void>;
}

export const startWeb = async (
  answer: (request: WebRequest, response: ServerResponse) => void,
): Promise<Web> => {
  const requests: WebRequest[] = [];
  const server = createServer((incoming, response) => {
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => {
      text += chunk;
    });
    incoming.on('end', () => {
      const request: WebRequest = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: text === '' ? {} : JSON.parse(text),
      };
      requests.push(request);
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    of: (method) => requests.filter(({ body }) => body.method === method),
    close: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export const json = (
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
};

/** An answer of the protocol. */
export const result = (
  request: WebRequest,
  response: ServerResponse,
  value: object,
  headers: Record<string, string> = {},
): void => json(response, 200, { jsonrpc: '2.0', id: request.body.id, result: value }, headers);

/** `initialize` and what comes with it, by a server of 2025 that knows nothing newer. @returns whether that was it */
export const handshake = (
  request: WebRequest,
  response: ServerResponse,
  session?: string,
  capabilities: object = { tools: {} },
): boolean => {
  if (request.method === 'GET') {
    response.writeHead(405).end();
    return true;
  }
  if (request.method === 'DELETE') {
    response.writeHead(200).end();
    return true;
  }
  switch (request.body.method) {
    case 'server/discover':
      json(response, 400, {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32_000, message: 'Bad Request: no session' },
      });
      return true;
    case 'initialize': {
      const serverInfo = { name: 'web', version: '1' };
      const headers: Record<string, string> = session === undefined ? {} : { 'mcp-session-id': session };
      result(request, response, { protocolVersion: '2025-11-25', capabilities, serverInfo }, headers);
      return true;
    }
    case 'notifications/initialized':
    case 'notifications/cancelled':
      response.writeHead(202).end();
      return true;
    default:
      return false;
  }
};
