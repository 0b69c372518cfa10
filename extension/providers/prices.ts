/**
 * What models cost, as their vendors list it (November 2026). Vendors change prices, give discounts and charge for tiers
 * and regions that are not known here: the setting `anycowork.prices` corrects any of them. Of a price that is announced
 * to rise the higher one stands here, since a budget should rather stop early. What is not listed has no price.
 */
import type { Price } from '../shared/budget.ts';
import type { ModelRef, ProviderId } from '../shared/message.ts';

/** Writing to the cache for five minutes costs a quarter more than input. https://platform.claude.com/docs/en/about-claude/pricing */
const anthropic = (input: number, output: number, cachedInput: number): Price => ({
  input,
  output,
  cachedInput,
  cacheWrite: input * 1.25,
});

/** Above 272,000 input tokens a request costs more. https://developers.openai.com/api/docs/pricing */
const openai = (input: number, output: number, cachedInput: number): Price => {
  const cacheWrite = input * 1.25;
  return {
    input,
    output,
    cachedInput,
    cacheWrite,
    longPrompt: {
      above: 272_000,
      price: {
        input: input * 2,
        output: output * 1.5,
        cachedInput: cachedInput * 2,
        cacheWrite: cacheWrite * 2,
      },
    },
  };
};

/** Google caches by itself and charges nothing for writing. https://ai.google.dev/gemini-api/docs/pricing */
const gemini = (input: number, output: number, cachedInput: number): Price => ({
  input,
  output,
  cachedInput,
});

/** Names of models without the date of a version. */
const table: Readonly<Partial<Record<ProviderId, Readonly<Record<string, Price>>>>> = {
  anthropic: {
    'claude-fable-5-2': anthropic(8, 40, 0.2),
    'claude-fable-5-1': anthropic(10, 50, 0.25),
    'claude-mythos-5-1': anthropic(10, 50, 0.25),
    'claude-fable-5': anthropic(10, 50, 1),
    'claude-mythos-5': anthropic(10, 50, 1),
    'claude-opus-5-5': anthropic(4, 20, 0.2),
    'claude-opus-5': anthropic(5, 25, 0.5),
    'claude-opus-4-8': anthropic(5, 25, 0.5),
    'claude-opus-4-7': anthropic(5, 25, 0.5),
    'claude-opus-4-6': anthropic(5, 25, 0.5),
    'claude-opus-4-5': anthropic(5, 25, 0.5),
    'claude-sonnet-5-5': anthropic(2, 10, 0.1),
    'claude-sonnet-5': anthropic(2, 10, 0.2),
    'claude-sonnet-4-6': anthropic(3, 15, 0.3),
    'claude-sonnet-4-5': anthropic(3, 15, 0.3),
    'claude-haiku-5-5': {
      ...anthropic(0.1, 0.5, 0.01),
      longPrompt: { above: 100_000, price: anthropic(0.5, 2.5, 0.05) },
    },
    'claude-haiku-4-5': anthropic(1, 5, 0.1),
  },
  openai: {
    'gpt-6.1-sol': openai(2, 10, 0.1),
    'gpt-6.1-terra': openai(1, 5, 0.05),
    'gpt-6-astra': openai(10, 50, 1),
    'gpt-6-sol': openai(2, 10, 0.2),
    'gpt-6-luna': openai(0.1, 0.5, 0.01),
    'gpt-5.6-terra': openai(2, 12, 0.2),
    'gpt-5.6-luna': openai(0.2, 1.2, 0.02),
    'gpt-5.5': openai(5, 30, 0.5),
    'gpt-5.4': openai(2.5, 15, 0.25),
  },
  gemini: {
    'gemini-4-argon': gemini(4, 20, 0.2),
    'gemini-4-carbon': gemini(4, 20, 0.2),
    'gemini-3.8-flash': gemini(1.5, 7.5, 0.15),
    'gemini-3.6-flash': gemini(1.5, 7.5, 0.15),
    'gemini-3.1-pro-preview': {
      ...gemini(2, 12, 0.2),
      longPrompt: { above: 200_000, price: gemini(4, 18, 0.4) },
    },
    'gemini-3.5-flash-lite': gemini(0.3, 2.5, 0.03),
  },
};

/** `-20251101`, `-2026-04-23`, `-001`, `-latest`: the same model, pinned. */
const version = /-(?:\d{8}|\d{4}-\d{2}-\d{2}|\d{3}|latest)$/;

/** Dollars for a million tokens; undefined where the price is not known. */
export const priceOf = ({ provider, model }: ModelRef): Price | undefined => {
  const prices = table[provider];
  const name = model
    .toLowerCase()
    .replace(/^models\//, '')
    .replace(version, '');
  return prices !== undefined && Object.hasOwn(prices, name) ? prices[name] : undefined;
};
