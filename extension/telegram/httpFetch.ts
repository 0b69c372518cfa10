/**
 * What grammY needs of `fetch`, over Node's http and https. Those are what VS Code lends its proxy settings and
 * certificates to, and they are looked up at each call, for it puts its own in their place. grammY's own `fetch` knows
 * signals by the name of their class, which is another one in a minified build.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';

/** More than a hundred updates of the longest kind. Bytes. */
const answerLimit = 32 * 1024 * 1024;
/** An idle connection is not used again after this long: the other side may just be closing it. Milliseconds. */
const idleMs = 10_000;

interface Signal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  readonly signal?: Signal;
}

export interface HttpAnswer {
  readonly status: number;
  /** @throws when something between here and there has answered in its place */
  json(): Promise<unknown>;
}

export interface HttpFetch {
  /** @throws an error with the system's `code` and without the address */
  fetch(url: string | URL, request?: HttpRequest): Promise<HttpAnswer>;
  /** What is under way goes on; nothing that is open is used again. */
  retire(): void;
  /** Ends everything. */
  destroy(): void;
}

const failed = (error: Error): Error => {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  // With several addresses the reason is empty.
  return Object.assign(new Error(`The request failed, reason: ${error.message}`), code);
};

const readAnswer = async (response: IncomingMessage): Promise<HttpAnswer> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    parts.push(Buffer.from(part));
    length += parts.at(-1)?.length ?? 0;
    if (length > answerLimit) throw new Error('The answer is too long.');
  }
  const status = response.statusCode ?? 0;
  return {
    status,
    json: async () => {
      try {
        return JSON.parse(Buffer.concat(parts).toString('utf8'));
      } catch {
        throw new Error(`The answer is not Telegram’s (${status}).`);
      }
    },
  };
};

export const createHttpFetch = (root: string): HttpFetch => {
  const isHttps = root.startsWith('https:');
  const agent = new (isHttps ? https : http).Agent({ keepAlive: true, timeout: idleMs });

  return {
    fetch: (url, { method = 'GET', headers = {}, body, signal } = {}) =>
      new Promise((resolve, reject) => {
        const request = (isHttps ? https : http).request(url, { method, headers, agent });
        const abort = (): void => {
          request.destroy(new Error('It was given up.'));
        };
        const end = (): void => signal?.removeEventListener('abort', abort);
        const fail = (error: Error): void => {
          end();
          reject(failed(error));
        };
        request.on('error', fail);
        request.on('response', (response) => {
          readAnswer(response).then((answer) => {
            end();
            resolve(answer);
          }, fail);
        });
        if (signal?.aborted === true) {
          abort();
          return;
        }
        signal?.addEventListener('abort', abort);
        if (body === undefined || typeof body === 'string') request.end(body);
        // How it ended the request tells itself.
        else pipeline(body, request, () => undefined);
      }),
    retire: () => {
      Object.assign(agent, { keepAlive: false });
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
    destroy: () => agent.destroy(),
  };
};
