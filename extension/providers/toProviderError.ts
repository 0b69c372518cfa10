import { ProviderError, type ProviderErrorKind } from '../core/provider.ts';
import type { ProviderId } from '../shared/message.ts';
import { isUnreached, networkCodeOf } from './connectionFailure.ts';
import { type Failure, failureOf, kindOf, lacksTools } from './failure.ts';
import { keyVariables, providerNames } from './models.ts';
import { inWords } from './retryAfter.ts';

/** What a message for a person needs to know about the request that failed. */
export interface RequestFacts {
  readonly provider: ProviderId;
  /** Absent while listing models. */
  readonly model?: string | undefined;
  readonly baseUrl: string;
  readonly key: string | undefined;
  /** A reply had begun to arrive. */
  readonly answered: boolean;
  /** From the response's headers. */
  readonly retryAfterMs?: number | undefined;
}

const hostOf = (baseUrl: string): string => (URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl);

const whoIs = ({ provider, baseUrl }: RequestFacts): string =>
  provider === 'openaiCompatible' ? `The server at ${hostOf(baseUrl)}` : providerNames[provider];

/** Vendors echo keys, whole or half masked. */
const withoutKeys = (text: string, key: string | undefined): string =>
  (key === undefined || key === '' ? text : text.replaceAll(key, '[key]')).replaceAll(
    /\b(?:sk|xai|gsk|AIza|AQ)[-_.]?[\w*.-]{6,}|Bearer \S+/g,
    '[key]',
  );

const quoted = (message: string, key: string | undefined): string => {
  const words = withoutKeys(message, key).replaceAll(/\s+/g, ' ').trim();
  // A gateway's HTML page says nothing to a person.
  if (words === '' || words.startsWith('<') || words.startsWith('{')) return '';
  return ` It says: "${words.length > 300 ? `${words.slice(0, 300)}…` : words}"`;
};

const setKey = (provider: ProviderId): string => {
  const variable = keyVariables[provider][0];
  return variable === undefined ? 'Set a key' : `Set a key, or the environment variable ${variable},`;
};

export const missingKey = (provider: ProviderId): ProviderError =>
  new ProviderError(
    'auth',
    `There is no API key for ${providerNames[provider]} yet. ${setKey(provider)} and try again.`,
  );

/** Checked before a request, since fetch's own error of a bad header quotes the header. */
export const unusableKey = (provider: ProviderId): ProviderError =>
  new ProviderError(
    'auth',
    `The API key for ${providerNames[provider]} holds characters that no key has; something else may have been copied along. ${setKey(provider)} and try again.`,
  );

const messageFor = (
  kind: ProviderErrorKind,
  failure: Failure,
  facts: RequestFacts,
  waitMs?: number,
): string => {
  const who = whoIs(facts);
  const model = facts.model === undefined ? 'The model' : facts.model;
  const { status } = failure;
  switch (kind) {
    case 'auth':
      if (facts.key === undefined)
        return `${who} asks for an API key. ${setKey(facts.provider)} and try again.`;
      return status === 403
        ? `${who} does not allow this with the key in use. Check what the key and the account may do, set another key, or choose another model.`
        : `${who} did not accept the API key. ${setKey(facts.provider)} and try again.`;
    case 'rateLimit': {
      const asks = waitMs === undefined ? '' : ` It asks to wait ${inWords(waitMs)}.`;
      return `${who} limits how fast requests may come.${asks} Wait and try again, or choose another model.`;
    }
    case 'quota':
      return `The quota or credit of the ${providerNames[facts.provider]} account is used up. Check plan and billing there, or choose another model.`;
    case 'contextTooLong':
      return `The conversation is longer than ${model} can take. Start a new chat, or choose a model that takes more.`;
    case 'overloaded':
      return status === 503 || status === 529 || failure.codes.includes('overloaded_error')
        ? `${who} is overloaded. Try again in a moment, or choose another model.`
        : `${who} ran into an error of its own${status === undefined ? '' : ` (${status})`}. Try again in a moment, or choose another model.`;
    case 'refused':
      return `${who} declined this request. Rephrase it, or choose another model.`;
    case 'badRequest':
      if (lacksTools(failure))
        return `${model} cannot use tools, which every agent needs. Choose another model.`;
      if (status === 404) {
        const missing =
          facts.model === undefined ? 'does not know what was asked' : `knows no model ${facts.model}`;
        return `${who} ${missing} at this address. Choose another model, or check the setting anycowork.${facts.provider}.baseUrl.`;
      }
      return `${who} could not work with this request. Choose another model, or see the log.`;
    case 'emptyReply':
      return 'The model answered with nothing. Try again, or choose another model.';
    case 'network':
      return facts.answered
        ? `The connection to ${who} broke before the reply was complete. Try again.`
        : `${who} could not be reached. Check the network connection and the setting anycowork.${facts.provider}.baseUrl, then try again.`;
  }
};

/** What the server said, for the log; without the key, which it may hold. */
const answerOf = ({ status, codes, message }: Failure, key: string | undefined): Error =>
  new Error(
    withoutKeys(`status ${status ?? 'none'}, codes ${codes.join(' ') || 'none'}: ${message}`, key).slice(
      0,
      4_000,
    ),
  );

/**
 * @param error What an SDK, fetch or a stream threw.
 * @returns undefined when that was a bug of our own
 */
export const toProviderError = (error: unknown, facts: RequestFacts): ProviderError | undefined => {
  if (error instanceof ProviderError) return error;
  const failure = failureOf(error);
  const kind = kindOf(failure);
  if (kind === undefined) return undefined;
  const waitMs = facts.retryAfterMs ?? failure.retryAfterMs;
  const code = networkCodeOf(error);
  const words =
    kind === 'network' ? (code === undefined ? '' : ` (${code})`) : quoted(failure.message, facts.key);
  const said = messageFor(kind, failure, facts, waitMs);
  return new ProviderError(kind, `${said}${words}`, {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    wasReached: facts.answered || !isUnreached(code),
    // Not an SDK's error that holds the response: its body and headers may hold the key.
    cause: kind === 'network' ? error : answerOf(failure, facts.key),
  });
};
