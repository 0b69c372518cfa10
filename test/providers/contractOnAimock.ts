import assert from 'node:assert/strict';
import { LLMock } from '@copilotkit/aimock';
import type { Message } from '../../extension/shared/message.ts';
import { instantClock, listen, providerAt, providerErrorOf } from './harness.ts';
import { ask, say, type Wire } from './wire.ts';

export const onAimock = (wire: Wire): void => {
  describe('on aimock', () => {
    let mock: LLMock;

    before(async () => {
      mock = await LLMock.create({ port: 0, logLevel: 'silent' });
    });
    afterEach(() => {
      mock.reset();
      mock.clearChaos();
    });
    after(() => mock.stop());

    it('streams text as it arrives', async () => {
      mock.onMessage('hello', { content: 'Grüße from the model, at your service.' }, { chunkSize: 5 });
      const heard = await listen(providerAt(wire, mock.url), ask(wire.model));
      assert.equal(heard.error, undefined);
      assert.equal(heard.text, 'Grüße from the model, at your service.');
      assert.ok(heard.events.filter(({ type }) => type === 'text').length > 3);
      assert.equal(heard.done?.stopReason, 'end');
      assert.deepEqual(
        heard.done?.content
          .filter(({ type }) => type === 'text')
          .map((block) => 'text' in block && block.text),
        ['Grüße from the model, at your service.'],
      );
      assert.equal(heard.events.at(-1)?.type, 'done');
    });

    it('calls a tool and goes on from its result', async () => {
      const args = { path: 'src/date.ts' };
      mock.on(
        { userMessage: 'read it', hasToolResult: false },
        { toolCalls: [{ name: 'read_file', arguments: args }] },
      );
      mock.on(
        { hasToolResult: true, toolResultContains: 'export const' },
        { content: 'It exports a constant.' },
      );
      const provider = providerAt(wire, mock.url);
      const first = await listen(provider, ask(wire.model, [say('read it')]));
      const call = first.done?.content.find((block) => block.type === 'toolCall');
      assert.ok(call !== undefined && first.done !== undefined, String(first.error));
      assert.equal(first.done.stopReason, 'toolCalls');
      assert.equal(call.name, 'read_file');
      assert.deepEqual(call.input, args);
      assert.ok(call.id.length > 0);
      const history: Message[] = [
        say('read it'),
        { role: 'assistant', id: 'a1', model: wire.model, createdAt: 0, ...first.done },
        {
          role: 'tool',
          id: 't1',
          callId: call.id,
          toolName: call.name,
          outcome: 'completed',
          createdAt: 0,
          content: [{ type: 'text', text: 'export const today = 1;' }],
        },
      ];
      const second = await listen(provider, ask(wire.model, history));
      assert.equal(second.error, undefined);
      assert.equal(second.text, 'It exports a constant.');
    });

    it('reports the tokens', async () => {
      const usage = { prompt_tokens: 120, completion_tokens: 30, input_tokens: 120, output_tokens: 30 };
      mock.onMessage('hello', { content: 'Hi.', usage });
      const heard = await listen(providerAt(wire, mock.url), ask(wire.model));
      assert.equal(heard.usage?.input, 120);
      assert.equal(heard.usage?.output, 30);
    });

    it('waits as long as a 429 asks, then answers', async () => {
      let asked = 0;
      mock.onMessage('hello', () => {
        asked += 1;
        return asked === 1
          ? { error: { message: 'Slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 7 }
          : { content: 'Now.' };
      });
      const slept: number[] = [];
      const heard = await listen(providerAt(wire, mock.url, { clock: instantClock(slept) }), ask(wire.model));
      assert.equal(heard.error, undefined);
      assert.equal(heard.text, 'Now.');
      assert.deepEqual(slept, [7000]);
      const [retrying] = heard.events;
      assert.ok(retrying?.type === 'retrying');
      assert.equal(retrying.delayMs, 7000);
      assert.match(retrying.reason, /limits how fast/);
    });

    it('tries five times over a 500, then says so', async () => {
      mock.onMessage('hello', { error: { message: 'Internal', type: 'server_error' }, status: 500 });
      const heard = await listen(providerAt(wire, mock.url), ask(wire.model));
      const error = providerErrorOf(heard);
      assert.equal(error.kind, 'overloaded');
      assert.match(error.message, /Tried 5 times/);
      assert.equal(mock.getRequests().length, 5);
      assert.equal(heard.events.filter(({ type }) => type === 'retrying').length, 4);
    });

    it('takes malformed JSON for a broken connection', async () => {
      mock.setChaos({ malformedRate: 1 });
      mock.onMessage('hello', { content: 'never' });
      const heard = await listen(providerAt(wire, mock.url), ask(wire.model));
      assert.equal(providerErrorOf(heard).kind, 'network');
      assert.equal(heard.text, '');
    });

    it('keeps what came before a disconnect and does not ask again', async () => {
      const content = 'This reply is long enough to be cut in the middle. '.repeat(3);
      mock.onMessage(
        'hello',
        { content },
        { chunkSize: 5, truncateAfterChunks: 14, streamingProfile: { ttft: 1, tps: 500 } },
      );
      const heard = await listen(providerAt(wire, mock.url), ask(wire.model));
      assert.equal(providerErrorOf(heard).kind, 'network');
      assert.ok(heard.text.length > 0 && content.startsWith(heard.text), heard.text);
      assert.equal(heard.done, undefined);
      assert.equal(mock.getRequests().length, 1);
    });
  });
};
