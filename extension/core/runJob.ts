/** The whole loop of a job: turns of model requests and steps, as one stream of events. It never throws. */
import type { AgentEvent, JobError, Step } from '../shared/event.ts';
import {
  type AssistantBlock,
  type AssistantMessage,
  type Message,
  type ModelRef,
  type StopReason,
  type TokenUsage,
  textOf,
  toolCallsOf,
  type UserMessage,
} from '../shared/message.ts';
import type { RuleOffer } from '../shared/rule.ts';
import { abortable } from './abort.ts';
import type { Approver, Decision } from './approver.ts';
import { withAttachedSkills } from './attachedSkills.ts';
import { endWithInput, estimateTokens, estimateUsage, fitToContext, repairHistory } from './history.ts';
import { internalError, jobErrorOf, outputLimitError, refusedError, turnLimitError } from './jobError.ts';
import type { PolicyContext, PolicyDecision } from './policy.ts';
import { mayHaveCost, type Provider, ProviderError } from './provider.ts';
import type { PastCall } from './repeats.ts';
import { runSteps } from './runSteps.ts';
import { taintOf } from './taint.ts';
import type { PreparedStep, Tool } from './tool.ts';
import { newUncheckedEdit, type UncheckedEdit } from './turn.ts';
import type { StepUndoKeeper } from './undo.ts';
import { createWorkClock, type WorkClock } from './workClock.ts';

export interface Job {
  readonly id: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly model: ModelRef;
  readonly system: string;
  readonly turnLimit: number;
  /** What was said before; rows as they are stored, repaired here. */
  readonly history: readonly Message[];
  /** Absent when the job goes on from where an earlier one stopped. */
  readonly input?: UserMessage;
  /** Estimated input tokens above which tool results are taken out of the request, the largest first. */
  readonly contextBudget: number;
}

export interface JobSetUp {
  readonly provider: Provider;
  readonly tools: readonly Tool[];
  readonly approver: Approver;
  /** @param since what has happened in the chat, as PolicyContext has it */
  decide(
    step: Step,
    prepared: PreparedStep,
    since: Pick<PolicyContext, 'taint' | 'uncheckedEdit'>,
  ): Promise<PolicyDecision>;
  /** Makes what the person allowed for longer into rules. @returns their ids @throws when they could not be kept */
  allow(step: Step, offer: RuleOffer, decision: Decision, prepared: PreparedStep): Promise<readonly string[]>;
  readonly undo: StepUndoKeeper;
  /** Of the jobs since the person's last message; absent: this is the first of them. */
  readonly unchecked?: UncheckedEdit;
  /** Asked before each model request. @returns why it must not be sent */
  checkBudget(): Promise<JobError | undefined>;
  /** Dollars; undefined where the price is not known. */
  costOf(usage: TokenUsage): number | undefined;
  /** Milliseconds after which a question expires; undefined: never. */
  approvalExpiry(): number | undefined;
  newId(): string;
  now(): number;
  /** Failures and bugs go here whole; the person reads a sentence. */
  logError(error: unknown): void;
}

/** An event before the job's id and time are on it. */
export type EventBody = AgentEvent extends infer E
  ? E extends AgentEvent
    ? Omit<E, 'jobId' | 'at'>
    : never
  : never;

interface Reply {
  readonly message: AssistantMessage;
  /** Set when the stream broke; the message then holds what had arrived. */
  readonly failure?: unknown;
}

/** Provider ids may repeat from turn to turn; a result is matched to its call by id, so ids are made unique. */
const withUniqueIds = (
  content: readonly AssistantBlock[],
  used: Set<string>,
  newId: () => string,
): readonly AssistantBlock[] =>
  content.map((block) => {
    if (block.type !== 'toolCall') return block;
    const id = block.id !== '' && !used.has(block.id) ? block.id : `call_${newId().replaceAll('-', '')}`;
    used.add(id);
    return id === block.id ? block : { ...block, id };
  });

async function* streamReply(
  job: Job,
  setUp: JobSetUp,
  messages: readonly Message[],
  usedIds: Set<string>,
  clock: WorkClock,
  signal: AbortSignal,
): AsyncGenerator<EventBody, Reply> {
  let partial: AssistantBlock[] = [];
  let usage: TokenUsage | undefined;
  /** When the last attempt was sent, or will be. */
  let sentAt = setUp.now();
  const request = {
    model: job.model,
    system: job.system,
    messages,
    tools: setUp.tools.map((tool) => tool.spec),
    sessionId: job.sessionId,
  };
  /**
   * Tells what an attempt took, however it ended.
   * @param content what came of it; undefined where the server has told all
   */
  function* told(content?: readonly AssistantBlock[]): Generator<EventBody, void> {
    const isKnown = usage !== undefined && usage.input + usage.output > 0;
    const taken = isKnown && content === undefined ? usage : undefined;
    const counted = taken ?? estimateUsage(request, content ?? [], usage);
    usage = undefined;
    const costUsd = setUp.costOf(counted);
    yield {
      type: 'Usage',
      usage: counted,
      ...(taken === undefined ? { isEstimated: true } : {}),
      ...(costUsd === undefined ? {} : { costUsd }),
      workMs: clock.lap(),
    };
  }
  const append = (type: 'text' | 'thinking', text: string): void => {
    const last = partial.at(-1);
    if (last?.type === type) partial = partial.with(-1, { ...last, text: last.text + text });
    else partial = [...partial, { type, text }];
  };
  const reply = (content: readonly AssistantBlock[], stopReason: StopReason): AssistantMessage => ({
    role: 'assistant',
    id: setUp.newId(),
    model: job.model,
    content: withUniqueIds(content, usedIds, setUp.newId),
    stopReason,
    createdAt: setUp.now(),
  });
  try {
    for await (const event of abortable(setUp.provider.stream(request, signal), signal)) {
      switch (event.type) {
        case 'text':
          append('text', event.text);
          yield { type: 'Token', text: event.text };
          break;
        case 'thinking':
          append('thinking', event.text);
          yield { type: 'Thinking', text: event.text };
          break;
        case 'retrying': {
          const { attempt, delayMs, reason } = event;
          if (usage !== undefined || event.mayHaveCost === true) yield* told([]);
          sentAt = setUp.now() + delayMs;
          yield { type: 'Retrying', attempt, delayMs, reason };
          break;
        }
        case 'usage':
          usage = event.usage;
          break;
        case 'done':
          // Also one of which the server does not say what it took has cost something.
          yield* told(usage === undefined || usage.input + usage.output === 0 ? event.content : undefined);
          return { message: reply(event.content, event.stopReason) };
      }
    }
    throw new ProviderError('network', 'The reply ended before it was complete.');
  } catch (failure) {
    const isUnderWay = signal.aborted ? setUp.now() >= sentAt : mayHaveCost(failure);
    if (usage !== undefined || partial.length > 0 || isUnderWay) yield* told(partial);
    // Thinking that never reached its answer has no signature and cannot be sent back; it is kept only for the reader.
    return { message: reply(partial, 'interrupted'), failure };
  }
}

/** Replies that ended, but not well. */
const endings: Partial<Record<StopReason, JobError>> = { refused: refusedError, length: outputLimitError };

const finalText = (job: Job, messages: readonly Message[]): string => {
  const said = messages.findLast((message) => message.role === 'assistant' && textOf(message.content) !== '');
  return said === undefined ? `${job.agentName} finished without saying anything.` : textOf(said.content);
};

async function* runTurns(job: Job, setUp: JobSetUp, signal: AbortSignal): AsyncGenerator<EventBody, void> {
  const known: Message[] = [...job.history, ...(job.input === undefined ? [] : [job.input])];
  const own: Message[] = [];
  const usedIds = new Set(
    known.flatMap((message) =>
      message.role === 'assistant' ? toolCallsOf(message).map((call) => call.id) : [],
    ),
  );
  const clock = createWorkClock(setUp.now);
  const past: PastCall[] = [];
  const { unchecked = newUncheckedEdit() } = setUp;
  let budget = job.contextBudget;

  for (let turn = 0; turn < job.turnLimit; ) {
    const full = withAttachedSkills(endWithInput(repairHistory([...known, ...own])));
    const fitted = fitToContext(full, budget);
    const isOver = await setUp.checkBudget();
    if (signal.aborted) return yield { type: 'JobCancelled' };
    if (isOver !== undefined) return yield { type: 'JobFailed', error: isOver };
    const { message, failure } = yield* streamReply(job, setUp, fitted, usedIds, clock, signal);
    const hasContent = message.content.length > 0;
    if (failure !== undefined) {
      if (hasContent) yield { type: 'TurnCompleted', message };
      if (signal.aborted) return yield { type: 'JobCancelled' };
      if (failure instanceof ProviderError && failure.kind === 'contextTooLong' && !hasContent) {
        const size = estimateTokens(fitted);
        const smaller = Math.floor(size * 0.6);
        // Once more, and only if that really takes something out: a request that does not shrink would fail for ever.
        if (smaller < budget && estimateTokens(fitToContext(full, smaller)) < size * 0.9) {
          budget = smaller;
          continue;
        }
      }
      return yield { type: 'JobFailed', error: jobErrorOf(failure, hasContent, setUp.logError) };
    }
    turn += 1;
    if (!hasContent) {
      const empty = new ProviderError('emptyReply', 'The model answered with nothing.');
      return yield { type: 'JobFailed', error: jobErrorOf(empty, false, setUp.logError) };
    }
    yield { type: 'TurnCompleted', message };
    own.push(message);
    const calls = toolCallsOf(message);
    if (calls.length === 0) {
      const end = endings[message.stopReason];
      if (end !== undefined) return yield { type: 'JobFailed', error: end };
      return yield { type: 'JobCompleted', message: finalText(job, own) };
    }
    const taint = () => taintOf([...known, ...own]);
    const stopped = yield* runSteps(
      { job, setUp, message, signal, clock, past, taint, unchecked },
      calls,
      ({ result }) => own.push(result),
    );
    if (signal.aborted) return yield { type: 'JobCancelled' };
    if (stopped !== undefined) return yield { type: 'JobFailed', error: stopped };
  }
  yield { type: 'JobFailed', error: turnLimitError(job.turnLimit) };
}

export async function* runJob(
  job: Job,
  setUp: JobSetUp,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, void> {
  const stamp = (body: EventBody): AgentEvent => ({ ...body, jobId: job.id, at: setUp.now() });
  const { sessionId, agentId, input } = job;
  yield stamp({ type: 'JobStarted', sessionId, agentId, ...(input === undefined ? {} : { input }) });
  try {
    for await (const body of runTurns(job, setUp, signal)) yield stamp(body);
  } catch (error) {
    const failed: JobError = internalError(error, setUp.logError);
    yield stamp({ type: 'JobFailed', error: failed });
  }
}
