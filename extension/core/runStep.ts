/** The end of a step: it runs, with what it changes kept before and after, or it is rejected. */
import type { DecidedBy, Step } from '../shared/event.ts';
import type { StepUndo } from '../shared/undo.ts';
import { settleAfterAbort } from './abort.ts';
import type { Decision } from './approver.ts';
import { approvalExpiredError } from './jobError.ts';
import { reasonOf } from './reasonOf.ts';
import type { EventBody } from './runJob.ts';
import { StoreError } from './store.ts';
import { type PreparedStep, ToolError, type ToolOutput } from './tool.ts';
import {
  cancelGrace,
  endStep,
  failedOutcome,
  type Outcome,
  type StepEnd,
  type Turn,
  textBlocks,
} from './turn.ts';
import { CannotUndoError } from './undo.ts';
import { BoundaryError } from './workspace.ts';

/** What a thrown value means: the model reads tool errors; a bug is logged and told in a sentence. */
export const outcomeOf = (
  error: unknown,
  signal: AbortSignal,
  logError: (error: unknown) => void,
): Outcome => {
  if (signal.aborted) {
    return {
      ...failedOutcome('The person stopped this step before it finished.', 'stopped'),
      outcome: 'cancelled',
    };
  }
  if (error instanceof ToolError || error instanceof BoundaryError) return failedOutcome(error.message);
  // What cannot be kept must not go on: the job ends with it.
  if (error instanceof StoreError) throw error;
  logError(error);
  return failedOutcome(`The tool failed unexpectedly: ${reasonOf(error)}`);
};

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

/**
 * Keeps what the step may change, before anything of it happens.
 * @returns why it could not be undone; undefined where it can, or where there is nothing to undo
 * @throws StoreError
 */
export const keepBefore = async (
  turn: Turn,
  step: Step,
  prepared: PreparedStep,
): Promise<string | undefined> => {
  if (prepared.effect === 'read') return undefined;
  const { setUp, signal } = turn;
  try {
    await settleAfterAbort(setUp.undo.before(step, prepared, signal), signal, cancelGrace);
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (error instanceof CannotUndoError) return error.message;
    if (!signal.aborted) setUp.logError(error);
    return reasonOf(error);
  }
};

const keepAfter = async (
  { setUp, signal }: Turn,
  step: Step,
  prepared: PreparedStep,
): Promise<StepUndo | undefined> => {
  if (prepared.effect === 'read') return undefined;
  try {
    return await setUp.undo.after(step, prepared, signal);
  } catch (error) {
    setUp.logError(error);
    return undefined;
  }
};

export interface Approval {
  readonly by: DecidedBy;
  /** Which rule, or whose answer. */
  readonly reason: string;
  readonly ruleIds: readonly string[];
}

/**
 * What may change files without that anybody sees how, in words: an edit that nobody was asked about, and every program in
 * the sandbox. It may write what a command on this computer runs later, and who approved it did so because it is held. A
 * command that runs on this computer was allowed to do all that anyway.
 */
const mayWriteUnseen = (
  step: Step,
  { effect, access: { command, outside } }: PreparedStep,
  by: DecidedBy,
): string | undefined => {
  if (effect === 'write') return by === 'rule' ? step.title : undefined;
  // What a server does with files, nobody sees; who approved a call did so knowing that.
  if (outside !== undefined) return by === 'rule' ? `what ${step.title} changed` : undefined;
  return command?.isSandboxed === true && command.isReadOnly !== true
    ? `what ${step.title} changed`
    : undefined;
};

/**
 * Runs a step that was let through, once `keepBefore` has been called for it.
 * @param problem why it cannot be undone, as keepBefore says it
 */
export async function* runApproved(
  turn: Turn,
  step: Step,
  prepared: PreparedStep,
  { by, reason, ruleIds }: Approval,
  problem: string | undefined,
): AsyncGenerator<EventBody, StepEnd> {
  const { setUp, signal } = turn;
  if (signal.aborted) {
    await keepAfter(turn, step, prepared);
    return yield* reject(turn, step, { approved: false, scope: 'once', by, surface: 'cancelled' });
  }
  const { accepted = [] } = prepared;
  // Before it runs: it may change files although it fails in the end.
  turn.unchecked.edit ??= mayWriteUnseen(step, prepared, by);
  yield {
    type: 'StepApproved',
    step,
    by,
    reason: problem === undefined ? reason : `${reason}; it cannot be undone: ${problem}`,
    ...(ruleIds.length === 0 ? {} : { ruleIds }),
    ...(accepted.length === 0 ? {} : { accepted }),
  };
  let outcome: Outcome;
  let lost: unknown;
  try {
    const { isError, content, summary, diffs, taint } = yield* runWithProgress(step.id, prepared, signal);
    outcome = {
      outcome: isError ? 'failed' : 'completed',
      content,
      summary,
      diffs,
      ...(taint === undefined ? {} : { taint }),
    };
  } catch (error) {
    try {
      outcome = outcomeOf(error, signal, setUp.logError);
    } catch (thrown) {
      // A started step gets its result, also where the job ends with it.
      lost = thrown;
      outcome = failedOutcome(reasonOf(thrown));
    }
  }
  const undo = await keepAfter(turn, step, prepared);
  const end = endStep(turn, step, outcome);
  const { summary, diffs } = outcome;
  yield {
    type: 'StepCompleted',
    step,
    result: end.result,
    summary,
    diffs,
    ...(undo === undefined ? {} : { undo }),
  };
  if (lost !== undefined) throw lost;
  return end;
}

const rejectionText = (decision: Decision): string => {
  const reason = decision.reason?.trim() ?? '';
  if (decision.isExpired === true) {
    return 'Nobody answered in time, so this step was not run. If it is still needed, ask for it again.';
  }
  if (decision.by === 'rule') return `This step was not run: ${decision.surface}.`;
  return reason === ''
    ? 'The person rejected this step. It was not run.'
    : `The person rejected this step. It was not run. Their reason: ${reason}`;
};

/** @param waited milliseconds that an answer was waited for, at most */
export function* reject(
  turn: Turn,
  step: Step,
  decision: Decision,
  waited = 0,
): Generator<EventBody, StepEnd> {
  const isCancelled = turn.signal.aborted;
  const end = endStep(turn, step, {
    outcome: isCancelled ? 'cancelled' : 'rejected',
    content: textBlocks(
      isCancelled ? 'The person stopped the chat; this step was not run.' : rejectionText(decision),
    ),
    summary: isCancelled ? 'cancelled' : 'rejected',
    diffs: [],
  });
  const reason = decision.reason?.trim() || decision.surface;
  yield { type: 'StepRejected', step, by: decision.by, reason, result: end.result };
  return decision.isExpired === true && !isCancelled
    ? { result: end.result, error: approvalExpiredError(waited) }
    : end;
}
