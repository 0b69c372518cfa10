import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  assumedCost,
  budgetError,
  costOfUsage,
  createBudgets,
  midnightBefore,
  type ReachedLimit,
  reachedLimits,
} from '../../extension/core/budgets.ts';
import type { ScopeSpending, SpentQuery } from '../../extension/core/store.ts';
import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import {
  type BudgetLimits,
  type BudgetScope,
  limitKinds,
  noSpending,
  type Price,
  raisedKind,
  type Spending,
} from '../../extension/shared/budget.ts';
import { type ModelRef, noUsage, type TokenUsage } from '../../extension/shared/message.ts';

const usage = (more: Partial<TokenUsage>): TokenUsage => ({ ...noUsage, ...more });
const spending = (more: Partial<Spending> = {}): Spending => ({ ...noSpending, ...more });
/** @param raised times, of dollars */
const scope = (more: Partial<Spending> = {}, raised = 0): ScopeSpending => ({
  spending: spending(more),
  raised,
  ...(raised === 0 ? {} : { raisedBy: { usd: raised } }),
});
const assumed: Price = { input: 5, output: 25 };
const million = 1_000_000;

describe('budgets: what a request costs', () => {
  const plain: Price = { input: 2, output: 10 };
  const cached: Price = { input: 2, output: 10, cachedInput: 0.2, cacheWrite: 2.5 };
  const long: Price = { ...plain, longPrompt: { above: 100, price: { input: 4, output: 20 } } };
  const cases: [string, Price, Partial<TokenUsage>, number][] = [
    ['nothing', plain, {}, 0],
    ['input', plain, { input: million }, 2],
    ['output, with its thinking in it', plain, { output: million, reasoning: 500_000 }, 10],
    ['cached input without a price of its own', plain, { input: million, cachedInput: million }, 2],
    ['cached input', cached, { input: million, cachedInput: million }, 0.2],
    ['input that is half cached', cached, { input: million, cachedInput: 500_000 }, 1.1],
    ['newly cached input', cached, { input: million, cacheWrite: million }, 2.5],
    [
      'all three kinds',
      cached,
      { input: million, cachedInput: 500_000, cacheWrite: 250_000 },
      0.5 + 0.1 + 0.625,
    ],
    ['more cached than there is', cached, { input: 0, cachedInput: million }, 0.2],
    ['a prompt as long as may be', long, { input: 100, output: million }, 10.0002],
    ['a longer prompt', long, { input: 101, output: million }, 20.000404],
  ];
  for (const [name, price, tokens, dollars] of cases) {
    it(`${name}: ${dollars}`, () => assert.ok(Math.abs(costOfUsage(price, usage(tokens)) - dollars) < 1e-9));
  }

  it('counts no token twice, and none for less than the cheapest price', () => {
    const tokens = fc.nat(1_000_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, (fresh, read, write, output) => {
        const all = usage({ input: fresh + read + write, cachedInput: read, cacheWrite: write, output });
        const flat = costOfUsage({ input: 3, output: 3, cachedInput: 3, cacheWrite: 3 }, all);
        assert.ok(Math.abs(flat - ((fresh + read + write + output) * 3) / million) < 1e-9);
        const cost = costOfUsage(cached, all);
        assert.ok(cost >= (0.2 * (all.input + output)) / million - 1e-9);
        assert.ok(cost <= (10 * (all.input + output)) / million + 1e-9);
      }),
    );
  });
});

describe('budgets: what unpriced requests are taken to cost', () => {
  const cases: [string, Partial<Spending>, number][] = [
    ['none of them', { requests: 4, tokens: million, unpriced: 0 }, 0],
    ['all of them, at the dearest price', { requests: 4, tokens: million, unpriced: 4 }, 25],
    ['half of them, half of the tokens', { requests: 4, tokens: million, unpriced: 2 }, 12.5],
    ['more than there are', { requests: 1, tokens: million, unpriced: 2 }, 25],
    ['of no counted requests', { requests: 0, tokens: million, unpriced: 1 }, 25],
  ];
  for (const [name, more, dollars] of cases) {
    it(`${name}: ${dollars}`, () => assert.equal(assumedCost(spending(more), assumed), dollars));
  }

  it('is never less than the assumed price, where no request has one', () => {
    const request = fc.record({ input: fc.nat(300_000), output: fc.nat(50_000) });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1 }), (requests) => {
        const total = requests.reduce((sum, { input, output }) => sum + input + output, 0);
        const real = requests.reduce((sum, each) => sum + costOfUsage(assumed, usage(each)), 0);
        const { length } = requests;
        assert.ok(
          assumedCost(spending({ requests: length, tokens: total, unpriced: length }), assumed) >=
            real - 1e-9,
        );
      }),
    );
  });
});

describe('budgets: which limit is reached', () => {
  const cases: [string, ScopeSpending, BudgetLimits, string | undefined][] = [
    ['no limit', scope({ usd: 1e9, tokens: 1e12 }), {}, undefined],
    ['below', scope({ usd: 9.99 }), { usd: 10 }, undefined],
    ['at it', scope({ usd: 10 }), { usd: 10 }, 'usd 10'],
    ['above', scope({ tokens: 11 }), { tokens: 10 }, 'tokens 11'],
    ['requests', scope({ requests: 3 }), { requests: 3 }, 'requests 3'],
    ['minutes', scope({ minutes: 60.5 }), { minutes: 60 }, 'minutes 60.5'],
    ['another kind than the limited', scope({ usd: 99 }), { tokens: 10 }, undefined],
    ['raised once, below', scope({ usd: 19 }, 1), { usd: 10 }, undefined],
    ['raised once, at it', scope({ usd: 20 }, 1), { usd: 10 }, 'usd 20'],
    ['raised three times', scope({ usd: 39 }, 3), { usd: 10 }, undefined],
    ['two at once', scope({ usd: 10, tokens: 10 }), { tokens: 10, usd: 10 }, 'usd 10, tokens 10'],
    ['another kind than the raised', scope({ tokens: 10 }, 1), { tokens: 10, usd: 10 }, 'tokens 10'],
    ['nothing may be spent, and nothing was', scope(), { usd: 0 }, 'usd 0'],
    ['nothing may be spent, raised', scope({}, 3), { usd: 0 }, 'usd 0'],
    ['a limit that is not understood', scope(), { minutes: Number.NaN }, 'minutes 0'],
    ['nothing priced', scope({ requests: 1, tokens: 400_000, unpriced: 1 }), { usd: 10 }, 'usd 10'],
    ['partly priced', scope({ usd: 5, requests: 2, tokens: 400_000, unpriced: 1 }), { usd: 10 }, 'usd 10'],
    ['priced at nothing', scope({ requests: 9, tokens: 1e9 }), { usd: 10 }, undefined],
    ['what is no number', scope({ usd: Number.NaN }), { usd: 10 }, 'usd NaN'],
  ];
  for (const [name, given, limits, expected] of cases) {
    it(`${name}: ${expected ?? 'none'}`, () => {
      const reached = reachedLimits('chat', given, limits, assumed);
      assert.equal(reached.map(({ kind, spent }) => `${kind} ${spent}`).join(', '), expected ?? '');
    });
  }
});

describe('budgets: what the person reads', () => {
  const reached: ReachedLimit = {
    scope: 'chat',
    kind: 'usd',
    spent: 50.128,
    limit: 50,
    raised: 0,
    assumed: 0,
    unpriced: 0,
  };
  const cases: [ReachedLimit[], string][] = [
    [
      [reached],
      'This chat has spent $50.13 of its limit of $50.00. Everything so far was kept. Raise the limit to allow as much again, or change the limits in the settings.',
    ],
    [
      [{ ...reached, scope: 'job', kind: 'tokens', spent: 5_000_123, limit: 5_000_000 }],
      'This answer has spent 5,000,123 tokens of its limit of 5,000,000 tokens. Everything so far was kept. Continue to allow as much again, or change the limits in the settings.',
    ],
    [
      [{ ...reached, scope: 'agent', kind: 'minutes', spent: 60.25, limit: 60 }],
      'Today this agent has spent 60.3 minutes of work of its limit of 60 minutes of work. Everything so far was kept. Raise the limit to allow as much again, or change the limits in the settings.',
    ],
    [
      [{ ...reached, raised: 1, spent: 101, assumed: 0.05, unpriced: 1 }],
      'This chat has spent $101.00 of its limit of $100.00 ($50.00, raised 1 time). $0.05 of that is assumed, for 1 request whose price is not known; the setting anycowork.prices can say it. Everything so far was kept. Raise the limit to allow as much again, or change the limits in the settings.',
    ],
    [
      [reached, { ...reached, scope: 'day', kind: 'requests', spent: 1, limit: 1 }],
      'This chat has spent $50.13 of its limit of $50.00. Today the agents together have spent 1 model request of their limit of 1 model request. Everything so far was kept. Raise the limit to allow as much again, or change the limits in the settings.',
    ],
  ];
  const wrong = { ...reached, spent: 0, limit: Number.NaN };
  const stuck: [ReachedLimit[], string][] = [
    [
      [wrong],
      'The setting anycowork.budget.chat is not understood, so nothing more is spent: usd in it has to be a number of 0 or more.',
    ],
    [
      limitKinds.map((kind) => ({ ...wrong, kind })),
      'The setting anycowork.budget.chat is not understood, so nothing more is spent: it may say usd, tokens, requests and minutes, each as a number of 0 or more.',
    ],
    [[{ ...wrong, limit: 0, scope: 'job' }], 'The setting anycowork.budget.job allows $0.00.'],
    [
      [reached, { ...wrong, limit: 0, kind: 'tokens', scope: 'day' }],
      'This chat has spent $50.13 of its limit of $50.00. The setting anycowork.budget.day allows 0 tokens.',
    ],
  ];
  for (const [given, message] of stuck) {
    it(message, () => {
      const error = budgetError(given);
      const next = ' Everything so far was kept. Change the limits in the settings to go on.';
      assert.equal(error.message, message + next);
      assert.deepEqual(error.actions, ['openSettings'], 'no raise would help');
    });
  }

  for (const [given, message] of cases) {
    it(message, () => {
      const error = budgetError(given);
      assert.equal(error.message, message);
      assert.equal(error.kind, 'budget');
      const first = given[0]?.scope === 'job' ? 'continue' : 'raiseBudget';
      assert.deepEqual(error.actions, [first, 'openSettings']);
    });
  }
});

describe('budgets', () => {
  const place = { jobId: 'job', sessionId: 'chat', agentId: 'agent' };
  const noon = new Date(2026, 10, 26, 12, 30).getTime();
  const model: ModelRef = { provider: 'openai', model: 'gpt' };

  const set = (
    limits: Partial<Record<BudgetScope, BudgetLimits>>,
    spent: Partial<Record<BudgetScope, ScopeSpending>>,
  ) => {
    const current = { job: scope(), chat: scope(), agent: scope(), day: scope(), ...spent };
    const queries: SpentQuery[] = [];
    const audits: NewAuditEntry[] = [];
    const raised: unknown[][] = [];
    const budgets = createBudgets({
      store: {
        spent: async (query) => {
          queries.push(query);
          return current;
        },
        raiseBudget: async (which, key, at) => {
          raised.push([which, key, at]);
          const { spending: same, raised: times, raisedBy = {} } = current[which];
          const kind = raisedKind(key) ?? assert.fail(key);
          current[which] = {
            spending: same,
            raised: times + 1,
            raisedBy: { ...raisedBy, [kind]: (raisedBy[kind] ?? 0) + 1 },
          };
        },
        audit: async (entry) => void audits.push(entry),
      },
      limits: () => ({ job: {}, chat: {}, agent: {}, day: {}, ...limits }),
      price: ({ model: name }) => (name === 'gpt' ? { input: 1, output: 2 } : undefined),
      assumedPrice: () => assumed,
      isFree: ({ provider }) => provider === 'openaiCompatible',
      now: () => noon,
    });
    return { ...budgets, queries, audits, raised };
  };

  it('let work go on below every limit', async () => {
    const { check } = set({ job: { usd: 10 }, day: { usd: 50 } }, { day: scope({ usd: 49 }) });
    assert.equal(await check(place), undefined);
  });

  it('ask for what was spent since midnight', async () => {
    const { check, queries } = set({}, {});
    await check(place);
    assert.deepEqual(queries, [{ ...place, since: new Date(2026, 10, 26).getTime() }]);
  });

  it('know midnight in local time, also on the days on which clocks change', () => {
    for (let day = 1; day <= 366; day += 1) {
      const time = new Date(2026, 0, day, 23, 59, 59).getTime();
      assert.equal(midnightBefore(time), new Date(2026, 0, day).getTime());
      assert.equal(midnightBefore(midnightBefore(time)), midnightBefore(time));
    }
  });

  it('stop a job at its own limit, which it can go on from', async () => {
    const { check } = set({ job: { requests: 2 } }, { job: scope({ requests: 2 }) });
    assert.deepEqual((await check(place))?.actions, ['continue', 'openSettings']);
  });

  it('say of a wider limit first, at which another job would stop at once', async () => {
    const over = scope({ requests: 2 });
    const error = await set({ job: { requests: 2 }, day: { requests: 2 } }, { job: over, day: over }).check(
      place,
    );
    assert.deepEqual(error?.actions, ['raiseBudget', 'openSettings']);
    assert.doesNotMatch(error?.message ?? '', /This answer/);
  });

  it('are raised where they are used up, each once, and recorded', async () => {
    const over = scope({ usd: 10 });
    const { raise, check, raised, audits } = set(
      { job: { usd: 10 }, chat: { usd: 10 }, agent: { usd: 11 }, day: { usd: 10 } },
      { job: scope({ usd: 9 }), chat: over, agent: over, day: over },
    );
    assert.deepEqual(await raise(place), ['chat', 'day']);
    assert.deepEqual(raised, [
      ['chat', 'chat#usd', noon],
      ['day', 'day#usd', noon],
    ]);
    assert.deepEqual(
      audits.map(({ kind, outcome, by, title }) => [kind, outcome, by, title]),
      [
        ['budget', 'changed', 'user', 'Budget of the chat raised to $20.00'],
        ['budget', 'changed', 'user', 'Budget of the day raised to $20.00'],
      ],
    );
    assert.equal(await check(place), undefined);
    assert.deepEqual(await raise(place), []);
  });

  it('are raised by what is used up of them, and by nothing else', async () => {
    const limits = { usd: 10, tokens: 10, minutes: 5, requests: 0 };
    const spent = scope({ usd: 1, tokens: 10, minutes: 6 });
    const { raise, check, raised, audits } = set({ day: limits }, { day: spent });
    assert.deepEqual(await raise(place), ['day']);
    assert.deepEqual(
      raised.map(([, key]) => key),
      ['day#tokens', 'day#minutes'],
    );
    assert.deepEqual(
      audits.map(({ title }) => title),
      ['Budget of the day raised to 20 tokens', 'Budget of the day raised to 10 minutes of work'],
    );
    assert.match(
      (await check(place))?.message ?? '',
      /^The setting anycowork\.budget\.day allows 0 model req/,
    );
  });

  it('never raise the limit of a job: to go on is another job', async () => {
    const { raise, raised } = set({ job: { usd: 1 } }, { job: scope({ usd: 2 }) });
    assert.deepEqual(await raise(place), []);
    assert.deepEqual(raised, []);
  });

  it('know what a request costs, what costs nothing, and what they do not know', () => {
    const { costOf } = set({}, {});
    const tokens = usage({ input: million, output: million });
    assert.equal(costOf(model, tokens), 3);
    assert.equal(costOf({ provider: 'openaiCompatible', model: 'gpt' }, tokens), 0);
    assert.equal(costOf({ provider: 'openai', model: 'new' }, tokens), undefined);
  });

  it('tell what was spent', async () => {
    const { spent } = set({}, { agent: scope({ usd: 3 }) });
    assert.deepEqual(await spent(place), {
      job: noSpending,
      chat: noSpending,
      agent: spending({ usd: 3 }),
      day: noSpending,
    });
  });
});
