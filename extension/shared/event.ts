import type { AssistantMessage, JsonObject, TokenUsage, ToolMessage, UserMessage } from './message.ts';
import type { RuleOffer } from './rule.ts';
import type { StepUndo } from './undo.ts';

/** What a step can do to the world, from least to most. */
export type Effect = 'read' | 'write' | 'execute' | 'network';

/** One tool call of a job, once its input has been understood. */
export interface Step {
  readonly id: string;
  readonly sessionId: string;
  /** The assistant message that asked for it. */
  readonly messageId: string;
  /** The id of the ToolCallBlock it runs. */
  readonly callId: string;
  readonly tool: string;
  readonly input: JsonObject;
  /** Verb and target in a few words: `src/date.ts`, `npm test`. The tool's name stands beside it. */
  readonly title: string;
  readonly effect: Effect;
  /** Workspace-relative paths, or hosts, or the command line. */
  readonly targets: readonly string[];
}

/** What a file change looks like, cut to what a chat card can show. */
export interface FileDiff {
  readonly path: string;
  readonly kind: 'created' | 'changed' | 'deleted' | 'moved';
  /** Where a moved file went. */
  readonly movedTo?: string;
  readonly added: number;
  readonly removed: number;
  /** Unified hunks without file headers; at most 200 lines. Empty for binary files. */
  readonly patch: string;
  /** Lines of the patch that were left out. */
  readonly omittedLines: number;
}

/** What the person is asked. */
export interface ApprovalPrompt {
  /** What will happen, as a question without the question mark's context: `Run npm test?` */
  readonly title: string;
  /** The exact payload: command line and folder, path and counts, or the whole input. Never a model-written summary. */
  readonly detail: string;
  readonly diffs: readonly FileDiff[];
  /** What it can be widened to; none where every single use has to be asked (protected files, secrets, pipes). */
  readonly offers: readonly RuleOffer[];
  /** Why it asks, in a few words: `no rule covers it`, `.git is protected`, `it has a pipe`. */
  readonly reason: string;
  /** It asks whatever the mode and the rules say: drawn as a warning. */
  readonly isCautioned: boolean;
  /** Of a command or a program: whether the sandbox holds it. Absent: it does not. */
  readonly isSandboxed?: boolean;
  /** Steps of one turn that are alike and are asked together carry the same one. */
  readonly groupId?: string;
  /** Nobody's answer counts after this time. */
  readonly expiresAt?: number;
}

/** What the person made of a proposed edit before they approved it. */
export interface AcceptedChange {
  readonly path: string;
  /** Of the file as it was to be written, in hexadecimal. */
  readonly sha256: string;
  /** Lines, against the file as it was. */
  readonly added: number;
  readonly removed: number;
}

/** `rule`: nobody was asked, or nobody could answer. */
export type DecidedBy = 'rule' | 'user' | 'telegram';

export const errorKinds = [
  'auth',
  'rateLimit',
  'quota',
  'contextTooLong',
  'overloaded',
  'refused',
  'network',
  'badRequest',
  'emptyReply',
  'turnLimit',
  'outputLimit',
  'budget',
  'repeating',
  'approvalExpired',
  'interrupted',
  'storage',
  'internal',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** A button under an error; the host carries it out. */
export const errorActions = [
  'setKey',
  'retry',
  'changeModel',
  'continue',
  'openSettings',
  'openLog',
  'newChat',
  'raiseBudget',
] as const;
export type ErrorAction = (typeof errorActions)[number];

export interface JobError {
  readonly kind: ErrorKind;
  /** What happened, what was kept, and what to do next; sentences for a person. */
  readonly message: string;
  /** At most two. */
  readonly actions: readonly ErrorAction[];
}

/**
 * The only output of the core. Store, chat, Telegram, log and the exported API all listen to this one stream.
 *
 * Grammar: `Job = JobStarted Turn* (JobCompleted | JobFailed | JobCancelled)`;
 * `Turn = (Thinking | Token | Retrying | Usage)* TurnCompleted Step*`; the questions of steps that are asked together
 * come before the first of these steps goes on;
 * `Step = ApprovalRequired? StepApproved StepProgress* StepCompleted | ApprovalRequired? StepRejected | StepCompleted`.
 * A failure or a cancel may end it anywhere, but a started step always gets its result first.
 */
export type AgentEvent = { readonly jobId: string; readonly at: number } & (
  | {
      readonly type: 'JobStarted';
      readonly sessionId: string;
      readonly agentId: string;
      /** Absent when the job goes on from where an earlier one stopped. */
      readonly input?: UserMessage;
      /** Set where the event is told in a window in which the job does not run. */
      readonly isElsewhere?: true;
    }
  | { readonly type: 'Thinking'; readonly text: string }
  | { readonly type: 'Token'; readonly text: string }
  /** The provider asked to wait, or failed before its first token; the request is sent again after `delayMs`. */
  | { readonly type: 'Retrying'; readonly attempt: number; readonly delayMs: number; readonly reason: string }
  | { readonly type: 'ApprovalRequired'; readonly step: Step; readonly prompt: ApprovalPrompt }
  /** Also: the step starts. `reason` says which rule or whose answer. */
  | {
      readonly type: 'StepApproved';
      readonly step: Step;
      readonly by: DecidedBy;
      readonly reason: string;
      /** The rules that let it through, or that this answer made. */
      readonly ruleIds?: readonly string[];
      /** What runs instead of the step's input, where the person changed it in the review. */
      readonly accepted?: readonly AcceptedChange[];
    }
  | {
      readonly type: 'StepRejected';
      readonly step: Step;
      readonly by: DecidedBy;
      readonly reason: string;
      readonly result: ToolMessage;
    }
  /** A piece of live output of a running step. A preview: the result holds what is kept. */
  | { readonly type: 'StepProgress'; readonly stepId: string; readonly text: string }
  /** Success or tool error; `summary` is the result in a few words (`12 matches`), `diffs` what it changed. */
  | {
      readonly type: 'StepCompleted';
      readonly step: Step;
      readonly result: ToolMessage;
      readonly summary: string;
      readonly diffs: readonly FileDiff[];
      /** Absent for a step that changed no file. */
      readonly undo?: StepUndo;
    }
  /** The reply's final blocks; Token and Thinking were only a preview. */
  | { readonly type: 'TurnCompleted'; readonly message: AssistantMessage }
  /** Of one model request, also of one that failed or was cancelled once it had been sent. */
  | {
      readonly type: 'Usage';
      readonly usage: TokenUsage;
      /** The server did not say, or not to the end: what was sent and what had come, as they are estimated. */
      readonly isEstimated?: true;
      /**
       * Not of the conversation but of what is about it, such as its title: it counts for the chat, the agent and the day,
       * and neither for the job nor for how long the context is. Only kept, and not told.
       */
      readonly isAside?: true;
      /** Absent where the price is not known. */
      readonly costUsd?: number;
      /** Milliseconds of work since the last one, without waiting for the person. */
      readonly workMs?: number;
    }
  /** `message` is the last assistant text. */
  | { readonly type: 'JobCompleted'; readonly message: string }
  | { readonly type: 'JobFailed'; readonly error: JobError }
  | { readonly type: 'JobCancelled' }
);

export type AgentEventType = AgentEvent['type'];
export type EventOf<T extends AgentEventType> = Extract<AgentEvent, { type: T }>;

export const endsJob = (event: AgentEvent): boolean =>
  event.type === 'JobCompleted' || event.type === 'JobFailed' || event.type === 'JobCancelled';
