/** One tool call: find the tool, prepare, decide, ask, run. Yields the step's events and returns its one result. */
import type { DecidedBy, FileDiff, Step } from '../shared/event.ts';
import type {
  AssistantMessage,
  ToolCallBlock,
  ToolMessage,
  ToolOutcome,
  UserBlock,
} from '../shared/message.ts';
import { settleAfterAbort } from './abort.ts';
import type { Decision } from './approver.ts';
import type { EventBody, Job, JobSetUp } from './runJob.ts';
import { StoreError } from './store.ts';
import { type PreparedStep, ToolError, type ToolOutput } from './tool.ts';
import { BoundaryError } from './workspace.ts';

const text = (value: string): readonly UserBlock[] => [{ type: 'text', text: value }];

interface Outcome {
  readonly outcome: ToolOutcome;
  readonly content: readonly UserBlock[];
  readonly summary: string;
  readonly diffs: readonly FileDiff[];
}

const failure = (message: string, summary = 'failed'): Outcome => ({
  outcome: 'failed',
  content: text(message),
  summary,
  diffs: [],
});

/** What a thrown value means: the model reads tool errors; a bug is logged and told in a sentence. */
const outcomeOf = (error: unknown, signal: AbortSignal, logError: (error: unknown) => void): Outcome => {
  if (signal.aborted) {
    return {
      ...failure('The person stopped this step before it finished.', 'stopped'),
      outcome: 'cancelled',
    };
  }
  if (error instanceof ToolError || error instanceof BoundaryError) return failure(error.message);
  // What cannot be kept must not go on: the job ends with it.
  if (error instanceof StoreError) throw error;
  logError(error);
  const reason = error instanceof Error ? error.message : String(error);
  return failure(`The tool failed unexpectedly: ${reason}`);
};

/** How long a cancelled tool may take to clean up before the job ends without it, in milliseconds. */
const cancelGrace = 5_000;

/** Runs the step, yielding its live output in pieces while it goes on. */
async function* runWithProgress(
  stepId: string,
  prepared: PreparedStep,
  signal: AbortSignal,
): AsyncGenerator<EventBody, ToolOutput> {
  let waiting = '';
  let wake = Promise.withResolvers<void>();
  const emit = (piece: string): void => {
    waiting += piece;
    wake.resolve();
  };
  let isDone = false;
  const running = settleAfterAbort(prepared.run(signal, emit), signal, cancelGrace).finally(() => {
    isDone = true;
    wake.resolve();
  });
  // Awaited below; until then a rejection is not unhandled.
  running.catch(() => undefined);
  while (!isDone) {
    await wake.promise;
    wake = Promise.withResolvers<void>();
    if (waiting !== '') {
      const piece = waiting;
      waiting = '';
      yield { type: 'StepProgress', stepId, text: piece };
    }
  }
  return await running;
}

/** Fails closed: an approver that throws has not approved. */
const ask = async (
  job: Job,
  setUp: JobSetUp,
  step: Step,
  prepared: PreparedStep,
  signal: AbortSignal,
): Promise<Decision> => {
  if (prepared.approval === undefined) {
    return {
      approved: false,
      scope: 'once',
      by: 'rule',
      surface: 'no rule covers it, and it cannot be asked',
    };
  }
  try {
    const { approval: prompt, changes } = prepared;
    return await setUp.approver.ask(
      { jobId: job.id, agentName: job.agentName, step, prompt, changes },
      signal,
    );
  } catch (error) {
    setUp.logError(error);
    return { approved: false, scope: 'once', by: 'rule', surface: 'the question could not be shown' };
  }
};

const rejectionText = (decision: Decision): string => {
  const reason = decision.reason?.trim() ?? '';
  if (decision.by === 'rule') return `This step was not run: ${decision.surface}.`;
  return reason === ''
    ? 'The person rejected this step. It was not run.'
    : `The person rejected this step. It was not run. Their reason: ${reason}`;
};

export async function* runStep(
  job: Job,
  setUp: JobSetUp,
  message: AssistantMessage,
  call: ToolCallBlock,
  signal: AbortSignal,
): AsyncGenerator<EventBody, ToolMessage> {
  const describe = (prepared?: PreparedStep): Step => ({
    id: stepId,
    sessionId: job.sessionId,
    messageId: message.id,
    callId: call.id,
    tool: call.name,
    input: call.input,
    title: prepared?.title ?? '',
    effect: prepared?.effect ?? 'read',
    targets: prepared?.targets ?? [],
  });
  const result = (outcome: Outcome): ToolMessage => ({
    role: 'tool',
    id: setUp.newId(),
    callId: call.id,
    toolName: call.name,
    content: outcome.content,
    outcome: outcome.outcome,
    createdAt: setUp.now(),
  });
  const completed = (step: Step, outcome: Outcome) => {
    const { summary, diffs } = outcome;
    return { type: 'StepCompleted' as const, step, result: result(outcome), summary, diffs };
  };

  const stepId = setUp.newId();
  const tool = setUp.tools.find((each) => each.spec.name === call.name);
  if (tool === undefined || call.inputError !== undefined) {
    const names = setUp.tools.map((each) => each.spec.name).join(', ');
    const problem = call.inputError ?? `There is no tool "${call.name}". The tools are: ${names}.`;
    const event = completed(describe(), failure(problem, tool === undefined ? 'unknown tool' : 'bad input'));
    yield event;
    return event.result;
  }

  let prepared: PreparedStep;
  try {
    prepared = await settleAfterAbort(tool.prepare(call.input, signal), signal, cancelGrace);
  } catch (error) {
    const event = completed(describe(), outcomeOf(error, signal, setUp.logError));
    yield event;
    return event.result;
  }

  const step = describe(prepared);
  const verdict = setUp.decide(step, prepared);
  let approved: { by: DecidedBy; reason: string };
  if (verdict.action === 'run') {
    approved = { by: 'rule', reason: verdict.reason };
  } else {
    let decision: Decision = { approved: false, scope: 'once', by: 'rule', surface: verdict.reason };
    if (verdict.action === 'ask' && prepared.approval !== undefined) {
      yield { type: 'ApprovalRequired', step, prompt: prepared.approval };
      decision = await ask(job, setUp, step, prepared, signal);
    }
    if (!decision.approved || signal.aborted) {
      const outcome: ToolOutcome = signal.aborted ? 'cancelled' : 'rejected';
      const content = text(
        signal.aborted ? 'The person stopped the chat; this step was not run.' : rejectionText(decision),
      );
      const rejected = result({ outcome, content, summary: outcome, diffs: [] });
      const reason = decision.reason?.trim() || decision.surface;
      yield { type: 'StepRejected', step, by: decision.by, reason, result: rejected };
      return rejected;
    }
    const isGranted = decision.scope === 'session' && prepared.approval?.grant !== undefined;
    const session = isGranted ? ', for this session' : '';
    approved = { by: decision.by, reason: `${decision.surface}${session}` };
  }
  yield { type: 'StepApproved', step, ...approved };

  let outcome: Outcome;
  try {
    const output = yield* runWithProgress(step.id, prepared, signal);
    const { content, summary, diffs } = output;
    outcome = { outcome: output.isError ? 'failed' : 'completed', content, summary, diffs };
  } catch (error) {
    outcome = outcomeOf(error, signal, setUp.logError);
  }
  const event = completed(step, outcome);
  yield event;
  return event.result;
}
