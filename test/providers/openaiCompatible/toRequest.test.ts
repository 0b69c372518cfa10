import assert from 'node:assert/strict';
import { toRequest } from '../../../extension/providers/openaiCompatible/toRequest.ts';
import type { AssistantBlock, ModelRef } from '../../../extension/shared/message.ts';
import { answered, call, conversation, said } from '../streams.ts';
import { ask, readFileTool, say } from '../wire.ts';

const model: ModelRef = { provider: 'openaiCompatible', model: 'qwen' };
const options = { includeUsage: true };
const thinking = (data: NonNullable<AssistantBlock['replay']>['data']): AssistantBlock => ({
  type: 'thinking',
  text: 'hm',
  replay: { model, data },
});

describe('openaiCompatible toRequest', () => {
  it('projects a conversation; pictures of tools follow in a message of their own', () => {
    assert.deepEqual(toRequest(conversation(model), options), {
      model: 'qwen',
      stream: true,
      stream_options: { include_usage: true },
      tools: [
        {
          type: 'function',
          function: { name: 'read_file', description: 'Reads a file.', parameters: readFileTool.inputSchema },
        },
      ],
      messages: [
        { role: 'system', content: 'You are a coworker.' },
        { role: 'user', content: 'read both' },
        {
          role: 'assistant',
          content: 'I will.',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'read_file', arguments: '{"path":"a.ts"}' } },
            { id: 'b', type: 'function', function: { name: 'read_file', arguments: '{"path":"b.ts"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: 'the result' },
        { role: 'tool', tool_call_id: 'b', content: 'no such file' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Image from read_file:' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'text', text: 'and now?' },
          ],
        },
      ],
    });
  });

  it('leaves out what there is none of', () => {
    const body = toRequest({ ...ask(model), system: '', tools: [] }, { includeUsage: false });
    assert.deepEqual(body, { model: 'qwen', stream: true, messages: [{ role: 'user', content: 'hello' }] });
  });

  it('sends reasoning back in its own field, with the calls it led to only', () => {
    const body = (...content: AssistantBlock[]): string =>
      JSON.stringify(
        toRequest(ask(model, [say('1'), said(model, ...content), answered('a')]), options).messages,
      );
    const own = thinking({ field: 'reasoning_content' });
    assert.match(body(own, call('a')), /"reasoning_content":"hm"/);
    assert.match(body(thinking({ field: 'reasoning' }), call('a')), /"reasoning":"hm"/);
    assert.doesNotMatch(body(own, { type: 'text', text: 'Hi' }), /hm/);
  });

  it('sends the extra content of a call back, where Gemini keeps its signature', () => {
    const extra_content = { google: { thought_signature: 'sig' } };
    const { messages } = toRequest(
      ask(model, [say('1'), said(model, call('a', { model, data: { extra_content } })), answered('a')]),
      options,
    );
    assert.match(JSON.stringify(messages), /"extra_content":\{"google":\{"thought_signature":"sig"\}\}/);
  });
});
