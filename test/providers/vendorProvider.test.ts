import assert from 'node:assert/strict';
import type { ModelEvent } from '../../extension/core/provider.ts';
import { vendorProvider } from '../../extension/providers/vendorProvider.ts';
import { hear, instantClock, providerErrorOf } from './harness.ts';
import { ask } from './wire.ts';

const request = ask({ provider: 'openai', model: 'gpt-6.1-sol' });

const playing = (key: string, fromStream: () => AsyncIterable<ModelEvent>) => {
  let opened = 0;
  const provider = vendorProvider<ModelEvent>(
    {
      id: 'openai',
      open: async () => {
        opened += 1;
        return fromStream();
      },
      fromStream: (chunks) => chunks,
      listModels: async () => [],
    },
    { apiKey: async () => key, baseUrl: () => undefined },
    { clock: instantClock() },
  );
  return { opened: () => opened, heard: hear(provider.stream(request, new AbortController().signal)) };
};

describe('vendorProvider', () => {
  it('passes a bug on as it is, and does not try it again', async () => {
    const bug = new TypeError("Cannot read properties of undefined (reading 'text')");
    const played = playing('key', async function* () {
      yield await Promise.reject(bug);
    });
    assert.equal((await played.heard).error, bug);
    assert.equal(played.opened(), 1);
  });

  it('tries a connection that broke again, though its input was counted', async () => {
    const usage = { input: 9, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
    const played = playing('key', async function* () {
      yield { type: 'usage', usage };
      throw new TypeError('terminated');
    });
    assert.equal(providerErrorOf(await played.heard).kind, 'network');
    assert.equal(played.opened(), 5);
  });

  for (const key of ['sk-one-line\nand-another', 'sk-copied-with…', 'sk-ключ']) {
    it(`sends no key that fits into no header: ${JSON.stringify(key)}`, async () => {
      const played = playing(key, async function* () {});
      const error = providerErrorOf(await played.heard);
      assert.equal(error.kind, 'auth');
      assert.doesNotMatch(error.message, /sk-/);
      assert.equal(played.opened(), 0);
    });
  }
});
