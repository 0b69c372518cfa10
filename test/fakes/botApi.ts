/**
 * A Telegram Bot API on loopback: long polls, offsets, conflicts, what it refuses, and whatever a network does. Tests
 * talk to it as people on their phones do; programs under test reach it over HTTP, from any process.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type FakePayload, parseBotApiBody } from './botApiBody.ts';
import { createFakeBot } from './botApiBot.ts';
import { BotApiError, numberOf } from './botApiMessages.ts';
import type { FakeBotApi, FakeCall, FakeFailure } from './botApiTypes.ts';

export type { FakeBot, FakeBotApi, FakeSent } from './botApiTypes.ts';

type Options = { readonly token: string } | { readonly tokens: readonly [string, ...string[]] };

const conflict: FakeFailure = {
  status: 409,
  description:
    'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
};

export const startFakeBotApi = async (options: Options): Promise<FakeBotApi> => {
  const tokens = 'tokens' in options ? options.tokens : ([options.token] as const);
  const bots = new Map(tokens.map((token) => [token, createFakeBot(token)]));
  const first = botOf(tokens[0]);
  const calls: FakeCall[] = [];
  const failures: { method: string; failure: FakeFailure; left: number }[] = [];
  const hangs = new Set<{ method: string; after?: 'accepted'; held: Set<ServerResponse> }>();
  const sockets = new Set<Socket>();
  const listeners = new Set<() => void>();
  let isCut = false;
  let reconnection: NodeJS.Timeout | undefined;

  function botOf(token: string) {
    const found = bots.get(token);
    if (found === undefined) throw new Error('There is no bot with this token');
    return found;
  }

  const tellListeners = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const takeFailure = (method: string): FakeFailure | undefined => {
    const found = failures.find((each) => each.left > 0 && (each.method === method || each.method === '*'));
    if (found !== undefined) found.left -= 1;
    return found?.failure;
  };

  const answer = (response: ServerResponse, call: FakeCall, status: number, body: object): void => {
    call.status = status;
    if (!response.destroyed) {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    }
    tellListeners();
  };

  const refuse = (response: ServerResponse, call: FakeCall, failure: FakeFailure): void => {
    const { status, retryAfter } = failure;
    if (status === undefined) {
      response.socket?.resetAndDestroy();
      tellListeners();
      return;
    }
    const description =
      failure.description ??
      (retryAfter === undefined ? 'Failed' : `Too Many Requests: retry after ${retryAfter}`);
    const parameters = retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } };
    answer(response, call, status, { ok: false, error_code: status, description, ...parameters });
  };

  const poll = (
    bot: ReturnType<typeof createFakeBot>,
    call: FakeCall,
    { fields }: FakePayload,
    response: ServerResponse,
    loss: FakeFailure | 'held' | undefined,
  ): void => {
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const finish = (body: object): void => {
      isOver = true;
      clearTimeout(timer);
      if (loss === 'held') tellListeners();
      else if (loss !== undefined) refuse(response, call, loss);
      else answer(response, call, 200, body);
    };
    const end = bot.poll(fields, {
      answer: (result) => finish({ ok: true, result }),
      conflict: () => {
        isOver = true;
        clearTimeout(timer);
        refuse(response, call, conflict);
      },
    });
    response.on('close', () => {
      isOver = true;
      clearTimeout(timer);
      end();
      tellListeners();
    });
    const giveUp = (): void => {
      end();
      if (!isOver) finish({ ok: true, result: [] });
    };
    const timeout = numberOf(fields.timeout) ?? 0;
    if (timeout === 0) giveUp();
    else if (!isOver) timer = setTimeout(giveUp, timeout * 1000);
    tellListeners();
  };

  const perform = (
    bot: ReturnType<typeof createFakeBot>,
    call: FakeCall,
    payload: FakePayload,
    response: ServerResponse,
    loss: FakeFailure | 'held' | undefined,
  ): void => {
    try {
      const result = bot.call(call.method, payload);
      if (loss === 'held') tellListeners();
      else if (loss !== undefined) refuse(response, call, loss);
      else if (result === undefined) throw new BotApiError(404, 'Not Found: method not found');
      else answer(response, call, 200, { ok: true, result });
    } catch (error) {
      if (!(error instanceof BotApiError)) throw error;
      refuse(response, call, { status: error.status, description: error.message });
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, isFile, token = '', rest = ''] =
      /^(\/file)?\/bot([^/]+)\/(?:test\/)?(.*)$/.exec(decodeURI(request.url ?? '')) ?? [];
    const payload = parseBotApiBody(await readBody(request), request.headers['content-type'] ?? '');
    const method = isFile === undefined ? (rest.split('?')[0] ?? '') : 'file';
    const call: FakeCall = { method, token, at: Date.now(), fields: payload.fields };
    calls.push(call);
    const bot = bots.get(token);
    const held = [...hangs].find((hang) => hang.method === '*' || hang.method === method);
    held?.held.add(response);
    if (held !== undefined && held.after === undefined) return tellListeners();
    const failure = takeFailure(method);
    if (failure !== undefined && failure.after === undefined) return refuse(response, call, failure);
    if (bot === undefined || bot.isRevoked()) {
      const isToken = /^\d+:/.test(token);
      return refuse(
        response,
        call,
        isToken ? { status: 401, description: 'Unauthorized' } : { status: 404, description: 'Not Found' },
      );
    }
    const loss = held === undefined ? failure : 'held';
    if (method === 'getUpdates') return poll(bot, call, payload, response, loss);
    if (method !== 'file') return perform(bot, call, payload, response, loss);
    const bytes = bot.download(rest);
    if (bytes === undefined) return refuse(response, call, { status: 404, description: 'Not Found' });
    call.status = 200;
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    response.end(bytes);
    tellListeners();
  };

  const server = createServer((request, response) => {
    // A client that goes away while it sends is no failure of the server.
    handle(request, response).catch(() => response.socket?.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (isCut) socket.resetAndDestroy();
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const stopListening = (): Promise<void> => {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of [...sockets]) socket.resetAndDestroy();
    return stopped;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  const api: FakeBotApi = {
    ...first.bot,
    url: `http://127.0.0.1:${port}`,
    bot: (token) => botOf(token).bot,
    calls: (method) => calls.filter((call) => method === undefined || call.method === method),
    failNext: (method, failure) => void failures.push({ method, failure, left: failure.count ?? 1 }),
    hang: (method, { after } = {}) => {
      const hang = { method, ...(after === undefined ? {} : { after }), held: new Set<ServerResponse>() };
      hangs.add(hang);
      return () => {
        hangs.delete(hang);
        for (const response of hang.held) response.socket?.resetAndDestroy();
      };
    },
    disconnect: async (ms, how = 'refuse') => {
      clearTimeout(reconnection);
      isCut = true;
      if (ms !== undefined) reconnection = setTimeout(() => void api.reconnect(), ms);
      if (how === 'refuse' && server.listening) await stopListening();
      else for (const socket of [...sockets]) socket.resetAndDestroy();
    },
    reconnect: async () => {
      clearTimeout(reconnection);
      isCut = false;
      if (!server.listening) await listen(port);
    },
    until: (check, what = 'something', ms = 5_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = check();
          if (found === undefined || found === false) return;
          end();
          resolve(found);
        };
        const timer = setTimeout(() => {
          end();
          const last = calls.slice(-10).map((call) => `${call.method} ${call.status ?? '…'}`);
          reject(new Error(`Waited for ${what} in vain; last calls: ${last.join(', ')}`));
        }, ms);
        // What a test waits for need not come with a call.
        const looks = setInterval(look, 10);
        const end = (): void => {
          clearTimeout(timer);
          clearInterval(looks);
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    close: async () => {
      clearTimeout(reconnection);
      if (server.listening) await stopListening();
    },
  };
  return api;
};
