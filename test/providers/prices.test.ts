import assert from 'node:assert/strict';
import { fallbackModels } from '../../extension/providers/models.ts';
import { priceOf } from '../../extension/providers/prices.ts';
import { type ProviderId, providerIds } from '../../extension/shared/message.ts';

const priceIn = (provider: ProviderId) => (model: string) => priceOf({ provider, model });
const anthropic = priceIn('anthropic');
const openai = priceIn('openai');

describe('prices', () => {
  for (const provider of providerIds) {
    for (const model of fallbackModels[provider]) {
      it(`has one for ${model}, in which cached input is cheapest and output dearest`, () => {
        const price = priceOf({ provider, model });
        assert.ok(price !== undefined);
        for (const each of [price, price.longPrompt?.price ?? price]) {
          const { input, output, cachedInput = input, cacheWrite = input } = each;
          assert.ok(0 < cachedInput && cachedInput < input && input <= cacheWrite && cacheWrite < output);
        }
        const long = price.longPrompt?.price;
        assert.ok(long === undefined || (long.input > price.input && long.output > price.output));
      });
    }
  }

  it('takes a pinned version for the model itself', () => {
    assert.deepEqual(anthropic('claude-haiku-4-5-20251001'), anthropic('claude-haiku-4-5'));
    assert.deepEqual(openai('gpt-5.5-2026-04-23'), openai('gpt-5.5'));
    assert.deepEqual(priceIn('gemini')('models/gemini-3.8-flash-001'), priceIn('gemini')('gemini-3.8-flash'));
    assert.notEqual(anthropic('claude-haiku-4-5-20251001'), undefined);
    assert.notEqual(openai('gpt-5.5-2026-04-23'), undefined);
  });

  it('does not take one model for another whose name begins alike', () => {
    assert.notDeepEqual(anthropic('claude-opus-5-5'), anthropic('claude-opus-5'));
    for (const model of ['gpt-5.5-pro', 'gpt-5.4-mini', 'gpt-6', 'gpt-6.1-sol-max', 'constructor', '']) {
      assert.equal(openai(model), undefined, model);
    }
    assert.equal(anthropic('claude-opus-6'), undefined);
    assert.equal(anthropic('claude-opus'), undefined);
  });

  it('knows none of another vendor or of a server of one’s own', () => {
    assert.equal(anthropic('gpt-5.5'), undefined);
    assert.equal(priceIn('openaiCompatible')('gpt-5.5'), undefined);
  });

  it('has the price of writing to the cache that Anthropic lists', () => {
    const { cacheWrite = 0 } = anthropic('claude-fable-5-2') ?? {};
    assert.equal(cacheWrite, 10);
    assert.equal(anthropic('claude-sonnet-5-5')?.cacheWrite, 2.5);
  });
});
