import assert from 'node:assert/strict';
import { createApprovals, type SetTimer } from '../../extension/core/approvals.ts';
import { type ApprovalRequest, CoveredByRule, type Decision } from '../../extension/core/approver.ts';

const noError = (error: unknown): never => assert.fail(String(error));
const never = new AbortController().signal;
const yes: Decision = { approved: true, scope: 'once', by: 'user', surface: 'dialog' };
const no: Decision = { approved: false, scope: 'once', by: 'user', surface: 'chat' };

const request = (id: string, expiresAt?: number): ApprovalRequest => ({
  jobId: 'job',
  agentName: 'Coder',
  step: {
    id,
    sessionId: 'session',
    messageId: 'm',
    callId: 'c',
    tool: 'edit',
    input: {},
    title: 'x',
    effect: 'write',
    targets: [],
  },
  prompt: {
    title: 'Edit x?',
    detail: 'x',
    diffs: [],
    offers: [],
    reason: 'no rule covers it',
    isCautioned: false,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  },
  changes: [],
});

/** A clock that a test moves, and the one timer that runs. */
const clock = () => {
  let time = 0;
  let timer: { readonly at: number; readonly call: () => void } | undefined;
  const setTimer: SetTimer = (call, milliseconds) => {
    assert.equal(timer, undefined, 'one timer is enough');
    const mine = { at: time + milliseconds, call };
    timer = mine;
    return () => {
      if (timer === mine) timer = undefined;
    };
  };
  return {
    now: () => time,
    setTimer,
    /** When the timer calls. */
    due: () => timer?.at,
    /** Time passes, and no timer calls: the computer sleeps. */
    sleepUntil: (at: number) => {
      time = at;
    },
    passUntil: (at: number) => {
      for (let due = timer; due !== undefined && due.at <= at; due = timer) {
        time = due.at;
        timer = undefined;
        due.call();
      }
      time = at;
    },
  };
};

const broker = () => {
  const errors: unknown[] = [];
  const time = clock();
  const approvals = createApprovals({ onError: (error) => errors.push(error), ...time });
  return { errors, time, approvals };
};

describe('approvals', () => {
  it('takes the first answer and tells a later one that it came too late', async () => {
    const { approvals } = broker();
    const asked = approvals.ask(request('1'), never);
    assert.equal(approvals.answer('1', no), 'accepted');
    assert.equal(approvals.answer('1', yes), 'alreadyAnswered');
    assert.equal(approvals.answer('2', yes), 'unknown');
    assert.deepEqual(await asked, no);
  });

  it('holds any number at once, oldest first', async () => {
    const { approvals } = broker();
    const asked = ['1', '2', '3'].map((id) => approvals.ask(request(id), never));
    assert.deepEqual(
      approvals.pending().map((each) => each.request.step.id),
      ['1', '2', '3'],
    );
    for (const id of ['2', '3', '1']) approvals.answer(id, yes);
    assert.equal((await Promise.all(asked)).filter((each) => each.approved).length, 3);
    assert.equal(approvals.pending().length, 0);
  });

  it('denies when cancelled, and when asked after that', async () => {
    const { approvals } = broker();
    const controller = new AbortController();
    const asked = approvals.ask(request('1'), controller.signal);
    controller.abort();
    assert.equal((await asked).approved, false);
    assert.equal((await approvals.ask(request('2'), controller.signal)).approved, false);
    assert.equal(approvals.answer('1', yes), 'alreadyAnswered');
  });

  it('denies what is pending and what is asked after it was closed', async () => {
    const { approvals } = broker();
    const asked = approvals.ask(request('1'), never);
    approvals.close();
    assert.equal((await asked).approved, false);
    assert.equal((await approvals.ask(request('2'), never)).approved, false);
  });

  it('does not ask about the same step twice', async () => {
    const { approvals } = broker();
    const first = approvals.ask(request('1'), never);
    assert.equal((await approvals.ask(request('1'), never)).approved, false);
    approvals.answer('1', yes);
    assert.equal((await first).approved, true);
    assert.equal((await approvals.ask(request('1'), never)).approved, false);
  });

  it('says which place a question has', () => {
    const { approvals } = broker();
    for (const id of ['1', '2', '3']) void approvals.ask(request(id), never);
    approvals.answer('1', no);
    assert.deepEqual(
      approvals.pending().map((each) => [each.request.step.id, each.position]),
      [
        ['2', 1],
        ['3', 2],
      ],
    );
  });

  it('takes a question back that a rule has come to cover', async () => {
    const { approvals } = broker();
    const controller = new AbortController();
    const signal = AbortSignal.any([never, controller.signal]);
    const asked = approvals.ask(request('1'), signal);
    controller.abort(new CoveredByRule('rule: edits'));
    const decision = await asked;
    assert.deepEqual(decision, { approved: true, scope: 'once', by: 'rule', surface: 'rule: edits' });
    assert.equal(approvals.answer('1', no), 'alreadyAnswered');
    assert.equal((await approvals.ask(request('2'), signal)).approved, false, 'not asked, so not answered');
  });

  it('goes on when a listener throws', async () => {
    const { approvals, errors } = broker();
    const told: string[] = [];
    approvals.listen({
      onAsked: () => {
        throw new Error('surface is gone');
      },
    });
    const unlisten = approvals.listen({ onAsked: (each) => told.push(each.step.id) });
    const asked = approvals.ask(request('1'), never);
    unlisten();
    void approvals.ask(request('2'), never);
    approvals.answer('1', yes);
    assert.equal((await asked).approved, true);
    assert.deepEqual(told, ['1']);
    assert.equal(errors.length, 2);
  });
});

describe('approvals: a question that expires', () => {
  const late: Decision = {
    approved: false,
    scope: 'once',
    by: 'rule',
    surface: 'nobody answered in time',
    isExpired: true,
  };

  it('is denied at its time, each at its own, and a later answer comes too late', async () => {
    const { approvals, time } = broker();
    const answers: string[] = [];
    approvals.listen({ onAnswered: ({ step }, { isExpired }) => answers.push(`${step.id} ${isExpired}`) });
    const second = approvals.ask(request('second', 200), never);
    const first = approvals.ask(request('first', 100), never);
    const never1 = approvals.ask(request('never'), never);
    assert.equal(time.due(), 100);
    time.passUntil(99);
    assert.equal(approvals.pending().length, 3);
    time.passUntil(100);
    assert.deepEqual(await first, late);
    assert.equal(approvals.answer('first', yes), 'alreadyAnswered');
    assert.equal(time.due(), 200);
    time.passUntil(1_000);
    assert.deepEqual(await second, late);
    assert.equal(time.due(), undefined, 'nothing is left to be looked at');
    approvals.answer('never', yes);
    assert.equal((await never1).approved, true);
    assert.deepEqual(answers, ['first true', 'second true', 'never undefined']);
  });

  it('is not asked about any more when it was answered in time', async () => {
    const { approvals, time } = broker();
    const asked = approvals.ask(request('1', 100), never);
    time.passUntil(99);
    assert.equal(approvals.answer('1', yes), 'accepted');
    assert.equal(time.due(), undefined);
    assert.deepEqual(await asked, yes);
  });

  const touches: [string, (approvals: ReturnType<typeof broker>['approvals']) => unknown][] = [
    ['it is answered', (approvals) => approvals.answer('1', yes)],
    ['another is answered', (approvals) => approvals.answer('2', yes)],
    ['somebody looks', (approvals) => approvals.pending()],
    ['another is asked', (approvals) => approvals.ask(request('3'), never)],
  ];
  for (const [name, touch] of touches) {
    it(`has expired while the computer slept: as soon as ${name}`, async () => {
      const { approvals, time } = broker();
      const asked = approvals.ask(request('1', 100), never);
      void approvals.ask(request('2'), never);
      time.sleepUntil(100_000);
      touch(approvals);
      assert.deepEqual(await asked, late);
    });
  }

  it('is looked at again where it expires later than a timer can be set', () => {
    const { approvals, time } = broker();
    void approvals.ask(request('1', 2 ** 33), never);
    assert.equal(time.due(), 2 ** 31 - 1);
    time.passUntil(2 ** 32);
    assert.equal(approvals.pending().length, 1);
    time.passUntil(2 ** 33);
    assert.equal(approvals.pending().length, 0);
  });

  it('does not wait when its time is over before it is asked', async () => {
    const { approvals, time } = broker();
    time.passUntil(50);
    assert.deepEqual(await approvals.ask(request('1', 50), never), late);
  });

  it('runs on the real clock too', async () => {
    const approvals = createApprovals({ onError: noError, now: Date.now });
    assert.deepEqual(await approvals.ask(request('1', Date.now() + 5), never), late);
  });
});
