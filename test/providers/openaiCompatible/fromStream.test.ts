import assert from 'node:assert/strict';
import { fromStream } from '../../../extension/providers/openaiCompatible/fromStream.ts';
import { toRequest } from '../../../extension/providers/openaiCompatible/toRequest.ts';
import type { JsonObject, ModelRef } from '../../../extension/shared/message.ts';
import { ModelBytes } from '../../support/modelBytes.ts';
import { hear, listen, providerAt, providerErrorOf } from '../harness.ts';
import { said, streamOf } from '../streams.ts';
import { ask, say } from '../wire.ts';
import { openaiCompatibleWire } from '../wires/openaiCompatible.ts';

const model: ModelRef = { provider: 'openaiCompatible', model: 'qwen' };
const play = (...chunks: unknown[]) => hear(fromStream(streamOf(chunks), model));
const delta = (each: JsonObject, finish_reason: string | null = null): unknown => ({
  choices: [{ index: 0, delta: each, finish_reason }],
});
const calls = (...tool_calls: JsonObject[]): unknown => delta({ tool_calls });
const end = delta({}, 'stop');

/** Calls as `name(arguments)`, and their ids. */
const called = async (...chunks: unknown[]): Promise<{ calls: string[]; ids: string[] }> => {
  const { done, error } = await play(...chunks, end);
  assert.equal(error, undefined);
  assert.equal(done?.stopReason, 'toolCalls');
  const blocks = done?.content.filter((block) => block.type === 'toolCall') ?? [];
  return {
    calls: blocks.map(({ name, input, inputError }) => `${name}(${inputError ?? JSON.stringify(input)})`),
    ids: blocks.map(({ id }) => id),
  };
};

describe('openaiCompatible fromStream', () => {
  it('tells calls apart by index, by id, and by name', async () => {
    const fn = (name: string, args: string): JsonObject => ({ name, arguments: args });
    const expected = ['a({"x":1})', 'b({"y":2})'];
    // Interleaved fragments.
    assert.deepEqual(
      (
        await called(
          calls(
            { index: 0, id: '1', function: fn('a', '{"x"') },
            { index: 1, id: '2', function: fn('b', '{') },
          ),
          calls({ index: 1, function: { arguments: '"y":2}' } }),
          calls({ index: 0, function: { arguments: ':1}' } }),
        )
      ).calls,
      expected,
    );
    // Whole calls, all under index 0 (old Ollama).
    assert.deepEqual(
      await called(
        calls({ index: 0, id: '1', function: fn('a', '{"x":1}') }),
        calls({ index: 0, id: '2', function: fn('b', '{"y":2}') }),
      ),
      { calls: expected, ids: ['1', '2'] },
    );
    // No index, no id, arguments as an object or in fragments.
    const bare = await called(
      calls({ function: { name: 'a', arguments: { x: 1 } } }),
      calls({ function: fn('b', '{"y"') }),
      calls({ function: { arguments: ':2}' } }),
    );
    assert.deepEqual(bare.calls, expected);
    assert.equal(new Set(bare.ids).size, 2);
    for (const id of bare.ids) assert.match(id, /^call_\w+$/);
    // Id, name and empty strings repeated in every fragment.
    assert.deepEqual(
      await called(
        calls({ index: 0, id: '1', function: fn('a', '{"x"') }),
        calls({ index: 0, id: '1', function: fn('a', ':1}') }),
        calls({ index: 1, id: '2', function: fn('b', '{"y":2}') }),
        calls({ index: 1, id: '', function: fn('', '') }),
      ),
      { calls: expected, ids: ['1', '2'] },
    );
  });

  it('says when arguments are no JSON object', async () => {
    const broken = await called(calls({ index: 0, id: '1', function: { name: 'a', arguments: '{"x":' } }));
    assert.match(broken.calls[0] ?? '', /not valid JSON/);
  });

  it('shows reasoning of either name and keeps where it came from', async () => {
    for (const field of ['reasoning_content', 'reasoning'] as const) {
      const { done, thinking } = await play(
        delta({ [field]: 'h' }),
        delta({ [field]: 'm' }),
        delta({ content: 'Hi' }),
        end,
      );
      assert.equal(thinking, 'hm');
      assert.deepEqual(done?.content, [
        { type: 'thinking', text: 'hm', replay: { model, data: { field } } },
        { type: 'text', text: 'Hi' },
      ]);
    }
  });

  it('joins OpenRouter’s reasoning details', async () => {
    const details = (...reasoning_details: JsonObject[]): unknown => delta({ reasoning_details });
    const { done } = await play(
      details({ type: 'reasoning.text', index: 0, text: 'h', format: 'anthropic' }),
      details({ type: 'reasoning.text', index: 0, text: 'm', signature: null }),
      details({ type: 'reasoning.text', index: 0, signature: 'sig' }),
      details({ type: 'reasoning.encrypted', index: 1, data: 'enc', id: 'r1' }),
      delta({ content: 'Hi' }),
      end,
    );
    const data = done?.content[0]?.replay?.data;
    assert.deepEqual(data, {
      details: [
        { type: 'reasoning.text', index: 0, text: 'hm', format: 'anthropic', signature: 'sig' },
        { type: 'reasoning.encrypted', index: 1, data: 'enc', id: 'r1' },
      ],
    });
  });

  it('does without token counts, and takes the last of many', async () => {
    assert.equal((await play(delta({ content: 'Hi' }), end)).usage, undefined);
    const usage = (completion_tokens: number): unknown => ({
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens },
    });
    const heard = await play(usage(1), delta({ content: 'Hi' }), end, usage(2), {
      choices: null,
      usage: null,
    });
    assert.deepEqual(heard.usage, { input: 5, output: 2, cachedInput: 0, cacheWrite: 0, reasoning: 0 });
    const deepSeek = await play(delta({ content: 'Hi' }), end, {
      usage: { prompt_tokens: 9, prompt_cache_hit_tokens: 7 },
    });
    assert.equal(deepSeek.usage?.cachedInput, 7);
  });

  it('takes the text of content that comes in parts', async () => {
    const { done, text } = await play(
      delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      delta({ content: [{ type: 'text', text: 'He' }, { type: 'text', text: 'l' }, null] }),
      delta({ content: 'lo' }),
      end,
    );
    assert.equal(text, 'Hello');
    assert.deepEqual(done?.content, [{ type: 'text', text: 'Hello' }]);
  });

  it('says when the server answers in another form, and does not ask again', async () => {
    const direct = providerErrorOf(await play({ choices: 'none' }));
    assert.equal(direct.kind, 'badRequest');
    assert.match(direct.message, /form that AnyCowork does not know/);
    await using server = await ModelBytes.start();
    server.reply({ chunks: ['data: {"choices":"none"}\n\ndata: [DONE]\n\n'] });
    const heard = await listen(providerAt(openaiCompatibleWire, server.url), ask(model));
    assert.equal(providerErrorOf(heard).message, direct.message);
    assert.equal(server.requests.length, 1);
  });

  it('tells the tokens of a reply that broke off, where the server counts along', async () => {
    const heard = await play({ choices: [], usage: { prompt_tokens: 700 } }, delta({ content: 'Hi' }));
    assert.equal(providerErrorOf(heard).kind, 'network');
    assert.equal(heard.usage?.input, 700);
  });

  it('shows thinking that stands in the text as thinking, and never sends it back', async () => {
    const { done, text, thinking } = await play(
      delta({ content: '\n<thi' }),
      delta({ content: 'nk>\nI ponder a < b</' }),
      delta({ content: 'think>' }),
      delta({ content: '\n\n' }),
      delta({ content: 'Hello <think>there</think>' }),
      end,
    );
    assert.equal(thinking, '\nI ponder a < b');
    assert.equal(text, 'Hello <think>there</think>');
    assert.deepEqual(done?.content, [
      { type: 'thinking', text: thinking },
      { type: 'text', text },
    ]);
    const history = [say('1'), said(model, ...(done?.content ?? [])), say('2')];
    assert.doesNotMatch(JSON.stringify(toRequest(ask(model, history), { includeUsage: true })), /ponder/);
  });

  it('asks again without token counts when a server does not know the word', async () => {
    await using server = await ModelBytes.start();
    const hello = { chunks: [openaiCompatibleWire.sse({ text: ['Hi'] })] };
    const refusal = '{"error":{"message":"Unrecognized request argument: stream_options"}}';
    server.reply(
      { status: 400, headers: { 'content-type': 'application/json' }, chunks: [refusal] },
      hello,
      hello,
    );
    const provider = providerAt(openaiCompatibleWire, server.url);
    assert.equal((await listen(provider, ask(model))).text, 'Hi');
    assert.equal((await listen(provider, ask(model))).text, 'Hi');
    assert.deepEqual(
      server.requests.map(({ body }) => body.includes('include_usage')),
      [true, false, false],
    );
  });

  it('makes a provider error of an error inside the stream', async () => {
    await using server = await ModelBytes.start();
    const broken =
      'data: {"error":{"code":502,"message":"Upstream failed"},"choices":[{"delta":{},"finish_reason":"error"}]}\n\n';
    for (let attempt = 0; attempt < 5; attempt += 1) server.reply({ chunks: [broken] });
    const heard = await listen(providerAt(openaiCompatibleWire, server.url), ask(model));
    assert.equal(providerErrorOf(heard).kind, 'overloaded');
    assert.match(providerErrorOf(heard).message, /Upstream failed/);
  });
});
