import assert from 'node:assert/strict';
import type { JobOrigin } from '../../extension/core/jobOrigin.ts';
import type { ApprovalMode } from '../../extension/shared/rule.ts';
import { call, callReply, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { house } from './house.ts';

const edit = () => fakeTool('write_file', { effect: 'write', run: async () => output('written') });
const writes = callReply(call('call-1', 'write_file', { path: 'a.txt' }));

const origin = (more: Partial<JobOrigin> = {}): JobOrigin => ({
  configId: 'bot',
  via: 'Ann, on Telegram',
  mode: () => 'ask',
  checkBudget: async () => undefined,
  onStart: async () => undefined,
  ...more,
});

describe('a job that was started from elsewhere', () => {
  for (const [agentMode, originMode, asks] of [
    ['smart', 'ask', true],
    ['smart', 'smart', false],
    ['smart', 'autopilot', false],
    ['ask', 'autopilot', true],
  ] as const satisfies readonly (readonly [ApprovalMode, ApprovalMode, boolean])[]) {
    it(`of an agent in ${agentMode} mode, limited to ${originMode}, ${asks ? 'asks' : 'does not ask'}`, async () => {
      const inside = house([writes, textReply('done')], [edit()]);
      const agent = await inside.agents.get();
      await inside.agents.update(agent.id, { execution: { mode: agentMode } });
      inside.approvals.listen({
        onAsked: ({ step }) => {
          inside.approvals.answer(step.id, { approved: false, scope: 'once', by: 'user', surface: 'test' });
        },
      });
      const { jobId } = await inside.chats.send({
        text: 'write',
        origin: origin({ mode: () => originMode }),
      });
      await inside.ended(jobId);
      assert.equal(
        inside.events.some(({ type }) => type === 'ApprovalRequired'),
        asks,
      );
      assert.equal(
        inside.events.some(({ type }) => type === 'StepRejected'),
        asks,
      );
    });
  }

  it('is limited as the origin is at each step, not as it was', async () => {
    let mode: ApprovalMode = 'smart';
    const inside = house(
      [writes, callReply(call('call-2', 'write_file', { path: 'b.txt' })), textReply('done')],
      [edit()],
    );
    const agent = await inside.agents.get();
    await inside.agents.update(agent.id, { execution: { mode: 'smart' } });
    inside.jobs.onEvent(({ type }) => {
      if (type === 'StepCompleted') mode = 'ask';
    });
    inside.approvals.listen({
      onAsked: ({ step }) => {
        inside.approvals.answer(step.id, { approved: false, scope: 'once', by: 'user', surface: 'test' });
      },
    });
    const { jobId } = await inside.chats.send({ text: 'write', origin: origin({ mode: () => mode }) });
    await inside.ended(jobId);
    const asked = inside.events.flatMap((event) =>
      event.type === 'ApprovalRequired' ? [event.step.title] : [],
    );
    assert.equal(asked.length, 1);
  });

  it('says by which way it came, and whose words it has', async () => {
    const inside = house([textReply('done')]);
    const { jobId, sessionId } = await inside.chats.send({
      text: 'do it',
      origin: origin(),
      taint: 'a forwarded message',
    });
    await inside.ended(jobId);
    const [item] = await inside.store.readAll(sessionId);
    assert.equal(item?.kind, 'user');
    assert.equal(item?.kind === 'user' && item.message.via, 'Ann, on Telegram');
    assert.equal(item?.kind === 'user' && item.message.taint, 'a forwarded message');
  });

  it('after forwarded words an edit asks, though its mode lets edits run', async () => {
    const inside = house([writes, textReply('done')], [edit()]);
    const agent = await inside.agents.get();
    await inside.agents.update(agent.id, { execution: { mode: 'smart' } });
    inside.approvals.listen({
      onAsked: ({ step }) => {
        inside.approvals.answer(step.id, { approved: false, scope: 'once', by: 'user', surface: 'test' });
      },
    });
    const request = { text: 'write', origin: origin({ mode: () => 'smart' }), taint: 'a forwarded message' };
    const { jobId } = await inside.chats.send(request);
    await inside.ended(jobId);
    const asked = inside.events.find((event) => event.type === 'ApprovalRequired');
    assert.match(asked?.type === 'ApprovalRequired' ? asked.prompt.reason : '', /a forwarded message/);
  });

  it('sends nothing to the model once its budget is spent', async () => {
    const inside = house([textReply('never')]);
    const error = { kind: 'budget', message: 'The bot has spent its budget.', actions: [] } as const;
    const { jobId } = await inside.chats.send({
      text: 'go',
      origin: origin({ checkBudget: async () => error }),
    });
    const end = await inside.ended(jobId);
    assert.equal(end.type === 'JobFailed' && end.error.message, error.message);
    assert.equal(inside.provider.requests.length, 0);
  });

  it('is counted before anything is sent, and does not begin where that fails', async () => {
    const inside = house([textReply('never')]);
    const failing = origin({
      onStart: async () => {
        throw new Error('It could not be counted.');
      },
    });
    await assert.rejects(inside.chats.send({ text: 'go', origin: failing }), /could not be counted/);
    assert.equal(inside.provider.requests.length, 0);
    assert.equal(inside.events.length, 0);
  });

  it('goes on with the same limits', async () => {
    const inside = house([textReply('done'), textReply('more')]);
    const started: string[] = [];
    const first = await inside.chats.send({ text: 'go' });
    await inside.ended(first.jobId);
    const counted = origin({ onStart: async (jobId) => void started.push(jobId) });
    const { jobId } = await inside.chats.goOn(first.sessionId, counted);
    await inside.ended(jobId);
    assert.deepEqual(started, [jobId]);
  });
});
