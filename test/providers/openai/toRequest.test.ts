import assert from 'node:assert/strict';
import { toRequest } from '../../../extension/providers/openai/toRequest.ts';
import type { AssistantBlock, ModelRef } from '../../../extension/shared/message.ts';
import { conversation, said } from '../streams.ts';
import { ask, readFileTool, say } from '../wire.ts';

const model: ModelRef = { provider: 'openai', model: 'gpt-6.1-sol' };
const reasoning = { id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'enc==' };
const thought: AssistantBlock = { type: 'thinking', text: 'hm', replay: { model, data: reasoning } };
const options = { summaries: true };

describe('openai toRequest', () => {
  it('projects a conversation', () => {
    assert.deepEqual(toRequest(conversation(model, thought), options), {
      model: 'gpt-6.1-sol',
      stream: true,
      store: false,
      prompt_cache_key: 'session-1',
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto' },
      instructions: 'You are a coworker.',
      tools: [
        {
          type: 'function',
          name: 'read_file',
          description: 'Reads a file.',
          parameters: readFileTool.inputSchema,
          strict: false,
        },
      ],
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'read both' }] },
        { type: 'reasoning', ...reasoning },
        { role: 'assistant', content: 'I will.' },
        { type: 'function_call', call_id: 'a', name: 'read_file', arguments: '{"path":"a.ts"}' },
        { type: 'function_call', call_id: 'b', name: 'read_file', arguments: '{"path":"b.ts"}' },
        { type: 'function_call_output', call_id: 'a', output: 'the result' },
        {
          type: 'function_call_output',
          call_id: 'b',
          output: [
            { type: 'input_text', text: 'no such file' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
          ],
        },
        { role: 'user', content: [{ type: 'input_text', text: 'and now?' }] },
      ],
    });
  });

  it('sends the phase of a text back', () => {
    const text: AssistantBlock = {
      type: 'text',
      text: 'Hi',
      replay: { model, data: { phase: 'final_answer' } },
    };
    assert.deepEqual(toRequest(ask(model, [say('1'), said(model, text), say('2')]), options).input?.[1], {
      role: 'assistant',
      content: 'Hi',
      phase: 'final_answer',
    });
  });

  it('sends no reasoning that leads to nothing', () => {
    const { input } = toRequest(ask(model, [say('1'), said(model, thought), say('2')]), options);
    assert.doesNotMatch(JSON.stringify(input), /reasoning/);
  });

  for (const [name, thinks] of [
    ['gpt-6.1-sol', true],
    ['gpt-5.5', true],
    ['o4-mini', true],
    ['gpt-10', true],
    ['gpt-5-chat-latest', false],
    ['gpt-4.1', false],
    ['gpt-4o', false],
  ] as const) {
    it(`asks ${name} for ${thinks ? 'its' : 'no'} reasoning`, () => {
      const body = toRequest(ask({ provider: 'openai', model: name }), options);
      assert.equal(body.include !== undefined, thinks);
      assert.equal(body.reasoning !== undefined, thinks);
    });
  }

  it('asks for no summaries where they are refused, but for the reasoning still', () => {
    const body = toRequest(ask(model), { summaries: false });
    assert.equal(body.reasoning, undefined);
    assert.deepEqual(body.include, ['reasoning.encrypted_content']);
  });
});
