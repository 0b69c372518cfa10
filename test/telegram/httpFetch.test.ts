import assert from 'node:assert/strict';
import http, { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { build } from 'esbuild';
import { HttpError, InputFile } from 'grammy';
import { createBotClient } from '../../extension/telegram/botClient.ts';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

const token = '7:fake';

describe('the HTTP of a bot', () => {
  let telegram: FakeBotApi;
  const servers: Server[] = [];

  beforeEach(async () => {
    telegram = await startFakeBotApi({ token });
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    await telegram.close();
  });

  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  it('carries texts and files', async () => {
    const client = createBotClient({ token, apiRoot: telegram.url }, 5);
    await client.api.sendMessage(5, 'Grüße 😀');
    const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
    await client.api.sendDocument(5, new InputFile(bytes, 'a.bin'), { caption: 'ü' });
    const [message, document] = telegram.sent();
    assert.equal(message?.text, 'Grüße 😀');
    assert.deepEqual(document?.file, { kind: 'document', name: 'a.bin', bytes });
    client.destroy();
  });

  it('ends with the file that cannot be read', async () => {
    const client = createBotClient({ token, apiRoot: telegram.url }, 5);
    const broken = (async function* () {
      yield new Uint8Array(10);
      throw new Error('unreadable');
    })();
    await assert.rejects(client.api.sendDocument(5, new InputFile(() => broken)), HttpError);
    assert.equal(telegram.sent().length, 0);
    client.destroy();
  });

  it('finishes what is under way after it was retired', async () => {
    const client = createBotClient({ token, apiRoot: telegram.url }, 5);
    const poll = client.api.getUpdates({ timeout: 20 });
    await telegram.until(() => telegram.polls() === 1);
    client.retire();
    telegram.say(5, 5, 'x');
    assert.equal((await poll).length, 1);
    assert.equal((await client.api.getMe()).id, 7);
    const cut = assert.rejects(client.api.getUpdates({ timeout: 20, offset: 1e9 }), HttpError);
    await telegram.until(() => telegram.polls() === 1);
    client.destroy();
    await cut;
  });

  it('says so when something else answers in Telegram’s place', async () => {
    const port = await listen(
      createServer((_, response) => {
        response.writeHead(407);
        response.end('<html>Sign in</html>');
      }),
    );
    const client = createBotClient({ token, apiRoot: `http://127.0.0.1:${port}` }, 5);
    const error = await client.api.getMe().catch((reason: unknown) => reason);
    assert.ok(error instanceof HttpError);
    assert.match(String(error.error), /not Telegram’s \(407\)/);
    client.destroy();
  });

  it('goes where Node’s own request is sent: through a proxy, as VS Code does it', async () => {
    const seen: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket, head) => {
      seen.push(request.url ?? '');
      const through = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.write(head);
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    const port = await listen(proxy);
    const original = http.request;
    const tunnel = (
      { port: target }: http.ClientRequestArgs,
      done: (error: Error | null, socket: Duplex) => void,
    ): undefined => {
      original({ port, host: '127.0.0.1', method: 'CONNECT', path: `telegram:${target}` })
        .on('connect', (_response, socket) => done(null, socket))
        .end();
    };
    const client = createBotClient({ token, apiRoot: telegram.url }, 5);
    const lent = (url: URL | string, options: http.RequestOptions): http.ClientRequest =>
      original(url, { ...options, agent: undefined, createConnection: tunnel });
    Object.assign(http, { request: lent });
    try {
      assert.equal((await client.api.getMe()).id, 7);
    } finally {
      Object.assign(http, { request: original });
    }
    assert.deepEqual(seen, [`telegram:${new URL(telegram.url).port}`]);
    client.destroy();
  });

  it('works in a minified build, where classes have other names', async () => {
    const built = await build({
      stdin: {
        contents: `
          import { createBotClient, apiSignal } from './extension/telegram/botClient.ts';
          export const ask = async (address) => {
            const client = createBotClient(address, 5);
            const { username } = await client.api.getMe(apiSignal(new AbortController().signal));
            client.destroy();
            return username;
          };`,
        resolveDir: path.resolve(import.meta.dirname, '../..'),
      },
      bundle: true,
      minify: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire('file:///');",
      },
    });
    const code = Buffer.from(built.outputFiles[0]?.contents ?? []).toString('base64');
    const { ask } = await import(`data:text/javascript;base64,${code}`);
    assert.equal(await ask({ token, apiRoot: telegram.url }), 'test_7_bot');
  });
});
