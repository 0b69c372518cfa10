import type {
  MessageDeltaUsage,
  RawContentBlockStartEvent,
  RawMessageStreamEvent,
  Usage,
} from '@anthropic-ai/sdk/resources/messages';
import type { ModelEvent } from '../../core/provider.ts';
import type { AssistantBlock, ModelRef, Replay, StopReason, TokenUsage } from '../../shared/message.ts';
import { cutOff, finishReply } from '../finishReply.ts';
import { newCallId, parseToolInput, toolInputOf } from '../toolInput.ts';

/** A block while it grows. `start` is what content_block_start said. */
interface Draft {
  readonly start: RawContentBlockStartEvent['content_block'];
  text: string;
  json: string;
  signature: string;
}

const stopReasons: Record<string, StopReason> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  tool_use: 'toolCalls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refused',
};

const blocksOf = (draft: Draft, model: ModelRef): AssistantBlock[] => {
  const { start, text, json, signature } = draft;
  const replay = (data: Replay['data']): { replay: Replay } => ({ replay: { model, data } });
  switch (start.type) {
    case 'text':
      return text === '' ? [] : [{ type: 'text', text }];
    case 'thinking':
      if (text === '' && signature === '') return [];
      return [{ type: 'thinking', text, ...(signature === '' ? {} : replay({ signature })) }];
    case 'redacted_thinking':
      return [{ type: 'thinking', text: '', ...replay({ redacted: start.data }) }];
    case 'tool_use':
      return [
        {
          type: 'toolCall',
          id: start.id || newCallId(),
          name: start.name,
          // Servers that speak this format without streaming arguments put them into the start.
          ...(json === '' ? toolInputOf(start.input ?? {}) : parseToolInput(json)),
        },
      ];
    default:
      return [];
  }
};

/** `message_start` counts the input, `message_delta` cumulates; a later null says nothing. */
const usageOf = (start: Partial<Usage>, delta: Partial<MessageDeltaUsage>): TokenUsage => {
  const read = delta.cache_read_input_tokens ?? start.cache_read_input_tokens ?? 0;
  const write = delta.cache_creation_input_tokens ?? start.cache_creation_input_tokens ?? 0;
  return {
    // The API counts only what was not cached.
    input: (delta.input_tokens ?? start.input_tokens ?? 0) + read + write,
    output: delta.output_tokens ?? start.output_tokens ?? 0,
    cachedInput: read,
    cacheWrite: write,
    reasoning: (delta.output_tokens_details ?? start.output_tokens_details)?.thinking_tokens ?? 0,
  };
};

/** @throws ProviderError when the stream ends without a stop reason, or without an answer. */
export async function* fromStream(
  events: AsyncIterable<RawMessageStreamEvent>,
  model: ModelRef,
): AsyncGenerator<ModelEvent, void> {
  const drafts = new Map<number, Draft>();
  let started: Partial<Usage> = {};
  let stop: string | undefined;
  let refusal: string | null | undefined;

  for await (const event of events) {
    // The last there is; a server may be slow to close.
    if (event.type === 'message_stop') break;
    switch (event.type) {
      case 'message_start':
        started = event.message.usage ?? {};
        // The input is paid for, even if the rest never comes.
        if (event.message.usage) yield { type: 'usage', usage: usageOf(started, {}) };
        break;
      case 'content_block_start': {
        const start = event.content_block;
        const text = start.type === 'text' ? start.text : start.type === 'thinking' ? start.thinking : '';
        drafts.set(event.index, { start, text: text ?? '', json: '', signature: '' });
        if (start.type === 'text' && start.text) yield { type: 'text', text: start.text };
        if (start.type === 'thinking' && start.thinking) yield { type: 'thinking', text: start.thinking };
        break;
      }
      case 'content_block_delta': {
        const draft = drafts.get(event.index);
        const { delta } = event;
        if (draft === undefined) break;
        if (delta.type === 'text_delta') {
          draft.text += delta.text;
          if (delta.text !== '') yield { type: 'text', text: delta.text };
        } else if (delta.type === 'thinking_delta') {
          draft.text += delta.thinking;
          if (delta.thinking !== '') yield { type: 'thinking', text: delta.thinking };
        } else if (delta.type === 'input_json_delta') draft.json += delta.partial_json;
        else if (delta.type === 'signature_delta') draft.signature += delta.signature;
        break;
      }
      case 'message_delta':
        if (event.usage) yield { type: 'usage', usage: usageOf(started, event.usage) };
        stop = event.delta.stop_reason ?? stop;
        refusal = event.delta.stop_details?.explanation ?? refusal;
        break;
      default:
        break;
    }
  }

  if (stop === undefined) throw cutOff();
  const content = [...drafts.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([, draft]) => blocksOf(draft, model));
  const stopReason = stopReasons[stop] ?? 'end';
  yield* finishReply({ content, stopReason, refusal });
}
