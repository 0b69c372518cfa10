import type { JsonObject } from '../../../extension/shared/message.ts';
import { event, type Wire, type WireReply } from '../wire.ts';

const sse = ({ thinking, text = [], calls = [], stop = 'end', usage }: WireReply): string => {
  let number = 0;
  let body = '';
  const send = (type: string, data: JsonObject): void => {
    body += event({ type, sequence_number: number, ...data }, type);
    number += 1;
  };
  send('response.created', {
    response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] },
  });
  let index = 0;
  const item = (added: JsonObject, done: JsonObject, between: () => void): void => {
    send('response.output_item.added', { output_index: index, item: added });
    between();
    send('response.output_item.done', { output_index: index, item: done });
    index += 1;
  };
  if (thinking !== undefined) {
    const place = { item_id: 'rs_1', output_index: index, summary_index: 0 };
    const base = { type: 'reasoning', id: 'rs_1' };
    item(
      { ...base, summary: [], encrypted_content: 'unfinished' },
      {
        ...base,
        summary: [{ type: 'summary_text', text: thinking.text }],
        encrypted_content: thinking.signature,
      },
      () => {
        send('response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } });
        send('response.reasoning_summary_text.delta', { ...place, delta: thinking.text });
      },
    );
  }
  if (text.length > 0) {
    const refuses = stop === 'refusal';
    const whole = text.join('');
    const base = { type: 'message', id: 'msg_1', role: 'assistant' };
    item(
      { ...base, status: 'in_progress', content: [] },
      {
        ...base,
        status: 'completed',
        content: [
          refuses
            ? { type: 'refusal', refusal: whole }
            : { type: 'output_text', text: whole, annotations: [] },
        ],
      },
      () => {
        for (const delta of text) {
          const type = refuses ? 'response.refusal.delta' : 'response.output_text.delta';
          send(type, { item_id: 'msg_1', output_index: index, content_index: 0, delta });
        }
      },
    );
  }
  for (const { id, name, fragments } of calls) {
    const base = { type: 'function_call', id: `fc_${id}`, call_id: id, name };
    item(
      { ...base, status: 'in_progress', arguments: '' },
      { ...base, status: 'completed', arguments: fragments.join('') },
      () => {
        for (const delta of fragments) {
          send('response.function_call_arguments.delta', { item_id: base.id, output_index: index, delta });
        }
      },
    );
  }
  const cut =
    stop === 'length'
      ? 'max_output_tokens'
      : stop === 'refusal' && text.length === 0
        ? 'content_filter'
        : null;
  send(cut === null ? 'response.completed' : 'response.incomplete', {
    response: {
      id: 'resp_1',
      object: 'response',
      status: cut === null ? 'completed' : 'incomplete',
      incomplete_details: cut === null ? null : { reason: cut },
      output: [],
      usage:
        usage === undefined
          ? null
          : {
              input_tokens: usage.input,
              input_tokens_details: { cached_tokens: usage.cached, cache_write_tokens: 0 },
              output_tokens: usage.output,
              output_tokens_details: { reasoning_tokens: usage.reasoning },
              total_tokens: usage.input + usage.output,
            },
    },
  });
  return body;
};

const error = (status: number, code: string, message: string) => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param: null, code } },
});

export const openaiWire: Wire = {
  id: 'openai',
  model: { provider: 'openai', model: 'gpt-6.1-sol' },
  otherModel: { provider: 'openai', model: 'gpt-6-luna' },
  baseUrl: (server) => `${server}/v1`,
  sse,
  errors: {
    auth: error(401, 'invalid_api_key', 'Incorrect API key provided: sk-plan*********************key1.'),
    contextTooLong: error(
      400,
      'context_length_exceeded',
      'Your input exceeds the context window of this model.',
    ),
    overloaded: error(
      503,
      'server_is_overloaded',
      'The engine is currently overloaded, please try again later',
    ),
    quota: error(429, 'insufficient_quota', 'You exceeded your current quota, please check your plan.'),
    notFound: error(404, 'model_not_found', 'The model gpt-nope does not exist'),
  },
  replayed: (signature) =>
    `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"I ponder…"}],"encrypted_content":"${signature}"}`,
  imageInRequest: (mediaType, data) => `"image_url":"data:${mediaType};base64,${data}"`,
};
