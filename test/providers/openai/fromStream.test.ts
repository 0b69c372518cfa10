import assert from 'node:assert/strict';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { fromStream } from '../../../extension/providers/openai/fromStream.ts';
import type { ModelRef } from '../../../extension/shared/message.ts';
import { ModelBytes } from '../../support/modelBytes.ts';
import { hear, listen, providerAt, providerErrorOf } from '../harness.ts';
import { streamOf } from '../streams.ts';
import { ask, event } from '../wire.ts';
import { openaiWire } from '../wires/openai.ts';

const model: ModelRef = { provider: 'openai', model: 'gpt-6.1-sol' };

// Events as a server sends them; the SDK's types ask for much that is not read.
const play = (...events: object[]) => hear(fromStream(streamOf(events as ResponseStreamEvent[]), model));

const message = (text: string, more: object = {}): object => ({
  type: 'message',
  id: 'msg',
  content: [{ type: 'output_text', text }],
  ...more,
});
const itemDone = (output_index: number, item: object): object => ({
  type: 'response.output_item.done',
  output_index,
  item,
});
const completed = (response: object = {}): object => ({ type: 'response.completed', response });

describe('openai fromStream', () => {
  it('keeps reasoning with its encrypted content, and the phase of a text', async () => {
    const summary = ['one', 'two'].map((text) => ({ type: 'summary_text', text }));
    const { done, thinking } = await play(
      { type: 'response.reasoning_summary_part.added', summary_index: 0 },
      { type: 'response.reasoning_summary_text.delta', delta: 'one' },
      { type: 'response.reasoning_summary_part.added', summary_index: 1 },
      { type: 'response.reasoning_summary_text.delta', delta: 'two' },
      itemDone(0, { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'enc', status: 'completed' }),
      itemDone(1, message('Hi', { phase: 'commentary' })),
      completed(),
    );
    assert.equal(thinking, 'one\n\ntwo');
    assert.deepEqual(done?.content, [
      {
        type: 'thinking',
        text: 'one\n\ntwo',
        replay: { model, data: { id: 'rs_1', summary, encrypted_content: 'enc' } },
      },
      { type: 'text', text: 'Hi', replay: { model, data: { phase: 'commentary' } } },
    ]);
  });

  it('orders items by their place, whatever order they end in', async () => {
    const fn = (id: string): object => ({ type: 'function_call', call_id: id, name: 'x', arguments: '{}' });
    const { done } = await play(
      itemDone(2, fn('c')),
      itemDone(0, message('Hi')),
      itemDone(1, fn('b')),
      completed(),
    );
    assert.deepEqual(
      done?.content.map((block) => (block.type === 'toolCall' ? block.id : block.type)),
      ['text', 'b', 'c'],
    );
  });

  it('takes the output of the end where no item was sent before', async () => {
    const { done } = await play(completed({ output: [message('Hi')] }));
    assert.deepEqual(done?.content, [{ type: 'text', text: 'Hi' }]);
  });

  it('ends for its limit, and for a filter', async () => {
    const end = (reason: string): object => ({
      type: 'response.incomplete',
      response: { incomplete_details: { reason } },
    });
    assert.equal(
      (await play(itemDone(0, message('Hi')), end('max_output_tokens'))).done?.stopReason,
      'length',
    );
    assert.equal((await play(itemDone(0, message('Hi')), end('content_filter'))).done?.stopReason, 'refused');
  });

  it('tells the tokens of a reply that failed', async () => {
    const heard = await play({
      type: 'response.failed',
      response: { error: { code: 'server_error' }, usage: { input_tokens: 700, output_tokens: 3 } },
    });
    assert.ok(heard.error !== undefined);
    assert.deepEqual([heard.usage?.input, heard.usage?.output], [700, 3]);
  });

  it('makes provider errors of failures inside the stream', async () => {
    for (const [body, kind] of [
      [
        event({ type: 'response.failed', response: { error: { code: 'server_error', message: 'Oh' } } }),
        'overloaded',
      ],
      [
        event({ type: 'error', code: 'rate_limit_exceeded', message: 'Slow', param: null }, 'error'),
        'rateLimit',
      ],
    ] as const) {
      await using server = await ModelBytes.start();
      for (let attempt = 0; attempt < 5; attempt += 1) server.reply({ chunks: [body] });
      const error = providerErrorOf(await listen(providerAt(openaiWire, server.url), ask(model)));
      assert.equal(error.kind, kind, error.message);
    }
  });

  it('asks again without summaries when the organisation may not have them', async () => {
    await using server = await ModelBytes.start();
    const refusal = {
      error: {
        message: 'Your organization must be verified to generate reasoning summaries.',
        type: 'invalid_request_error',
        param: 'reasoning.summary',
        code: 'unsupported_value',
      },
    };
    const hello = { chunks: [openaiWire.sse({ text: ['Hi'] })] };
    const headers = { 'content-type': 'application/json' };
    server.reply({ status: 400, headers, chunks: [JSON.stringify(refusal)] }, hello, hello);
    const provider = providerAt(openaiWire, server.url);
    assert.equal((await listen(provider, ask(model))).text, 'Hi');
    assert.equal((await listen(provider, ask(model))).text, 'Hi');
    assert.deepEqual(
      server.requests.map(({ body }) => body.includes('"summary":"auto"')),
      [true, false, false],
    );
  });
});
