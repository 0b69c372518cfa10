import assert from 'node:assert/strict';
import type { ProviderError, ProviderErrorKind } from '../../extension/core/provider.ts';
import { failureOf, kindOf, StreamFailure } from '../../extension/providers/failure.ts';
import {
  type RequestFacts,
  toProviderError as toProviderErrorOrBug,
} from '../../extension/providers/toProviderError.ts';

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

const toProviderError = (error: Error, from: RequestFacts): ProviderError => {
  const made = toProviderErrorOrBug(error, from);
  assert.ok(made !== undefined, 'taken for a bug');
  return made;
};

/** As openai and @anthropic-ai/sdk tell of a connection that failed. */
const connectionError = (cause?: Error): Error =>
  Object.assign(new Error('Connection error.', { cause }), {
    status: undefined,
    headers: undefined,
    error: undefined,
  });
const coded = (code: string): Error => Object.assign(new Error('something about a socket'), { code });

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
    ['a body that broke off', new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), 'network'],
    ['a refused connection', coded('ECONNREFUSED'), 'network'],
    ['an unknown host', new Error('told by a proxy', { cause: coded('ENOTFOUND') }), 'network'],
    ['a certificate nobody knows', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'network'],
    ['Electron’s fetch', new Error('net::ERR_INTERNET_DISCONNECTED'), 'network'],
    ['an SDK’s connection error', connectionError(), 'network'],
    [
      'an address that is none',
      Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' }),
      'network',
    ],
    ['JSON that broke off', new SyntaxError('Unexpected end of JSON input'), 'network'],
    ['a Gemini stream that broke off', new Error('Incomplete JSON segment at the end'), 'network'],
    [
      'an Ollama stream that failed, in words only',
      sdkError(undefined, { message: 'model runner has unexpectedly stopped' }),
      'overloaded',
    ],
    ['a stream that failed without words', new StreamFailure(null), 'overloaded'],
  ];
  for (const [name, error, kind] of cases) {
    it(`knows ${name} for ${kind}`, () => {
      assert.equal(kindOf(failureOf(error)), kind);
    });
  }

  for (const bug of [
    new TypeError("Cannot read properties of undefined (reading 'parts')"),
    new RangeError('Invalid array length'),
    Object.assign(new TypeError('The "path" argument must be of type string'), {
      code: 'ERR_INVALID_ARG_TYPE',
    }),
    Object.assign(new Error('no such file'), { code: 'ENOENT' }),
    new Error('Headers.append: "x" is an invalid header value.'),
  ]) {
    it(`takes no bug of ours for a failure of others: ${bug.message}`, () => {
      assert.equal(kindOf(failureOf(bug)), undefined);
      assert.equal(toProviderErrorOrBug(bug, facts), undefined);
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

  it('has what the server said as its cause, for the log, and no SDK error, which may hold the key', () => {
    const said = sdkError(400, {
      type: 'invalid_request_error',
      message: `tools.0: ${facts.key} ${'x'.repeat(500)}`,
    });
    const { cause } = toProviderError(said, facts);
    assert.ok(cause instanceof Error && cause !== said);
    assert.match(cause.message, /^status 400, codes invalid_request_error: tools\.0: \[key\] x{500}$/);
  });
});
