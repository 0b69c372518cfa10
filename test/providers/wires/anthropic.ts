import { event, type Wire, type WireReply } from '../wire.ts';

const stops = { end: 'end_turn', calls: 'tool_use', length: 'max_tokens', refusal: 'refusal' };

const sse = ({
  thinking,
  text = [],
  calls = [],
  stop = calls.length > 0 ? 'calls' : 'end',
  usage,
}: WireReply): string => {
  const cached = usage?.cached ?? 0;
  let body = event(
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        content: [],
        usage: {
          input_tokens: (usage?.input ?? 0) - cached,
          cache_read_input_tokens: cached,
          cache_creation_input_tokens: 0,
          output_tokens: 1,
        },
      },
    },
    'message_start',
  );
  body += event({ type: 'ping' }, 'ping');
  let index = 0;
  const block = (start: object, deltas: readonly object[]): void => {
    // The wire is JSON: these objects hold nothing else.
    body += event({ type: 'content_block_start', index, content_block: { ...start } }, 'content_block_start');
    for (const delta of deltas)
      body += event({ type: 'content_block_delta', index, delta: { ...delta } }, 'content_block_delta');
    body += event({ type: 'content_block_stop', index }, 'content_block_stop');
    index += 1;
  };
  if (thinking !== undefined) {
    block({ type: 'thinking', thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: thinking.text },
      { type: 'signature_delta', signature: thinking.signature },
    ]);
  }
  if (text.length > 0)
    block(
      { type: 'text', text: '' },
      text.map((each) => ({ type: 'text_delta', text: each })),
    );
  for (const { id, name, fragments } of calls) {
    block(
      { type: 'tool_use', id, name, input: {} },
      fragments.map((each) => ({ type: 'input_json_delta', partial_json: each })),
    );
  }
  body += event(
    {
      type: 'message_delta',
      delta: { stop_reason: stops[stop], stop_sequence: null },
      usage: {
        output_tokens: usage?.output ?? 0,
        output_tokens_details: { thinking_tokens: usage?.reasoning ?? 0 },
      },
    },
    'message_delta',
  );
  return body + event({ type: 'message_stop' }, 'message_stop');
};

const error = (status: number, type: string, message: string) => ({
  status,
  body: { type: 'error', error: { type, message } },
});

export const anthropicWire: Wire = {
  id: 'anthropic',
  model: { provider: 'anthropic', model: 'claude-sonnet-5-5' },
  otherModel: { provider: 'anthropic', model: 'claude-opus-5-5' },
  baseUrl: (server) => server,
  sse,
  errors: {
    auth: error(401, 'authentication_error', 'invalid x-api-key'),
    contextTooLong: error(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    overloaded: error(529, 'overloaded_error', 'Overloaded'),
    quota: error(400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
    notFound: error(404, 'not_found_error', 'model: claude-nope'),
  },
  replayed: (signature) => `"thinking":"I ponder…","signature":"${signature}"`,
  imageInRequest: (mediaType, data) =>
    `"source":{"type":"base64","media_type":"${mediaType}","data":"${data}"}`,
};
