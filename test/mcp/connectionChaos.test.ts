import assert from 'node:assert/strict';
import fc from 'fast-check';
import { McpError } from '../../extension/core/mcp.ts';
import { call, connectTo, createDesk, noSignal, stdio } from './connectionRig.ts';
import { createPeer, PeerError } from './servers/peer.ts';

const methods = fc.constantFrom(
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
  'ping',
  'tools/list',
  'notifications/message',
  'notifications/progress',
  'notifications/cancelled',
  'notifications/tools/list_changed',
  'notifications/resources/updated',
  'notifications/subscriptions/acknowledged',
  'constructor',
  '__proto__',
);
const id = fc.oneof(fc.nat(8), fc.string(), fc.constant(null), fc.constant(1.5));
const message = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      jsonrpc: fc.constant('2.0'),
      id,
      method: methods,
      params: fc.jsonValue(),
      result: fc.jsonValue(),
      error: fc.jsonValue(),
    },
    { requiredKeys: ['jsonrpc'] },
  ),
);
const answer = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      tools: fc.jsonValue(),
      resources: fc.jsonValue(),
      prompts: fc.jsonValue(),
      content: fc.array(
        fc.record(
          {
            type: fc.constantFrom('text', 'image', 'resource', 'resource_link', 'x'),
            text: fc.jsonValue(),
            data: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
      structuredContent: fc.jsonValue(),
      isError: fc.jsonValue(),
      contents: fc.jsonValue(),
      messages: fc.jsonValue(),
      completion: fc.jsonValue(),
      nextCursor: fc.jsonValue(),
      resultType: fc.constantFrom('complete', 'input_required', 'x'),
      _meta: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

describe('MCP connection: whatever a server does', function () {
  this.timeout(60_000);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  before(() => void process.on('unhandledRejection', onRejection));
  after(() => void process.off('unhandledRejection', onRejection));

  it('every request ends with a result or an McpError, and nothing is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 12 }),
        answer,
        fc.boolean(),
        async (messages, given, dies) => {
          const again = (): unknown => {
            if (given === null) throw new PeerError(-1, 'No');
            return given;
          };
          const peer = createPeer({
            'tools/list': again,
            'tools/call': again,
            'resources/list': again,
            'resources/templates/list': again,
            'resources/read': again,
            'prompts/list': again,
            'prompts/get': again,
            'completion/complete': again,
          });
          const transport = stdio({ command: 'nothing', args: [] });
          const connection = await connectTo(transport, createDesk({ samples: true }), {
            ports: { startProcess: () => peer.transport },
            times: { list: 200 },
          });
          const work = [
            connection.listTools(noSignal()),
            call(connection, 'x', {}, { timeoutMs: 200 }),
            connection.listResources(noSignal()),
            connection.listTemplates(noSignal()),
            connection.readResource('a:b', noSignal()),
            connection.listPrompts(noSignal()),
            connection.getPrompt('p', {}, noSignal()),
            connection.complete({ prompt: 'p' }, { name: 'n', value: '' }, {}, noSignal()),
          ];
          const outcomes = Promise.allSettled(work);
          for (const one of messages) peer.say(one);
          if (dies) peer.end('It ended.');
          for (const outcome of await outcomes) {
            if (outcome.status === 'rejected')
              assert.ok(outcome.reason instanceof McpError, String(outcome.reason));
          }
          await connection.close();
          assert.equal(await connection.closed, dies ? 'It ended.' : '');
        },
      ),
      { numRuns: 60 },
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(rejections, []);
  });
});
