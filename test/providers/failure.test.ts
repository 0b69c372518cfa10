import assert from 'node:assert/strict';
import type { ProviderErrorKind } from '../../extension/core/provider.ts';
import { failureOf, kindOf, StreamFailure } from '../../extension/providers/failure.ts';
import { type RequestFacts, toProviderError } from '../../extension/providers/toProviderError.ts';

/** As openai and @anthropic-ai/sdk throw it. */
const sdkError = (status: number | undefined, error: unknown): Error =>
  Object.assign(new Error(`${status} ${JSON.stringify(error)}`), { status, error });

/** As @google/genai throws it. */
const geminiError = (status: number, error: unknown): Error =>
  Object.assign(new Error(JSON.stringify({ error })), { status });

const quota = (quotaId: string): unknown => ({
  code: 429,
  status: 'RESOURCE_EXHAUSTED',
  message:
    'You exceeded your current quota, please check your plan and billing details. Please retry in 36.2s.',
  details: [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' },
  ],
});

const facts: RequestFacts = {
  provider: 'openai',
  model: 'gpt-6.1-sol',
  baseUrl: 'https://api.openai.com/v1',
  key: 'secret-key-of-mine',
  answered: false,
};

describe('failure', () => {
  const cases: [string, Error, ProviderErrorKind][] = [
    [
      'a Gemini quota per minute',
      geminiError(429, quota('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')),
      'rateLimit',
    ],
    [
      'a Gemini quota per day',
      geminiError(429, quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier')),
      'quota',
    ],
    [
      'a Gemini 429 without details',
      geminiError(429, {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'Resource has been exhausted (e.g. check quota).',
      }),
      'quota',
    ],
    [
      'a Gemini 429 of shared capacity',
      geminiError(429, {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'Resource exhausted. Please try again later.',
      }),
      'rateLimit',
    ],
    [
      'a Gemini model outside the free tier',
      geminiError(429, {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'Quota exceeded for metric: generate_content, limit: 0',
      }),
      'quota',
    ],
    [
      'a Gemini key of another project',
      geminiError(403, { code: 403, status: 'PERMISSION_DENIED', message: 'Permission denied' }),
      'auth',
    ],
    [
      'a Gemini error in the stream',
      new Error('got status: UNAVAILABLE. {"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}'),
      'overloaded',
    ],
    [
      'OpenAI tokens per minute',
      sdkError(429, {
        code: 'rate_limit_exceeded',
        type: 'tokens',
        message: 'Rate limit reached for gpt-6 on tokens per min (TPM)',
      }),
      'rateLimit',
    ],
    [
      'an OpenAI request above the minute',
      sdkError(429, {
        code: 'rate_limit_exceeded',
        type: 'tokens',
        message: 'Request too large for gpt-6 on tokens per min (TPM): Limit 30000, Requested 41000.',
      }),
      'contextTooLong',
    ],
    [
      'an OpenAI account without credit',
      sdkError(429, {
        code: 'insufficient_quota',
        type: 'insufficient_quota',
        message: 'You exceeded your current quota',
      }),
      'quota',
    ],
    [
      'an OpenAI stream that failed',
      new StreamFailure({ code: 'server_error', message: 'The server had an error' }),
      'overloaded',
    ],
    [
      'an OpenAI stream over the limit',
      new StreamFailure({ code: 'rate_limit_exceeded', message: 'Rate limit reached' }),
      'rateLimit',
    ],
    [
      'an OpenAI prompt against the rules',
      sdkError(400, { code: 'invalid_prompt', message: 'Invalid prompt: flagged' }),
      'refused',
    ],
    [
      'an Azure content filter',
      sdkError(400, { code: 'content_filter', message: 'The response was filtered' }),
      'refused',
    ],
    [
      'Anthropic overloaded',
      sdkError(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      'overloaded',
    ],
    [
      'Anthropic overloaded in the stream',
      sdkError(undefined, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      'overloaded',
    ],
    [
      'an Anthropic error of its own',
      sdkError(500, { type: 'error', error: { type: 'api_error', message: 'Internal server error' } }),
      'overloaded',
    ],
    [
      'an Anthropic spend limit',
      sdkError(429, {
        type: 'error',
        error: {
          type: 'rate_limit_error',
          message: 'limit',
          details: { error_code: 'enforced_spend_limit_reached' },
        },
      }),
      'quota',
    ],
    [
      'Anthropic billing',
      sdkError(402, { type: 'error', error: { type: 'billing_error', message: 'billing' } }),
      'quota',
    ],
    [
      'an Anthropic request too large',
      sdkError(413, {
        type: 'error',
        error: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
      }),
      'contextTooLong',
    ],
    [
      'an OpenRouter moderation',
      sdkError(403, { code: 403, message: 'Input was flagged', metadata: { reasons: ['violence'] } }),
      'refused',
    ],
    [
      'an OpenRouter upstream',
      sdkError(400, {
        code: 400,
        message: 'Provider returned error',
        metadata: { raw: '{"error":{"message":"maximum context length is 8192 tokens"}}' },
      }),
      'contextTooLong',
    ],
    [
      'vLLM',
      sdkError(400, {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens.",
        type: 'BadRequestError',
        code: 400,
      }),
      'contextTooLong',
    ],
    [
      'Ollama without tools',
      sdkError(400, { message: 'registry.ollama.ai/library/gemma:2b does not support tools' }),
      'badRequest',
    ],
    ['a gateway', sdkError(502, '<html>Bad gateway</html>'), 'overloaded'],
    ['an unknown 400', sdkError(400, { message: 'messages.0: unexpected' }), 'badRequest'],
    ['fetch', new TypeError('fetch failed'), 'network'],
  ];
  for (const [name, error, kind] of cases) {
    it(`knows ${name} for ${kind}`, () => {
      assert.equal(kindOf(failureOf(error)), kind);
    });
  }

  it('finds how long Gemini asks to wait', () => {
    const error = toProviderError(geminiError(429, quota('PerMinute')), facts);
    assert.equal(error.retryAfterMs, 36_000);
    assert.match(error.message, /36 seconds/);
  });

  it('shortens what the provider says, on one line and without keys', () => {
    const said = `first line\n\n${'word '.repeat(200)} secret-key-of-mine`;
    const { message } = toProviderError(
      sdkError(400, { message: `secret-key-of-mine Bearer abc ${said}` }),
      facts,
    );
    assert.ok(message.length < 500, message);
    assert.doesNotMatch(message, /secret|Bearer|\n/);
    assert.match(message, /It says: "\[key\] \[key\] first line word.*…"$/);
  });

  it('leaves out what says nothing', () => {
    const { message } = toProviderError(sdkError(502, '<html>Bad gateway</html>'), facts);
    assert.equal(
      message,
      'OpenAI ran into an error of its own (502). Try again in a moment, or choose another model.',
    );
  });

  it('says that a model cannot use tools', () => {
    const error = sdkError(400, { message: 'gemma does not support tools' });
    assert.match(toProviderError(error, facts).message, /cannot use tools/);
  });

  it('keeps no SDK error as its cause, for those hold the answer', () => {
    assert.equal(toProviderError(sdkError(401, { message: 'bad key' }), facts).cause, undefined);
  });
});
