import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { McpError } from '../../extension/core/mcp.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import {
  call,
  closeConnections,
  connectTo,
  createDesk,
  http,
  noSignal,
  textOf,
  until,
} from './connectionRig.ts';
import { json, result, startWeb, type Web, type WebRequest } from './servers/web.ts';

const ends: (() => Promise<void>)[] = [];

const complete = { resultType: 'complete' };
const listed = { ...complete, ttlMs: 300_000, cacheScope: 'private' };

/** A server of 2026-07-28 that answers `tools/call` as told. */
const modern = async (
  onCall: (request: WebRequest, response: ServerResponse) => void,
  options: {
    readonly tools?: () => readonly object[];
    readonly onListen?: (response: ServerResponse, id: string) => void;
  } = {},
): Promise<Web> => {
  const made = await startWeb((request, response) => {
    switch (request.body.method) {
      case 'server/discover': {
        const capabilities = { tools: { listChanged: true }, prompts: {} };
        return result(request, response, {
          ...listed,
          supportedVersions: ['2026-07-28'],
          capabilities,
          instructions: 'New.',
        });
      }
      case 'tools/list':
        return result(request, response, { ...listed, tools: options.tools?.() ?? [] });
      case 'tools/call':
        return onCall(request, response);
      case 'subscriptions/listen':
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return options.onListen?.(response, String(request.body.id));
      case undefined:
        return void response.writeHead(405).end();
      default:
        return json(response, 404, {
          jsonrpc: '2.0',
          id: request.body.id,
          error: { code: -32_601, message: 'No' },
        });
    }
  });
  ends.push(made.close);
  return made;
};

const connect = (server: Web, desk = createDesk()) => connectTo(http(server.url), desk, { protocol: 'auto' });
const event = (response: ServerResponse, message: object): void => {
  response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
};
const metaOf = (request: WebRequest | undefined): JsonObject =>
  JSON.parse(JSON.stringify(request?.body.params?._meta ?? {}));

describe('MCP connection: 2026-07-28', () => {
  afterEach(async () => {
    await closeConnections();
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  it('discovers, and says with each request who asks and what it can', async () => {
    const server = await modern((request, response) =>
      result(request, response, { content: [{ type: 'text', text: 'hi' }] }),
    );
    const connection = await connect(server);
    assert.equal(connection.facts.era, 'modern');
    assert.equal(connection.facts.protocolVersion, '2026-07-28');
    assert.equal(connection.facts.instructions, 'New.');
    // Without `resultType`, which stands for `complete`.
    assert.equal(textOf(await call(connection, 'x')), 'hi');
    const [request] = server.of('tools/call');
    const meta = metaOf(request);
    assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28');
    assert.equal(meta['io.modelcontextprotocol/logLevel'], 'info');
    assert.deepEqual(meta['io.modelcontextprotocol/clientInfo'], { name: 'AnyCowork', version: '1.2.3' });
    assert.deepEqual(meta['io.modelcontextprotocol/clientCapabilities'], {
      roots: { listChanged: true },
      elicitation: { form: {}, url: {} },
    });
    assert.equal(request?.headers['mcp-method'], 'tools/call');
    assert.equal(request?.headers['mcp-name'], 'x');
    assert.equal(server.of('initialize').length, 0);
    connection.rootsChanged();
  });

  it('asks the person, the model and for the folders what a call needs, and goes on with the answers', async () => {
    const schema = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] };
    const server = await modern((request, response) => {
      const { inputResponses, requestState } = request.body.params ?? {};
      if (inputResponses === undefined) {
        return result(request, response, {
          resultType: 'input_required',
          requestState: 'opaque ☂',
          inputRequests: {
            form: { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: schema } },
            page: {
              method: 'elicitation/create',
              params: { mode: 'url', message: 'Go', url: 'https://example.org/x', elicitationId: '1' },
            },
            words: {
              method: 'sampling/createMessage',
              params: { maxTokens: 9, messages: [{ role: 'user', content: { type: 'text', text: 'Say' } }] },
            },
            folders: { method: 'roots/list' },
          },
        });
      }
      result(request, response, {
        ...complete,
        content: [{ type: 'text', text: JSON.stringify({ inputResponses, requestState }) }],
      });
    });
    const desk = createDesk({ samples: true });
    desk.roots = [{ uri: 'file:///a', name: 'a' }];
    desk.answer = async (request) =>
      request.kind === 'form' ? { action: 'accept', content: { sure: true } } : { action: 'accept' };
    const connection = await connect(server, desk);
    const told = JSON.parse(textOf(await call(connection, 'x')));
    assert.equal(told.requestState, 'opaque ☂');
    assert.deepEqual(told.inputResponses.form, { action: 'accept', content: { sure: true } });
    assert.deepEqual(told.inputResponses.page, { action: 'accept' });
    assert.deepEqual(told.inputResponses.folders, { roots: [{ uri: 'file:///a', name: 'a' }] });
    assert.equal(told.inputResponses.words.content.text, 'A sampled answer.');
    const ids = server.of('tools/call').map(({ body }) => body.id);
    assert.equal(new Set(ids).size, 2);
  });

  it('takes its question back when the call is cancelled, and says nothing of its own meanwhile', async () => {
    const requestedSchema = { type: 'object', properties: { a: { type: 'string' } } };
    const inputRequests = { a: { method: 'elicitation/create', params: { message: 'm', requestedSchema } } };
    const server = await modern((request, response) =>
      result(request, response, { resultType: 'input_required', inputRequests }),
    );
    const desk = createDesk();
    const signals: AbortSignal[] = [];
    desk.answer = (_request, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    };
    const told: unknown[] = [];
    const cancel = new AbortController();
    const connection = await connect(server, desk);
    const running = call(connection, 'x', {}, { signal: cancel.signal, onProgress: (one) => told.push(one) });
    const ended = assert.rejects(running, /thought better of it/);
    await until(() => signals.length === 1, 'the question');
    cancel.abort(new Error('thought better of it'));
    await ended;
    assert.equal(signals[0]?.aborted, true);
    assert.equal(server.of('tools/call').length, 1);
    assert.deepEqual(told, []);
  });

  it('does not go round for ever, nor gives what it does not offer', async () => {
    const asking = (request: WebRequest, response: ServerResponse): void => {
      const wants = { method: 'sampling/createMessage', params: { maxTokens: 1, messages: [] } };
      const inputRequests =
        request.body.params?.name === 'sampling' ? { a: wants } : { a: { method: 'roots/list' } };
      result(request, response, { resultType: 'input_required', inputRequests });
    };
    const server = await modern(asking);
    const connection = await connect(server);
    await assert.rejects(
      call(connection, 'sampling'),
      /McpError: .*wants something that is not offered to it/,
    );
    await assert.rejects(call(connection, 'roots'), /McpError: .*kept asking for more instead of answering/);
    assert.equal(server.of('tools/call').length, 12);
  });

  it('listens for changes, and again when that ends', async () => {
    const streams: { response: ServerResponse; id: string }[] = [];
    const server = await modern(() => undefined, {
      onListen: (response, id) => void streams.push({ response, id }),
    });
    const desk = createDesk();
    await connect(server, desk);
    await until(() => streams.length === 1, 'a stream');
    const [first] = streams;
    assert.ok(first !== undefined);
    assert.deepEqual(server.of('subscriptions/listen')[0]?.body.params?.notifications, {
      toolsListChanged: true,
    });
    const _meta = { 'io.modelcontextprotocol/subscriptionId': first.id };
    const params = { _meta, notifications: { toolsListChanged: true } };
    event(first.response, { method: 'notifications/subscriptions/acknowledged', params });
    event(first.response, { method: 'notifications/tools/list_changed', params: { _meta } });
    await until(() => desk.changed.length === 1, 'the change');
    first.response.end();
    await until(() => streams.length === 2, 'a second stream');
    // Something may have changed in between.
    await until(() => desk.changed.length === 2, 'the same again');
    assert.deepEqual(desk.changed, ['tools', 'tools']);
  });

  it('sends the headers that a tool wants now, once more where they have changed', async () => {
    let header = 'Region';
    const server = await modern(
      (request, response) =>
        request.headers[`mcp-param-${header.toLowerCase()}`] === 'eu'
          ? result(request, response, { ...complete, content: [] })
          : json(response, 400, {
              jsonrpc: '2.0',
              id: request.body.id,
              error: { code: -32_020, message: 'Header' },
            }),
      {
        tools: () => [
          {
            name: 'x',
            inputSchema: {
              type: 'object',
              properties: { region: { type: 'string', 'x-mcp-header': header } },
            },
          },
        ],
      },
    );
    const connection = await connect(server);
    await connection.listTools(noSignal());
    await call(connection, 'x', { region: 'eu' });
    header = 'Place';
    await call(connection, 'x', { region: 'eu' });
    assert.equal(server.of('tools/call').length, 3);
    assert.equal(server.of('tools/list').length, 2);
  });

  it('leaves out tools that want headers which are not allowed', async () => {
    const property = { type: 'string', 'x-mcp-header': 'not a header' };
    const server = await modern(() => undefined, {
      tools: () => [
        { name: 'bad', inputSchema: { type: 'object', properties: { a: property } } },
        { name: 'good', inputSchema: { type: 'object' } },
      ],
    });
    const desk = createDesk();
    const connection = await connect(server, desk);
    assert.deepEqual(
      (await connection.listTools(noSignal())).map(({ name }) => name),
      ['good'],
    );
    assert.match(desk.logText(), /the tool bad: its x-mcp-header is not allowed/);
  });

  it('closes the stream of a call that is cancelled or late', async () => {
    let closed = 0;
    const server = await modern((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      response.on('close', () => {
        closed += 1;
      });
    });
    const connection = await connect(server);
    await assert.rejects(call(connection, 'x', {}, { timeoutMs: 100 }), /did not answer within 100 ms/);
    await until(() => closed === 1, 'the stream is closed');
    const controller = new AbortController();
    const reason = new Error('stop');
    const cancelled = call(connection, 'x', {}, { signal: controller.signal });
    await until(() => server.of('tools/call').length === 2, 'the call');
    controller.abort(reason);
    await assert.rejects(cancelled, (error) => error === reason);
    await until(() => closed === 2, 'the stream is closed');
    assert.equal(server.of('notifications/cancelled').length, 0);
  });

  it('answers no requests, of which there are none', async () => {
    const server = await modern((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      event(response, {
        id: 's1',
        method: 'elicitation/create',
        params: { message: 'm', requestedSchema: { type: 'object', properties: {} } },
      });
      event(response, { id: request.body.id, result: { ...complete, content: [] } });
      response.end();
    });
    const desk = createDesk();
    const connection = await connect(server, desk);
    await call(connection, 'x');
    assert.deepEqual(desk.asked, []);
    assert.ok(server.requests.every(({ body }) => body.method !== undefined));
  });

  it('refuses a revision that is not known', async () => {
    const server = await startWeb((request, response) =>
      json(response, 400, {
        jsonrpc: '2.0',
        id: request.body.id,
        error: { code: -32_022, message: 'No', data: { supported: ['2031-01-01'], requested: '2026-07-28' } },
      }),
    );
    ends.push(server.close);
    await assert.rejects(connect(server), (error) => error instanceof McpError);
  });
});
