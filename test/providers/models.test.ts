import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createProviders } from '../../extension/providers/index.ts';
import { fallbackModels, keyVariables, needsKey } from '../../extension/providers/models.ts';
import { providerIds } from '../../extension/shared/message.ts';
import { listen, providerErrorOf } from './harness.ts';
import { ask } from './wire.ts';

const root = path.resolve(import.meta.dirname, '../..');
const unions = {
  gemini: 'node_modules/@google/genai/dist/web/web.d.ts',
  openai: 'node_modules/openai/resources/shared.d.ts',
  anthropic: 'node_modules/@anthropic-ai/sdk/resources/messages/messages.d.ts',
};

describe('models', () => {
  for (const [provider, file] of Object.entries(unions)) {
    it(`names only models that the SDK of ${provider} knows`, () => {
      const types = readFileSync(path.join(root, file), 'utf8');
      const [id] = providerIds.filter((each) => each === provider);
      assert.ok(id !== undefined && fallbackModels[id].length > 2);
      for (const model of fallbackModels[id]) assert.match(types, new RegExp(`['"]${model}['"]`), model);
    });
  }

  it('asks for no key where none may be needed, and never reads one for a foreign server', async () => {
    const noKey = createProviders({ apiKey: async () => undefined, baseUrl: () => 'http://127.0.0.1:9' });
    const { signal } = new AbortController();
    for (const provider of providerIds) {
      if (!needsKey[provider]) continue;
      const error = providerErrorOf(await listen(noKey(provider), ask({ provider, model: 'any' })));
      assert.equal(error.kind, 'auth');
      assert.match(error.message, new RegExp(keyVariables[provider][0] ?? 'none'));
      await assert.rejects(noKey(provider).listModels(signal), { kind: 'auth' });
    }
    assert.deepEqual(keyVariables.openaiCompatible, []);
  });

  it('loads no SDK before its provider is used', () => {
    const packages = /from '(?:openai|@anthropic-ai|@google)/;
    for (const file of globSync('extension/providers/**/*.ts', { cwd: root })) {
      const statements = readFileSync(path.join(root, file), 'utf8').match(/^import [^;]+;/gm) ?? [];
      for (const statement of statements) {
        if (packages.test(statement)) assert.match(statement, /^import type /, file);
      }
    }
  });
});
