import type { JsonObject } from '../../../extension/shared/message.ts';
import { event, type Wire, type WireReply } from '../wire.ts';

const stops = { end: 'stop', calls: 'tool_calls', length: 'length', refusal: 'content_filter' };

const sse = ({
  thinking,
  text = [],
  calls = [],
  stop = calls.length > 0 ? 'calls' : 'end',
  usage,
}: WireReply): string => {
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'qwen' };
  const chunk = (delta: JsonObject, finish: string | null = null): string =>
    event({ ...base, choices: [{ index: 0, delta, finish_reason: finish }] });
  let body = `: OPENROUTER PROCESSING\n\n${chunk({ role: 'assistant', content: '' })}`;
  if (thinking !== undefined) {
    body += chunk({
      reasoning: thinking.text,
      reasoning_details: [{ type: 'reasoning.text', index: 0, text: thinking.text, signature: null }],
    });
    body += chunk({
      reasoning_details: [{ type: 'reasoning.text', index: 0, signature: thinking.signature }],
    });
  }
  for (const content of text) body += chunk({ content });
  for (const [index, { id, name, fragments }] of calls.entries()) {
    body += chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
    for (const each of fragments) body += chunk({ tool_calls: [{ index, function: { arguments: each } }] });
  }
  body += chunk({}, stops[stop]);
  if (usage !== undefined) {
    body += event({
      ...base,
      choices: [],
      usage: {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        prompt_tokens_details: { cached_tokens: usage.cached },
        completion_tokens_details: { reasoning_tokens: usage.reasoning },
      },
    });
  }
  return `${body}data: [DONE]\n\n`;
};

const error = (status: number, code: string | null, message: string) => ({
  status,
  body: { error: { message, type: 'invalid_request_error', code } },
});

export const openaiCompatibleWire: Wire = {
  id: 'openaiCompatible',
  model: { provider: 'openaiCompatible', model: 'qwen' },
  otherModel: { provider: 'openaiCompatible', model: 'glm' },
  baseUrl: (server) => `${server}/v1`,
  sse,
  errors: {
    auth: error(401, null, 'No auth credentials found'),
    // llama.cpp
    contextTooLong: {
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'the request exceeds the available context size, try increasing it',
          type: 'exceed_context_size_error',
        },
      },
    },
    overloaded: error(503, null, 'Loading model'),
    quota: error(402, null, 'Insufficient credits'),
    // Ollama
    notFound: { status: 404, body: { error: { message: 'model "nope" not found, try pulling it first' } } },
  },
  replayed: (signature) =>
    `"reasoning_details":[{"type":"reasoning.text","index":0,"text":"I ponder…","signature":"${signature}"}]`,
  imageInRequest: (mediaType, data) => `"image_url":{"url":"data:${mediaType};base64,${data}"}`,
};
