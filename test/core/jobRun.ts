import assert from 'node:assert/strict';
import type { ApprovalRequest, Approver, Decision } from '../../extension/core/approver.ts';
import type { PolicyDecision } from '../../extension/core/policy.ts';
import type { Provider } from '../../extension/core/provider.ts';
import { type Job, type JobSetUp, runJob } from '../../extension/core/runJob.ts';
import type { PreparedStep } from '../../extension/core/tool.ts';
import type { AgentEvent, EventOf } from '../../extension/shared/event.ts';
import type { RuleOffer } from '../../extension/shared/rule.ts';
import { counters } from '../fakes/ids.ts';
import { call, callReply, fakeProvider, textReply } from '../fakes/provider.ts';
import { type FakeToolOptions, fakeTool } from '../fakes/tool.ts';
import { fakeUndo } from '../fakes/undoKeeper.ts';
import { grammarProblem } from '../support/eventGrammar.ts';

const model = { provider: 'gemini', model: 'fake' } as const;
export const yes: Decision = { approved: true, scope: 'once', by: 'user', surface: 'dialog' };
export const no: Decision = { ...yes, approved: false };
export const answering = (decision: Decision): Approver => ({ ask: async () => decision });

export const letThrough: Extract<PolicyDecision, { action: 'run' }> = {
  action: 'run',
  reason: 'a rule',
  ruleIds: ['rule-1'],
  mustBeUndoable: false,
};

export const offers: readonly RuleOffer[] = [
  { duration: 'session', matches: [], label: 'edits in this chat' },
  { duration: 'workspace', matches: [], label: 'edits in this workspace' },
];

/** Reads run, what is cautioned asks always, and all else asks and can be allowed for longer. */
export const plainDecide = (prepared: PreparedStep): PolicyDecision => {
  const { caution } = prepared.access;
  if (caution !== undefined) return { action: 'ask', reason: caution, isCautioned: true, offers: [] };
  return prepared.effect === 'read'
    ? { action: 'run', reason: 'reads run', ruleIds: [], mustBeUndoable: false }
    : { action: 'ask', reason: 'no rule covers it', isCautioned: false, offers };
};

/** Where nothing may go wrong. */
export const noError = (error: unknown): never => assert.fail(String(error));

/** Answers when told to, in any order. */
export const patient = () => {
  const requests: ApprovalRequest[] = [];
  const answers: ((decision: Decision) => void)[] = [];
  const approver: Approver = {
    ask: (request, signal) => {
      requests.push(request);
      return new Promise((resolve) => {
        answers.push(resolve);
        signal.addEventListener('abort', () => resolve({ ...no, by: 'rule', surface: 'cancelled' }));
      });
    },
  };
  return { approver, requests, answer: (index: number, decision: Decision) => answers[index]?.(decision) };
};

export const run = async (
  options: {
    provider: Provider;
    job?: Partial<Job>;
    signal?: AbortSignal;
    onEvent?: (event: AgentEvent) => void;
  } & Partial<JobSetUp>,
) => {
  const { provider, job: jobChange, signal = new AbortController().signal, onEvent, ...changes } = options;
  const errors: unknown[] = [];
  const undo = fakeUndo();
  const job: Job = {
    id: 'job',
    sessionId: 'session',
    agentId: 'agent',
    agentName: 'Coder',
    model,
    system: '',
    turnLimit: 50,
    history: [],
    input: { role: 'user', id: 'input', content: [{ type: 'text', text: 'hi' }], createdAt: 1 },
    contextBudget: 100_000,
    ...jobChange,
  };
  const setUp: JobSetUp = {
    provider,
    tools: [],
    approver: answering(yes),
    decide: async (_step, prepared) => plainDecide(prepared),
    allow: async () => ['made'],
    undo,
    checkBudget: async () => undefined,
    costOf: () => undefined,
    approvalExpiry: () => undefined,
    ...counters(),
    logError: (error) => errors.push(error),
    ...changes,
  };
  const events: AgentEvent[] = [];
  for await (const event of runJob(job, setUp, signal)) {
    events.push(event);
    onEvent?.(event);
  }
  assert.equal(grammarProblem(events), undefined);
  return { events, errors, undo };
};

export const types = (events: readonly AgentEvent[]): string[] => events.map((event) => event.type);
export const last = (events: readonly AgentEvent[]): AgentEvent | undefined => events.at(-1);
export const only = <T extends AgentEvent['type']>(events: readonly AgentEvent[], type: T): EventOf<T>[] =>
  events.filter((event): event is EventOf<T> => event.type === type);

/** A file that is edited, or another tool with its file. */
export type Item = string | readonly [tool: string, path: string];

/** One turn of these. */
export const edits = (...items: readonly Item[]) =>
  fakeProvider([
    callReply(
      ...items.map((item, index) => {
        const [tool, path] = typeof item === 'string' ? ['edit', item] : item;
        return call(`c${index}`, tool, { path });
      }),
    ),
    textReply('done'),
  ]);

export const edit = (options: FakeToolOptions = {}) => fakeTool('edit', { effect: 'write', ...options });
