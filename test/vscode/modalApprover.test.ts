import assert from 'node:assert/strict';
import { createApprovals } from '../../extension/core/approvals.ts';
import type { ApprovalRequest, Decision } from '../../extension/core/approver.ts';
import type { Effect } from '../../extension/shared/event.ts';
import type { ApprovalSurface } from '../../extension/vscode/settings.ts';
import { answers, messages, resetVscode, setFocused, told } from '../fakes/vscode.ts';
import { request } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { showApprovals } = await loadWithVscode(() => import('../../extension/vscode/modalApprover.ts'));
const { createAnswers } = await loadWithVscode(() => import('../../extension/vscode/answers.ts'));

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** A window that asks, on the real broker. */
const rig = (
  options: {
    surface?: ApprovalSurface;
    notifies?: boolean;
    reviewed?: string[];
    isFromElsewhere?: boolean;
  } = {},
) => {
  const errors: unknown[] = [];
  const desktop: string[] = [];
  const opened: string[] = [];
  const decisions = new Map<string, Decision>();
  const approvals = createApprovals({ now: () => 1, onError: (error) => errors.push(error) });
  const review = {
    open: async (stepId: string) => void opened.push(stepId),
    accepted: (stepId: string) =>
      options.reviewed?.includes(stepId) === true ? [{ file: '/a.ts', text: 'mine' }] : undefined,
    leavesNothing: () => false,
    activeSteps: () => options.reviewed ?? [],
  };
  const jobs = { cancel: async () => false };
  const unknown = async () => 'unknown' as const;
  const elsewhere = { stop: unknown, decide: unknown };
  const answering = createAnswers({ jobs, approvals, elsewhere, review });
  const showing = showApprovals({
    approvals,
    answers: answering,
    review,
    desktop: { notify: (text) => desktop.push(text) },
    surface: (_effect: Effect) => options.surface ?? 'dialog',
    isFromElsewhere: () => options.isFromElsewhere === true,
    notifiesWhenUnfocused: () => options.notifies !== false,
    redact: (text) => text.replaceAll('hunter2', '[redacted]'),
    logError: (error) => errors.push(error),
    delays: { group: 0, focus: 0 },
  });
  const ask = (asked: ApprovalRequest, signal = new AbortController().signal): void => {
    void approvals.ask(asked, signal).then((decision) => decisions.set(asked.step.id, decision));
  };
  const said = (id: string): string | undefined => {
    const decision = decisions.get(id);
    return decision && `${decision.approved ? 'approved' : 'rejected'} ${decision.scope} ${decision.surface}`;
  };
  return { approvals, answering, ask, said, decisions, errors, desktop, opened, showing };
};

/** An answer that the person has not given yet. */
const later = () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  answers.push(promise);
  return resolve;
};

beforeEach(resetVscode);

describe('the dialog', () => {
  for (const [button, outcome] of [
    ['Reject', 'rejected once dialog'],
    [undefined, 'rejected once dialog'],
    ['Approve', 'approved once dialog'],
    ['Approve for this chat', 'approved session dialog'],
    ['Always in this workspace', 'approved workspace dialog'],
  ] as const) {
    it(`takes ${button ?? 'Esc'} as ${outcome}`, async () => {
      answers.push(button);
      const { ask, said } = rig();
      ask(request('a'));
      await settle();
      assert.equal(said('a'), outcome);
      const [message] = messages;
      assert.equal(message?.isModal, true);
      assert.equal(message?.text, 'Coder: Run npm test?');
      assert.equal(message?.buttons[0], 'Reject');
    });
  }

  it('shows one question at a time, and counts the others', async () => {
    const first = later();
    answers.push('Approve', 'Reject');
    const { ask, said } = rig();
    for (const id of ['a', 'b', 'c']) ask(request(id));
    await settle();
    assert.equal(messages.length, 1);
    first('Approve');
    await settle();
    assert.deepEqual(
      messages.map(({ detail }) => /(\d) more waiting/.exec(detail ?? '')?.[1]),
      // The first was shown before the others were asked.
      [undefined, '1', undefined],
    );
    assert.deepEqual(
      [said('a'), said('b'), said('c')],
      ['approved once dialog', 'approved once dialog', 'rejected once dialog'],
    );
  });

  it('leaves the question open when it is to be reviewed', async () => {
    answers.push('Review');
    const { ask, said, opened, approvals } = rig();
    ask(request('a'));
    await settle();
    assert.deepEqual(opened, ['a']);
    assert.equal(said('a'), undefined);
    assert.equal(approvals.pending().length, 1);
  });

  it('does nothing by a click that comes too late, and says so', async () => {
    const click = later();
    const { ask, said, answering } = rig();
    ask(request('a'));
    await settle();
    await answering.decide('a', { approved: false, scope: 'once', by: 'user', surface: 'chat' });
    click('Approve');
    await settle();
    assert.equal(said('a'), 'rejected once chat');
    assert.deepEqual(told.slice(1), [
      '“Coder: Run npm test?” had already been answered. Your choice changed nothing.',
    ]);
  });

  it('says so too where nobody answered in time', async () => {
    const click = later();
    const { ask, approvals } = rig();
    ask(request('a'));
    await settle();
    approvals.answer('a', {
      approved: false,
      scope: 'once',
      by: 'rule',
      surface: 'nobody answered in time',
      isExpired: true,
    });
    click('Approve');
    await settle();
    assert.deepEqual(told.slice(1), [
      '“Coder: Run npm test?” had already expired. Your choice changed nothing.',
    ]);
  });

  it('does not ask what was answered while another question was shown', async () => {
    const first = later();
    const { ask, answering } = rig();
    ask(request('a'));
    ask(request('b'));
    await answering.decide('b', { approved: true, scope: 'once', by: 'user', surface: 'chat' });
    first('Approve');
    await settle();
    assert.equal(messages.length, 1);
  });

  it('rejects what it cannot show, and asks the next one', async () => {
    answers.push(Promise.reject(new Error('no window')), 'Approve');
    const { ask, decisions, said, errors } = rig();
    ask(request('a'));
    ask(request('b'));
    await settle();
    assert.deepEqual(decisions.get('a'), {
      approved: false,
      scope: 'once',
      by: 'rule',
      surface: 'the question could not be shown',
    });
    assert.equal(said('b'), 'approved once dialog');
    assert.equal(errors.length, 1);
  });

  it('approves an edit as it was left in the review, once that was shown', async () => {
    answers.push('Approve', 'Approve as Changed');
    const { ask, decisions } = rig({ reviewed: ['a'] });
    ask(request('a', {}, 'write'));
    await settle();
    assert.deepEqual(decisions.get('a')?.accepted, [{ file: '/a.ts', text: 'mine' }]);
  });
});

describe('the dialog: steps that are asked together', () => {
  const group = (ids: readonly string[], ask: (asked: ApprovalRequest) => void) => {
    for (const id of ids) ask(request(id, { groupId: 'g', detail: `command ${id}` }));
  };

  it('are one question, and one answer', async () => {
    answers.push('Approve all');
    const { ask, said } = rig();
    group(['a', 'b', 'c'], ask);
    await settle();
    assert.deepEqual(told, ['Coder: Run 3 commands?']);
    assert.match(messages[0]?.detail ?? '', /1\. command a\n2\. command b\n3\. command c/);
    assert.doesNotMatch(messages[0]?.detail ?? '', /more waiting/);
    for (const id of ['a', 'b', 'c']) assert.equal(said(id), 'approved once dialog');
  });

  it('are all rejected by Esc', async () => {
    answers.push(undefined);
    const { ask, said } = rig();
    group(['a', 'b'], ask);
    await settle();
    for (const id of ['a', 'b']) assert.equal(said(id), 'rejected once dialog');
  });

  it('keep what was answered elsewhere; the choice counts for the others', async () => {
    const click = later();
    const { ask, said, answering } = rig();
    group(['a', 'b', 'c'], ask);
    await settle();
    await answering.decide('b', { approved: false, scope: 'once', by: 'user', surface: 'chat' });
    click('Approve all');
    await settle();
    assert.deepEqual(
      [said('a'), said('b'), said('c')],
      ['approved once dialog', 'rejected once chat', 'approved once dialog'],
    );
    assert.match(told[1] ?? '', /^1 of 3 steps of “Coder: Run 3 commands\?” had already been answered\./);
  });

  it('never approve one that came after the question was shown', async () => {
    const click = later();
    answers.push('Reject');
    const { ask, said } = rig();
    group(['a', 'b'], ask);
    await settle();
    group(['late'], ask);
    await settle();
    click('Approve all');
    await settle();
    assert.equal(said('a'), 'approved once dialog');
    assert.equal(said('late'), 'rejected once dialog');
    assert.equal(messages.length, 2);
  });

  it('of two jobs are two questions', async () => {
    answers.push('Approve', 'Approve');
    const { ask } = rig();
    ask(request('a', { groupId: 'g' }));
    ask({ ...request('b', { groupId: 'g' }), jobId: 'another' });
    await settle();
    assert.equal(messages.length, 2);
  });

  it('are asked in parts when there are more than a dialog can list', async () => {
    answers.push('Approve all', 'Reject all');
    const { ask, said } = rig();
    const ids = Array.from({ length: 12 }, (_, index) => `s${index}`);
    group(ids, ask);
    await settle();
    assert.deepEqual(told, ['Coder: Run 10 commands?', 'Coder: Run 2 commands?']);
    assert.match(messages[0]?.detail ?? '', /2 more waiting/);
    assert.equal(said('s9'), 'approved once dialog');
    assert.equal(said('s10'), 'rejected once dialog');
  });
});

describe('other surfaces', () => {
  it('the chat only: no message', async () => {
    const { ask, approvals } = rig({ surface: 'chat' });
    ask(request('a'));
    await settle();
    assert.deepEqual(messages, []);
    assert.equal(approvals.pending().length, 1);
  });

  it('a notification says it all, does not block the next one, and closed leaves the question open', async () => {
    const first = later();
    answers.push(undefined);
    const { ask, said, approvals } = rig({ surface: 'notification' });
    ask(request('a', { detail: 'echo [x](command:y)' }));
    ask(request('b'));
    await settle();
    assert.deepEqual(
      messages.map(({ isModal }) => isModal),
      [false, false],
    );
    assert.match(messages[0]?.text ?? '', /echo \[x\] \(command:y\)/);
    first('Approve');
    await settle();
    assert.equal(said('a'), 'approved once notification');
    assert.deepEqual(
      approvals.pending().map((each) => each.request.step.id),
      ['b'],
    );
  });

  for (const [surface, expected] of [
    ['dialog', [false]],
    ['notification', [false]],
    ['chat', []],
  ] as const) {
    it(`work that was begun on a phone asks without a dialog (${surface})`, async () => {
      answers.push(undefined);
      const { ask } = rig({ surface, isFromElsewhere: true });
      ask(request('a'));
      await settle();
      assert.deepEqual(
        messages.map(({ isModal }) => isModal),
        [...expected],
      );
    });
  }
});

describe('a window without the focus', () => {
  it('notifies, and asks with the dialog once it has the focus again', async () => {
    setFocused(false);
    answers.push(undefined, 'Approve');
    const { ask, said, desktop } = rig();
    setFocused(false);
    ask(request('a', { title: 'Run login hunter2?' }));
    await settle();
    assert.deepEqual(desktop, ['Coder: Run login [redacted]?']);
    assert.deepEqual(
      messages.map(({ isModal }) => isModal),
      [false],
    );
    assert.equal(said('a'), undefined);
    setFocused(true);
    await settle();
    assert.deepEqual(
      messages.map(({ isModal }) => isModal),
      [false, true],
    );
    assert.equal(said('a'), 'approved once dialog');
  });

  it('shows no dialog for what its notification answered', async () => {
    const click = later();
    const { ask, said } = rig();
    setFocused(false);
    ask(request('a'));
    await settle();
    click('Approve');
    setFocused(true);
    await settle();
    assert.equal(said('a'), 'approved once notification');
    assert.equal(messages.length, 1);
  });

  it('goes on to the next question when the first was answered elsewhere', async () => {
    answers.push(undefined, undefined);
    const { ask, answering } = rig();
    setFocused(false);
    ask(request('a'));
    ask(request('b'));
    await settle();
    assert.equal(messages.length, 1);
    await answering.decide('a', { approved: true, scope: 'once', by: 'telegram', surface: 'Telegram' });
    await settle();
    assert.deepEqual(
      messages.map(({ isModal }) => isModal),
      [false, false],
    );
  });

  it('asks with the dialog at once where the person does not want to be notified', async () => {
    answers.push('Approve');
    const { ask, said, desktop } = rig({ notifies: false });
    setFocused(false);
    ask(request('a'));
    await settle();
    assert.deepEqual(desktop, []);
    assert.equal(messages[0]?.isModal, true);
    assert.equal(said('a'), 'approved once dialog');
  });
});
