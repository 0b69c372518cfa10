import assert from 'node:assert/strict';
import type { Approver } from '../../extension/core/approver.ts';
import { type Provider, ProviderError } from '../../extension/core/provider.ts';
import { StoreError } from '../../extension/core/store.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { textOf } from '../../extension/shared/message.ts';
import { call, callReply, fakeProvider, textReply, usage } from '../fakes/provider.ts';
import { failingTool, fakeTool, output } from '../fakes/tool.ts';
import { answering, last, no, only, run, types } from './jobRun.ts';

describe('runJob', () => {
  it('streams an answer and ends with it', async () => {
    const { events } = await run({ provider: fakeProvider([textReply('hello')]) });
    assert.deepEqual(types(events), ['JobStarted', 'Token', 'Usage', 'TurnCompleted', 'JobCompleted']);
    assert.equal(only(events, 'JobCompleted')[0]?.message, 'hello');
  });

  it('runs a read without asking and sends its result back', async () => {
    const provider = fakeProvider([callReply(call('a', 'look')), textReply('done')]);
    const { events } = await run({ provider, tools: [fakeTool('look')] });
    assert.equal(only(events, 'ApprovalRequired').length, 0);
    assert.equal(only(events, 'StepApproved')[0]?.by, 'rule');
    const sent = provider.requests[1]?.messages.at(-1);
    assert.equal(sent?.role === 'tool' && textOf(sent.content), 'look done');
  });

  it('asks before a write and does not run it when refused', async () => {
    const provider = fakeProvider([callReply(call('a', 'edit')), textReply('ok')]);
    const edit = fakeTool('edit', { effect: 'write' });
    const approver = answering({ ...no, reason: 'wrong file' });
    const { events } = await run({ provider, tools: [edit], approver });
    assert.equal(edit.runs.length, 0);
    const rejected = only(events, 'StepRejected')[0];
    assert.match(textOf(rejected?.result.content ?? []), /Their reason: wrong file/);
    assert.equal(last(events)?.type, 'JobCompleted');
  });

  it('does not run a step when the approver throws', async () => {
    const edit = fakeTool('edit', { effect: 'write' });
    const approver: Approver = { ask: () => Promise.reject(new Error('dialog is gone')) };
    const { events, errors } = await run({
      provider: fakeProvider([callReply(call('a', 'edit'))]),
      tools: [edit],
      approver,
    });
    assert.equal(edit.runs.length, 0);
    assert.equal(only(events, 'StepRejected').length, 1);
    assert.equal(errors.length, 1);
  });

  it('answers an unknown tool, bad arguments and a failing prepare with an error result', async () => {
    const bad = { ...call('b', 'look'), inputError: 'not JSON' };
    const provider = fakeProvider([callReply(call('a', 'nothing'), bad, call('c', 'broken'))]);
    const { events } = await run({ provider, tools: [fakeTool('look'), failingTool('broken')] });
    const results = only(events, 'StepCompleted').map((event) => textOf(event.result.content));
    assert.match(results[0] ?? '', /There is no tool "nothing".*look, broken/);
    assert.deepEqual(results.slice(1), ['not JSON', 'bad input: path is missing']);
    assert.ok(only(events, 'StepCompleted').every((event) => event.result.outcome === 'failed'));
  });

  it('names a tool of a server that is not there any more', async () => {
    const provider = fakeProvider([callReply(call('a', 'memory__gone'), call('b', 'nothing'))]);
    const { events } = await run({ provider, tools: [] });
    const titles = only(events, 'StepCompleted').map(({ step }) => step.title);
    assert.deepEqual(titles, ['memory__gone', '']);
  });

  it('turns a bug in a tool into an error result and logs it', async () => {
    const tool = fakeTool('look', { run: () => Promise.reject(new TypeError('x is undefined')) });
    const { events, errors } = await run({
      provider: fakeProvider([callReply(call('a', 'look'))]),
      tools: [tool],
    });
    assert.match(textOf(only(events, 'StepCompleted')[0]?.result.content ?? []), /x is undefined/);
    assert.equal(errors.length, 1);
  });

  it('streams live output between the start and the end of a step', async () => {
    const tool = fakeTool('look', {
      run: async (_signal, emit) => {
        emit('one ');
        await new Promise((resolve) => setImmediate(resolve));
        emit('two');
        return output('finished');
      },
    });
    const { events } = await run({ provider: fakeProvider([callReply(call('a', 'look'))]), tools: [tool] });
    assert.equal(
      only(events, 'StepProgress')
        .map((event) => event.text)
        .join(''),
      'one two',
    );
  });

  it('asks whether to go on at the turn limit', async () => {
    const provider = fakeProvider(
      Array.from({ length: 9 }, (_, index) => callReply(call(`c${index}`, 'look'))),
    );
    const { events } = await run({ provider, tools: [fakeTool('look')], job: { turnLimit: 3 } });
    const failed = only(events, 'JobFailed')[0];
    assert.equal(provider.requests.length, 3);
    assert.equal(failed?.error.kind, 'turnLimit');
    assert.ok(failed?.error.actions.includes('continue'));
  });

  it('keeps what had arrived when the stream breaks', async () => {
    const broken = [
      { type: 'text', text: 'half' } as const,
      new ProviderError('network', 'Connection lost.'),
    ];
    const { events } = await run({ provider: fakeProvider([broken]) });
    const turn = only(events, 'TurnCompleted')[0];
    assert.equal(turn?.message.stopReason, 'interrupted');
    assert.equal(textOf(turn?.message.content ?? []), 'half');
    assert.match(
      only(events, 'JobFailed')[0]?.error.message ?? '',
      /Connection lost\. What had arrived was kept\./,
    );
  });

  it('counts the tokens of replies that break or are cancelled, and of each attempt, once', async () => {
    const counted = (input: number) => ({ type: 'usage', usage: { ...usage, input } }) as const;
    const half = { type: 'text', text: 'half' } as const;
    const retrying = { type: 'retrying', attempt: 1, delayMs: 1, reason: 'busy' } as const;
    const inputs = ({ events }: { events: readonly AgentEvent[] }): number[] =>
      only(events, 'Usage').map((event) => event.usage.input);

    const reply = [counted(5), retrying, counted(7), half, counted(8), new ProviderError('network', 'Lost.')];
    const broken = await run({ provider: fakeProvider([reply]) });
    assert.deepEqual(inputs(broken), [5, 8]);
    assert.deepEqual(types(broken.events), [
      'JobStarted',
      'Usage',
      'Retrying',
      'Token',
      'Usage',
      'TurnCompleted',
      'JobFailed',
    ]);

    const controller = new AbortController();
    const cancelled = await run({
      provider: fakeProvider([[counted(7), half, counted(8)]]),
      signal: controller.signal,
      onEvent: (event) => event.type === 'Token' && controller.abort(),
    });
    assert.deepEqual(inputs(cancelled), [7]);
    assert.equal(last(cancelled.events)?.type, 'JobCancelled');
  });

  it('logs a failure of the provider once, but no cancel', async () => {
    const failure = new ProviderError('badRequest', 'Choose another model, or see the log.');
    assert.deepEqual((await run({ provider: fakeProvider([[failure]]) })).errors, [failure]);
    const controller = new AbortController();
    const cancelled = await run({
      provider: fakeProvider([textReply('hello')]),
      signal: controller.signal,
      onEvent: (event) => event.type === 'Token' && controller.abort(),
    });
    assert.deepEqual(cancelled.errors, []);
  });

  it('fails when a stream ends without saying so, and on an empty reply', async () => {
    const silent = await run({ provider: fakeProvider([[]]) });
    assert.equal(only(silent.events, 'JobFailed')[0]?.error.kind, 'network');
    const empty = await run({ provider: fakeProvider([[{ type: 'done', content: [], stopReason: 'end' }]]) });
    assert.equal(only(empty.events, 'JobFailed')[0]?.error.kind, 'emptyReply');
  });

  it('cancels while streaming and keeps the partial text', async () => {
    const controller = new AbortController();
    const { events } = await run({
      provider: fakeProvider([textReply('hello')]),
      signal: controller.signal,
      onEvent: (event) => event.type === 'Token' && controller.abort(),
    });
    assert.deepEqual(types(events), ['JobStarted', 'Token', 'Usage', 'TurnCompleted', 'JobCancelled']);
  });

  it('starts no further step once cancelled', async () => {
    const controller = new AbortController();
    const tool = fakeTool('look');
    const { events } = await run({
      provider: fakeProvider([callReply(call('a', 'look'), call('b', 'look'))]),
      tools: [tool],
      signal: controller.signal,
      onEvent: (event) => event.type === 'StepCompleted' && controller.abort(),
    });
    assert.equal(tool.runs.length, 1);
    assert.equal(last(events)?.type, 'JobCancelled');
  });

  it('gives repeated call ids new ones', async () => {
    const provider = fakeProvider([
      callReply(call('same', 'look')),
      callReply(call('same', 'look'), call('', 'look')),
    ]);
    const { events } = await run({ provider, tools: [fakeTool('look')] });
    const ids = only(events, 'StepCompleted').map((event) => event.result.callId);
    assert.equal(new Set(ids).size, 3);
  });

  it('shrinks a request that was too long once, and only when that helps', async () => {
    const tooLong = [new ProviderError('contextTooLong', 'Too long.')];
    const big = fakeTool('look', { run: async () => output('x'.repeat(100_000)) });
    const provider = fakeProvider([callReply(call('a', 'look')), tooLong, textReply('fits')]);
    const { events } = await run({ provider, tools: [big] });
    assert.equal(last(events)?.type, 'JobCompleted');
    assert.ok(JSON.stringify(provider.requests[2]).length < 5_000);

    const hopeless = fakeProvider([tooLong, tooLong]);
    const second = await run({ provider: hopeless });
    assert.equal(hopeless.requests.length, 1);
    assert.equal(only(second.events, 'JobFailed')[0]?.error.kind, 'contextTooLong');
  });

  it('says so when the model declined or ran out of room', async () => {
    const ending = (stopReason: 'refused' | 'length') =>
      run({
        provider: fakeProvider([[{ type: 'done', content: [{ type: 'text', text: 'no' }], stopReason }]]),
      });
    assert.equal(only((await ending('refused')).events, 'JobFailed')[0]?.error.kind, 'refused');
    assert.equal(only((await ending('length')).events, 'JobFailed')[0]?.error.kind, 'outputLimit');
  });

  it('reports a bug of its own without throwing', async () => {
    const provider: Provider = {
      listModels: async () => [],
      stream: () => {
        throw new RangeError('bug');
      },
    };
    const { events, errors } = await run({ provider });
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'internal');
    assert.equal(errors.length, 1);
  });

  it('gives a started step its result also where the job ends with it', async () => {
    const tool = fakeTool('look', { run: () => Promise.reject(new StoreError('The disk is full.')) });
    const { events } = await run({ provider: fakeProvider([callReply(call('a', 'look'))]), tools: [tool] });
    assert.equal(only(events, 'StepCompleted')[0]?.result.outcome, 'failed');
    assert.equal(only(events, 'JobFailed')[0]?.error.kind, 'storage');
  });
});
