import assert from 'node:assert/strict';
import { toRequest } from '../../../extension/providers/anthropic/toRequest.ts';
import type { ModelRef } from '../../../extension/shared/message.ts';
import { answered, call, conversation, said } from '../streams.ts';
import { ask, readFileTool, say } from '../wire.ts';

const model: ModelRef = { provider: 'anthropic', model: 'claude-sonnet-5-5' };
const cached = { cache_control: { type: 'ephemeral' } };
const withModel = (name: string): ModelRef => ({ provider: 'anthropic', model: name });

describe('anthropic toRequest', () => {
  it('projects a conversation', () => {
    const thought = { type: 'thinking', text: 'hm', replay: { model, data: { signature: 'sig' } } } as const;
    const redacted = { type: 'thinking', text: '', replay: { model, data: { redacted: 'enc' } } } as const;
    assert.deepEqual(toRequest(conversation(model, thought, redacted)), {
      model: 'claude-sonnet-5-5',
      max_tokens: 32_000,
      stream: true,
      tools: [
        { name: 'read_file', description: 'Reads a file.', input_schema: { ...readFileTool.inputSchema } },
      ],
      system: [{ type: 'text', text: 'You are a coworker.', ...cached }],
      thinking: { type: 'adaptive', display: 'summarized' },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'read both', ...cached }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'enc' },
            { type: 'text', text: 'I will.' },
            { type: 'tool_use', id: 'a', name: 'read_file', input: { path: 'a.ts' } },
            { type: 'tool_use', id: 'b', name: 'read_file', input: { path: 'b.ts' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'the result' }] },
            {
              type: 'tool_result',
              tool_use_id: 'b',
              is_error: true,
              content: [
                { type: 'text', text: 'no such file' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
              ],
            },
            { type: 'text', text: 'and now?', ...cached },
          ],
        },
      ],
    });
  });

  it('marks the last two user messages, and without a system prompt the tools', () => {
    const messages = [say('1'), said(model, call('a')), answered('a'), said(model, call('b')), answered('b')];
    const body = toRequest({ ...ask(model, messages), system: '' });
    assert.equal(body.system, undefined);
    assert.deepEqual(body.tools?.at(-1), { ...body.tools?.at(-1), ...cached });
    const marks = body.messages.map((message) => JSON.stringify(message).includes('cache_control'));
    assert.deepEqual(marks, [false, false, true, false, true]);
  });

  it('only adds to the prefix when the conversation goes on, marks apart', () => {
    const bare = (messages: unknown): string =>
      JSON.stringify(messages).replaceAll(`,"cache_control":{"type":"ephemeral"}`, '');
    const short = [say('1'), said(model, call('a')), answered('a')];
    const before = bare(toRequest(ask(model, short)).messages);
    const after = bare(toRequest(ask(model, [...short, said(model, call('b')), answered('b')])).messages);
    assert.ok(after.startsWith(before.slice(0, -1)), after);
  });

  for (const [name, expected] of [
    ['claude-sonnet-5-5', 'adaptive'],
    ['claude-opus-4-6', 'adaptive'],
    ['claude-opus-5', 'adaptive'],
    ['claude-mythos-preview', 'adaptive'],
    ['claude-haiku-4-5-20251001', 'enabled'],
    ['claude-sonnet-4-20250514', 'enabled'],
    ['claude-3-7-sonnet-latest', 'enabled'],
    ['claude-3-5-haiku-latest', undefined],
    ['kimi-k3', undefined],
  ] as const) {
    it(`asks ${name} to think: ${expected ?? 'not at all'}`, () => {
      const { thinking, max_tokens } = toRequest(ask(withModel(name)));
      assert.equal(thinking?.type, expected);
      // The API refuses a budget that leaves nothing for the answer.
      if (thinking?.type === 'enabled') assert.ok(thinking.budget_tokens < max_tokens);
    });
  }

  it('leaves the thinking budget out in the middle of steps that another model began', () => {
    const haiku = withModel('claude-haiku-4-5');
    const begun = [say('1'), said(model, call('a')), answered('a')];
    assert.equal(toRequest(ask(haiku, begun)).thinking, undefined);
    assert.equal(toRequest(ask(model, begun)).thinking?.type, 'adaptive');
    const thought = {
      type: 'thinking',
      text: 'hm',
      replay: { model: haiku, data: { signature: 's' } },
    } as const;
    const own = [say('1'), said(haiku, thought, call('a')), answered('a')];
    assert.equal(toRequest(ask(haiku, own)).thinking?.type, 'enabled');
  });

  it('gives calls of other providers an id that the API takes', () => {
    const kimi: ModelRef = { provider: 'openaiCompatible', model: 'kimi' };
    const id = 'functions.read_file:0';
    const { messages } = toRequest(ask(model, [say('1'), said(kimi, call(id)), answered(id)]));
    const ids = [...JSON.stringify(messages).matchAll(/"(?:id|tool_use_id)":"([^"]+)"/g)].map(
      ([, each]) => each,
    );
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    assert.match(ids[0] ?? '', /^[a-zA-Z0-9_-]+$/);
  });

  it('sends no empty text, not even in a result', () => {
    const body = toRequest(
      ask(model, [say('1'), said(model, call('a')), answered('a', [{ type: 'text', text: '' }])]),
    );
    assert.deepEqual(body.messages.at(-1)?.content, [{ type: 'tool_result', tool_use_id: 'a', ...cached }]);
  });
});
