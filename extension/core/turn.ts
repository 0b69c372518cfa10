/** What the steps of one turn share: who asked for them, what came of them, and how a result is made. */
import type { FileDiff, JobError, Step } from '../shared/event.ts';
import {
  type AssistantMessage,
  type JsonObject,
  type ToolMessage,
  type ToolOutcome,
  toolCallsOf,
  type UserBlock,
} from '../shared/message.ts';
import { repeatingError } from './jobError.ts';
import { type PastCall, rememberedCalls, repetitionNote, repetitionOf, stoppedAt } from './repeats.ts';
import type { Job, JobSetUp } from './runJob.ts';
import type { WorkClock } from './workClock.ts';

/** Since the person's last message: what may have changed files that nobody looked at, until the person has approved a command knowing of it. */
export interface UncheckedEdit {
  edit: string | undefined;
  /** Who lets edits run and a command run wants them to go on by themselves: asked once, not at each edit. */
  isKnown: boolean;
}

export const newUncheckedEdit = (): UncheckedEdit => ({ edit: undefined, isKnown: false });

export interface Turn {
  readonly job: Job;
  readonly setUp: JobSetUp;
  /** The reply that asks for the steps. */
  readonly message: AssistantMessage;
  readonly signal: AbortSignal;
  readonly clock: WorkClock;
  /** Whose words have come in since the person's last message, by now. */
  taint(): string | undefined;
  readonly unchecked: UncheckedEdit;
  /** The last calls of the job; a result is added as it is made. */
  readonly past: PastCall[];
}

/** How a step ended. */
export interface StepEnd {
  readonly result: ToolMessage;
  /** Why the job ends behind it. */
  readonly error?: JobError;
}

export interface Outcome {
  readonly outcome: ToolOutcome;
  readonly content: readonly UserBlock[];
  readonly summary: string;
  readonly diffs: readonly FileDiff[];
  readonly taint?: string;
}

/** A tool that cleans up after a cancel may take so long before the job goes on without it, in milliseconds. */
export const cancelGrace = 5_000;

export const textBlocks = (text: string): readonly UserBlock[] => [{ type: 'text', text }];

export const failedOutcome = (message: string, summary = 'failed'): Outcome => ({
  outcome: 'failed',
  content: textBlocks(message),
  summary,
  diffs: [],
});

/** What of its input says on one line which call it was. */
const nameOf = (title: string, input: JsonObject): string => {
  const name = title === '' ? JSON.stringify(input) : title;
  return name.length <= 120 ? name : `${name.slice(0, 119).toWellFormed()}…`;
};

/** Makes the one result of a step. A call that the agent repeats is told so, and in the end stops the job. */
export const endStep = (turn: Turn, step: Step, outcome: Outcome): StepEnd => {
  const { past, setUp } = turn;
  const { content, taint } = outcome;
  past.push({
    tool: step.tool,
    input: step.input,
    content,
    label: `${step.tool} (${nameOf(step.title, step.input)})`,
  });
  if (past.length > rememberedCalls) past.shift();
  const repetition = repetitionOf(past);
  const note = repetitionNote(repetition);
  const result: ToolMessage = {
    role: 'tool',
    id: setUp.newId(),
    callId: step.callId,
    // As the model called it: some vendors want the names of call and result to be the same.
    toolName: toolCallsOf(turn.message).find(({ id }) => id === step.callId)?.name ?? step.tool,
    content: note === undefined ? content : [...content, ...textBlocks(note)],
    outcome: outcome.outcome,
    createdAt: setUp.now(),
    ...(taint === undefined ? {} : { taint }),
  };
  return repetition.times < stoppedAt ? { result } : { result, error: repeatingError(repetition) };
};
