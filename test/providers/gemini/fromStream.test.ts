import assert from 'node:assert/strict';
import type { Part } from '@google/genai/web';
import { fromStream, type GeminiChunk } from '../../../extension/providers/gemini/fromStream.ts';
import { toRequest } from '../../../extension/providers/gemini/toRequest.ts';
import type { ModelRef } from '../../../extension/shared/message.ts';
import { hear, providerErrorOf } from '../harness.ts';
import { said, streamOf } from '../streams.ts';
import { ask, say } from '../wire.ts';

const model: ModelRef = { provider: 'gemini', model: 'gemini-3.8-flash' };

// Chunks as the API sends them; finishReason is an enum in the SDK and a plain string on the wire.
const play = (...chunks: object[]) => hear(fromStream(streamOf(chunks as GeminiChunk[]), model));
const parts = (...each: Part[]): object => ({ candidates: [{ content: { role: 'model', parts: each } }] });
const finished = (finishReason: string): object => ({ candidates: [{ finishReason }] });

describe('gemini fromStream', () => {
  it('keeps a text whole and remembers which stretches were signed', async () => {
    const { done, text } = await play(
      parts({ text: 'Hello' }),
      parts({ text: ' there', thoughtSignature: 's1' }),
      parts({ text: ', you' }, { text: '', thoughtSignature: 's2' }),
      finished('STOP'),
    );
    assert.equal(text, 'Hello there, you');
    assert.deepEqual(done?.content, [
      {
        type: 'text',
        text: 'Hello there, you',
        replay: {
          model,
          data: {
            signed: [
              { start: 5, end: 11, thoughtSignature: 's1' },
              { start: 16, end: 16, thoughtSignature: 's2' },
            ],
          },
        },
      },
    ]);
    const { contents } = toRequest(ask(model, [say('1'), said(model, ...(done?.content ?? [])), say('2')]));
    assert.deepEqual(Array.isArray(contents) ? contents[1] : contents, {
      role: 'model',
      parts: [
        { text: 'Hello' },
        { text: ' there', thoughtSignature: 's1' },
        { text: ', you' },
        { text: '', thoughtSignature: 's2' },
      ],
    });
  });

  it('keeps the signature on the first of parallel calls and gives ids where none came', async () => {
    const { done } = await play(
      parts({ text: 'hm', thought: true }),
      parts(
        { functionCall: { name: 'a', args: { x: 1 } }, thoughtSignature: 's' },
        { functionCall: { name: 'b' } },
      ),
      finished('STOP'),
    );
    const [thinking, a, b] = done?.content ?? [];
    assert.deepEqual(thinking, { type: 'thinking', text: 'hm' });
    assert.ok(a?.type === 'toolCall' && b?.type === 'toolCall');
    assert.deepEqual(
      [a.input, a.replay?.data, b.input, b.replay],
      [{ x: 1 }, { thoughtSignature: 's' }, {}, undefined],
    );
    assert.match(a.id, /^call_/);
    assert.notEqual(a.id, b.id);
    assert.equal(done?.stopReason, 'toolCalls');
  });

  for (const [reason, expected] of [
    ['STOP', 'end'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'refused'],
    ['RECITATION', 'refused'],
    ['PROHIBITED_CONTENT', 'refused'],
  ] as const) {
    it(`ends for ${reason}`, async () => {
      assert.equal((await play(parts({ text: 'Hi' }), finished(reason))).done?.stopReason, expected);
    });
  }

  for (const reason of [
    'MALFORMED_FUNCTION_CALL',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'OTHER',
    'SOMETHING_NEW',
  ]) {
    it(`does not take ${reason} in the middle of the work for its end`, async () => {
      const heard = await play(parts({ text: 'I will now' }), finished(reason));
      assert.equal(heard.text, 'I will now');
      assert.equal(heard.done, undefined);
      assert.equal(providerErrorOf(heard).kind, 'emptyReply');
      const withCall = await play(parts({ functionCall: { name: 'a' } }), finished(reason));
      assert.equal(withCall.done?.stopReason, 'toolCalls');
    });
  }

  it('tells the tokens of a reply that broke off', async () => {
    const heard = await play({
      ...parts({ text: 'Hi' }),
      usageMetadata: { promptTokenCount: 700, candidatesTokenCount: 1 },
    });
    assert.equal(providerErrorOf(heard).kind, 'network');
    assert.deepEqual([heard.usage?.input, heard.usage?.output], [700, 1]);
  });

  it('calls a blocked prompt refused, and says why', async () => {
    const error = providerErrorOf(await play({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }));
    assert.equal(error.kind, 'refused');
    assert.match(error.message, /PROHIBITED_CONTENT/);
  });

  it('says that a call was written wrongly', async () => {
    const error = providerErrorOf(await play(finished('MALFORMED_FUNCTION_CALL')));
    assert.equal(error.kind, 'emptyReply');
    assert.match(error.message, /tool/);
  });
});
