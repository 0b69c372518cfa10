import assert from 'node:assert/strict';
import { createApprovals } from '../../extension/core/approvals.ts';
import type { ApprovalRequest, Decision } from '../../extension/core/approver.ts';
import type { GrantScope } from '../../extension/shared/event.ts';

const never = new AbortController().signal;
const yes: Decision = { approved: true, scope: 'once', by: 'user', surface: 'dialog' };
const no: Decision = { approved: false, scope: 'once', by: 'user', surface: 'chat' };

const request = (id: string, grant?: GrantScope): ApprovalRequest => ({
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
  prompt: { title: 'Edit x?', detail: 'x', diffs: [], ...(grant === undefined ? {} : { grant }) },
  changes: [],
});

const broker = () => {
  const errors: unknown[] = [];
  return { errors, approvals: createApprovals({ onError: (error) => errors.push(error) }) };
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

  it('grants for the session only what was approved for the session and may be granted', async () => {
    const { approvals } = broker();
    const grant = { key: 'write', label: 'edits' };
    const ask = async (id: string, decision: Decision, scope?: GrantScope) => {
      const asked = approvals.ask(request(id, scope), never);
      approvals.answer(id, decision);
      await asked;
    };
    await ask('1', yes, grant);
    await ask('2', { ...no, scope: 'session' }, grant);
    await ask('3', { ...yes, scope: 'session' });
    assert.deepEqual([...approvals.grants('session')], []);
    await ask('4', { ...yes, scope: 'session' }, grant);
    assert.deepEqual([...approvals.grants('session')], ['write']);
    assert.deepEqual([...approvals.grants('another')], []);
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
