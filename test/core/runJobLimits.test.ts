import assert from 'node:assert/strict';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { type ModelEvent, ProviderError } from '../../extension/core/provider.ts';
import { stoppedAt, warnedAt } from '../../extension/core/repeats.ts';
import { StoreError } from '../../extension/core/store.ts';
import { CannotUndoError } from '../../extension/core/undo.ts';
import type { JobError } from '../../extension/shared/event.ts';
import { type Message, noUsage, textOf } from '../../extension/shared/message.ts';
import { counters } from '../fakes/ids.ts';
import { call, callReply, fakeProvider, type ScriptedReply, textReply, usage } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { fakeUndo } from '../fakes/undoKeeper.ts';
import { answering, last, letThrough, no, only, run, types, yes } from './jobRun.ts';

const oneEdit = () => fakeProvider([callReply(call('a', 'edit')), textReply('done')]);
const done = (text: string): ModelEvent => ({
  type: 'done',
  content: [{ type: 'text', text }],
  stopReason: 'end',
});
const undoable: PolicyDecision = { ...letThrough, ruleIds: [], mustBeUndoable: true };

describe('runJob: before-images', () => {
  it('are kept before the step is let through, and what can be taken back is told with its result', async () => {
    const order: string[] = [];
    const undo = fakeUndo(async () => void order.push('before'));
    const edit = fakeTool('edit', {
      effect: 'write',
      run: async () => {
        order.push('run');
        throw new Error('half done');
      },
    });
    const { events } = await run({
      provider: oneEdit(),
      tools: [edit],
      undo,
      onEvent: ({ type }) => order.push(type),
    });
    assert.deepEqual(order.slice(order.indexOf('ApprovalRequired'), order.indexOf('StepCompleted') + 1), [
      'ApprovalRequired',
      'before',
      'StepApproved',
      'run',
      'StepCompleted',
    ]);
    const [completed] = only(events, 'StepCompleted');
    assert.equal(completed?.result.outcome, 'failed');
    assert.deepEqual(completed.undo, { files: 1, unknown: [] }, 'a step that failed may have changed files');
  });

  it('are not kept of reads and of what is rejected', async () => {
    const provider = fakeProvider([callReply(call('a', 'look'), call('b', 'edit'))]);
    const tools = [fakeTool('look'), fakeTool('edit', { effect: 'write' })];
    const { events, undo } = await run({ provider, tools, approver: answering(no) });
    assert.deepEqual(undo.calls, []);
    assert.equal(only(events, 'StepCompleted')[0]?.undo, undefined);
  });

  const failures: [string, Error][] = [
    ['cannot be kept', new CannotUndoError('it is a folder')],
    ['fails in another way', new TypeError('it is a bug')],
  ];
  for (const [name, error] of failures) {
    const undo = fakeUndo(() => Promise.reject(error));
    it(`where that ${name}: what ran because it could be undone asks`, async () => {
      const edit = fakeTool('edit', { effect: 'write' });
      const asked = await run({
        provider: oneEdit(),
        tools: [edit],
        undo,
        decide: async () => undoable,
        approver: answering(no),
      });
      const [question] = only(asked.events, 'ApprovalRequired');
      assert.equal(question?.prompt.reason, `it could not be undone: ${error.message}`);
      assert.equal(edit.runs.length, 0);
    });

    it(`where that ${name}: what a person or a rule let through runs, and says so`, async () => {
      for (const decide of [{}, { decide: async () => letThrough }]) {
        const edit = fakeTool('edit', { effect: 'write' });
        const { events } = await run({ provider: oneEdit(), tools: [edit], undo, ...decide });
        assert.match(only(events, 'StepApproved')[0]?.reason ?? '', /; it cannot be undone: it is a/);
        assert.equal(edit.runs.length, 1);
      }
    });
  }

  it('end the job where the disk does not take them', async () => {
    const edit = fakeTool('edit', { effect: 'write' });
    const undo = fakeUndo(() => Promise.reject(new StoreError('The disk is full.')));
    const { events } = await run({ provider: oneEdit(), tools: [edit], undo });
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'storage');
    assert.equal(edit.runs.length, 0);
  });

  it('start nothing when the chat is stopped meanwhile, and are let go', async () => {
    for (const decide of [undoable, letThrough]) {
      const controller = new AbortController();
      const edit = fakeTool('edit', { effect: 'write' });
      const undo = fakeUndo(async () => controller.abort(new Error('stopped')));
      const { events } = await run({
        provider: oneEdit(),
        tools: [edit],
        undo,
        decide: async () => decide,
        signal: controller.signal,
      });
      assert.equal(only(events, 'StepRejected')[0]?.result.outcome, 'cancelled');
      assert.equal(last(events)?.type, 'JobCancelled');
      assert.deepEqual([edit.runs, undo.calls], [[], ['before edit', 'after edit']]);
    }
  });
});

describe('runJob: whose words have come in', () => {
  const page = fakeTool('page', { run: async () => ({ ...output('words'), taint: 'a web page (x.org)' }) });
  const failed = fakeTool('failed', { run: async () => ({ ...output('no', true), taint: 'a server' }) });
  const taints = async (replies: Parameters<typeof fakeProvider>[0], job: object = {}) => {
    const seen: (string | undefined)[] = [];
    const result = await run({
      provider: fakeProvider(replies),
      tools: [fakeTool('look'), page, failed],
      decide: async (_, __, taint) => {
        seen.push(taint);
        return letThrough;
      },
      job,
    });
    return { seen, ...result };
  };

  it('is told to the policy from then on, to the end of the job', async () => {
    const { seen, events } = await taints([
      callReply(call('a', 'look'), call('b', 'page'), call('c', 'look')),
      callReply(call('d', 'failed')),
      callReply(call('e', 'look')),
    ]);
    const from = 'a web page (x.org)';
    assert.deepEqual(seen, [undefined, undefined, from, from, from]);
    assert.deepEqual(
      only(events, 'StepCompleted').map(({ result }) => result.taint),
      [undefined, from, undefined, 'a server', undefined],
    );
  });

  it('counts where the output is that of a failure', async () => {
    const { seen } = await taints([callReply(call('a', 'failed'), call('b', 'look'))]);
    assert.deepEqual(seen, [undefined, 'a server']);
  });

  it('is forgotten with the next message of the person, and not when the agent only goes on', async () => {
    const before = await taints([callReply(call('a', 'page')), textReply('read it')]);
    const history = before.events.flatMap((event): Message[] => {
      if (event.type === 'JobStarted') return event.input === undefined ? [] : [event.input];
      if (event.type === 'TurnCompleted') return [event.message];
      return event.type === 'StepCompleted' ? [event.result] : [];
    });
    const replies = [callReply(call('z', 'look'))];
    assert.deepEqual((await taints(replies, { history })).seen, [undefined]);
    const goesOn = await taints(replies, { history, input: undefined });
    assert.deepEqual(goesOn.seen, ['a web page (x.org)']);
  });
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

describe('runJob: an agent that repeats itself', () => {
  const turns = (...names: readonly string[]) =>
    names.map((name, index) => callReply(call(`c${index}`, name, { path: 'x' })));
  const looking = (...names: readonly string[]) =>
    run({
      provider: fakeProvider([...turns(...names), textReply('done')]),
      tools: [fakeTool('look'), fakeTool('list')],
    });
  const notes = (events: Awaited<ReturnType<typeof looking>>['events']) =>
    only(events, 'StepCompleted').map(({ result }) => /times in a row/.test(textOf(result.content)));

  it('is told so, and goes on', async () => {
    const { events } = await looking('look', 'look', 'look', 'list', 'look');
    assert.deepEqual(notes(events), [false, false, true, false, false]);
    assert.equal(last(events)?.type, 'JobCompleted');
  });

  it('is stopped in the end, and the person reads at what', async () => {
    const { events } = await looking(...Array.from({ length: 9 }, () => 'look'));
    assert.equal(only(events, 'StepCompleted').length, stoppedAt);
    assert.equal(notes(events).filter(Boolean).length, stoppedAt - warnedAt + 1);
    const error = only(events, 'JobFailed')[0]?.error;
    assert.equal(error?.kind, 'repeating');
    assert.deepEqual(error.actions, ['continue']);
    assert.match(error.message, /same step 6 times in a row.*: look \(look\)\. Everything/);
  });

  it('may take turns with two calls', async () => {
    const { events } = await looking(...Array.from({ length: 8 }, () => ['look', 'list']).flat());
    assert.equal(only(events, 'StepCompleted').length, 2 * stoppedAt);
    assert.match(only(events, 'JobFailed')[0]?.error.message ?? '', /same two steps 6 times/);
  });

  it('is stopped within a turn too', async () => {
    const calls = Array.from({ length: 9 }, (_, index) => call(`c${index}`, 'look'));
    const { events } = await run({
      provider: fakeProvider([callReply(...calls)]),
      tools: [fakeTool('look')],
    });
    assert.equal(only(events, 'StepCompleted').length, stoppedAt);
    assert.equal(types(events).at(-1), 'JobFailed');
  });
});
