import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Decision } from '../../extension/core/approver.ts';
import { messagesOf, repairHistory } from '../../extension/core/history.ts';
import { type ModelEvent, type ModelRequest, ProviderError } from '../../extension/core/provider.ts';
import { type JobSetUp, runJob } from '../../extension/core/runJob.ts';
import { ToolError } from '../../extension/core/tool.ts';
import { emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { type Message, toolCallsOf } from '../../extension/shared/message.ts';
import { counters } from '../fakes/ids.ts';
import { call, fakeProvider, type ScriptedReply } from '../fakes/provider.ts';
import { fakeTool, output } from '../fakes/tool.ts';
import { grammarProblem } from '../support/eventGrammar.ts';

const model = { provider: 'anthropic', model: 'fake' } as const;

/** Every tool call is followed, in order and before anything else, by exactly one result; no result stands alone. */
const pairingProblem = (messages: readonly Message[]): string | undefined => {
  let expected: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (expected.shift() !== message.callId) return `unexpected result ${message.callId}`;
    } else {
      if (expected.length > 0) return `calls without result: ${expected.join()}`;
      if (message.content.length === 0) return 'an empty message';
      if (message.role === 'assistant') expected = toolCallsOf(message).map((each) => each.id);
    }
  }
  return expected.length > 0 ? `calls without result at the end: ${expected.join()}` : undefined;
};

const toolName = fc.constantFrom('look', 'edit', 'broken', 'buggy', 'slow', 'missing');
const callId = fc.constantFrom('a', 'b', 'c', '');
const replyArbitrary: fc.Arbitrary<ScriptedReply> = fc
  .record({
    thinking: fc.string({ maxLength: 3 }),
    text: fc.string({ maxLength: 5 }),
    calls: fc.array(fc.tuple(callId, toolName, fc.boolean()), { maxLength: 4 }),
    ending: fc.constantFrom('done', 'done', 'done', 'break', 'silent'),
  })
  .map(({ thinking, text, calls, ending }): (ModelEvent | Error)[] => {
    const events: ModelEvent[] = [];
    if (thinking !== '') events.push({ type: 'thinking', text: thinking });
    if (text !== '') events.push({ type: 'text', text });
    if (ending === 'silent') return events;
    if (ending === 'break') return [...events, new ProviderError('network', 'Connection lost.')];
    const blocks = calls.map(([id, name, isBad]) => ({
      ...call(id, name),
      ...(isBad ? { inputError: 'bad' } : {}),
    }));
    const content = [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...blocks];
    return [...events, { type: 'done', content, stopReason: blocks.length > 0 ? 'toolCalls' : 'end' }];
  });

const decisionArbitrary = fc.constantFrom<'approve' | 'reject' | 'throw'>('approve', 'reject', 'throw');

interface Scenario {
  replies: ScriptedReply[];
  decisions: ('approve' | 'reject' | 'throw')[];
  /** The job is cancelled after this many events. */
  cancelAfter: number;
  turnLimit: number;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  replies: fc.array(replyArbitrary, { maxLength: 5 }),
  decisions: fc.array(decisionArbitrary, { maxLength: 10 }),
  cancelAfter: fc.integer({ min: 0, max: 40 }),
  turnLimit: fc.integer({ min: 1, max: 4 }),
});

const runScenario = async (
  { replies, decisions, cancelAfter, turnLimit }: Scenario,
  history: readonly Message[],
  ids: ReturnType<typeof counters>,
  jobId: string,
): Promise<{ events: AgentEvent[]; requests: ModelRequest[] }> => {
  const provider = fakeProvider(replies);
  const controller = new AbortController();
  let asked = 0;
  const setUp: JobSetUp = {
    provider,
    tools: [
      fakeTool('look'),
      fakeTool('edit', { effect: 'write' }),
      fakeTool('broken', {
        prepare: () => {
          throw new ToolError('bad');
        },
      }),
      fakeTool('buggy', { effect: 'execute', run: () => Promise.reject(new Error('bug')) }),
      fakeTool('slow', {
        run: async (signal, emit) => {
          emit('working');
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
          return output('slow', true);
        },
      }),
    ],
    approver: {
      ask: async (): Promise<Decision> => {
        const decision = decisions[asked % Math.max(1, decisions.length)] ?? 'approve';
        asked += 1;
        if (decision === 'throw') throw new Error('closed');
        return { approved: decision === 'approve', scope: 'once', by: 'user', surface: 'test' };
      },
    },
    decide: (_step, prepared) =>
      prepared.effect === 'read' ? { action: 'run', reason: 'read' } : { action: 'ask', reason: 'ask' },
    ...ids,
    logError: () => undefined,
  };
  const input = {
    role: 'user' as const,
    id: `input-${jobId}`,
    content: [{ type: 'text' as const, text: 'go' }],
    createdAt: 1,
  };
  const job = {
    id: jobId,
    sessionId: 's',
    agentId: 'a',
    agentName: 'A',
    model,
    system: '',
    turnLimit,
    history,
    input,
    contextBudget: 1_000,
  };
  const events: AgentEvent[] = [];
  for await (const event of runJob(job, setUp, controller.signal)) {
    events.push(event);
    if (events.length > cancelAfter) controller.abort();
  }
  return { events, requests: provider.requests };
};

describe('runJob, whatever happens', () => {
  it('keeps to the event grammar, and every request pairs every call with exactly one result', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scenario, { minLength: 1, maxLength: 3 }), async (scenarios) => {
        const ids = counters();
        let chat = emptyChat('a', model);
        for (const [index, each] of scenarios.entries()) {
          const { events, requests } = await runScenario(each, messagesOf(chat.items), ids, `job-${index}`);
          assert.equal(grammarProblem(events), undefined);
          for (const request of requests) {
            assert.equal(pairingProblem(request.messages), undefined);
            assert.notEqual(request.messages.at(-1)?.role, 'assistant');
          }
          for (const event of events) chat = reduceChat(chat, event);
          assert.equal(chat.job, undefined);
        }
        const callIds = chat.items.flatMap((item) =>
          item.kind === 'assistant' ? toolCallsOf(item.message).map((each) => each.id) : [],
        );
        assert.equal(new Set(callIds).size, callIds.length);
      }),
      { numRuns: 300 },
    );
  });

  it('repairs any order, loss and doubling of rows into a valid history', () => {
    const anyMessage: fc.Arbitrary<Message> = fc.oneof(
      fc.record({
        role: fc.constant('user' as const),
        id: fc.uuid(),
        content: fc.constantFrom([], [{ type: 'text' as const, text: 'x' }]),
        createdAt: fc.constant(1),
      }),
      fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }).map((calls) => ({
        role: 'assistant' as const,
        id: 'm',
        model,
        content: calls.map((id) => call(id, 'look')),
        stopReason: 'toolCalls' as const,
        createdAt: 1,
      })),
      fc.constantFrom('a', 'b', 'c', 'd').map((id) => ({
        role: 'tool' as const,
        id: `r-${id}`,
        callId: id,
        toolName: 'look',
        content: [{ type: 'text' as const, text: 'result' }],
        outcome: 'completed' as const,
        createdAt: 1,
      })),
    );
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), (messages) => {
        const repaired = repairHistory(messages);
        assert.equal(pairingProblem(repaired), undefined);
        assert.deepEqual(repairHistory(repaired), repaired);
      }),
      { numRuns: 500 },
    );
  });
});
