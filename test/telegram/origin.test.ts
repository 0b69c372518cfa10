import assert from 'node:assert/strict';
import { noSpending } from '../../extension/shared/budget.ts';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { botOrigin } from '../../extension/telegram/origin.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';
import { config } from './conversationRig.ts';

const rig = (now: number) => {
  const store = createFakeTelegramStore();
  const state: { config: TelegramConfig; since: number[] } = { config, since: [] };
  const origin = botOrigin(
    {
      store: {
        countJob: store.countJob,
        botSpending: (configId, since) => {
          state.since.push(since);
          return store.botSpending(configId, since);
        },
      },
      budget: { assumedPrice: () => ({ input: 1, output: 1 }) },
      now: () => now,
      config: () => state.config,
    },
    'Ann, on Telegram',
  );
  const spend = (jobId: string, at: number, costUsd: number): void =>
    store.record({
      ...{ type: 'Usage', jobId, at, costUsd },
      usage: { input: 1, output: 1, cachedInput: 0, cacheWrite: 0, reasoning: 0 },
    });
  return { origin, state, spend, store };
};

describe('the origin of a bot’s jobs', () => {
  it('has the mode that the bot has now', () => {
    const { origin, state } = rig(0);
    assert.equal(origin.mode(), 'ask');
    state.config = { ...config, mode: 'smart' };
    assert.equal(origin.mode(), 'smart');
    assert.equal(origin.via, 'Ann, on Telegram');
  });

  it('counts what its own jobs have spent since midnight', async () => {
    const now = new Date(2025, 5, 2, 14).getTime();
    const midnight = new Date(2025, 5, 2).getTime();
    const { origin, state, spend } = rig(now);
    state.config = { ...config, dailyBudget: { usd: 1 } };
    await origin.onStart('mine');
    spend('mine', midnight - 1, 5);
    spend('other', now, 5);
    spend('mine', midnight, 0.9);
    assert.equal(await origin.checkBudget(), undefined);
    assert.deepEqual(state.since, [midnight]);
    spend('mine', now, 0.1);
    const error = await origin.checkBudget();
    assert.equal(error?.kind, 'budget');
    assert.match(error?.message ?? '', /House/);
  });

  it('lets nothing be spent where the budget is nothing', async () => {
    const { origin, state, store } = rig(1_000);
    state.config = { ...config, dailyBudget: { usd: 0 } };
    assert.deepEqual(await store.botSpending('bot', 0), noSpending);
    assert.equal((await origin.checkBudget())?.kind, 'budget');
  });
});
