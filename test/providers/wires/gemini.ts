import type { JsonObject, JsonValue } from '../../../extension/shared/message.ts';
import { event, type Wire, type WireReply } from '../wire.ts';

const stops = { end: 'STOP', calls: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY' };

/** Gemini sends a call whole; what other vendors send in fragments is one object here. */
const args = (fragments: readonly string[]): JsonValue => JSON.parse(fragments.join('') || '{}');

const sse = ({ thinking, text = [], calls = [], stop = 'end', usage }: WireReply): string => {
  const chunk = (parts: readonly JsonObject[], more: JsonObject = {}): string =>
    event({
      candidates: [{ content: { role: 'model', parts: [...parts] }, index: 0, ...more }],
      modelVersion: 'gemini-3.8-flash',
    });
  let body = '';
  if (thinking !== undefined) body += chunk([{ text: thinking.text, thought: true }]);
  const signed = thinking === undefined ? {} : { thoughtSignature: thinking.signature };
  for (const [index, each] of text.entries()) {
    const last = index === text.length - 1 && calls.length === 0;
    body += chunk([{ text: each, ...(last ? signed : {}) }]);
  }
  for (const [index, { id, name, fragments }] of calls.entries()) {
    body += chunk([{ functionCall: { id, name, args: args(fragments) }, ...(index === 0 ? signed : {}) }]);
  }
  const counted: JsonObject =
    usage === undefined
      ? {}
      : {
          usageMetadata: {
            promptTokenCount: usage.input,
            cachedContentTokenCount: usage.cached,
            candidatesTokenCount: usage.output - usage.reasoning,
            thoughtsTokenCount: usage.reasoning,
          },
        };
  return (
    body +
    event({
      candidates: [{ content: { role: 'model', parts: [] }, finishReason: stops[stop], index: 0 }],
      ...counted,
    })
  );
};

const error = (status: number, code: string, message: string, details: JsonValue[] = []) => ({
  status,
  body: { error: { code: status, message, status: code, details } },
});

export const geminiWire: Wire = {
  id: 'gemini',
  model: { provider: 'gemini', model: 'gemini-3.8-flash' },
  otherModel: { provider: 'gemini', model: 'gemini-4-argon' },
  baseUrl: (server) => server,
  sse,
  errors: {
    auth: error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
    ]),
    contextTooLong: error(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    ),
    overloaded: error(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
    quota: error(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing.',
      [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
        },
      ],
    ),
    notFound: error(404, 'NOT_FOUND', 'models/gemini-nope is not found for API version v1beta'),
  },
  replayed: (signature) => `"thoughtSignature":"${signature}"`,
  imageInRequest: (mediaType, data) => `"inlineData":{"mimeType":"${mediaType}","data":"${data}"}`,
};
