import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createApprovals } from '../../extension/core/approvals.ts';
import type { Approver } from '../../extension/core/approver.ts';
import { messagesOf, repairHistory } from '../../extension/core/history.ts';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import { type ModelEvent, ProviderError } from '../../extension/core/provider.ts';
import { type JobSetUp, runJob } from '../../extension/core/runJob.ts';
import { StoreError } from '../../extension/core/store.ts';
import { type Tool, ToolError } from '../../extension/core/tool.ts';
import { CannotUndoError } from '../../extension/core/undo.ts';
import { emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { type Message, toolCallsOf } from '../../extension/shared/message.ts';
import { counters } from '../fakes/ids.ts';
import { call, fakeProvider, type ScriptedReply } from '../fakes/provider.ts';
import { type FakeToolOptions, fakeTool, output } from '../fakes/tool.ts';
import { grammarProblem } from '../support/eventGrammar.ts';
import { noError, offers } from './jobRun.ts';

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

const toolName = fc.constantFrom(
  'look',
  'edit',
  'edit',
  'edit',
  'broken',
  'buggy',
  'slow',
  'fetch',
  'missing',
);
const callId = fc.constantFrom('a', 'b', 'c', '');
const path = fc.constantFrom('x', 'y', 'z', 'z/y');
const replyArbitrary: fc.Arbitrary<ScriptedReply> = fc
  .record({
    thinking: fc.string({ maxLength: 3 }),
    text: fc.string({ maxLength: 5 }),
    calls: fc.array(fc.tuple(callId, toolName, path, fc.nat({ max: 9 })), { maxLength: 6 }),
    ending: fc.constantFrom('done', 'done', 'done', 'break', 'silent'),
  })
  .map(({ thinking, text, calls, ending }): (ModelEvent | Error)[] => {
    const events: ModelEvent[] = [];
    if (thinking !== '') events.push({ type: 'thinking', text: thinking });
    if (text !== '') events.push({ type: 'text', text });
    if (ending === 'silent') return events;
    if (ending === 'break') return [...events, new ProviderError('network', 'Connection lost.')];
    const blocks = calls.map(([id, name, file, bad]) => ({
      ...call(id, name, { path: file }),
      ...(bad === 0 ? { inputError: 'bad' } : {}),
    }));
    const content = [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...blocks];
    return [...events, { type: 'done', content, stopReason: blocks.length > 0 ? 'toolCalls' : 'end' }];
  });

/** What happens next, each time it is asked; from the beginning again at the end. */
const stream = <T>(values: readonly T[], otherwise: T): (() => T) => {
  let count = 0;
  return () => {
    const value = values[count % Math.max(1, values.length)];
    count += 1;
    return value ?? otherwise;
  };
};

const answers = ['approve', 'approve', 'amend', 'reject', 'never', 'throw'] as const;
const scopes = ['once', 'session', 'workspace'] as const;
const verdicts = ['ask', 'ask', 'ask', 'cautioned', 'run', 'undoable', 'refuse', 'throw'] as const;
const keepings = ['kept', 'kept', 'kept', 'cannot', 'bug', 'lost'] as const;

const many = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 10 });

const scenario = fc.record({
  replies: fc.array(replyArbitrary, { maxLength: 5 }),
  answers: many(answers),
  scopes: many(scopes),
  verdicts: many(verdicts),
  keepings: many(keepings),
  /** Whether the person answers before other things happen. */
  isQuick: many([true, false]),
  canAllow: many([true, true, false]),
  expiry: fc.constantFrom(undefined, undefined, 3, 30),
  isOverBudget: fc.constantFrom(false, false, false, true),
  /** The job is cancelled after this many events. */
  cancelAfter: fc.integer({ min: 0, max: 80 }),
  turnLimit: fc.integer({ min: 1, max: 4 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Steps by id, as they came to be let through, or not to be. */
interface Consent {
  /** What the policy let through only if it can be undone, and could not be kept. */
  readonly unkept: Set<string>;
  readonly approved: Set<string>;
  readonly denied: Set<string>;
  readonly ruled: Set<string>;
}

/** What was told last when a tool began to run. */
interface Run {
  readonly tool: string;
  readonly told: AgentEvent | undefined;
}

const runScenario = async (
  given: Scenario,
  history: readonly Message[],
  ids: ReturnType<typeof counters>,
  jobId: string,
) => {
  const provider = fakeProvider(given.replies);
  const controller = new AbortController();
  const consent: Consent = { approved: new Set(), denied: new Set(), ruled: new Set(), unkept: new Set() };
  /** Steps that may run only if they can be undone. */
  const conditional = new Set<string>();
  const events: AgentEvent[] = [];
  const runs: Run[] = [];
  const [answer, scope, verdict] = [
    stream(given.answers, 'approve'),
    stream(given.scopes, 'once'),
    stream(given.verdicts, 'ask'),
  ];
  const [keeping, isQuick, canAllow] = [
    stream(given.keepings, 'kept'),
    stream(given.isQuick, true),
    stream(given.canAllow, true),
  ];
  let hasRule = false;

  const approvals = createApprovals({
    onError: noError,
    now: ids.now,
    // Time passes with each look at it, and every touch of a question looks.
    setTimer: () => () => undefined,
  });
  const approver: Approver = {
    ask: async (request, signal) => {
      const said = answer();
      const { id } = request.step;
      if (said === 'throw') {
        consent.denied.add(id);
        throw new Error('closed');
      }
      const asked = approvals.ask(request, signal);
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      asked.then(end, end);
      const decide = (): void => {
        approvals.pending();
        // Nobody looks at it any more: this would go on for as long as the process does.
        if (isOver) return;
        if (said === 'never')
          return void (given.expiry === undefined ? controller.abort() : setImmediate(decide));
        const accepted = [{ file: '/folder/x', text: 'mine' }];
        approvals.answer(id, {
          approved: said !== 'reject',
          scope: scope(),
          by: 'user',
          surface: 'test',
          ...(said === 'amend' ? { accepted } : {}),
        });
      };
      if (isQuick()) decide();
      else setImmediate(decide);
      const decision = await asked;
      (decision.approved ? consent.approved : consent.denied).add(id);
      return decision;
    },
  };

  const tool = (name: string, options: FakeToolOptions = {}): Tool => {
    const { run } = options;
    const told = (): void => void runs.push({ tool: name, told: events.at(-1) });
    return fakeTool(name, {
      ...options,
      run: async (signal, emit) => {
        told();
        return run === undefined ? output(name) : run(signal, emit);
      },
      amend: () => {
        if (isQuick()) throw new ToolError('nothing is left');
        return {
          title: name,
          effect: options.effect ?? 'read',
          targets: [],
          access: { paths: [] },
          changes: [],
          run: async () => {
            told();
            return output('amended');
          },
        };
      },
    });
  };

  const setUp: JobSetUp = {
    provider,
    tools: [
      tool('look'),
      tool('edit', { effect: 'write' }),
      tool('broken', {
        prepare: () => {
          throw new ToolError('bad');
        },
      }),
      tool('buggy', { effect: 'execute', run: () => Promise.reject(new Error('bug')) }),
      tool('fetch', { effect: 'network', run: async () => ({ ...output('words'), taint: 'a page' }) }),
      tool('slow', {
        run: async (signal, emit) => {
          emit('working');
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
          return output('slow', true);
        },
      }),
    ],
    approver,
    decide: async (step, prepared) => {
      const letThrough = (mustBeUndoable: boolean): PolicyDecision => {
        consent.ruled.add(step.id);
        if (mustBeUndoable) conditional.add(step.id);
        else conditional.delete(step.id);
        return { action: 'run', reason: 'a rule', ruleIds: [], mustBeUndoable };
      };
      if (prepared.effect === 'read' || hasRule) return letThrough(false);
      consent.ruled.delete(step.id);
      const said = verdict();
      if (said === 'throw') throw new Error('the rules are gone');
      if (said === 'refuse') return { action: 'refuse', reason: 'no' };
      if (said === 'run' || said === 'undoable') return letThrough(said === 'undoable');
      return { action: 'ask', reason: 'ask', isCautioned: said === 'cautioned', offers };
    },
    allow: async () => {
      if (!canAllow()) throw new StoreError('full');
      hasRule = true;
      return ['made'];
    },
    undo: {
      before: async (step) => {
        const kept = keeping();
        if (kept === 'kept') return;
        if (conditional.has(step.id)) consent.unkept.add(step.id);
        if (kept === 'lost') throw new StoreError('full');
        throw kept === 'cannot' ? new CannotUndoError('too large') : new TypeError('bug');
      },
      after: async () => ({ files: 1, unknown: [] }),
    },
    checkBudget: async () =>
      given.isOverBudget && provider.requests.length > 1
        ? { kind: 'budget', message: 'Used up.', actions: ['raiseBudget'] }
        : undefined,
    costOf: () => 0.1,
    approvalExpiry: () => given.expiry,
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
    turnLimit: given.turnLimit,
    history,
    input,
    contextBudget: 1_000,
  };
  for await (const event of runJob(job, setUp, controller.signal)) {
    events.push(event);
    if (events.length > given.cancelAfter) controller.abort();
  }
  return { events, requests: provider.requests, runs, consent, pending: approvals.pending() };
};

/** What ran without having been let through, or after it had been denied; undefined where there is nothing. */
const consentProblem = (
  events: readonly AgentEvent[],
  runs: readonly Run[],
  consent: Consent,
): string | undefined => {
  for (const { tool, told } of runs) {
    if (told?.type !== 'StepApproved' || told.step.tool !== tool) return `${tool} ran behind ${told?.type}`;
  }
  for (const [index, event] of events.entries()) {
    if (event.type !== 'StepApproved') continue;
    const { id, effect } = event.step;
    if (consent.denied.has(id)) return `${id} was denied and ran`;
    const wasLetThrough =
      event.by === 'user' ? consent.approved.has(id) : consent.ruled.has(id) && !consent.unkept.has(id);
    if (effect !== 'read' && !wasLetThrough) return `${id} ran by ${event.by} and nobody let it through`;
    const isAfterRejection = events
      .slice(0, index)
      .some((each) => each.type === 'StepRejected' && each.step.id === id);
    if (isAfterRejection) return `${id} ran after it was rejected`;
  }
  return undefined;
};

describe('runJob, whatever happens', () => {
  it('keeps to the event grammar, runs nothing that was not let through, and answers every call once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scenario, { minLength: 1, maxLength: 3 }), async (scenarios) => {
        const ids = counters();
        let chat = emptyChat('a', model);
        for (const [index, each] of scenarios.entries()) {
          const ran = await runScenario(each, messagesOf(chat.items), ids, `job-${index}`);
          const { events, requests, runs, consent, pending } = ran;
          assert.equal(grammarProblem(events), undefined);
          assert.equal(consentProblem(events, runs, consent), undefined);
          assert.deepEqual(pending, []);
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
