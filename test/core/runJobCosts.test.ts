import assert from 'node:assert/strict';
import { type ModelEvent, ProviderError } from '../../extension/core/provider.ts';
import { StoreError } from '../../extension/core/store.ts';
import type { JobError } from '../../extension/shared/event.ts';
import { noUsage } from '../../extension/shared/message.ts';
import { counters } from '../fakes/ids.ts';
import { call, callReply, fakeProvider, type ScriptedReply, textReply, usage } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { last, only, run, yes } from './jobRun.ts';

const done = (text: string): ModelEvent => ({
  type: 'done',
  content: [{ type: 'text', text }],
  stopReason: 'end',
});

describe('runJob: what it costs', () => {
  const spent: JobError = { kind: 'budget', message: 'Used up.', actions: ['raiseBudget'] };

  it('is looked at before each request', async () => {
    const provider = fakeProvider([callReply(call('a', 'look')), textReply('done')]);
    let checks = 0;
    const { events } = await run({
      provider,
      tools: [fakeTool('look')],
      checkBudget: async () => {
        checks += 1;
        return checks > 1 ? spent : undefined;
      },
    });
    assert.equal(provider.requests.length, 1);
    assert.deepEqual(only(events, 'JobFailed')[0]?.error, spent);
  });

  it('lets nothing be asked where it is not known', async () => {
    const provider = fakeProvider([textReply('done')]);
    const { events } = await run({
      provider,
      checkBudget: () => Promise.reject(new StoreError('The disk is gone.')),
    });
    assert.equal(provider.requests.length, 0);
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'storage');
  });

  it('is told with what each request took, where the price is known', async () => {
    const replies = [textReply('done')];
    const priced = await run({ provider: fakeProvider(replies), costOf: ({ input }) => input / 100 });
    assert.equal(only(priced.events, 'Usage')[0]?.costUsd, usage.input / 100);
    const { events } = await run({ provider: fakeProvider(replies) });
    assert.equal(only(events, 'Usage')[0]?.costUsd, undefined);
  });

  const half = { type: 'text', text: 'half of it' } as const;
  const job = { system: 'x'.repeat(3_500) };
  const untold: [string, ScriptedReply, number[]][] = [
    ['is estimated where the server does not say it', [half, done('half of it')], [1_010, 3]],
    [
      'is estimated where the server says nothing of use',
      [half, { type: 'usage', usage: noUsage }, done('half of it')],
      [1_010, 3],
    ],
    ['is what the server says', [half, { type: 'usage', usage }, done('half of it')], [10, 5]],
    ['counts where the reply breaks', [half, new ProviderError('network', 'Lost.')], [1_010, 3]],
    [
      'counts what came behind what the server has said',
      [
        { type: 'usage', usage: { ...usage, output: 1 } },
        { type: 'text', text: 'x'.repeat(70) },
        new ProviderError('overloaded', 'Too much.'),
      ],
      [10, 20],
    ],
    ['counts where nothing came back', [new ProviderError('network', 'Silence.')], [1_010, 0]],
    ['counts where the answer is empty', [new ProviderError('emptyReply', 'Nothing.')], [1_010, 0]],
    [
      'counts each attempt',
      [
        { type: 'retrying', attempt: 1, delayMs: 1, reason: 'lost', mayHaveCost: true },
        { type: 'retrying', attempt: 2, delayMs: 1, reason: 'busy' },
        half,
        done('half of it'),
      ],
      [1_010, 0, 1_010, 3],
    ],
    ['is nothing where the request was turned away', [new ProviderError('rateLimit', 'Busy.')], []],
    [
      'is nothing where nobody was reached',
      [new ProviderError('network', 'No such host.', { wasReached: false })],
      [],
    ],
    ['is nothing where it could not be sent', [new StoreError('The disk is full.')], []],
  ];
  for (const [name, reply, expected] of untold) {
    it(name, async () => {
      const { events } = await run({ provider: fakeProvider([reply]), costOf: () => 1, job });
      const told = only(events, 'Usage');
      assert.deepEqual(
        told.flatMap((event) => [event.usage.input, event.usage.output]),
        expected,
      );
      for (const { isEstimated, costUsd, usage: each } of told) {
        assert.equal(costUsd, 1);
        assert.equal(isEstimated === true, each.input === 1_010 || each.output === 20);
      }
    });
  }

  it('counts where the person stops it before anything came back, and not while it waits for another try', async () => {
    for (const [first, expected] of [
      [half, 1],
      [{ type: 'thinking', text: 'hm' } as const, 1],
      [undefined, 1],
      [{ type: 'retrying', attempt: 1, delayMs: 60_000, reason: 'busy' } as const, 0],
    ] as const) {
      const controller = new AbortController();
      const provider = fakeProvider([
        async function* (_, signal) {
          if (first !== undefined) yield first;
          setImmediate(() => controller.abort(new Error('stopped')));
          await new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          );
        },
      ]);
      const { events } = await run({ provider, signal: controller.signal });
      assert.equal(last(events)?.type, 'JobCancelled');
      assert.equal(only(events, 'Usage').length, expected, first?.type);
    }
  });

  it('is time too, without that in which the person is waited for', async () => {
    let time = 0;
    const spend = (milliseconds: number) => () => {
      time += milliseconds;
    };
    const slow = fakeTool('edit', {
      effect: 'write',
      run: async () => {
        spend(30)();
        return output('ok');
      },
    });
    const provider = fakeProvider([
      async function* () {
        spend(5)();
        yield* callReply(call('a', 'edit'));
      },
      textReply('done'),
    ]);
    const { events } = await run({
      provider,
      tools: [slow],
      newId: counters().newId,
      now: () => time,
      approver: {
        ask: async () => {
          await Promise.resolve();
          spend(1_000)();
          return yes;
        },
      },
    });
    assert.deepEqual(
      only(events, 'Usage').map(({ workMs }) => workMs),
      [5, 30],
    );
  });
});
