/** What a failed call to Telegram means for what was to be sent. */
import { GrammyError, HttpError } from 'grammy';

/** Messages are for a person, and never hold the address of a call: that has the token in it. */
export type SendOutcome =
  /** Telegram asks to wait. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** It did not arrive: no connection came about, or Telegram says that it failed on its side. */
  | { readonly kind: 'unsent'; readonly message: string }
  | { readonly kind: 'unsure'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** An edit that changes nothing. */
  | { readonly kind: 'unmodified' }
  | { readonly kind: 'unreadable' }
  /** Telegram makes no picture of it; it still takes it as a document. */
  | { readonly kind: 'noPicture' }
  /** The group has become a supergroup. */
  | { readonly kind: 'moved'; readonly chatId: number };

/** Nothing was written before these. */
const beforeConnection = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** The code of the failure below: `ENOTFOUND`. */
const codeOf = (error: unknown): string | undefined => {
  for (let at = error, depth = 0; depth < 4 && at !== undefined; depth += 1) {
    const code = fieldOf(at, 'code');
    if (typeof code === 'string' && /^[A-Z0-9_]{3,60}$/.test(code)) return code;
    at = fieldOf(at, 'cause') ?? fieldOf(at, 'error');
  }
  return undefined;
};

/** A time-out of the connection itself, not of what was written to it. With several addresses there is no reason. */
const isConnectTimeout = (error: unknown): boolean => {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' && /reason: (?:connect ETIMEDOUT.*)?$/.test(message);
};

const networkOutcome = (error: unknown): SendOutcome => {
  const code = codeOf(error);
  const because = code === undefined ? '' : ` (${code})`;
  const isUnsent =
    code !== undefined && (beforeConnection.has(code) || (code === 'ETIMEDOUT' && isConnectTimeout(error)));
  return isUnsent
    ? { kind: 'unsent', message: `Telegram cannot be reached${because}.` }
    : { kind: 'unsure', message: `The connection to Telegram broke${because} before it had answered.` };
};

const pictureProblem =
  /PHOTO_INVALID_DIMENSIONS|IMAGE_PROCESS_FAILED|PHOTO_SAVE_FILE_INVALID|PHOTO_EXT_INVALID/;

const answerOutcome = (error: GrammyError): SendOutcome => {
  const { error_code: status, description, parameters } = error;
  // Something between here and Telegram has answered.
  if (typeof status !== 'number' || typeof description !== 'string')
    return { kind: 'unsure', message: 'Something other than Telegram answered in its place.' };
  if (status === 429) return { kind: 'wait', milliseconds: (parameters.retry_after ?? 5) * 1_000 };
  // What was passed on, and not answered in time, may have been done.
  if (status === 504) return { kind: 'unsure', message: 'Telegram did not answer in time (504).' };
  if (status >= 500) return { kind: 'unsent', message: `Telegram has a problem (${status}).` };
  // The token is wrong, and somebody may put that right.
  if (status === 401 || (status === 404 && /^not found$/i.test(description)))
    return { kind: 'unsent', message: 'Telegram rejects the token of the bot.' };
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'moved', chatId: parameters.migrate_to_chat_id };
  if (/message is not modified/i.test(description)) return { kind: 'unmodified' };
  if (/can't parse entities|can't find end (tag|of the entity)|unsupported start tag/i.test(description))
    return { kind: 'unreadable' };
  if (pictureProblem.test(description)) return { kind: 'noPicture' };
  return { kind: 'refused', message: `Telegram refuses it: ${description}` };
};

export const outcomeOf = (error: unknown): SendOutcome => {
  if (error instanceof GrammyError) return answerOutcome(error);
  if (error instanceof HttpError) return networkOutcome(error.error);
  return networkOutcome(error);
};
