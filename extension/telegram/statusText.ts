/** What the one message says that is edited while a bot works, and what it becomes. */
import { counted } from '../core/text.ts';
import type { ChatItem, ChatState, Notice, StepRecord } from '../shared/chat.ts';
import {
  continueButton,
  costText,
  durationText,
  oneLine,
  outgoing,
  stepMarks,
  stepTitle,
  stopButton,
  tokensText,
} from './replyWords.ts';
import { bold, plainSpan } from './richText.ts';
import type { Outgoing } from './types.ts';

export interface StatusContext {
  /** Messages that wait behind this one. */
  readonly queued: number;
  readonly startedAt: number;
  readonly now: number;
  /** Absent: the job that runs, else the last one. */
  readonly jobId?: string;
}

const shownSteps = 5;

const stepsOf = (items: readonly ChatItem[], jobId: string | undefined): readonly StepRecord[] =>
  items.flatMap((item) => (item.kind === 'step' && item.jobId === jobId ? [item.record] : []));

/** In steps, so that the text does not change with every second: 10 s, later 30 s, later a minute. */
const roundedTime = (milliseconds: number): string | undefined => {
  const seconds = Math.floor(milliseconds / 1_000);
  const unit = seconds < 60 ? 10 : seconds < 600 ? 30 : 60;
  const rounded = seconds - (seconds % unit);
  return rounded <= 0 ? undefined : durationText(rounded * 1_000);
};

const activity = ({ job, items }: ChatState, steps: readonly StepRecord[]): string => {
  if (job === undefined) return 'Starting…';
  if (job.retry !== undefined)
    return `Trying again (attempt ${job.retry.attempt + 1}): ${oneLine(job.retry.reason, 120)}`;
  const waiting = steps.find(({ status }) => status === 'waiting');
  if (waiting !== undefined) return `Waiting for an answer: ${stepTitle(waiting.step, 100)}`;
  const running = steps.find(({ status }) => status === 'running');
  if (running !== undefined) return `${stepTitle(running.step, 100)}…`;
  const last = items.at(-1);
  const block = last?.kind === 'assistant' && last.streaming ? last.message.content.at(-1) : undefined;
  if (block === undefined) return 'Waiting for the model…';
  return block.type === 'text' ? 'Writing…' : 'Thinking…';
};

const stepLine = ({ step, status, summary }: StepRecord): string => {
  const result = oneLine(summary, 40);
  return `\n${stepMarks[status]} ${stepTitle(step, 70)}${result === '' ? '' : ` (${result})`}`;
};

const joined = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' · ');

/** Of the whole chat, as that is what is counted. */
const spent = ({ usage, costUsd }: ChatState): string | undefined => {
  const tokens = usage.input + usage.output;
  return tokens === 0 ? undefined : joined([`this chat: ${tokensText(tokens)}`, costText(costUsd)]);
};

/** At most 1,000 characters, and the same as long as there is nothing new to say. */
export const statusText = (state: ChatState, context: StatusContext): Outgoing => {
  const steps = stepsOf(state.items, context.jobId ?? state.job?.id);
  const ended = steps.filter(({ status }) => status !== 'waiting' && status !== 'running');
  const counts = joined([
    roundedTime(context.now - context.startedAt),
    steps.length === 0 ? undefined : counted(steps.length, 'step'),
    spent(state),
    context.queued === 0 ? undefined : `${context.queued} waiting`,
  ]);
  return outgoing(
    [
      bold(`⏳ ${activity(state, steps)}`),
      plainSpan(ended.slice(-shownSteps).map(stepLine).join('')),
      plainSpan(counts === '' ? '' : `\n${counts}`),
    ],
    [[stopButton]],
  );
};

const filesChanged = (steps: readonly StepRecord[]): number =>
  new Set(steps.flatMap(({ diffs }) => diffs.map(({ movedTo, path }) => movedTo ?? path))).size;

const lastJob = (items: readonly ChatItem[]): string | undefined => items.at(-1)?.jobId;

const headline = (notice: Notice | undefined, time: string): string => {
  switch (notice?.kind) {
    case undefined:
      return `✅ Done in ${time}`;
    case 'failed':
      return `❌ It failed after ${time}`;
    case 'cancelled':
      return `■ Stopped after ${time}`;
    case 'interrupted':
      return `⚠ It was interrupted after ${time}`;
  }
};

const explanation = (notice: Notice | undefined): string => {
  if (notice === undefined) return '';
  if (notice.kind === 'cancelled') return '\nWhat was done so far was kept. Write again to go on.';
  const { message, actions } = notice.error;
  const canGoOn = actions.includes('continue') || actions.includes('retry');
  const rest = actions.some((action) => action !== 'continue' && action !== 'retry');
  const hint = rest && !canGoOn ? ' What it offers to do about it is in the chat in VS Code.' : '';
  return `\n${oneLine(message, 800)}${hint}`;
};

/** What the status message becomes once the job is over. */
export const endText = (state: ChatState, context: StatusContext): Outgoing => {
  const jobId = context.jobId ?? lastJob(state.items);
  const steps = stepsOf(state.items, jobId);
  const notice = state.items.findLast((item) => item.kind === 'notice' && item.jobId === jobId);
  const ending = notice?.kind === 'notice' ? notice.notice : undefined;
  const changed = filesChanged(steps);
  const line = joined([
    headline(ending, durationText(context.now - context.startedAt)),
    steps.length === 0 ? undefined : counted(steps.length, 'step'),
    changed === 0 ? undefined : `${counted(changed, 'file')} changed`,
    context.queued === 0 ? undefined : `${context.queued} waiting`,
  ]);
  const actions = ending === undefined || ending.kind === 'cancelled' ? [] : ending.error.actions;
  const canGoOn = actions.includes('continue') || actions.includes('retry');
  return outgoing([bold(line), plainSpan(explanation(ending))], canGoOn ? [[continueButton]] : []);
};
