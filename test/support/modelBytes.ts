import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ScriptedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each is one write, split wherever the test wants it; an async iterable also says when. */
  readonly chunks?: readonly (Uint8Array | string)[] | AsyncIterable<Uint8Array | string>;
  /** Between two writes, so that they arrive as two reads. */
  readonly gapMs?: number;
  /** `end` in good order; `destroy` the socket in mid-air; `hang` until the client goes. */
  readonly ending?: 'end' | 'destroy' | 'hang';
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Which connection it came on, counted from 0. */
  readonly connection: number;
  /** Milliseconds on the monotonic clock: when its last byte came, and when the last byte of the reply was written. */
  readonly arrivedAt: number;
  repliedAt: number;
  /** Resolves when the reply is over: true when the client closed it before its end. */
  readonly aborted: Promise<boolean>;
}

/** A model server of raw bytes: plays scripted responses in order and records what was asked. */
export class ModelBytes implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly #server: http.Server;
  readonly #script: ScriptedResponse[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(server: http.Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#sockets.push(socket.setNoDelay(true)));
    server.on('request', (request, response) => void this.#play(request, response));
  }

  static async start(): Promise<ModelBytes> {
    const server = http.createServer({ keepAliveTimeout: 60_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ModelBytes(server);
  }

  get url(): string {
    // A listening TCP server's address is never a string or null.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reply(...responses: readonly ScriptedResponse[]): this {
    this.#script.push(...responses);
    return this;
  }

  /** Body of a request, parsed. */
  sent(index: number): unknown {
    const body = this.requests.at(index)?.body;
    return body === undefined || body === '' ? undefined : JSON.parse(body);
  }

  async #play(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { promise: aborted, resolve } = Promise.withResolvers<boolean>();
    response.on('close', () => resolve(!response.writableFinished));
    const record: RecordedRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts).toString('utf8'),
      connection: this.#sockets.indexOf(request.socket),
      arrivedAt: performance.now(),
      repliedAt: 0,
      aborted,
    };
    this.requests.push(record);
    const script = this.#script.shift() ?? { status: 500, chunks: ['no response was scripted'] };
    const { status = 200, chunks = [], gapMs = 0, ending = 'end' } = script;
    response.writeHead(status, { 'content-type': 'text/event-stream', ...script.headers });
    response.flushHeaders();
    let isFirst = true;
    for await (const chunk of chunks) {
      if (!isFirst && gapMs > 0) await sleep(gapMs);
      isFirst = false;
      if (response.destroyed) return;
      response.write(chunk);
    }
    if (gapMs > 0 || ending === 'destroy') await sleep(gapMs || 20);
    record.repliedAt = performance.now();
    if (ending === 'end') response.end();
    else if (ending === 'destroy') request.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
