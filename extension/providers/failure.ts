import type { ProviderErrorKind } from '../core/provider.ts';
import { isConnectionFailure } from './connectionFailure.ts';
import { durationOf } from './retryAfter.ts';

/** What a vendor said about a failed request, whatever the shape it said it in. */
export interface Failure {
  /** Who failed: the server, the way to it, or this program. */
  readonly origin: 'server' | 'connection' | 'ourselves';
  readonly status: number | undefined;
  /** Every code-like word of the error body, in lower case: `insufficient_quota`, `resource_exhausted`, quota ids. */
  readonly codes: readonly string[];
  /** The vendor's words; empty when there were none. */
  readonly message: string;
  /** From the body; Gemini sends no header. */
  readonly retryAfterMs: number | undefined;
}

/** A failure that came inside a stream that began well. Named like the SDKs' own errors, and read the same way. */
export class StreamFailure extends Error {
  override readonly name = 'StreamFailure';
  readonly error: unknown;

  constructor(error: unknown) {
    super('The stream carried an error.');
    this.error = error;
  }
}

const codeKeys = new Set(['type', 'code', 'status', 'reason', 'error_code', 'quotaId', 'error_type']);

interface Findings {
  readonly codes: string[];
  message: string;
  retryAfterMs: number | undefined;
  status: number | undefined;
}

const collect = (value: unknown, findings: Findings, depth: number): void => {
  if (depth > 6 || value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const each of value.slice(0, 20)) collect(each, findings, depth + 1);
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'string') {
      if (codeKeys.has(key)) findings.codes.push(each.toLowerCase());
      else if (key === 'retryDelay') findings.retryAfterMs ??= durationOf(each);
      // OpenRouter puts the upstream's body, as text, into metadata.raw.
      else if (key === 'message' || key === 'error' || key === 'raw' || key === 'detail') {
        if (!findings.message.includes(each)) findings.message = `${findings.message} ${each}`.trim();
      }
    } else if (key === 'code' && typeof each === 'number' && each >= 400 && each < 600)
      findings.status ??= each;
    else collect(each, findings, depth + 1);
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const property = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;

/**
 * Reads the errors of all three SDKs by their shape, so that no SDK has to be loaded for it: `status` and `error` (the
 * body) in openai and @anthropic-ai/sdk, `status` and the body as JSON inside `message` in @google/genai.
 */
export const failureOf = (error: unknown): Failure => {
  const ownStatus = property(error, 'status');
  const text = error instanceof Error ? error.message : String(error);
  const body = property(error, 'error') ?? parsed(text.slice(Math.max(0, text.indexOf('{'))));
  const findings: Findings = { codes: [], message: '', retryAfterMs: undefined, status: undefined };
  if (typeof body === 'string') findings.message = body;
  else collect(body, findings, 0);
  const status = typeof ownStatus === 'number' ? ownStatus : findings.status;
  const answered = status !== undefined || body !== undefined || error instanceof StreamFailure;
  return {
    origin: answered ? 'server' : isConnectionFailure(error) ? 'connection' : 'ourselves',
    status,
    codes: findings.codes,
    message: findings.message === '' && body === undefined ? text : findings.message,
    retryAfterMs: findings.retryAfterMs,
  };
};

const tooLong =
  /context[ _](?:length|window|size)|maximum context|prompt is too long|input is too long|token count.{0,40}exceeds|request too large|reduce the length/i;
const outOfQuota = /insufficient_quota|billing|credit|spend_limit|per_?day|perday|daily|hard_limit|payment/i;
const noTools = /does not support (?:tools|function)|tool(?:s| use| calling)? (?:is|are) not supported/i;

const is429 = ({ codes, message }: Failure, status: number | undefined): ProviderErrorKind | undefined => {
  const exhausted = codes.includes('resource_exhausted');
  const limited =
    status === 429 || exhausted || codes.some((code) => /rate_?limit|too_many_requests/.test(code));
  if (!limited) return undefined;
  // One request above the per-minute allowance never gets through; a shorter one does.
  if (/request too large/i.test(message)) return 'contextTooLong';
  if (codes.some((code) => outOfQuota.test(code)) || /\blimit: 0\b/.test(message)) return 'quota';
  // "Exceeded your current quota" is Gemini's wording for the minute and the day alike; only the quota id tells.
  if (codes.some((code) => code.includes('perminute'))) return 'rateLimit';
  if (exhausted) return /quota|billing/i.test(message) && !/retry in/i.test(message) ? 'quota' : 'rateLimit';
  return /insufficient.{0,10}(?:quota|balance|credit)/i.test(message) ? 'quota' : 'rateLimit';
};

/**
 * Which kind a failure is; undefined when it is a bug of our own. Codes and wordings before the status: vendors hide
 * much behind a 400.
 */
export const kindOf = (failure: Failure): ProviderErrorKind | undefined => {
  const { origin, status, codes, message } = failure;
  if (origin !== 'server') return origin === 'connection' ? 'network' : undefined;
  const has = (...names: readonly string[]): boolean => names.some((name) => codes.includes(name));
  const limited = is429(failure, status);
  if (limited !== undefined && status !== 503) return limited;
  if (has('context_length_exceeded', 'exceed_context_size_error', 'request_too_large') || status === 413) {
    return 'contextTooLong';
  }
  if (status === undefined || status < 500) {
    if (tooLong.test(message)) return 'contextTooLong';
    if (status === 402 || has('billing_error', 'insufficient_quota')) return 'quota';
    if (/credit balance|insufficient (?:balance|credits|funds)/i.test(message)) return 'quota';
    if (has('api_key_invalid', 'invalid_api_key', 'authentication_error', 'unauthenticated')) return 'auth';
    if (status === 401 || /api key (?:not valid|not found|expired)|invalid api key/i.test(message))
      return 'auth';
  }
  if (codes.some((code) => /content_?filter|policy|moderation|invalid_prompt/.test(code))) return 'refused';
  if (
    has(
      'overloaded_error',
      'unavailable',
      'server_is_overloaded',
      'slow_down',
      'api_error',
      'server_error',
      'timeout_error',
    )
  ) {
    return 'overloaded';
  }
  if (status === 403) return /moderation|flagged/i.test(message) ? 'refused' : 'auth';
  if (status !== undefined && (status >= 500 || status === 408)) return 'overloaded';
  // An error inside a stream, told in words only.
  return status === undefined && codes.length === 0 ? 'overloaded' : 'badRequest';
};

export const lacksTools = (failure: Failure): boolean => noTools.test(failure.message);
