import assert from 'node:assert/strict';
import type { Decision } from '../../extension/core/approver.ts';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { StoreError } from '../../extension/core/store.ts';
import { type PreparedStep, ToolError } from '../../extension/core/tool.ts';
import { textOf } from '../../extension/shared/message.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { answering, edit, edits, letThrough, no, offers, only, run, yes } from './jobRun.ts';

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

  it('says whether the sandbox holds it, as the tool says it', async () => {
    for (const isSandboxed of [true, false, undefined]) {
      const tool = edit();
      const { events } = await run({
        provider: edits('a'),
        tools: [
          {
            ...tool,
            prepare: async (input, signal) => {
              const { approval, ...prepared } = await tool.prepare(input, signal);
              if (approval === undefined) return prepared;
              return {
                ...prepared,
                approval: { ...approval, ...(isSandboxed === undefined ? {} : { isSandboxed }) },
              };
            },
          },
        ],
      });
      assert.equal(only(events, 'ApprovalRequired')[0]?.prompt.isSandboxed, isSandboxed);
    }
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
    const accepting = [{ path: 'a', sha256: 'ab', added: 1, removed: 0 }];
    const change = { ...amended('wrote mine'), accepted: accepting };
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
    const [approved] = only(events, 'StepApproved');
    assert.equal(approved?.reason, 'dialog, as changed in the review');
    assert.deepEqual(approved?.accepted, accepting);
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
