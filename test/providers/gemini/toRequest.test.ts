import assert from 'node:assert/strict';
import { toRequest } from '../../../extension/providers/gemini/toRequest.ts';
import type { AssistantBlock, ModelRef, UserBlock } from '../../../extension/shared/message.ts';
import { answered, call, conversation, picture, said } from '../streams.ts';
import { ask, readFileTool, say } from '../wire.ts';

const model: ModelRef = { provider: 'gemini', model: 'gemini-3.8-flash' };
const older: ModelRef = { provider: 'gemini', model: 'gemini-2.5-pro' };
const signed = (thoughtSignature: string) => ({ model, data: { thoughtSignature } });

describe('gemini toRequest', () => {
  it('projects a conversation', () => {
    const functionDeclarations = [
      { name: 'read_file', description: 'Reads a file.', parametersJsonSchema: readFileTool.inputSchema },
    ];
    assert.deepEqual(toRequest(conversation(model)), {
      model: 'gemini-3.8-flash',
      config: {
        systemInstruction: 'You are a coworker.',
        tools: [{ functionDeclarations }],
        thinkingConfig: { includeThoughts: true },
        automaticContinuation: false,
      },
      contents: [
        { role: 'user', parts: [{ text: 'read both' }] },
        {
          role: 'model',
          parts: [
            { text: 'I will.' },
            {
              functionCall: { id: 'a', name: 'read_file', args: { path: 'a.ts' } },
              thoughtSignature: 'skip_thought_signature_validator',
            },
            { functionCall: { id: 'b', name: 'read_file', args: { path: 'b.ts' } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { id: 'a', name: 'read_file', response: { output: 'the result' } } },
            {
              functionResponse: {
                id: 'b',
                name: 'read_file',
                response: { error: 'no such file' },
                parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
              },
            },
            { text: 'and now?' },
          ],
        },
      ],
    });
  });

  it('puts signatures back on the parts they came with', () => {
    const text: AssistantBlock = {
      type: 'text',
      text: 'one two three',
      replay: {
        model,
        data: {
          signed: [
            { start: 4, end: 8, thoughtSignature: 's1' },
            { start: 13, end: 13, thoughtSignature: 's2' },
          ],
        },
      },
    };
    const thought: AssistantBlock = { type: 'thinking', text: 'hm', replay: signed('s0') };
    const messages = [
      say('1'),
      said(model, thought, text, call('a', signed('s3')), call('b')),
      answered('a'),
    ];
    const { contents } = toRequest(ask(model, messages));
    assert.deepEqual(Array.isArray(contents) ? contents[1] : contents, {
      role: 'model',
      parts: [
        { text: 'hm', thought: true, thoughtSignature: 's0' },
        { text: 'one ' },
        { text: 'two ', thoughtSignature: 's1' },
        { text: 'three' },
        { text: '', thoughtSignature: 's2' },
        { functionCall: { id: 'a', name: 'read_file', args: { path: 'a.ts' } }, thoughtSignature: 's3' },
        { functionCall: { id: 'b', name: 'read_file', args: { path: 'b.ts' } } },
      ],
    });
  });

  it('stands in for the signature of foreign calls from Gemini 3 on only', () => {
    const messages = [say('1'), said(model, call('a', signed('own'))), answered('a')];
    const body = (to: ModelRef): string => JSON.stringify(toRequest(ask(to, messages)).contents);
    assert.match(body(model), /"thoughtSignature":"own"/);
    assert.match(body({ ...model, model: 'gemini-4-argon' }), /skip_thought_signature_validator/);
    assert.match(body({ ...model, model: 'gemini-flash-latest' }), /skip_thought_signature_validator/);
    assert.doesNotMatch(body(older), /thoughtSignature/);
  });

  it('asks only models that think for their thoughts', () => {
    const thinks = (name: string): boolean =>
      toRequest(ask({ provider: 'gemini', model: name })).config?.thinkingConfig !== undefined;
    assert.deepEqual(
      ['gemini-3.8-flash', 'gemini-2.5-pro', 'gemini-pro-latest', 'gemini-2.0-flash', 'gemma-4-31b-it'].map(
        thinks,
      ),
      [true, true, true, false, false],
    );
  });

  it('puts pictures of tools beside all results before Gemini 3, and leaves GIFs out', () => {
    const gif: UserBlock = { type: 'image', mediaType: 'image/gif', data: 'BBBB', name: 'a.gif' };
    const messages = [
      say('1'),
      said(older, call('a'), call('b')),
      answered('a', [picture, gif]),
      answered('b'),
    ];
    const { contents } = toRequest(ask(older, messages));
    assert.deepEqual(Array.isArray(contents) ? contents.at(-1) : contents, {
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'read_file', response: { output: '' } } },
        { functionResponse: { id: 'b', name: 'read_file', response: { output: 'the result' } } },
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        { text: '(The image a.gif was left out: Gemini takes no GIF.)' },
      ],
    });
  });
});
