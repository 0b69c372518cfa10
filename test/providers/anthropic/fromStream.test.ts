import assert from 'node:assert/strict';
import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import { fromStream } from '../../../extension/providers/anthropic/fromStream.ts';
import type { ModelRef } from '../../../extension/shared/message.ts';
import { hear, providerErrorOf } from '../harness.ts';
import { streamOf } from '../streams.ts';

const model: ModelRef = { provider: 'anthropic', model: 'claude-sonnet-5-5' };

// Events as a server sends them: the SDK's types ask for fields that no stream of today must have.
const play = (...events: object[]) => hear(fromStream(streamOf(events as RawMessageStreamEvent[]), model));

const start = (index: number, content_block: object): object => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: number, each: object): object => ({ type: 'content_block_delta', index, delta: each });
const stopped = (stop_reason: string, more: object = {}): object => ({
  type: 'message_delta',
  delta: { stop_reason, ...more },
  usage: { output_tokens: 9 },
});

describe('anthropic fromStream', () => {
  it('keeps signatures that come in pieces, thinking without text, and redacted thinking', async () => {
    const { done } = await play(
      start(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'signature_delta', signature: 'ab' }),
      delta(0, { type: 'signature_delta', signature: 'cd' }),
      start(1, { type: 'redacted_thinking', data: 'enc==' }),
      start(2, { type: 'text', text: 'Hi' }),
      delta(2, { type: 'text_delta', text: '.' }),
      stopped('end_turn'),
    );
    assert.deepEqual(done?.content, [
      { type: 'thinking', text: '', replay: { model, data: { signature: 'abcd' } } },
      { type: 'thinking', text: '', replay: { model, data: { redacted: 'enc==' } } },
      { type: 'text', text: 'Hi.' },
    ]);
  });

  it('adds up cached tokens, which the API does not count as input', async () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 500,
      cache_creation_input_tokens: 90,
      output_tokens: 1,
    };
    const heard = await play(
      { type: 'message_start', message: { usage } },
      start(0, { type: 'text', text: 'Hi' }),
      stopped('end_turn'),
    );
    assert.deepEqual(heard.usage, { input: 600, cachedInput: 500, cacheWrite: 90, output: 9, reasoning: 0 });
  });

  it('tells the input of a reply that broke off', async () => {
    const heard = await play(
      { type: 'message_start', message: { usage: { input_tokens: 700, output_tokens: 1 } } },
      start(0, { type: 'text', text: 'Hi' }),
    );
    assert.equal(providerErrorOf(heard).kind, 'network');
    assert.equal(heard.usage?.input, 700);
    // Before the text: a reader that leaves in the middle has it.
    assert.equal(heard.events[0]?.type, 'usage');
  });

  it('takes arguments from the start, and says when they are no JSON object', async () => {
    const { done } = await play(
      start(0, { type: 'tool_use', id: 'a', name: 'x', input: { path: 'a' } }),
      start(1, { type: 'tool_use', id: 'b', name: 'x', input: {} }),
      delta(1, { type: 'input_json_delta', partial_json: '{"path": "b' }),
      start(2, { type: 'tool_use', id: '', name: 'x', input: {} }),
      delta(2, { type: 'input_json_delta', partial_json: '[1]' }),
      stopped('max_tokens'),
    );
    const [a, b, c] = done?.content ?? [];
    assert.deepEqual(a, { type: 'toolCall', id: 'a', name: 'x', input: { path: 'a' } });
    assert.ok(b?.type === 'toolCall' && c?.type === 'toolCall');
    assert.match(b.inputError ?? '', /not valid JSON/);
    assert.deepEqual(b.input, {});
    assert.match(c.inputError ?? '', /not a JSON object/);
    assert.match(c.id, /^call_/);
    assert.equal(done?.stopReason, 'length');
  });

  for (const [reason, expected] of [
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['pause_turn', 'end'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'refused'],
    ['something_new', 'end'],
  ] as const) {
    it(`ends for ${reason}`, async () => {
      const { done } = await play(start(0, { type: 'text', text: 'Hi' }), stopped(reason));
      assert.equal(done?.stopReason, expected);
    });
  }

  it('tells why it declined', async () => {
    const heard = await play(
      stopped('refusal', { stop_details: { category: 'cyber', explanation: 'Too risky.' } }),
    );
    assert.match(providerErrorOf(heard).message, /Too risky/);
  });

  it('calls thinking alone an empty reply', async () => {
    const heard = await play(
      start(0, { type: 'thinking', thinking: 'hm', signature: '' }),
      stopped('max_tokens'),
    );
    assert.equal(providerErrorOf(heard).kind, 'emptyReply');
    assert.match(providerErrorOf(heard).message, /output limit/);
  });
});
