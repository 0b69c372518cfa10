import assert from 'node:assert/strict';
import type { ModelInfo } from '../../extension/core/provider.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { ModelBytes } from '../support/modelBytes.ts';
import { plantedKey, providerAt } from './harness.ts';
import type { Wire } from './wire.ts';
import { anthropicWire } from './wires/anthropic.ts';
import { geminiWire } from './wires/gemini.ts';
import { openaiWire } from './wires/openai.ts';
import { openaiCompatibleWire } from './wires/openaiCompatible.ts';

const cases: [Wire, string, JsonObject, readonly ModelInfo[]][] = [
  [
    geminiWire,
    '/v1beta/models',
    {
      models: [
        {
          name: 'models/gemini-3.8-flash',
          displayName: 'Gemini 3.8 Flash',
          inputTokenLimit: 1048576,
          supportedGenerationMethods: ['generateContent'],
        },
        { name: 'models/gemini-embedding-2', supportedGenerationMethods: ['embedContent'] },
        { name: 'models/gemini-3.8-flash-tts', supportedGenerationMethods: ['generateContent'] },
      ],
    },
    [{ id: 'gemini-3.8-flash', name: 'Gemini 3.8 Flash', contextTokens: 1048576 }],
  ],
  [
    anthropicWire,
    '/v1/models',
    {
      data: [
        {
          id: 'claude-sonnet-5-5',
          display_name: 'Claude Sonnet 5.5',
          lifecycle: 'active',
          max_input_tokens: 1000000,
        },
        { id: 'claude-2', display_name: 'Claude 2', lifecycle: 'retired', max_input_tokens: null },
        { id: 'claude-x', display_name: 'Claude X', lifecycle: 'deprecated', max_input_tokens: null },
      ],
      has_more: false,
    },
    [
      { id: 'claude-sonnet-5-5', name: 'Claude Sonnet 5.5', contextTokens: 1000000 },
      { id: 'claude-x', name: 'Claude X' },
    ],
  ],
  [
    openaiWire,
    '/v1/models',
    {
      object: 'list',
      data: [
        { id: 'old-of-gateway', object: 'model', created: 1, owned_by: 'x' },
        { id: 'new-of-gateway', object: 'model', created: 2, owned_by: 'x' },
      ],
    },
    [
      { id: 'new-of-gateway', name: 'new-of-gateway' },
      { id: 'old-of-gateway', name: 'old-of-gateway' },
    ],
  ],
  [
    openaiCompatibleWire,
    '/v1/models',
    {
      data: [
        { id: 'qwen', max_model_len: 32768 },
        { id: 'vendor/glm', name: 'GLM', context_length: 131072 },
        { id: 'nomic-embed-text' },
        { id: 'plain', name: null, context_length: 'many' },
        { nonsense: true },
      ],
    },
    [
      { id: 'qwen', name: 'qwen', contextTokens: 32768 },
      { id: 'vendor/glm', name: 'GLM', contextTokens: 131072 },
      { id: 'plain', name: 'plain' },
    ],
  ],
];

describe('listModels', () => {
  for (const [wire, endpoint, body, expected] of cases) {
    it(`lists what can chat (${wire.id})`, async () => {
      await using server = await ModelBytes.start();
      const headers = { 'content-type': 'application/json' };
      server.reply({ headers, chunks: [JSON.stringify(body)] });
      assert.deepEqual(await providerAt(wire, server.url).listModels(AbortSignal.timeout(30_000)), expected);
      assert.equal(server.requests[0]?.path.split('?')[0], endpoint);
    });

    it(`says that a key is wrong (${wire.id})`, async () => {
      await using server = await ModelBytes.start();
      const { status, body: answer } = wire.errors.auth;
      server.reply({
        status,
        headers: { 'content-type': 'application/json' },
        chunks: [JSON.stringify(answer)],
      });
      await assert.rejects(providerAt(wire, server.url).listModels(AbortSignal.timeout(30_000)), {
        kind: 'auth',
      });
    });
  }

  it('leaves out of OpenAI’s own list what cannot chat', async () => {
    const { fetch } = globalThis;
    const ids = ['gpt-6.1-sol', 'gpt-audio-mini', 'whisper-1', 'o3', 'gpt-image-2', 'text-embedding-3-small'];
    const data = ids.map((id) => ({ id, object: 'model', created: 1, owned_by: 'openai' }));
    globalThis.fetch = async () => Response.json({ object: 'list', data });
    try {
      const provider = providerAt({ ...openaiWire, baseUrl: () => 'https://api.openai.com/v1' }, '');
      const listed = await provider.listModels(AbortSignal.timeout(30_000));
      assert.deepEqual(
        listed.map(({ id }) => id),
        ['gpt-6.1-sol', 'o3'],
      );
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it('sends no key to a server that has none, and the key where there is one', async () => {
    await using server = await ModelBytes.start();
    const headers = { 'content-type': 'application/json' };
    server.reply({ headers, chunks: ['{"data":[]}'] }, { headers, chunks: ['{"data":[]}'] });
    const { signal } = new AbortController();
    await providerAt(openaiCompatibleWire, server.url, { key: undefined }).listModels(signal);
    await providerAt(openaiCompatibleWire, server.url).listModels(signal);
    assert.deepEqual(
      server.requests.map((request) => request.headers.authorization),
      [undefined, `Bearer ${plantedKey}`],
    );
  });
});
