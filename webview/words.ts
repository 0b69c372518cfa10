/** The words of the view that more than one component says, in one place. */

import type { ChatState, StepRecord, StepStatus } from '../extension/shared/chat.ts';
import type { ApprovalPrompt, ErrorAction, ErrorKind, FileDiff } from '../extension/shared/event.ts';
import type { ApprovalMode } from '../extension/shared/rule.ts';
import type { SessionStatus, Shelf } from '../extension/shared/session.ts';
import { verbOf } from '../extension/shared/toolVerb.ts';

export const actionLabels: Readonly<Record<ErrorAction, string>> = {
  setKey: 'Set API key',
  retry: 'Try again',
  changeModel: 'Change model',
  continue: 'Continue',
  openSettings: 'Open settings',
  openLog: 'Show log',
  newChat: 'New chat',
  raiseBudget: 'Raise the limit',
};

/** Ends that ask for a decision rather than for a repair: drawn as a warning. */
export const isQuestion = (kind: ErrorKind): boolean =>
  kind === 'budget' || kind === 'repeating' || kind === 'approvalExpired';

export const modeLabels: Readonly<Record<ApprovalMode, string>> = {
  ask: 'Ask',
  smart: 'Smart',
  autopilot: 'Autopilot',
};

/** What a mode lets run, in a sentence. */
export const modeTexts: Readonly<Record<ApprovalMode, string>> = {
  ask: 'Reads in this workspace run. Everything else asks, unless a rule covers it.',
  smart: 'Edits in this workspace run too, and can be undone. Everything else asks, unless a rule covers it.',
  autopilot:
    'What the sandbox holds runs too, without asking. Protected files, secrets and what lies outside this workspace still ask.',
};

/** What a mode means for changes, below an empty chat. */
export const askingTexts: Readonly<Record<ApprovalMode, string>> = {
  ask: 'It asks you before it changes a file or runs a command.',
  smart: 'It changes files here without asking, which can be undone, and asks you before it runs a command.',
  autopilot:
    'It changes files here without asking, which can be undone, and asks you before it runs a command outside the sandbox.',
};

/** Codicon of a mode. */
export const modeIcons: Readonly<Record<ApprovalMode, string>> = {
  ask: 'shield',
  smart: 'sparkle',
  autopilot: 'rocket',
};

export const sessionStatusLabels: Readonly<Record<SessionStatus, string>> = {
  idle: '',
  running: 'Running',
  waiting: 'Waiting for you',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

export const shelfLabels: Readonly<Record<Shelf, string>> = {
  active: 'Chats',
  archived: 'Archive',
  deleted: 'Deleted',
};

/** What was done with a chat, and can be undone. */
export const movedText = (title: string, from: Shelf, to: Shelf): string => {
  if (to === 'deleted') return `Deleted ${title}.`;
  if (to === 'archived') return `Archived ${title}.`;
  return from === 'deleted' ? `Restored ${title}.` : `Moved ${title} back to the chats.`;
};

export const sessionTitle = (title: string): string => (title === '' ? 'Untitled chat' : title);

export const stepStatusLabels: Readonly<Record<StepStatus, string>> = {
  waiting: 'Waiting for your approval',
  running: 'Running',
  completed: 'Done',
  failed: 'Failed',
  rejected: 'Rejected',
  cancelled: 'Stopped',
  interrupted: 'Interrupted',
};

/** Codicon of a step's status. */
export const stepIcons: Readonly<Record<StepStatus, string>> = {
  waiting: 'shield',
  running: 'loading',
  completed: 'check',
  failed: 'error',
  rejected: 'circle-slash',
  cancelled: 'stop-circle',
  interrupted: 'warning',
};

type DecisionRecord = NonNullable<StepRecord['decision']>;

const whoDecided = ({ approved, by }: DecisionRecord): string => {
  // No rule rejects: nobody answered in time, or nobody could be asked.
  const who = { rule: '', user: ' by you', telegram: ' from Telegram' }[by];
  return `${approved ? 'Approved' : 'Rejected'}${who}`;
};

/** Where a person answered: what a decision holds as its reason when they gave none. */
const places: Readonly<Record<string, string>> = {
  chat: 'in the chat',
  dialog: 'in a dialog',
  command: 'with a command',
  notification: 'in a notification',
  review: 'in the review',
};

/** The place, and what an approval was widened to: `dialog, always allowed: npm test in this workspace`. */
const placeAndScope = ({ approved, reason }: DecisionRecord): string | undefined => {
  const [, place, scope = ''] = /^(\w+)(, .+)?$/s.exec(reason) ?? [];
  // What a person writes when rejecting may begin with any word.
  if (place === undefined || (scope !== '' && !approved)) return;
  return places[place] === undefined ? undefined : ` ${places[place]}${scope}`;
};

const reasonAfter = ({ reason }: DecisionRecord): string => (reason === '' ? '' : `: ${reason}`);

/**
 * `Approved by you in a dialog, always allowed: npm test in this workspace`, `Ran by rule: npm test in this workspace`;
 * undefined where nobody decided, or the chat was stopped first.
 */
export const decisionText = ({ status, decision }: StepRecord): string | undefined => {
  if (decision === undefined || (status === 'cancelled' && !decision.approved)) return;
  if (decision.by === 'rule' && decision.approved) {
    const verb = status === 'running' ? 'Runs' : 'Ran';
    if (decision.reason === '') return `${verb} without asking`;
    // `rule: npm test in this workspace`, `rules: ...`, `smart mode: edits inside the workspace run`.
    const [by] = /^(?:by )?rules?(?=: )/.exec(decision.reason) ?? [];
    if (by !== undefined) return `${verb} by ${decision.reason}`;
    return /^\w+ mode: /.test(decision.reason)
      ? `${verb} in ${decision.reason}`
      : `${verb}${reasonAfter(decision)}`;
  }
  return `${whoDecided(decision)}${placeAndScope(decision) ?? reasonAfter(decision)}`;
};

/** What became of a step, in its line: `Failed`, `Rejected by you: Use pnpm`. */
export const statusText = ({ status, decision }: StepRecord): string => {
  if (status !== 'rejected' || decision === undefined || decision.by === 'rule')
    return stepStatusLabels[status];
  return `${whoDecided(decision)}${placeAndScope(decision) === undefined ? reasonAfter(decision) : ''}`;
};

export const diffTitle = (diff: FileDiff): string => {
  const kind = { created: 'New file ', changed: '', deleted: 'Deleted ', moved: 'Moved ' }[diff.kind];
  return `${kind}${diff.path}${diff.movedTo === undefined ? '' : ` to ${diff.movedTo}`}`;
};

/** Whether the title above the one diff says everything that the payload does. */
export const isToldByDiff = ({ detail, diffs }: Pick<ApprovalPrompt, 'detail' | 'diffs'>): boolean => {
  const [diff] = diffs;
  if (diff === undefined || diffs.length > 1) return false;
  const kind = diff.kind === 'created' ? ' (new file)' : '';
  return detail === `${diff.path}${kind}: +${diff.added} -${diff.removed}`;
};

export interface Activity {
  readonly kind: 'working' | 'waiting' | 'retrying';
  readonly text: string;
  /** What the clock counts from, or down to. */
  readonly since: number;
  readonly until?: number;
}

/** The step the agent is at: open ones stand at the end, behind the reply that asked for them. */
const openStepOf = ({ items }: ChatState): StepRecord | undefined => {
  let running: StepRecord | undefined;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item?.kind !== 'step') break;
    if (item.record.status === 'waiting') return item.record;
    if (item.record.status === 'running') running = item.record;
  }
  return running;
};

const elsewhere = 'Working in another window';

/** What the agent is doing, in one line; undefined when nothing runs. */
export const activityOf = (chat: ChatState): Activity | undefined => {
  const { job } = chat;
  if (job === undefined) return;
  const placed = (text: string): string => (job.isElsewhere ? `${elsewhere}: ${text}` : text);
  if (job.retry !== undefined) {
    const { attempt, reason, until } = job.retry;
    return {
      kind: 'retrying',
      text: placed(`${reason}. Attempt ${attempt + 1}`),
      since: job.startedAt,
      until,
    };
  }
  const step = chat.hasNewer ? undefined : openStepOf(chat);
  if (step?.status === 'waiting') {
    const text = job.isElsewhere
      ? 'Waiting for your approval; it works in another window'
      : 'Waiting for your approval';
    return { kind: 'waiting', text, since: job.startedAt };
  }
  if (step !== undefined)
    return {
      kind: 'working',
      text: placed(`${verbOf(step.step.tool)} ${step.step.title}`),
      since: step.startedAt,
    };
  if (job.isElsewhere) return { kind: 'working', text: elsewhere, since: job.startedAt };
  // What it does stands at the end of the chat, which is not in view.
  if (chat.hasNewer) return { kind: 'working', text: 'Working', since: job.startedAt };
  const last = chat.items.at(-1);
  const block = last?.kind === 'assistant' && last.streaming ? last.message.content.at(-1) : undefined;
  const text =
    block === undefined ? 'Waiting for the model' : block.type === 'thinking' ? 'Thinking' : 'Writing';
  return { kind: 'working', text, since: job.startedAt };
};
