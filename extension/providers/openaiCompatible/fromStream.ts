import { type ModelEvent, ProviderError } from '../../core/provider.ts';
import type {
  AssistantBlock,
  ModelRef,
  StopReason,
  ThinkingBlock,
  TokenUsage,
} from '../../shared/message.ts';
import { StreamFailure } from '../failure.ts';
import { cutOff, finishReply } from '../finishReply.ts';
import { type Chunk, chunkSchema, type ReasoningDetail } from './chunk.ts';
import { inlineThinking, type Piece } from './inlineThinking.ts';
import { addFragment, type ToolCallDraft, toolCallOf } from './toolCallDrafts.ts';

const stopReasons: Record<string, StopReason> = {
  tool_calls: 'toolCalls',
  function_call: 'toolCalls',
  length: 'length',
  content_filter: 'refused',
};

const usageOf = (usage: NonNullable<Chunk['usage']>): TokenUsage => ({
  input: usage.prompt_tokens ?? 0,
  output: usage.completion_tokens ?? 0,
  cachedInput: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0,
  cacheWrite: usage.prompt_tokens_details?.cache_write_tokens ?? 0,
  reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
});

const growing = ['text', 'summary', 'data'] as const;

/** OpenRouter streams a detail in pieces of one type and index; the model wants it back in one. */
const addDetail = (details: ReasoningDetail[], piece: ReasoningDetail): void => {
  const last = details.at(-1);
  if (last === undefined || last.type !== piece.type || last.index !== piece.index) {
    details.push({ ...piece });
    return;
  }
  for (const [key, value] of Object.entries(piece)) {
    const grown = growing.some((each) => each === key) && typeof value === 'string';
    const before = last[key];
    if (grown && typeof before === 'string') last[key] = before + value;
    else if (value !== null) last[key] = value;
  }
};

interface Draft {
  text: string;
  thinking: string;
  /** Under which name reasoning came. */
  field: 'reasoning_content' | 'reasoning' | undefined;
  refused: boolean;
  readonly details: ReasoningDetail[];
  readonly calls: ToolCallDraft[];
}

const thinkingBlock = (draft: Draft, model: ModelRef): ThinkingBlock[] => {
  if (draft.thinking === '' && draft.details.length === 0) return [];
  const data = {
    ...(draft.field === undefined ? {} : { field: draft.field }),
    ...(draft.details.length === 0 ? {} : { details: draft.details }),
  };
  // Thinking out of the text has neither, and no server wants it back.
  if (Object.keys(data).length === 0) return [{ type: 'thinking', text: draft.thinking }];
  return [{ type: 'thinking', text: draft.thinking, replay: { model, data } }];
};

const contentOf = (draft: Draft, model: ModelRef): AssistantBlock[] => [
  ...thinkingBlock(draft, model),
  ...(draft.text === '' ? [] : [{ type: 'text' as const, text: draft.text }]),
  ...draft.calls.filter(({ name }) => name !== '').map((call) => toolCallOf(call, model)),
];

const unknownForm = (cause: unknown): ProviderError =>
  new ProviderError(
    'badRequest',
    'The server answers in a form that AnyCowork does not know. Choose another model, or check the setting anycowork.openaiCompatible.baseUrl.',
    { cause },
  );

/** @throws ProviderError when the stream ends early, without an answer or in another form, StreamFailure when it carries an error. */
export async function* fromStream(
  chunks: AsyncIterable<unknown>,
  model: ModelRef,
): AsyncGenerator<ModelEvent, void> {
  const draft: Draft = { text: '', thinking: '', field: undefined, refused: false, details: [], calls: [] };
  let finish: string | undefined;
  const inline = inlineThinking();
  const add = (piece: Piece): Piece => {
    draft[piece.type] += piece.text;
    return piece;
  };

  for await (const raw of chunks) {
    const { data: chunk, error } = chunkSchema.safeParse(raw);
    if (chunk === undefined) throw unknownForm(error);
    // With include_usage it comes in a last chunk without choices; some servers count along in every chunk.
    if (chunk.usage) yield { type: 'usage', usage: usageOf(chunk.usage) };
    const choice = chunk.choices?.[0];
    if (choice === undefined) continue;
    const { delta } = choice;
    const thought = delta?.reasoning_content || delta?.reasoning;
    if (thought) {
      draft.field ??= delta?.reasoning_content ? 'reasoning_content' : 'reasoning';
      yield add({ type: 'thinking', text: thought });
    }
    for (const detail of delta?.reasoning_details ?? []) addDetail(draft.details, detail);
    for (const piece of inline.push(delta?.content ?? '')) yield add(piece);
    if (delta?.refusal) {
      draft.refused = true;
      yield add({ type: 'text', text: delta.refusal });
    }
    for (const fragment of delta?.tool_calls ?? []) addFragment(draft.calls, fragment);
    finish = choice.finish_reason ?? finish;
  }

  for (const piece of inline.flush()) yield add(piece);
  if (finish === undefined) throw cutOff();
  if (finish === 'error') throw new StreamFailure({ type: 'server_error' });
  const stopReason = draft.refused ? 'refused' : (stopReasons[finish] ?? 'end');
  yield* finishReply({ content: contentOf(draft, model), stopReason });
}
