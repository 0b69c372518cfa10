import type {
  ResponseOutputItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';
import type { ModelEvent } from '../../core/provider.ts';
import type { AssistantBlock, ModelRef, StopReason, TokenUsage } from '../../shared/message.ts';
import { StreamFailure } from '../failure.ts';
import { cutOff, finishReply } from '../finishReply.ts';
import { newCallId, parseToolInput } from '../toolInput.ts';

const blocksOf = (item: ResponseOutputItem, model: ModelRef): AssistantBlock[] => {
  switch (item.type) {
    case 'message': {
      const text = item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('');
      if (text === '') return [];
      return [
        { type: 'text', text, ...(item.phase ? { replay: { model, data: { phase: item.phase } } } : {}) },
      ];
    }
    case 'function_call':
      return [
        {
          type: 'toolCall',
          id: item.call_id || newCallId(),
          name: item.name,
          ...parseToolInput(item.arguments),
        },
      ];
    case 'reasoning': {
      const shown = item.summary.length > 0 ? item.summary : (item.content ?? []);
      const text = shown.map((part) => part.text).join('\n\n');
      const { id, encrypted_content } = item;
      if (!encrypted_content) return text === '' ? [] : [{ type: 'thinking', text }];
      const summary = item.summary.map((part) => ({ type: part.type, text: part.text }));
      return [{ type: 'thinking', text, replay: { model, data: { id, summary, encrypted_content } } }];
    }
    default:
      return [];
  }
};

const usageOf = (usage: ResponseUsage): TokenUsage => ({
  input: usage.input_tokens ?? 0,
  output: usage.output_tokens ?? 0,
  cachedInput: usage.input_tokens_details?.cached_tokens ?? 0,
  cacheWrite: usage.input_tokens_details?.cache_write_tokens ?? 0,
  reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
});

const hasRefusal = (items: readonly ResponseOutputItem[]): boolean =>
  items.some((item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'));

const incompleteReasons: Record<string, StopReason> = {
  max_output_tokens: 'length',
  content_filter: 'refused',
};

/** @throws ProviderError when the stream ends early or without an answer, StreamFailure when it carries an error. */
export async function* fromStream(
  events: AsyncIterable<ResponseStreamEvent>,
  model: ModelRef,
): AsyncGenerator<ModelEvent, void> {
  const items = new Map<number, ResponseOutputItem>();
  let stopReason: StopReason | undefined;

  for await (const event of events) {
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        if (event.delta !== '') yield { type: 'text', text: event.delta };
        break;
      case 'response.reasoning_summary_part.added':
        if (event.summary_index > 0) yield { type: 'thinking', text: '\n\n' };
        break;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        if (event.delta !== '') yield { type: 'thinking', text: event.delta };
        break;
      // The item that comes with `added` is unfinished, its encrypted content too; `done` has all of it.
      case 'response.output_item.done':
        items.set(event.output_index, event.item);
        break;
      case 'response.completed':
      case 'response.incomplete': {
        const { response } = event;
        if (response.usage) yield { type: 'usage', usage: usageOf(response.usage) };
        stopReason = incompleteReasons[response.incomplete_details?.reason ?? ''] ?? 'end';
        // Some gateways send no output_item.done.
        if (items.size === 0)
          for (const [index, item] of (response.output ?? []).entries()) items.set(index, item);
        break;
      }
      case 'response.failed':
        if (event.response.usage) yield { type: 'usage', usage: usageOf(event.response.usage) };
        throw new StreamFailure(event.response.error);
      case 'error':
        throw new StreamFailure(event);
      default:
        break;
    }
    // The last there is; a server may be slow to close.
    if (stopReason !== undefined) break;
  }

  if (stopReason === undefined) throw cutOff();
  const inOrder = [...items.entries()].sort(([a], [b]) => a - b).map(([, item]) => item);
  if (stopReason === 'end' && hasRefusal(inOrder)) stopReason = 'refused';
  yield* finishReply({ content: inOrder.flatMap((item) => blocksOf(item, model)), stopReason });
}
