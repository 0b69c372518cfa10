import assert from 'node:assert/strict';
import { createApprovals } from '../../extension/core/approvals.ts';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { stoppedAt } from '../../extension/core/repeats.ts';
import { groupLimit } from '../../extension/core/runSteps.ts';
import { StoreError } from '../../extension/core/store.ts';
import { type PreparedStep, ToolError } from '../../extension/core/tool.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { call, callReply, fakeProvider } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import {
  edit,
  edits,
  type Item,
  last,
  letThrough,
  no,
  noError,
  only,
  patient,
  plainDecide,
  run,
  types,
  yes,
} from './jobRun.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The groups of the questions, as the paths that were asked together. */
const groupsOf = (events: readonly AgentEvent[]): string[][] => {
  const groups = new Map<string, string[]>();
  for (const { step, prompt } of only(events, 'ApprovalRequired')) {
    const key = prompt.groupId ?? step.id;
    groups.set(key, [...(groups.get(key) ?? []), String(step.input.path ?? step.input.command)]);
  }
  return [...groups.values()];
};

describe('runJob: steps that are alike', () => {
  const look = fakeTool('look');
  const remove = fakeTool('remove', { effect: 'write' });
  const cases: [string, Item[], string[][]][] = [
    ['are asked together', ['a', 'b', 'c'], [['a', 'b', 'c']]],
    ['stop at one of another tool', ['a', ['remove', 'b'], 'c', 'd'], [['a'], ['b'], ['c', 'd']]],
    ['stop at a read', ['a', 'b', ['look', 'x'], 'c'], [['a', 'b'], ['c']]],
    [
      'stop at the same file',
      ['a', 'b', 'a', 'c'],
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
    ],
    [
      'stop at a folder that holds one of them',
      ['x/a', 'y', 'X', 'z'],
      [
        ['x/a', 'y'],
        ['X', 'z'],
      ],
    ],
    ['stop at a name that is not a folder of it', ['xy', 'x'], [['xy', 'x']]],
    ['stop at one that cannot be prepared', ['a', 'broken', 'b'], [['a'], ['b']]],
    ['stop at one that always asks', ['a', 'b', 'secret', 'c'], [['a', 'b'], ['secret'], ['c']]],
    ['stop at one that runs by itself', ['a', 'free', 'c', 'd'], [['a'], ['c', 'd']]],
    [
      'are at most so many',
      Array.from({ length: groupLimit + 2 }, (_, index) => `f${index}`),
      [
        Array.from({ length: groupLimit }, (_, index) => `f${index}`),
        [`f${groupLimit}`, `f${groupLimit + 1}`],
      ],
    ],
  ];
  for (const [name, items, expected] of cases) {
    it(name, async () => {
      const tool = edit({
        prepare: ({ path }) => {
          if (path === 'broken') throw new ToolError('broken');
        },
      });
      const { events } = await run({
        provider: edits(...items),
        tools: [tool, remove, look],
        decide: async (step, prepared) => {
          const { path } = step.input;
          if (path === 'free') return letThrough;
          const access = path === 'secret' ? { ...prepared.access, caution: 'secret' } : prepared.access;
          return plainDecide({ ...prepared, access });
        },
      });
      assert.deepEqual(groupsOf(events), expected);
      assert.equal(last(events)?.type, 'JobCompleted');
    });
  }

  it('may be commands, whatever they are about', async () => {
    const command = fakeTool('command', { effect: 'execute' });
    const calls = ['npm test', 'npm run lint'].map((line, index) =>
      call(`c${index}`, 'command', { command: line }),
    );
    const { events } = await run({ provider: fakeProvider([callReply(...calls)]), tools: [command] });
    assert.deepEqual(groupsOf(events), [['npm test', 'npm run lint']]);
  });

  it('are never of two places: on this computer, in the sandbox, in the sandbox with the internet', async () => {
    const access = { folder: '.', root: '/folder', below: '.' };
    const places = [
      { isSandboxed: false },
      { isSandboxed: false },
      { isSandboxed: true },
      { isSandboxed: true, hasNetwork: false },
      { isSandboxed: true, hasNetwork: true },
      { isSandboxed: true, hasNetwork: true },
      { isSandboxed: false },
    ];
    const plain = fakeTool('command', { effect: 'execute' });
    const tool = {
      ...plain,
      prepare: async (input: JsonObject, signal: AbortSignal): Promise<PreparedStep> => {
        const line = String(input.command);
        const place = places[Number(line)] ?? assert.fail(line);
        const prepared = await plain.prepare(input, signal);
        return { ...prepared, access: { paths: [], command: { line, ...access, ...place } } };
      },
    };
    const calls = places.map((_, index) => call(`c${index}`, 'command', { command: String(index) }));
    const { events } = await run({ provider: fakeProvider([callReply(...calls)]), tools: [tool] });
    assert.deepEqual(groupsOf(events), [['0', '1'], ['2', '3'], ['4', '5'], ['6']]);
  });

  it('wait all at once, and go on in their order as each is answered', async () => {
    const { approver, requests, answer } = patient();
    const tool = edit();
    const running = run({ provider: edits('a', 'b', 'c'), tools: [tool], approver });
    while (requests.length < 3) await settled();
    answer(1, yes);
    answer(2, no);
    await settled();
    assert.deepEqual(tool.runs, [], 'the first has not been answered');
    answer(0, yes);
    const { events } = await running;
    assert.deepEqual(
      tool.runs.map(({ path }) => path),
      ['a', 'b'],
    );
    assert.deepEqual(
      types(events).filter((type) => type.startsWith('Step') || type.startsWith('Approval')),
      [
        'ApprovalRequired',
        'ApprovalRequired',
        'ApprovalRequired',
        'StepApproved',
        'StepCompleted',
        'StepApproved',
        'StepCompleted',
        'StepRejected',
      ],
    );
  });

  it('that came behind a change are prepared only once that has been made', async () => {
    const order: string[] = [];
    const note = (name: string, effect: 'write' | 'read') =>
      fakeTool(name, {
        effect,
        prepare: ({ path }) => void order.push(`prepare ${path}`),
        run: async () => {
          order.push(`run ${name}`);
          return output('ok');
        },
      });
    const tools = [note('edit', 'write'), note('remove', 'write')];
    const decide = async (): Promise<PolicyDecision> => letThrough;
    await run({ provider: edits('a', 'b', ['remove', 'c']), tools, decide });
    assert.deepEqual(order, ['prepare a', 'run edit', 'prepare b', 'run edit', 'prepare c', 'run remove']);
  });

  it('need no further answer once a rule covers them; one that was made meanwhile counts as it was', async () => {
    let hasRule = false;
    const approvals = createApprovals({ onError: noError, now: () => 1 });
    const answers: string[] = [];
    approvals.listen({
      onAnswered: ({ step }, { by, approved }) => answers.push(`${step.input.path} ${by} ${approved}`),
    });
    const tool = edit();
    const running = run({
      provider: edits('a', 'b', 'c'),
      tools: [tool],
      approver: approvals,
      decide: async (_, prepared) => (hasRule ? letThrough : plainDecide(prepared)),
      allow: async () => {
        hasRule = true;
        return ['rule-1'];
      },
    });
    while (approvals.pending().length < 3) await settled();
    const [first, second] = approvals.pending();
    approvals.answer(second?.request.step.id ?? '', no);
    approvals.answer(first?.request.step.id ?? '', { ...yes, scope: 'session' });
    const { events } = await running;
    assert.deepEqual(answers, ['b user false', 'a user true', 'c rule true']);
    assert.deepEqual(
      tool.runs.map(({ path }) => path),
      ['a', 'c'],
    );
    const approved = only(events, 'StepApproved')[1];
    assert.deepEqual([approved?.by, approved?.reason, approved?.ruleIds], ['rule', 'a rule', ['rule-1']]);
  });

  it('each get their result when the chat is stopped while they wait', async () => {
    const { approver, requests, answer } = patient();
    const controller = new AbortController();
    const running = run({
      provider: edits('a', 'b', 'c'),
      tools: [edit({ run: () => new Promise(() => undefined) })],
      approver,
      signal: controller.signal,
    });
    while (requests.length < 3) await settled();
    answer(1, yes);
    controller.abort();
    const { events } = await running;
    assert.deepEqual(
      only(events, 'StepRejected').map(({ result }) => result.outcome),
      ['cancelled', 'cancelled', 'cancelled'],
    );
    assert.equal(last(events)?.type, 'JobCancelled');
  });

  it('are asked no more, and do not run, once one of them has repeated itself too often', async () => {
    const approvals = createApprovals({ onError: noError, now: () => 1 });
    const command = fakeTool('command', { effect: 'execute' });
    const calls = Array.from({ length: stoppedAt + 2 }, (_, index) =>
      call(`c${index}`, 'command', { command: 'npm test' }),
    );
    const running = run({
      provider: fakeProvider([callReply(...calls)]),
      tools: [command],
      approver: approvals,
    });
    while (approvals.pending().length < calls.length) await settled();
    // The last one is answered before its turn, and the one before it never.
    for (const index of [...Array(stoppedAt).keys(), stoppedAt + 1].toReversed()) {
      approvals.answer(approvals.pending()[index]?.request.step.id ?? '', yes);
    }
    const { events } = await running;
    assert.equal(command.runs.length, stoppedAt);
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'repeating');
    assert.deepEqual(approvals.pending(), []);
    assert.deepEqual(
      only(events, 'StepRejected').map(({ by, reason }) => [by, reason]),
      [
        ['rule', 'the work had ended before it'],
        ['rule', 'the work had ended before it'],
      ],
    );
  });

  it('are asked no more once one of them has ended the job', async () => {
    const { approver, requests, answer } = patient();
    const aborted: boolean[] = [];
    const running = run({
      provider: edits('a', 'b'),
      tools: [edit({ run: () => Promise.reject(new StoreError('The disk is full.')) })],
      approver: {
        ask: (request, signal) => {
          signal.addEventListener('abort', () => aborted.push(true));
          return approver.ask(request, signal);
        },
      },
    });
    while (requests.length < 2) await settled();
    answer(0, yes);
    const { events } = await running;
    assert.equal(last(events)?.type, 'JobFailed');
    assert.ok(aborted.length > 0);
  });
});
