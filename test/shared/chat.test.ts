import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ChatState, emptyChat, liveOutputLimit, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent, ApprovalPrompt, Step } from '../../extension/shared/event.ts';
import type { AssistantMessage, ToolMessage } from '../../extension/shared/message.ts';

const model = { provider: 'gemini', model: 'fake' } as const;
const step: Step = {
  id: 's1',
  sessionId: 'session',
  messageId: 'm1',
  callId: 'c1',
  tool: 'run_command',
  input: {},
  title: 'npm test',
  effect: 'execute',
  targets: [],
};
const result = (outcome: ToolMessage['outcome']): ToolMessage => ({
  role: 'tool',
  id: 'r1',
  callId: 'c1',
  toolName: 'run_command',
  content: [{ type: 'text', text: 'out' }],
  outcome,
  createdAt: 9,
});
const prompt: ApprovalPrompt = {
  title: 't',
  detail: 'd',
  diffs: [],
  offers: [],
  reason: 'no rule covers it',
  isCautioned: false,
};
const message: AssistantMessage = {
  role: 'assistant',
  id: 'm1',
  model,
  content: [{ type: 'text', text: 'final' }],
  stopReason: 'end',
  createdAt: 5,
};

type Body = AgentEvent extends infer E ? (E extends AgentEvent ? Omit<E, 'jobId' | 'at'> : never) : never;
const play = (...bodies: readonly Body[]): ChatState =>
  bodies.reduce(
    (state, body, index) => reduceChat(state, { ...body, jobId: 'j', at: index + 1 } as AgentEvent),
    emptyChat('a', model),
  );
const started: Body = { type: 'JobStarted', sessionId: 'session', agentId: 'a' };
const stepStatus = (state: ChatState) => {
  const item = state.items.find((each) => each.kind === 'step');
  return item?.kind === 'step' ? item.record : undefined;
};

/** Each reply is another message. */
const unique = (body: Body, index: number): Body =>
  body.type === 'TurnCompleted' ? { ...body, message: { ...body.message, id: `m${index}` } } : body;

describe('reduceChat', () => {
  it('takes its title from the first line of the first message', () => {
    const input = (id: string, text: string) => ({
      role: 'user' as const,
      id,
      createdAt: 1,
      content: [{ type: 'text' as const, text }],
    });
    const first = play({ ...started, input: input('m1', 'Mend the build\nIt fails.') });
    assert.equal(first.title, 'Mend the build');
    const long = `${'word '.repeat(30)}`;
    assert.equal(play({ ...started, input: input('m1', long) }).title, `${'word '.repeat(11)}word…`);
    const second = play(
      { ...started, input: input('m1', 'one') },
      { type: 'JobCompleted', message: '' },
      { ...started, input: input('m2', 'two') },
    );
    assert.equal(second.title, 'one');
  });

  it('shows streaming text as one preview, which the finished turn replaces', () => {
    const streaming = play(
      started,
      { type: 'Thinking', text: 'hm' },
      { type: 'Token', text: 'a' },
      { type: 'Token', text: 'b' },
    );
    const [preview] = streaming.items;
    assert.ok(preview?.kind === 'assistant' && preview.streaming);
    assert.deepEqual(preview.message.content, [
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'ab' },
    ]);
    const done = play(started, { type: 'Token', text: 'a' }, { type: 'TurnCompleted', message });
    assert.equal(done.items.length, 1);
    assert.ok(done.items[0]?.kind === 'assistant' && !done.items[0].streaming);
  });

  it('follows a step from its question to its result in one item', () => {
    const asked: Body = { type: 'ApprovalRequired', step, prompt };
    const approved: Body = { type: 'StepApproved', step, by: 'user', reason: 'dialog' };
    const progress: Body = { type: 'StepProgress', stepId: 's1', text: 'x'.repeat(liveOutputLimit + 5) };
    const completed: Body = {
      type: 'StepCompleted',
      step,
      result: result('failed'),
      summary: 'exit code 1',
      diffs: [],
      undo: { files: 2, unknown: ['build/'] },
    };
    assert.equal(stepStatus(play(started, asked))?.status, 'waiting');
    const running = stepStatus(play(started, asked, approved, progress));
    assert.equal(running?.status, 'running');
    assert.equal(running?.liveOutput.length, liveOutputLimit);
    const state = play(started, asked, approved, progress, completed);
    assert.equal(state.items.length, 1);
    const record = stepStatus(state);
    assert.equal(record?.status, 'failed');
    assert.equal(record?.liveOutput, '');
    assert.equal(record?.prompt?.title, 't');
    assert.deepEqual(record?.undo, { files: 2, unknown: ['build/'] });
    assert.equal(record?.decision?.by, 'user');
  });

  it('follows steps that are asked together, each in its own item and in their order', () => {
    const ask = (id: string): Body => ({
      type: 'ApprovalRequired',
      step: { ...step, id, callId: id },
      prompt: { ...prompt, groupId: 'group' },
    });
    const reject = (id: string): Body => ({
      type: 'StepRejected',
      step: { ...step, id, callId: id },
      by: 'user',
      reason: 'dialog',
      result: { ...result('rejected'), callId: id },
    });
    const approve: Body = { type: 'StepApproved', step: { ...step, id: 'a' }, by: 'user', reason: 'chat' };
    const statuses = (...more: readonly Body[]) =>
      play(started, ask('a'), ask('b'), ask('c'), ...more).items.map((item) =>
        item.kind === 'step' ? [item.id, item.record.status, item.record.prompt?.groupId] : [],
      );
    assert.deepEqual(statuses(approve), [
      ['a', 'running', 'group'],
      ['b', 'waiting', 'group'],
      ['c', 'waiting', 'group'],
    ]);
    assert.deepEqual(statuses(approve, reject('b'), { type: 'JobCancelled' }).slice(0, 3), [
      ['a', 'interrupted', 'group'],
      ['b', 'rejected', 'group'],
      ['c', 'interrupted', 'group'],
    ]);
  });

  it('leaves nothing running when the job ends', () => {
    const approved: Body = { type: 'StepApproved', step, by: 'rule', reason: 'r' };
    const state = play(started, approved, { type: 'Token', text: 'x' }, { type: 'JobCancelled' });
    assert.equal(state.job, undefined);
    assert.equal(stepStatus(state)?.status, 'interrupted');
    assert.deepEqual(
      state.items.map((item) => item.kind),
      ['step', 'notice'],
    );
  });

  it('tells that the provider asked to wait, until it speaks again', () => {
    const retrying: Body = { type: 'Retrying', attempt: 2, delayMs: 100, reason: 'busy' };
    assert.equal(play(started, retrying).job?.retry?.until, 102);
    assert.equal(play(started, retrying, { type: 'Token', text: 'x' }).job?.retry, undefined);
  });

  it('sums usage, and the last request tells how full the context is', () => {
    const usage = { input: 10, output: 2, cachedInput: 4, cacheWrite: 0, reasoning: 1 };
    const state = play(started, { type: 'Usage', usage }, { type: 'Usage', usage });
    assert.equal(state.usage.input, 20);
    assert.equal(state.usage.cachedInput, 8);
    assert.equal(state.contextTokens, 12);
    const unknown = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
    assert.equal(
      play(started, { type: 'Usage', usage }, { type: 'Usage', usage: unknown }).contextTokens,
      12,
    );
    assert.deepEqual([state.costUsd, state.unpriced], [0, 2], 'an unknown price is not zero');
    const priced = play(
      started,
      { type: 'Usage', usage, costUsd: 0.25 },
      { type: 'Usage', usage, costUsd: 0.5, workMs: 3 },
      { type: 'Usage', usage },
    );
    assert.deepEqual([priced.costUsd, priced.unpriced], [0.75, 1]);
  });

  it('does not change the state it was given', () => {
    const before = play(started, { type: 'Token', text: 'a' });
    const copy = structuredClone(before);
    reduceChat(before, { type: 'Token', text: 'b', jobId: 'j', at: 9 });
    assert.deepEqual(before, copy);
  });

  it('takes events in any order: ids stay unique, and an ended job leaves nothing going on', () => {
    const steps = ['a', 'b', 'c'].map((id): Step => ({ ...step, id, callId: id }));
    const bodies: readonly Body[] = [
      started,
      { type: 'Token', text: 'x' },
      { type: 'Thinking', text: 'y' },
      { type: 'Retrying', attempt: 1, delayMs: 5, reason: 'busy' },
      { type: 'TurnCompleted', message },
      { type: 'Usage', usage: { input: 1, output: 1, cachedInput: 0, cacheWrite: 0, reasoning: 0 } },
      ...steps.flatMap((each): Body[] => [
        { type: 'ApprovalRequired', step: each, prompt: { ...prompt, groupId: 'g', expiresAt: 9 } },
        { type: 'StepApproved', step: each, by: 'user', reason: 'r', ruleIds: ['rule'] },
        { type: 'StepProgress', stepId: each.id, text: 'z' },
        { type: 'StepRejected', step: each, by: 'rule', reason: 'r', result: result('rejected') },
        { type: 'StepCompleted', step: each, result: result('completed'), summary: '', diffs: [] },
      ]),
    ];
    const ends: readonly Body[] = [
      { type: 'JobCancelled' },
      { type: 'JobCompleted', message: '' },
      { type: 'JobFailed', error: { kind: 'approvalExpired', message: 'm', actions: ['continue'] } },
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...bodies), { maxLength: 30 }),
        fc.constantFrom(...ends),
        (told, end) => {
          const state = play(...told.map(unique), end);
          assert.equal(state.job, undefined);
          const ids = state.items.map(({ id }) => id);
          assert.equal(new Set(ids).size, ids.length);
          for (const item of state.items) {
            if (item.kind === 'assistant') assert.equal(item.streaming, false);
            if (item.kind === 'step') assert.ok(!['waiting', 'running'].includes(item.record.status));
          }
        },
      ),
    );
  });
});
