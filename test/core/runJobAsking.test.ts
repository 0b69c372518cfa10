import assert from 'node:assert/strict';
import { createApprovals } from '../../extension/core/approvals.ts';
import type { Decision } from '../../extension/core/approver.ts';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { groupLimit } from '../../extension/core/runSteps.ts';
import { StoreError } from '../../extension/core/store.ts';
import { type PreparedStep, ToolError } from '../../extension/core/tool.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { textOf } from '../../extension/shared/message.ts';
import { call, callReply, fakeProvider, textReply } from '../fakes/provider.ts';
import { type FakeToolOptions, fakeTool, output } from '../fakes/tool.ts';
import {
  answering,
  last,
  letThrough,
  no,
  noError,
  offers,
  only,
  patient,
  plainDecide,
  run,
  types,
  yes,
} from './jobRun.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A file that is edited, or another tool with its file. */
type Item = string | readonly [tool: string, path: string];

/** One turn of these. */
const edits = (...items: readonly Item[]) =>
  fakeProvider([
    callReply(
      ...items.map((item, index) => {
        const [tool, path] = typeof item === 'string' ? ['edit', item] : item;
        return call(`c${index}`, tool, { path });
      }),
    ),
    textReply('done'),
  ]);

const edit = (options: FakeToolOptions = {}) => fakeTool('edit', { effect: 'write', ...options });

/** The groups of the questions, as the paths that were asked together. */
const groupsOf = (events: readonly AgentEvent[]): string[][] => {
  const groups = new Map<string, string[]>();
  for (const { step, prompt } of only(events, 'ApprovalRequired')) {
    const key = prompt.groupId ?? step.id;
    groups.set(key, [...(groups.get(key) ?? []), String(step.input.path ?? step.input.command)]);
  }
  return [...groups.values()];
};

describe('runJob: the question', () => {
  it('is what the tool says, what the policy says, and when it expires', async () => {
    const { events } = await run({
      provider: edits('a'),
      tools: [edit()],
      approvalExpiry: () => 60_000,
      newId: () => 'x',
      now: () => 5,
    });
    assert.deepEqual(only(events, 'ApprovalRequired')[0]?.prompt, {
      title: 'Run edit?',
      detail: '{"path":"a"}',
      diffs: [],
      offers,
      reason: 'no rule covers it',
      isCautioned: false,
      expiresAt: 60_005,
    });
  });

  it('is asked where the rules cannot be read, and is refused where nobody can be asked', async () => {
    const tools = [edit(), fakeTool('look')];
    const { events, errors } = await run({
      provider: edits('a', ['look', 'b']),
      tools,
      decide: () => Promise.reject(new StoreError('The disk is gone.')),
    });
    assert.deepEqual(
      only(events, 'ApprovalRequired').map(({ step, prompt }) => [step.tool, prompt.reason]),
      [['edit', 'its rules could not be read']],
    );
    assert.equal(only(events, 'StepRejected')[0]?.step.tool, 'look');
    assert.equal(errors.length, 2);
  });
});

describe('runJob: an answer for longer', () => {
  const answered = (decision: Decision, more: Parameters<typeof run>[0] | object = {}) =>
    run({ provider: edits('a'), tools: [edit()], approver: answering(decision), ...more });

  it('makes the rules of the offer of that duration', async () => {
    const allowed: string[] = [];
    const { events } = await answered(
      { ...yes, scope: 'workspace' },
      {
        allow: async (_: unknown, offer: { label: string }) => {
          allowed.push(offer.label);
          return ['r1', 'r2'];
        },
      },
    );
    const [approved] = only(events, 'StepApproved');
    assert.deepEqual(allowed, ['edits in this workspace']);
    assert.deepEqual(approved?.ruleIds, ['r1', 'r2']);
    assert.equal(approved?.reason, 'dialog, always allow edits in this workspace');
  });

  it('counts once where that was not offered, or was not a yes', async () => {
    const allow = () => assert.fail('no rule is to be made');
    const decide = async (): Promise<PolicyDecision> => ({
      action: 'ask',
      reason: '',
      isCautioned: true,
      offers: [],
    });
    const { events } = await answered({ ...yes, scope: 'session' }, { allow, decide });
    assert.equal(only(events, 'StepApproved')[0]?.ruleIds, undefined);
    assert.equal(only(events, 'StepCompleted').length, 1);
    const rejected = await answered({ ...no, scope: 'session' }, { allow });
    assert.equal(only(rejected.events, 'StepRejected').length, 1);
  });

  it('lets the step run once where the rule cannot be kept, and says so', async () => {
    const { events, errors } = await answered(
      { ...yes, scope: 'session' },
      { allow: () => Promise.reject(new StoreError('The disk is full.')) },
    );
    assert.match(only(events, 'StepApproved')[0]?.reason ?? '', /only this once: the rule could not be kept/);
    assert.equal(only(events, 'StepCompleted')[0]?.result.outcome, 'completed');
    assert.equal(errors.length, 1);
  });

  it('carries the rules of a step that nobody was asked about', async () => {
    const { events } = await answered(no, { decide: async () => letThrough });
    const [approved] = only(events, 'StepApproved');
    assert.deepEqual([approved?.by, approved?.reason, approved?.ruleIds], ['rule', 'a rule', ['rule-1']]);
  });
});

describe('runJob: what was accepted in the review', () => {
  const accepted = [{ file: '/folder/a', text: 'mine' }];
  const amending = (amend: NonNullable<PreparedStep['amend']>) => {
    const tool = edit({ amend });
    return { tool, ran: () => tool.runs.length };
  };
  const amended = (said: string): PreparedStep => ({
    title: 'edit',
    effect: 'write',
    targets: [],
    access: { paths: [] },
    changes: [],
    run: async () => output(said),
  });

  it('is what is kept for undo, runs, and reaches the model', async () => {
    const seen: PreparedStep[] = [];
    const change = amended('wrote mine');
    const { tool, ran } = amending(() => change);
    const { events } = await run({
      provider: edits('a'),
      tools: [tool],
      approver: answering({ ...yes, accepted }),
      undo: {
        before: async (_, prepared) => void seen.push(prepared),
        after: async (_, prepared) => {
          seen.push(prepared);
          return undefined;
        },
      },
    });
    assert.deepEqual(seen, [change, change]);
    assert.equal(ran(), 0);
    assert.equal(textOf(only(events, 'StepCompleted')[0]?.result.content ?? []), 'wrote mine');
    assert.equal(only(events, 'StepApproved')[0]?.reason, 'dialog, as changed in the review');
  });

  const refusals: [string, Decision, NonNullable<PreparedStep['amend']> | undefined, RegExp][] = [
    [
      'nothing is left of the change',
      { ...yes, scope: 'session', accepted },
      () => {
        throw new ToolError('nothing is left of the change');
      },
      /nothing is left of the change/,
    ],
    ['the step cannot be changed', { ...yes, accepted }, undefined, /cannot be changed/],
    [
      'it does not come from the person at the window',
      { ...yes, by: 'telegram', accepted },
      () => amended('x'),
      /cannot be changed/,
    ],
  ];
  for (const [name, decision, amend, reason] of refusals) {
    it(`is a no where ${name}`, async () => {
      const tool = edit(amend === undefined ? {} : { amend });
      const { events, undo } = await run({
        provider: edits('a'),
        tools: [tool],
        approver: answering(decision),
        allow: () => assert.fail('no rule is to be made'),
      });
      const [rejected] = only(events, 'StepRejected');
      assert.match(rejected?.reason ?? '', reason);
      assert.match(textOf(rejected?.result.content ?? []), reason);
      assert.deepEqual([tool.runs, undo.calls], [[], []]);
    });
  }
});

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

describe('runJob: a question that nobody answers', () => {
  it('ends the job when it expires, with nothing run, and the next job can ask again', async () => {
    const late: Decision = { ...no, by: 'rule', surface: 'nobody answered in time', isExpired: true };
    const tool = edit();
    const { events } = await run({
      provider: edits('a', 'b', ['remove', 'c']),
      tools: [tool, fakeTool('remove', { effect: 'write' })],
      approver: answering(late),
      approvalExpiry: () => 30 * 60_000,
    });
    assert.equal(tool.runs.length, 0);
    assert.deepEqual(
      only(events, 'StepRejected').map(({ reason }) => reason),
      ['nobody answered in time', 'nobody answered in time'],
      'the steps behind the group are not looked at',
    );
    const end = only(events, 'JobFailed')[0]?.error;
    assert.equal(end?.kind, 'approvalExpired');
    assert.deepEqual(end.actions, ['continue']);
    assert.match(end.message, /within 30 minutes.*not run.*kept.*Continue/);
  });

  it('lets run what was approved of its group', async () => {
    const tool = edit();
    const decisions: Decision[] = [{ ...no, by: 'rule', surface: 'late', isExpired: true }, yes];
    const { events } = await run({
      provider: edits('a', 'b'),
      tools: [tool],
      approver: { ask: async () => decisions.shift() ?? no },
      approvalExpiry: () => 1_000,
    });
    assert.deepEqual(tool.runs, [{ path: 'b' }]);
    assert.match(only(events, 'JobFailed')[0]?.error.message ?? '', /within 1 second,/);
  });
});
