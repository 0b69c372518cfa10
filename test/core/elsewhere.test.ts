import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Decision } from '../../extension/core/approver.ts';
import { createChats } from '../../extension/core/chats.ts';
import { createElsewhere, serveOtherWindows } from '../../extension/core/elsewhere.ts';
import type { Store } from '../../extension/core/store.ts';
import { type ChatState, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { call, callReply, type ScriptedReply, textReply } from '../fakes/provider.ts';
import { fakeRelays } from '../fakes/relay.ts';
import { fakeTool } from '../fakes/tool.ts';
import { stopwatch } from '../support/clocks.ts';
import { held, house, snapshotOf } from './house.ts';

const approve = { approved: true, scope: 'once', by: 'user', surface: 'chat' } as const;

/** Two windows: agents work in the first, the second looks on. Both have one store. */
const twoWindows = (replies: readonly ScriptedReply[]) => {
  const edit = fakeTool('edit_file', { effect: 'write' });
  const first = house(replies, [edit]);
  const relays = fakeRelays();
  const relay = relays.open('first');
  serveOtherWindows(relay, first.jobs, first.approvals);
  /** The first window is gone, and the store has noticed. */
  const state = { isDead: false };
  const store: Store = {
    ...first.store,
    jobsElsewhere: async () =>
      state.isDead
        ? []
        : first.jobs.running().map((job) => ({
            ...job,
            startedAt: 1,
            waitingSteps: first.approvals
              .pending()
              .filter(({ request }) => request.jobId === job.jobId)
              .map(({ request }) => request.step.id),
          })),
  };
  const second = house([]);
  const elsewhere = createElsewhere({ relay: relays.open('second'), store, logError: first.errors.push });
  const chats = createChats({
    store,
    agents: second.agents,
    jobs: second.jobs,
    elsewhere,
    folder: () => '/folder',
    isTrusted: () => true,
    newId: second.newId,
    now: second.now,
  });
  const events: AgentEvent[] = [];
  elsewhere.onEvent((event) => events.push(event));
  const stale: string[] = [];
  elsewhere.onStale((sessionId) => stale.push(sessionId));
  return { first, edit, relays, relay, store, state, elsewhere, chats, events, stale };
};

/** As the other window has it: there the job runs elsewhere, and what was seen live is the same. */
const asElsewhere = (chat: ChatState): ChatState => ({
  ...chat,
  ...(chat.job === undefined ? {} : { job: { ...chat.job, isElsewhere: true } }),
});

describe('a job of another window', () => {
  const asking = async () => {
    const windows = twoWindows([callReply(call('a', 'edit_file')), textReply('done')]);
    const { first } = windows;
    const asked = new Promise<string>((resolve) => {
      first.approvals.listen({ onAsked: ({ step }) => resolve(step.id) });
    });
    const job = await first.chats.send({ text: 'Please edit' });
    const stepId = await asked;
    // The question is told in the tick after it was asked.
    await pause(5);
    return { ...windows, ...job, stepId };
  };

  it('is seen whole by who comes late, and looks there as it does here from then on', async () => {
    const { first, elsewhere, chats, events, sessionId, jobId, stepId } = await asking();
    await elsewhere.attend(sessionId);
    let seen = await snapshotOf(chats, sessionId);
    assert.deepEqual(seen, asElsewhere(await snapshotOf(first.chats, sessionId)));
    assert.equal(seen.job?.isElsewhere, true);
    assert.deepEqual(events, [], 'what had been told before is in the chat already');
    assert.ok(elsewhere.isFollowed(sessionId));

    first.approvals.answer(stepId, approve);
    await first.ended(jobId);
    for (const event of events) seen = reduceChat(seen, event);
    const rowless = (chat: ChatState) => ({ ...chat, items: chat.items.map(({ row: _, ...item }) => item) });
    assert.deepEqual(rowless(seen), rowless(await snapshotOf(first.chats, sessionId)));
    assert.equal(elsewhere.isFollowed(sessionId), false);
    assert.equal(elsewhere.running(sessionId), undefined);
  });

  it('is counted once, however far the store is ahead of what has been told', async () => {
    const { first, relay, store, elsewhere, chats, sessionId, jobId, stepId } = await asking();
    first.approvals.answer(stepId, approve);
    await first.ended(jobId);
    const all = first.events.map((event): AgentEvent => event);
    const whole = await snapshotOf(chats, sessionId);
    for (let told = 1; told < all.length; told += 1) {
      const id = `again-${told}`;
      // The same job as if it still ran: the store has all of it, and only so much has been told.
      const later = all.map((event): AgentEvent => ({ ...event, jobId: id }));
      for (const event of later.slice(0, told)) relay.tell(event, sessionId);
      const rows = (await store.readAll(sessionId)).map((item) => ({ ...item, jobId: id }));
      const usages = later.flatMap((event) => (event.type === 'Usage' ? [event.usage] : []));
      const ahead: Store = {
        ...store,
        jobsElsewhere: async () => [{ jobId: id, sessionId, startedAt: 1, waitingSteps: [] }],
        readPage: async () => ({ items: rows, hasOlder: false, hasNewer: false }),
        sessionUsage: async (_, except) => {
          assert.equal(except, id);
          const none = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
          return { total: none, lastRequest: none, costUsd: 0, unpriced: 0 };
        },
      };
      assert.ok(usages.length > 0);
      const late = createElsewhere({ relay, store: ahead, logError: assert.fail });
      const lateChats = createChats({
        store: ahead,
        agents: first.agents,
        jobs: house([]).jobs,
        elsewhere: late,
        folder: () => '',
        isTrusted: () => true,
        newId: first.newId,
        now: first.now,
      });
      await late.attend(sessionId);
      let seen = await snapshotOf(lateChats, sessionId);
      late.onEvent((event) => {
        seen = reduceChat(seen, event);
      });
      for (const event of later.slice(told)) relay.tell(event, sessionId);
      assert.deepEqual(
        seen.items.map(({ id: item }) => item),
        whole.items.map(({ id: item }) => item),
        `after ${told} events`,
      );
      assert.deepEqual([seen.usage, seen.contextTokens], [whole.usage, whole.contextTokens]);
      late.close();
    }
    elsewhere.close();
  });

  it('is stopped, and its steps answered, from there; the first answer counts', async () => {
    const { first, edit, elsewhere, sessionId, jobId, stepId } = await asking();
    // Also by who does not look at the chat.
    assert.equal(await elsewhere.decide(stepId, approve), 'accepted');
    assert.equal(first.approvals.answer(stepId, { ...approve, approved: false }), 'alreadyAnswered');
    const end = await first.ended(jobId);
    assert.equal(end.type, 'JobCompleted');
    assert.equal(edit.runs.length, 1);
    const approved = first.events.find((event) => event.type === 'StepApproved');
    assert.equal(approved?.reason, 'chat, in another window');
    assert.equal(await elsewhere.decide(stepId, approve), 'unknown');
    assert.equal(await elsewhere.stop(jobId), 'unknown');
    assert.equal((await snapshotOf(first.chats, sessionId)).items.length, 4);
  });

  it('is never given texts by another window: only where the files are can they be changed', async () => {
    const { first, edit, relays, jobId, stepId } = await asking();
    const decision = { ...approve, accepted: [{ file: '/folder/a', text: 'theirs' }] };
    const decisions: Decision[] = [];
    first.approvals.listen({ onAnswered: (_, each) => decisions.push(each) });
    await relays.open('second').ask(jobId, { type: 'decide', stepId, decision });
    await first.ended(jobId);
    assert.deepEqual(decisions, [{ ...approve, surface: 'chat, in another window' }]);
    assert.equal(edit.runs.length, 1);
  });

  it('says to who comes second that the step had been answered', async () => {
    const { first, elsewhere, sessionId, stepId } = await asking();
    await elsewhere.attend(sessionId);
    assert.deepEqual(
      elsewhere.waiting().map(({ step }) => step.id),
      [stepId],
    );
    first.approvals.answer(stepId, { ...approve, approved: false, surface: 'dialog' });
    assert.equal(await elsewhere.decide(stepId, approve), 'alreadyAnswered');
  });

  it('takes no answer to a step of another job', async () => {
    const { first, relays, stepId } = await asking();
    relays.open('first').tell({ type: 'Token', jobId: 'other', at: 1, text: '' }, 'chat');
    const ask = { type: 'decide', stepId, decision: approve } as const;
    assert.equal(await relays.open('second').ask('other', ask), 'unknown');
    assert.equal(first.approvals.pending().length, 1);
  });

  it('stops when it is asked to', async () => {
    const { reply } = held();
    const { first, elsewhere, events } = twoWindows([reply]);
    const { jobId, sessionId } = await first.chats.send({ text: 'Go on for long' });
    await elsewhere.attend(sessionId);
    assert.equal(await elsewhere.stop(jobId), 'accepted');
    assert.equal((await first.ended(jobId)).type, 'JobCancelled');
    assert.equal(events.at(-1)?.type, 'JobCancelled');
  });

  it('keeps the chat from being written in, and says where it runs', async () => {
    const { chats, elsewhere, sessionId } = await asking();
    await assert.rejects(
      chats.send({ sessionId, text: 'And' }),
      /working in this chat, in another window\. Stop/,
    );
    await elsewhere.attend(sessionId);
    await assert.rejects(chats.goOn(sessionId), /in another window \(team-calendar\)/);
  });

  it('is left when nobody looks at it any more, and looked for once each time', async () => {
    const { relays, elsewhere, sessionId, jobId } = await asking();
    await Promise.all([elsewhere.attend(sessionId), elsewhere.attend(sessionId)]);
    assert.equal(relays.followers(jobId), 1);
    await elsewhere.attend(undefined);
    assert.equal(relays.followers(jobId), 0);
    assert.deepEqual(elsewhere.waiting(), []);
    await Promise.all([elsewhere.attend(sessionId), elsewhere.attend('another chat')]);
    assert.equal(relays.followers(jobId), 0);
    assert.deepEqual(relays.swept, [[jobId]]);
  });

  it('is shown as far as the store has it where it cannot be followed', async () => {
    const { relays, elsewhere, chats, sessionId, jobId } = await asking();
    relays.hide(jobId);
    await elsewhere.attend(sessionId);
    assert.equal(elsewhere.isFollowed(sessionId), false);
    const { items, job } = await snapshotOf(chats, sessionId);
    assert.deepEqual(job, { id: jobId, startedAt: 1, isElsewhere: true });
    assert.equal(items.length, 3);
    elsewhere.close();
  });

  it('is followed as soon as that can be done, also where it took long to begin', async () => {
    const { first, relay, relays, elsewhere, chats, stale, sessionId, jobId } = await asking();
    relays.hide(jobId);
    await elsewhere.attend(sessionId);
    for (const event of first.events) relay.tell(event, sessionId);
    for (const end = Date.now() + 30_000; stale.length === 0 && Date.now() < end; ) await pause(20);
    assert.deepEqual(stale, [sessionId]);
    assert.equal(elsewhere.isFollowed(sessionId), true);
    assert.equal((await snapshotOf(chats, sessionId)).items.length, 3);
    elsewhere.close();
  });

  it('is read from the store once what is told of it is lost', async () => {
    const { relays, elsewhere, chats, stale, sessionId, jobId } = await asking();
    await elsewhere.attend(sessionId);
    relays.lose(jobId);
    assert.deepEqual(stale, [sessionId]);
    assert.equal(elsewhere.isFollowed(sessionId), false);
    assert.equal((await snapshotOf(chats, sessionId)).job?.isElsewhere, true);
    elsewhere.close();
  });

  it('is given up soon after its window died', async function () {
    this.timeout(60_000);
    const { relays, state, elsewhere, chats, stale, sessionId, jobId } = await asking();
    await elsewhere.attend(sessionId);
    state.isDead = true;
    const took = stopwatch();
    for (const end = Date.now() + 30_000; stale.length === 0 && Date.now() < end; ) await pause(20);
    const milliseconds = took();
    assert.ok(milliseconds < 4_000, `${milliseconds} ms`);
    assert.deepEqual(stale, [sessionId]);
    assert.deepEqual(relays.forgotten, [jobId]);
    assert.equal((await snapshotOf(chats, sessionId)).job, undefined);
  });
});
