/** What is said around a question: why it asks, what is known of the step, how it can be answered for longer. */
import type { StepRecord } from '../extension/shared/chat.ts';
import type { ApprovalPrompt, Effect, Step } from '../extension/shared/event.ts';
import type { RuleOffer } from '../extension/shared/rule.ts';
import { plural } from './format.ts';

export const reasonText = ({ reason }: Pick<ApprovalPrompt, 'reason'>): string =>
  reason === '' ? '' : `Asks because ${reason}`;

/** What is to be known of a step that its payload does not say. */
export const factsOf = (step: Step, prompt: ApprovalPrompt): readonly string[] => {
  // What the sandbox does not hold runs with all that the person may do.
  if (step.effect === 'execute') return [prompt.isSandboxed === true ? 'Sandboxed' : 'Not sandboxed'];
  const isKept = step.effect === 'write' && prompt.diffs.length > 0 && !/not be undone/.test(prompt.reason);
  return isKept ? ['Can be undone'] : [];
};

export interface OfferText {
  readonly title: string;
  /** What it covers, where the title does not say it. */
  readonly covers: string;
}

export const offerText = ({ duration, label }: RuleOffer): OfferText =>
  duration === 'session'
    ? { title: 'Approve for this chat', covers: label }
    : { title: `Always allow: ${label}`, covers: '' };

const counted: Readonly<Record<Effect, string>> = {
  read: 'read',
  write: 'edit',
  execute: 'command',
  network: 'request',
};

/** `3 edits`; `3 steps` where they are of several kinds. */
export const countSteps = (records: readonly StepRecord[]): string => {
  const [first, ...rest] = records.map(({ step }) => step.effect);
  const isOneKind = first !== undefined && rest.every((effect) => effect === first);
  return plural(records.length, isOneKind ? counted[first] : 'step');
};

export const groupTitle = (records: readonly StepRecord[]): string =>
  `${countSteps(records)} ${records.length === 1 ? 'waits' : 'wait together'}`;

const minute = 60_000;
/** Before this much is left, nothing is said of it. */
export const notableRest = 5 * minute;

/** `expires in 4 min`, and in how many milliseconds that is to be said anew; nothing is said while there is much time. */
export const expiryOf = (expiresAt: number, now: number): { text: string; nextIn: number | undefined } => {
  const rest = expiresAt - now;
  if (rest <= 0) return { text: 'expired', nextIn: undefined };
  if (rest >= notableRest) return { text: '', nextIn: rest - notableRest + 1 };
  const minutes = Math.floor(rest / minute);
  const text = minutes === 0 ? 'expires in less than a minute' : `expires in ${minutes} min`;
  return { text, nextIn: minutes === 0 ? rest : rest - minutes * minute + 1 };
};
