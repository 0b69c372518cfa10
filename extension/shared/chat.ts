/**
 * What a chat shows, and the one reducer that follows the event stream. The webview, the host and Telegram use it
 * alike; the store pages the same items out of the database.
 */
import type { AgentEvent, ApprovalPrompt, DecidedBy, FileDiff, JobError, Step } from './event.ts';
import {
  type AssistantBlock,
  type AssistantMessage,
  addUsage,
  type ModelRef,
  noUsage,
  type TokenUsage,
  type ToolMessage,
  textOf,
  type UserMessage,
} from './message.ts';
import type { StepUndo } from './undo.ts';

export type StepStatus =
  | 'waiting'
  | 'running'
  | 'completed'
  | 'failed'
  | 'rejected'
  | 'cancelled'
  | 'interrupted';

export interface StepRecord {
  readonly step: Step;
  readonly status: StepStatus;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** What was asked; kept after the answer. */
  readonly prompt?: ApprovalPrompt;
  readonly decision?: { readonly approved: boolean; readonly by: DecidedBy; readonly reason: string };
  /** Tail of the live output while it runs; empty afterwards. */
  readonly liveOutput: string;
  readonly result?: ToolMessage;
  /** The result in a few words. */
  readonly summary: string;
  readonly diffs: readonly FileDiff[];
  readonly undo?: StepUndo;
}

export type Notice =
  | { readonly kind: 'failed'; readonly error: JobError }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'interrupted'; readonly error: JobError };

/** One entry of a chat. `row` is the store's row id: absent until it has been read back from there. */
export type ChatItem = { readonly id: string; readonly jobId: string; readonly row?: number } & (
  | { readonly kind: 'user'; readonly message: UserMessage }
  | {
      readonly kind: 'assistant';
      readonly message: AssistantMessage;
      readonly streaming: boolean;
      /** How long it thought, in milliseconds, where that was seen live. */
      readonly thinkingMs?: number;
    }
  | { readonly kind: 'step'; readonly record: StepRecord }
  | { readonly kind: 'notice'; readonly notice: Notice; readonly at: number }
);

export interface RunningJob {
  readonly id: string;
  readonly startedAt: number;
  /** It runs in another window, from where it is followed. */
  readonly isElsewhere: boolean;
  /** Set while the provider asked to wait. */
  readonly retry?: { readonly attempt: number; readonly until: number; readonly reason: string };
}

export interface ChatState {
  /** Empty until the first message of a new chat was sent. */
  readonly sessionId: string;
  readonly title: string;
  readonly agentId: string;
  readonly model: ModelRef;
  /** The newest part of the chat; older items are paged in by row. */
  readonly items: readonly ChatItem[];
  readonly hasOlder: boolean;
  /** The items end before the chat does: a part of its middle is looked at, and what happens at its end is not added. */
  readonly hasNewer: boolean;
  readonly job?: RunningJob;
  /** Sum over the whole chat. */
  readonly usage: TokenUsage;
  /** Of the whole chat, as far as prices are known. */
  readonly costUsd: number;
  /** Requests whose price is not known. */
  readonly unpriced: number;
  /** Input and output tokens of the last model request: how full the context is. */
  readonly contextTokens: number;
}

/** A chat's title: the first line of its first message, cut at a word. */
export const titleFrom = (message: string): string => {
  const line = message.trim().split('\n', 1)[0]?.trim() ?? '';
  if (line === '') return 'New chat';
  if (line.length <= 60) return line;
  const cut = line.slice(0, 60);
  const space = cut.lastIndexOf(' ');
  return `${cut.slice(0, space > 30 ? space : 60)}…`;
};

export const emptyChat = (agentId: string, model: ModelRef): ChatState => ({
  sessionId: '',
  title: '',
  agentId,
  model,
  items: [],
  hasOlder: false,
  hasNewer: false,
  usage: noUsage,
  costUsd: 0,
  unpriced: 0,
  contextTokens: 0,
});

/** Live output kept for a running step, in characters; the result keeps more. */
export const liveOutputLimit = 8_000;

const replaceLast = (
  items: readonly ChatItem[],
  matches: (item: ChatItem) => boolean,
  replacement: (item: ChatItem) => ChatItem,
): readonly ChatItem[] => {
  const index = items.findLastIndex(matches);
  const found = items[index];
  return found === undefined ? items : items.with(index, replacement(found));
};

const isStreaming = (item: ChatItem): boolean => item.kind === 'assistant' && item.streaming;

/** Appends to the last block when it is of the same type, else opens a new one. */
const appendText = (
  content: readonly AssistantBlock[],
  type: 'text' | 'thinking',
  text: string,
): readonly AssistantBlock[] => {
  const last = content.at(-1);
  return last?.type === type
    ? content.with(-1, { ...last, text: last.text + text })
    : [...content, { type, text }];
};

const jobOf = (event: AgentEvent): RunningJob => ({
  id: event.jobId,
  startedAt: event.at,
  isElsewhere: false,
});

/** The provider has answered. */
const withoutRetry = (state: ChatState): ChatState => {
  if (state.job?.retry === undefined) return state;
  const { retry: _, ...job } = state.job;
  return { ...state, job };
};

const preview = (state: ChatState, event: AgentEvent, type: 'text' | 'thinking', text: string): ChatState => {
  const { retry: _, ...job } = state.job ?? jobOf(event);
  const last = state.items.at(-1);
  if (last?.kind === 'assistant' && last.streaming) {
    const message = { ...last.message, content: appendText(last.message.content, type, text) };
    const thinkingMs = type === 'thinking' ? event.at - last.message.createdAt : last.thinkingMs;
    const item = { ...last, message, ...(thinkingMs === undefined ? {} : { thinkingMs }) };
    return { ...state, job, items: state.items.with(-1, item) };
  }
  const message: AssistantMessage = {
    role: 'assistant',
    id: `streaming-${event.jobId}-${event.at}`,
    model: state.model,
    content: [{ type, text }],
    stopReason: 'end',
    createdAt: event.at,
  };
  const item: ChatItem = { id: message.id, jobId: event.jobId, kind: 'assistant', message, streaming: true };
  return { ...state, job, items: [...state.items, item] };
};

/** Adds the step, or changes the record of the one that is there. */
const withStep = (
  state: ChatState,
  jobId: string,
  step: Step,
  at: number,
  change: Partial<StepRecord>,
): ChatState => {
  const isIt = (item: ChatItem) => item.kind === 'step' && item.id === step.id;
  if (state.items.some(isIt)) {
    const items = replaceLast(state.items, isIt, (item) =>
      item.kind === 'step' ? { ...item, record: { ...item.record, step, ...change } } : item,
    );
    return { ...state, items };
  }
  const record: StepRecord = {
    step,
    status: 'running',
    startedAt: at,
    liveOutput: '',
    summary: '',
    diffs: [],
    ...change,
  };
  return { ...state, items: [...state.items, { id: step.id, jobId, kind: 'step', record }] };
};

const endJob = (state: ChatState, jobId: string, at: number, notice?: Notice): ChatState => {
  const { job: _, ...rest } = state;
  // A preview that no TurnCompleted replaced, or a step without a result, cannot still be going on.
  const items = state.items
    .filter((item) => !(isStreaming(item) && item.jobId === jobId))
    .map((item): ChatItem => {
      const open =
        item.kind === 'step' &&
        item.jobId === jobId &&
        (item.record.status === 'waiting' || item.record.status === 'running');
      return open ? { ...item, record: { ...item.record, status: 'interrupted', endedAt: at } } : item;
    });
  const noticeItem: ChatItem[] =
    notice === undefined ? [] : [{ id: `notice-${jobId}`, jobId, kind: 'notice', notice, at }];
  return { ...rest, items: [...items, ...noticeItem] };
};

const reduceAtEnd = (state: ChatState, event: AgentEvent): ChatState => {
  switch (event.type) {
    case 'JobStarted': {
      // A chat that was read in the moment before this was told has the message already.
      const isKnown = state.items.some(({ id }) => id === event.input?.id);
      const input: ChatItem[] =
        event.input === undefined || isKnown
          ? []
          : [{ id: event.input.id, jobId: event.jobId, kind: 'user', message: event.input }];
      return {
        ...state,
        sessionId: event.sessionId,
        title:
          state.title === '' && event.input !== undefined
            ? titleFrom(textOf(event.input.content))
            : state.title,
        agentId: event.agentId,
        items: [...state.items, ...input],
        job: { ...jobOf(event), isElsewhere: event.isElsewhere === true },
      };
    }
    case 'Thinking':
      return preview(state, event, 'thinking', event.text);
    case 'Token':
      return preview(state, event, 'text', event.text);
    case 'Retrying': {
      const job = state.job ?? jobOf(event);
      const retry = { attempt: event.attempt, until: event.at + event.delayMs, reason: event.reason };
      return { ...state, job: { ...job, retry } };
    }
    case 'Usage':
      return {
        ...withoutRetry(state),
        usage: addUsage(state.usage, event.usage),
        costUsd: state.costUsd + (event.costUsd ?? 0),
        unpriced: state.unpriced + (event.costUsd === undefined ? 1 : 0),
        // A server that does not say what a request took tells nothing new.
        contextTokens: event.usage.input + event.usage.output || state.contextTokens,
      };
    case 'TurnCompleted': {
      const last = state.items.at(-1);
      const thinkingMs = last?.kind === 'assistant' && last.streaming ? last.thinkingMs : undefined;
      const item: ChatItem = {
        id: event.message.id,
        jobId: event.jobId,
        kind: 'assistant',
        message: event.message,
        streaming: false,
        ...(thinkingMs === undefined ? {} : { thinkingMs }),
      };
      const before = last !== undefined && isStreaming(last) ? state.items.slice(0, -1) : state.items;
      return { ...withoutRetry(state), items: [...before, item] };
    }
    case 'ApprovalRequired':
      return withStep(state, event.jobId, event.step, event.at, { status: 'waiting', prompt: event.prompt });
    case 'StepApproved':
      return withStep(state, event.jobId, event.step, event.at, {
        status: 'running',
        startedAt: event.at,
        decision: { approved: true, by: event.by, reason: event.reason },
      });
    case 'StepProgress': {
      const items = replaceLast(
        state.items,
        (item) => item.kind === 'step' && item.id === event.stepId,
        (item) =>
          item.kind === 'step'
            ? {
                ...item,
                record: {
                  ...item.record,
                  liveOutput: (item.record.liveOutput + event.text).slice(-liveOutputLimit),
                },
              }
            : item,
      );
      return { ...state, items };
    }
    case 'StepRejected':
      return withStep(state, event.jobId, event.step, event.at, {
        status: event.result.outcome === 'cancelled' ? 'cancelled' : 'rejected',
        endedAt: event.at,
        decision: { approved: false, by: event.by, reason: event.reason },
        result: event.result,
      });
    case 'StepCompleted':
      return withStep(state, event.jobId, event.step, event.at, {
        status: event.result.outcome,
        endedAt: event.at,
        liveOutput: '',
        result: event.result,
        summary: event.summary,
        diffs: event.diffs,
        ...(event.undo === undefined ? {} : { undo: event.undo }),
      });
    case 'JobCompleted':
      return endJob(state, event.jobId, event.at);
    case 'JobFailed':
      return endJob(state, event.jobId, event.at, { kind: 'failed', error: event.error });
    case 'JobCancelled':
      return endJob(state, event.jobId, event.at, { kind: 'cancelled' });
  }
};

/** The chat after one event of its session. Pure; events of other sessions must not be passed in. */
export const reduceChat = (state: ChatState, event: AgentEvent): ChatState => {
  const next = reduceAtEnd(state, event);
  if (!state.hasNewer || next.items === state.items) return next;
  // What is new stands at the chat's end, which is not what these items end with.
  const known = new Set(state.items.map((item) => item.id));
  return { ...next, items: next.items.filter((item) => known.has(item.id)) };
};
