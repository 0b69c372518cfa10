import assert from 'node:assert/strict';
import type { McpSampling } from '../../extension/core/mcp.ts';
import { ProviderError } from '../../extension/core/provider.ts';
import { createSampling, type SamplingTarget } from '../../extension/core/sampling.ts';
import type { AgentEvent, JobError } from '../../extension/shared/event.ts';
import { textOf } from '../../extension/shared/message.ts';
import { fakeProvider, type ScriptedReply, textReply, usage } from '../fakes/provider.ts';

const target: SamplingTarget = {
  model: { provider: 'gemini', model: 'flash' },
  place: { jobId: 'job', sessionId: 'chat', agentId: 'agent' },
};
const request: McpSampling = {
  server: 'thinker',
  systemPrompt: 'Be brief.',
  messages: [{ role: 'user', text: 'One?' }],
  maxTokens: 1_000,
};
const never = new AbortController().signal;

const rig = (...replies: readonly ScriptedReply[]) => {
  const provider = fakeProvider(replies);
  const recorded: AgentEvent[] = [];
  const limit: { reached?: JobError } = {};
  const sampling = createSampling({
    store: { record: async (event) => void recorded.push(event) },
    budgets: { check: async () => limit.reached, costOf: (_, { output }) => output / 100 },
    provider: () => provider,
    now: () => 7,
  });
  return { provider, recorded, limit, sampling };
};

describe('sampling', () => {
  it('is one request without tools, and is spent by the job', async () => {
    const { provider, recorded, sampling } = rig(textReply('Two.'));
    assert.equal(await sampling.answer(request, target, never), 'Two.');
    const [sent] = provider.requests;
    assert.deepEqual(sent?.tools, []);
    assert.match(sent?.system ?? '', /no person.*\n\nBe brief\.$/s);
    assert.deepEqual(sent?.model, target.model);
    assert.notEqual(sent?.sessionId, target.place.sessionId);
    assert.deepEqual(recorded, [
      { type: 'Usage', jobId: 'job', at: 7, usage, costUsd: usage.output / 100, isAside: true },
    ]);
  });

  it('takes turns, begun and ended by the user', async () => {
    const { provider, sampling } = rig();
    const image = { type: 'image' as const, mediaType: 'image/png' as const, data: 'AA==' };
    await sampling.answer(
      {
        ...request,
        messages: [
          { role: 'assistant', text: 'a' },
          { role: 'user', text: 'b' },
          { role: 'user', text: '', image },
          { role: 'assistant', text: 'c' },
        ],
      },
      target,
      never,
    );
    const sent = provider.requests[0]?.messages ?? [];
    assert.deepEqual(
      sent.map(({ role, content }) => [role, textOf(content)]),
      [
        ['user', 'Begin.'],
        ['assistant', 'a'],
        ['user', 'b'],
        ['assistant', 'c'],
        ['user', 'Go on.'],
      ],
    );
    assert.deepEqual(sent[2]?.content[1], image);
    const made = { ...request, messages: [{ role: 'assistant' as const, text: '', image }] };
    await assert.rejects(sampling.answer(made, target, never), /picture/);
  });

  it('sends nothing at a limit', async () => {
    const { provider, limit, sampling } = rig();
    limit.reached = { kind: 'budget', message: 'Used up.', actions: [] };
    await assert.rejects(sampling.answer(request, target, never), /Used up/);
    assert.equal(provider.requests.length, 0);
  });

  it('ends where the answer is as long as was asked for, and counts it', async () => {
    const { recorded, sampling } = rig(textReply('word '.repeat(1_000)));
    const text = await sampling.answer({ ...request, maxTokens: 10 }, target, never);
    assert.equal(text.length, 40);
    assert.equal(recorded.length, 1);
  });

  it('counts whatever came of it', async () => {
    const half = { type: 'text', text: 'half' } as const;
    const cases: readonly (readonly [ScriptedReply, RegExp, number])[] = [
      [[half, new ProviderError('network', 'Lost.')], /Lost/, 1],
      [[new ProviderError('rateLimit', 'Busy.')], /Busy/, 0],
      [[half, { type: 'done', content: [half], stopReason: 'refused' }], /refused to answer/, 1],
      [textReply(' '), /with nothing/, 1],
    ];
    for (const [reply, reason, requests] of cases) {
      const { recorded, sampling } = rig(reply);
      await assert.rejects(sampling.answer(request, target, never), reason);
      assert.equal(recorded.length, requests, String(reason));
    }
    const again = { type: 'retrying', attempt: 1, delayMs: 1, reason: 'x', mayHaveCost: true } as const;
    const { recorded, sampling } = rig([again, ...textReply('ok')]);
    assert.equal(await sampling.answer(request, target, never), 'ok');
    assert.equal(recorded.length, 2);
  });

  it('can be given up', async () => {
    const { recorded, sampling } = rig(async function* (_request, signal) {
      yield { type: 'text', text: 'a' };
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const controller = new AbortController();
    const asked = sampling.answer(request, target, controller.signal);
    setTimeout(() => controller.abort(new Error('given up')), 5);
    await assert.rejects(asked, /given up/);
    assert.equal(recorded.length, 1);
  });
});
