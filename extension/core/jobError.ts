/** Failures of a job as a person reads them: what happened, what was kept, what to do next. */
import type { ErrorAction, JobError } from '../shared/event.ts';
import { ProviderError, type ProviderErrorKind } from './provider.ts';
import type { Repetition } from './repeats.ts';
import { StoreError } from './store.ts';

const actionsOf: Record<ProviderErrorKind, readonly ErrorAction[]> = {
  auth: ['setKey', 'retry'],
  rateLimit: ['retry', 'changeModel'],
  quota: ['changeModel', 'retry'],
  contextTooLong: ['newChat', 'changeModel'],
  overloaded: ['retry', 'changeModel'],
  refused: ['retry', 'changeModel'],
  network: ['retry', 'openSettings'],
  badRequest: ['changeModel', 'openLog'],
  emptyReply: ['retry', 'changeModel'],
};

export const internalError = (error: unknown, logError: (error: unknown) => void): JobError => {
  logError(error);
  if (error instanceof StoreError) {
    return { kind: 'storage', message: error.message, actions: ['retry', 'openLog'] };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: 'internal',
    message: `AnyCowork ran into an error of its own (${reason}). Everything up to here was kept. Try again; if it happens again, the log says more.`,
    actions: ['retry', 'openLog'],
  };
};

/** Logged here, so once for each job that fails. */
export const jobErrorOf = (
  error: unknown,
  keptPartialReply: boolean,
  logError: (error: unknown) => void,
): JobError => {
  if (!(error instanceof ProviderError)) return internalError(error, logError);
  logError(error);
  const kept = keptPartialReply ? ' What had arrived was kept.' : '';
  return { kind: error.kind, message: `${error.message}${kept}`, actions: actionsOf[error.kind] };
};

export const refusedError: JobError = {
  kind: 'refused',
  message: 'The model declined to go on with this. Rephrase the request, or try another model.',
  actions: ['changeModel'],
};

export const outputLimitError: JobError = {
  kind: 'outputLimit',
  message:
    'The reply reached the longest the model may write and stops in the middle. It was kept; the agent can go on from there.',
  actions: ['continue'],
};

export const turnLimitError = (turns: number): JobError => ({
  kind: 'turnLimit',
  message: `The agent has taken ${turns} turns without finishing. Everything so far was kept. Should it go on?`,
  actions: ['continue', 'newChat'],
});

const durationText = (milliseconds: number): string => {
  const [amount, unit] =
    milliseconds < 60_000
      ? [Math.max(1, Math.round(milliseconds / 1_000)), 'second']
      : [Math.round(milliseconds / 60_000), 'minute'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
};

/** @param waited milliseconds */
export const approvalExpiredError = (waited: number): JobError => ({
  kind: 'approvalExpired',
  message: `Nobody answered within ${durationText(waited)}, so the step was not run. Everything up to here was kept. Continue lets the agent ask again.`,
  actions: ['continue'],
});

export const repeatingError = ({ times, labels }: Repetition): JobError => ({
  kind: 'repeating',
  message: `The agent made the same ${labels.length === 1 ? 'step' : 'two steps'} ${times} times in a row with the same result, so it was stopped: ${labels.join(', ')}. Everything up to here was kept. Continue lets it go on; a message that says what to do instead may help more.`,
  actions: ['continue'],
});
