import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { McpError, McpSignInError, type ResolvedTransport } from '../../extension/core/mcp.ts';
import { createRemote } from '../../extension/mcp/remoteTransport.ts';
import type { McpAuth } from '../../extension/mcp/types.ts';
import {
  call,
  closeConnections,
  connectTo,
  createDesk,
  http,
  noSignal,
  textOf,
  until,
  type Wanted,
} from './connectionRig.ts';
import { startLegacyHttp, startLegacySse } from './servers/legacy.ts';
import { handshake, json, result, startWeb, type Web, type WebRequest } from './servers/web.ts';

const ends: (() => Promise<void>)[] = [];
const web = async (answer: (request: WebRequest, response: ServerResponse) => void): Promise<Web> => {
  const made = await startWeb(answer);
  ends.push(made.close);
  return made;
};
const started = async <T extends { close(): Promise<void> }>(begin: () => Promise<T>): Promise<T> => {
  const made = await begin();
  ends.push(() => made.close());
  return made;
};
const connect = (transport: ResolvedTransport, wanted: Wanted = {}, desk = createDesk()) =>
  connectTo(transport, desk, { protocol: 'auto', ...wanted });
const failure = async (work: Promise<unknown>): Promise<McpError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof McpError, String(error));
  return error;
};

describe('MCP connection: remote servers', () => {
  afterEach(async () => {
    await closeConnections();
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  it('speaks 2025 over streamable HTTP, follows changes, and ends its session', async () => {
    const server = await started(startLegacyHttp);
    const desk = createDesk();
    const connection = await connect(http(server.url), {}, desk);
    assert.equal(connection.facts.era, 'legacy');
    assert.equal(connection.facts.instructions, 'Old but fine.');
    assert.equal(textOf(await call(connection, 'hello')), 'hello');
    assert.equal(server.sessions.size, 1);
    let name = 0;
    // Nothing is told before the stream for it stands.
    await until(() => {
      server.addTool(`more${name}`);
      name += 1;
      return desk.changed.includes('tools');
    }, 'the change');
    assert.ok((await connection.listTools(noSignal())).length > 1);
    await connection.close();
    assert.equal(server.sessions.size, 0);
  });

  it('falls back to SSE, which ends when it is cut', async () => {
    const server = await started(startLegacySse);
    for (const transport of [http(server.url), { ...http(server.url), type: 'sse' } as const]) {
      const connection = await connect(transport);
      assert.equal(textOf(await call(connection, 'hello')), 'hello');
      server.cut();
      assert.match(await connection.closed, /^The connection to the MCP server memory was cut\.$/);
      assert.equal(server.sessions.size, 0);
    }
  });

  it('does not fall back where the answer says nothing of that', async () => {
    for (const [status, pattern] of [
      [401, /wants a sign-in/],
      [403, /refuses access \(HTTP 403\).*The server says: “stop”/],
      [500, /has failed \(HTTP 500\)/],
      [503, /has failed \(HTTP 503\)/],
      [429, /is asked too often/],
    ] as const) {
      const server = await web((_request, response) => response.writeHead(status).end('stop'));
      const error = await failure(connect(http(server.url)));
      assert.match(error.message, pattern);
      assert.equal(error instanceof McpSignInError, status === 401);
      assert.ok(server.requests.every(({ method }) => method === 'POST'));
    }
  });

  it('wants a sign-in after a 403 with a challenge', async () => {
    const server = await web((_request, response) =>
      response.writeHead(403, { 'www-authenticate': 'Bearer realm="x"' }).end(),
    );
    assert.ok((await failure(connect(http(server.url)))) instanceof McpSignInError);
  });

  it('takes the token of the sign-in, and what it throws', async () => {
    const server = await web((request, response) => {
      if (request.headers.authorization !== 'Bearer good') {
        return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
      }
      if (handshake(request, response)) return;
      const scope = 'Bearer error="insufficient_scope", scope="files:write"';
      response.writeHead(403, { 'www-authenticate': scope }).end();
    });
    let token = 'stale';
    const stepped: unknown[] = [];
    const auth: McpAuth = {
      token: async () => token,
      onUnauthorized: async () => {
        if (token !== 'stale') throw new McpSignInError('Sign in again.');
        token = 'good';
      },
      stepUp: ({ requiredScope }) => {
        stepped.push(requiredScope);
        return new McpSignInError('More is needed.');
      },
    };
    const connection = await connect(http(server.url), { auth });
    const more = await failure(call(connection, 'x'));
    assert.ok(more instanceof McpSignInError);
    assert.equal(more.message, 'More is needed.');
    assert.deepEqual(stepped, ['files:write']);
    token = 'revoked';
    const again = await failure(call(connection, 'x'));
    assert.ok(again instanceof McpSignInError);
    assert.equal(again.message, 'Sign in again.');
  });

  it('sends configured headers to the server and to nobody else', async () => {
    const other = await web((_request, response) => response.writeHead(200).end());
    const server = await web((request, response) => {
      if (request.path === '/moved') return void response.writeHead(307, { location: '/mcp' }).end();
      if (handshake(request, response)) return;
      response.writeHead(307, { location: `${other.url}/mcp` }).end();
    });
    const desk = createDesk();
    const secret = 'secret-value-123';
    const connection = await connect(
      http(`${server.url}/moved`, { 'X-Api-Key': secret, Authorization: 'Basic abc' }),
      {},
      desk,
    );
    const error = await failure(call(connection, 'x'));
    assert.match(error.message, /sends to another address, which is not followed/);
    assert.equal(other.requests.length, 0);
    assert.ok(server.requests.length >= 3);
    for (const { headers } of server.requests) {
      assert.equal(headers['x-api-key'], secret);
      assert.equal(headers.authorization, 'Basic abc');
    }
    assert.ok(![error.message, desk.logText()].some((text) => text.includes(secret)));
  });

  it('signs in with a name and password of the address', async () => {
    const server = await web(
      (request, response) =>
        void (handshake(request, response) || result(request, response, { content: [] })),
    );
    for (const [written, meant] of [
      ['ann:p%40ss', 'ann:p@ss'],
      ['ann:100%', 'ann:100%'],
    ]) {
      const before = server.requests.length;
      const connection = await connect(http(server.url.replace('//', `//${written}@`)));
      await call(connection, 'x');
      const expected = `Basic ${Buffer.from(meant ?? '').toString('base64')}`;
      const sent = server.requests.slice(before).map(({ headers }) => headers.authorization);
      assert.ok(sent.length > 0 && sent.every((value) => value === expected));
    }
  });

  it('says what is wrong with an address', async () => {
    for (const url of ['ftp://example.org', 'example.org', 'javascript:alert(1)']) {
      assert.match((await failure(connect(http(url)))).message, /is no http or https address/);
    }
    const server = await web(() => undefined);
    await server.close();
    assert.match(
      (await failure(connect(http(server.url)))).message,
      /cannot be reached: nothing answers at its address/,
    );
  });

  it('counts each event of a stream by itself, also where its end comes in pieces', async () => {
    const comment = Buffer.from(`: ${'x'.repeat(10_000_000)}\n`);
    const answer = { jsonrpc: '2.0', id: 1, result: {} };
    const pieces = [
      ...Array.from({ length: 7 }, () => [comment, Buffer.from('\r\n')]).flat(),
      Buffer.from(`data: ${JSON.stringify(answer)}\n\n`),
    ];
    const headers = { 'content-type': 'text/event-stream' };
    const body = new ReadableStream<Uint8Array>({
      pull: (stream) => {
        const piece = pieces.shift();
        if (piece === undefined) stream.close();
        else stream.enqueue(piece);
      },
    });
    const fetch = async () => new Response(body, { headers });
    const { transport } = createRemote('http', { name: 'm', url: 'http://x.example', headers: {}, fetch });
    const got: unknown[] = [];
    transport.onmessage = (message) => void got.push(message);
    await transport.start();
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
    await until(() => got.length > 0, 'the answer');
    assert.deepEqual(got, [answer]);
    await transport.close();
  });

  it('does not wait longer for an answer than it may', async () => {
    const server = await web((request, response) => {
      if (request.method === 'GET')
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    });
    for (const type of ['http', 'sse'] as const) {
      const began = performance.now();
      const error = await failure(
        connect({ type, url: server.url, headers: {} }, { times: { connect: 300 } }),
      );
      assert.equal(error.message, 'The MCP server memory did not answer within 300 ms (connecting).');
      assert.ok(performance.now() - began < 10_000);
    }
    const controller = new AbortController();
    const reason = new Error('never mind');
    const connecting = connect(http(server.url), { signal: controller.signal });
    await until(() => server.of('server/discover').length === 2, 'the question');
    controller.abort(reason);
    await assert.rejects(connecting, (error) => error === reason);
  });

  it('fails a call whose stream ends without an answer, and one with an answer that is none', async () => {
    const server = await web((request, response) => {
      if (handshake(request, response)) return;
      switch (request.body.params?.name) {
        case 'cut':
          response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
          response.end();
          return;
        case 'page':
          response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>');
          return;
        case 'notJson':
          response.writeHead(200, { 'content-type': 'application/json' }).end('{');
          return;
        case 'other':
          json(response, 200, { jsonrpc: '2.0', id: 'another', result: {} });
          return;
        default:
          result(request, response, { content: [{ type: 'text', text: 'fine' }] });
      }
    });
    const connection = await connect(http(server.url));
    assert.match((await failure(call(connection, 'cut'))).message, /ended the connection without an answer/);
    assert.match((await failure(call(connection, 'page'))).message, /none of the protocol/);
    assert.match(
      (await failure(call(connection, 'notJson'))).message,
      /The MCP server memory could not be used/,
    );
    assert.match(
      (await failure(call(connection, 'other', {}, { timeoutMs: 100 }))).message,
      /did not answer within 100 ms/,
    );
    assert.equal(textOf(await call(connection, 'fine')), 'fine');
  });

  it('does not read an answer without end', async () => {
    const server = await web((request, response) => {
      if (handshake(request, response)) return;
      const isStream = request.body.params?.name === 'stream';
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      const chunk = 'x'.repeat(1_000_000);
      let count = 0;
      const write = (): void => {
        count += 1;
        if (count < 200 && !response.destroyed) response.write(count === 1 ? 'data: ' : chunk, write);
      };
      write();
    });
    const connection = await connect(http(server.url));
    assert.equal(
      (await failure(call(connection, 'json'))).message,
      'The answer of the server is longer than 64 MB.',
    );
    assert.match(
      (await failure(call(connection, 'stream'))).message,
      /ended the connection without an answer/,
    );
  });

  it('ends when the session is forgotten, or the server gone', async () => {
    let isForgotten = false;
    const server = await web((request, response) => {
      if (isForgotten && request.method === 'POST')
        return void response.writeHead(404).end('Session not found');
      if (handshake(request, response, 'session-1')) return;
      result(request, response, { content: [] });
    });
    const connection = await connect(http(server.url));
    await call(connection, 'x');
    assert.equal(server.requests.at(-1)?.headers['mcp-session-id'], 'session-1');
    isForgotten = true;
    assert.match((await failure(call(connection, 'x'))).message, /has forgotten the session/);
    assert.equal(await connection.closed, 'The MCP server memory has forgotten the session.');
    isForgotten = false;
    const second = await connect(http(server.url));
    await server.close();
    assert.match((await failure(call(second, 'x'))).message, /cannot be reached/);
    assert.match(await second.closed, /cannot be reached: (nothing answers|the connection was cut)/);
  });

  it('closes in time where the server does not', async () => {
    const server = await web((request, response) => {
      if (request.method === 'DELETE') return;
      if (!handshake(request, response, 'session-1')) result(request, response, {});
    });
    const connection = await connect(http(server.url));
    const began = performance.now();
    await connection.close();
    assert.ok(performance.now() - began < 3_000);
    assert.equal(server.requests.at(-1)?.method, 'DELETE');
  });

  it('takes a server that was known to be old, and finds out when it is not any more', async () => {
    const legacy = await web(
      (request, response) => void (handshake(request, response) || result(request, response, {})),
    );
    const prior = { kind: 'legacy', at: Date.now() } as const;
    assert.equal((await connect(http(legacy.url), { prior })).facts.era, 'legacy');
    assert.equal(legacy.of('server/discover').length, 0);
    const modern = await web((request, response) => {
      if (request.body.method !== 'server/discover') {
        return json(response, 400, {
          jsonrpc: '2.0',
          id: request.body.id,
          error: { code: -32_601, message: 'Gone' },
        });
      }
      const more = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
      result(request, response, { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...more });
    });
    const connection = await connect(http(modern.url), { prior });
    assert.equal(connection.facts.era, 'modern');
    assert.equal(connection.facts.protocolVersion, '2026-07-28');
  });
});
