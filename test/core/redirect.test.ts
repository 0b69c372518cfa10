/** Calls of tools that only stand for others. */
import assert from 'node:assert/strict';
import { type Tool, ToolError } from '../../extension/core/tool.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { textOf } from '../../extension/shared/message.ts';
import { call, callReply, fakeProvider, textReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { house } from './house.ts';
import { answering, no, only, patient, run, yes } from './jobRun.ts';

/** `{name, input}`, as `call_mcp_tool` has it. */
const standIn = (...targets: readonly Tool[]): Tool => ({
  ...fakeTool('call_it'),
  redirect: ({ name, input }) => {
    const tool = targets.find(({ spec }) => spec.name === name);
    if (tool === undefined) throw new ToolError(`There is no tool ${String(name)} to be called.`);
    const inner: JsonObject =
      typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {};
    return { tool, input: inner };
  },
});

const calling = (id: string, name: string, input: JsonObject = {}) => call(id, 'call_it', { name, input });

describe('a tool that stands for others', () => {
  it('is decided on, asked about, run and told as the one that is meant', async () => {
    const target = fakeTool('memory__add', { effect: 'network' });
    const provider = fakeProvider([callReply(calling('a', 'memory__add', { text: 'x' })), textReply('done')]);
    const { events } = await run({ provider, tools: [standIn(target)], approver: answering(yes) });
    assert.deepEqual(target.runs, [{ text: 'x' }]);
    const asked = only(events, 'ApprovalRequired')[0];
    assert.equal(asked?.prompt.title, 'Run memory__add?');
    for (const { step } of [...only(events, 'StepApproved'), ...only(events, 'StepCompleted')]) {
      assert.equal(step.tool, 'memory__add');
      assert.deepEqual(step.input, { text: 'x' });
      assert.equal(step.effect, 'network');
    }
  });

  it('leaves the call as the model made it, with a result of the same name', async () => {
    const provider = fakeProvider([
      callReply(calling('a', 'memory__read', { text: 'x' })),
      textReply('done'),
    ]);
    const { events } = await run({ provider, tools: [standIn(fakeTool('memory__read'))] });
    assert.equal(only(events, 'StepCompleted')[0]?.result.toolName, 'call_it');
    const [asking, result] = provider.requests[1]?.messages.slice(-2) ?? [];
    const made =
      asking?.role === 'assistant' ? asking.content.find(({ type }) => type === 'toolCall') : undefined;
    assert.ok(made?.type === 'toolCall' && made.name === 'call_it');
    assert.deepEqual(made.input, { name: 'memory__read', input: { text: 'x' } });
    assert.equal(result?.role === 'tool' && textOf(result.content), 'memory__read done');
  });

  it('stands for others in a whole chat too, where they run once their approval is kept', async () => {
    const order: string[] = [];
    const target = fakeTool('memory__add', {
      effect: 'network',
      run: async () => {
        order.push('run');
        return output('added');
      },
    });
    const replies = [callReply(calling('a', 'memory__add', { text: 'x' })), textReply('done')];
    const { chats, store, approvals, ended } = house(replies, [standIn(target)]);
    approvals.listen({ onAsked: ({ step }) => approvals.answer(step.id, yes) });
    const { record } = store;
    store.record = async (event, lastRow) => {
      await record(event, lastRow);
      if (event.type === 'StepApproved' || event.type === 'StepCompleted') {
        order.push(`${event.type} ${event.step.tool}`);
      }
    };
    const { jobId } = await chats.send({ text: 'Add x' });
    await ended(jobId);
    assert.deepEqual(order, ['StepApproved memory__add', 'run', 'StepCompleted memory__add']);
  });

  it('does not run what is refused', async () => {
    const target = fakeTool('memory__add', { effect: 'network' });
    const provider = fakeProvider([callReply(calling('a', 'memory__add')), textReply('ok')]);
    const { events } = await run({ provider, tools: [standIn(target)], approver: answering(no) });
    assert.equal(target.runs.length, 0);
    assert.equal(only(events, 'StepRejected')[0]?.step.tool, 'memory__add');
  });

  it('answers with the reason where there is nothing that is meant', async () => {
    const provider = fakeProvider([callReply(calling('a', 'nothing')), textReply('ok')]);
    const { events, errors } = await run({ provider, tools: [standIn()] });
    const end = only(events, 'StepCompleted')[0];
    assert.equal(textOf(end?.result.content ?? []), 'There is no tool nothing to be called.');
    assert.equal(end?.result.outcome, 'failed');
    assert.equal(end?.step.tool, 'call_it');
    assert.deepEqual(errors, []);
  });

  it('tells a failing preparation as that of the one that is meant', async () => {
    const target = fakeTool('memory__add', {
      prepare: () => {
        throw new ToolError('text is missing');
      },
    });
    const provider = fakeProvider([callReply(calling('a', 'memory__add')), textReply('ok')]);
    const { events } = await run({ provider, tools: [standIn(target)] });
    const end = only(events, 'StepCompleted')[0];
    assert.equal(end?.step.tool, 'memory__add');
    assert.equal(textOf(end?.result.content ?? []), 'text is missing');
  });

  it('is followed once', async () => {
    const target = fakeTool('read');
    const second: Tool = { ...standIn(target), spec: { ...target.spec, name: 'second' } };
    const input = { name: 'second', input: { name: 'read', input: {} } };
    const provider = fakeProvider([callReply(call('a', 'call_it', input)), textReply('ok')]);
    const { events } = await run({ provider, tools: [standIn(second)] });
    assert.equal(target.runs.length, 0);
    assert.match(
      textOf(only(events, 'StepCompleted')[0]?.result.content ?? []),
      /second cannot be called through call_it/,
    );
  });

  it('is asked in groups only with calls of the same tool', async () => {
    const [add, remove] = ['memory__add', 'memory__remove'].map((name) =>
      fakeTool(name, { effect: 'network' }),
    );
    assert.ok(add !== undefined && remove !== undefined);
    const provider = fakeProvider([
      callReply(
        calling('a', 'memory__add', { text: '1' }),
        calling('b', 'memory__add', { text: '2' }),
        calling('c', 'memory__remove'),
      ),
      textReply('ok'),
    ]);
    const { approver, requests, answer } = patient();
    const { events } = await run({
      provider,
      tools: [standIn(add, remove)],
      approver,
      onEvent: ({ type }) => {
        if (type === 'ApprovalRequired')
          setImmediate(() => requests.forEach((_, index) => void answer(index, yes)));
      },
    });
    const groups = only(events, 'ApprovalRequired').map(({ prompt }) => prompt.groupId);
    assert.ok(groups[0] !== undefined && groups[0] === groups[1] && groups[2] === undefined);
    assert.equal(add.runs.length, 2);
    assert.equal(remove.runs.length, 1);
  });
});
