import type { GenerateContentResponse, GenerateContentResponseUsageMetadata, Part } from '@google/genai/web';
import { type ModelEvent, ProviderError } from '../../core/provider.ts';
import type { AssistantBlock, JsonObject, ModelRef, StopReason, TokenUsage } from '../../shared/message.ts';
import { cutOff, finishReply } from '../finishReply.ts';
import { newCallId, toolInputOf } from '../toolInput.ts';

/** Only what is read, so that recorded JSON is one too. */
export type GeminiChunk = Pick<GenerateContentResponse, 'candidates' | 'promptFeedback' | 'usageMetadata'>;

const refusals = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'LANGUAGE',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
]);

/** Undefined where Gemini gave up in the middle: MALFORMED_FUNCTION_CALL, OTHER, and whatever comes to be added. */
const stopReasonOf = (reason: string): StopReason | undefined => {
  if (reason === 'STOP') return 'end';
  if (reason === 'MAX_TOKENS') return 'length';
  return refusals.has(reason) ? 'refused' : undefined;
};

const brokenOff = (reason: string): ProviderError =>
  new ProviderError(
    'emptyReply',
    /MALFORMED_FUNCTION|UNEXPECTED_TOOL/.test(reason)
      ? 'Gemini tried to use a tool but wrote the call wrongly. Try again, or choose another model.'
      : `Gemini stopped before its reply was complete (${reason}). Try again, or choose another model.`,
  );

const usageOf = (usage: GenerateContentResponseUsageMetadata): TokenUsage => ({
  input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
  // Gemini counts thoughts apart from the answer.
  output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  cachedInput: usage.cachedContentTokenCount ?? 0,
  cacheWrite: 0,
  reasoning: usage.thoughtsTokenCount ?? 0,
});

type Draft =
  | { type: 'text'; text: string; signed: { start: number; end: number; thoughtSignature: string }[] }
  | { type: 'thinking'; text: string; thoughtSignature: string | undefined }
  | { type: 'toolCall'; part: Part };

/** Adds a part to the block it goes on with, or begins one. A signature belongs to exactly the part it came with. */
const addPart = (drafts: Draft[], part: Part): void => {
  const { text = '', thoughtSignature } = part;
  if (part.functionCall !== undefined) {
    drafts.push({ type: 'toolCall', part });
    return;
  }
  if (part.text === undefined && thoughtSignature === undefined) return;
  const last = drafts.at(-1);
  if (part.thought === true) {
    if (last?.type === 'thinking' && last.thoughtSignature === undefined && thoughtSignature === undefined) {
      last.text += text;
    } else drafts.push({ type: 'thinking', text, thoughtSignature });
    return;
  }
  let draft = last;
  if (draft?.type !== 'text') {
    draft = { type: 'text', text: '', signed: [] };
    drafts.push(draft);
  }
  const start = draft.text.length;
  draft.text += text;
  if (thoughtSignature !== undefined) draft.signed.push({ start, end: draft.text.length, thoughtSignature });
};

const withSignature = (
  thoughtSignature: string | undefined,
  model: ModelRef,
): { replay?: { model: ModelRef; data: JsonObject } } =>
  thoughtSignature === undefined ? {} : { replay: { model, data: { thoughtSignature } } };

const blocksOf = (draft: Draft, model: ModelRef): AssistantBlock[] => {
  switch (draft.type) {
    case 'text':
      if (draft.text === '' && draft.signed.length === 0) return [];
      return [
        {
          type: 'text',
          text: draft.text,
          ...(draft.signed.length === 0 ? {} : { replay: { model, data: { signed: draft.signed } } }),
        },
      ];
    case 'thinking':
      return [{ type: 'thinking', text: draft.text, ...withSignature(draft.thoughtSignature, model) }];
    case 'toolCall': {
      const { id, name = '', args } = draft.part.functionCall ?? {};
      const input = toolInputOf(args ?? {});
      return [
        {
          type: 'toolCall',
          id: id || newCallId(),
          name,
          ...input,
          ...withSignature(draft.part.thoughtSignature, model),
        },
      ];
    }
  }
};

/** @throws ProviderError when the prompt was blocked, or the stream ends early or without an answer. */
export async function* fromStream(
  chunks: AsyncIterable<GeminiChunk>,
  model: ModelRef,
): AsyncGenerator<ModelEvent, void> {
  const drafts: Draft[] = [];
  let finish: string | undefined;
  let blocked: string | undefined;

  for await (const chunk of chunks) {
    if (chunk.usageMetadata !== undefined) yield { type: 'usage', usage: usageOf(chunk.usageMetadata) };
    blocked = chunk.promptFeedback?.blockReason ?? blocked;
    const candidate = chunk.candidates?.[0];
    finish = candidate?.finishReason ?? finish;
    for (const part of candidate?.content?.parts ?? []) {
      addPart(drafts, part);
      if (part.text) yield { type: part.thought === true ? 'thinking' : 'text', text: part.text };
    }
  }

  const content = drafts.flatMap((draft) => blocksOf(draft, model));
  if (blocked !== undefined && content.length === 0) {
    yield* finishReply({ content, stopReason: 'refused', refusal: `Blocked: ${blocked}` });
    return;
  }
  if (finish === undefined) throw cutOff();
  // Calls that are whole can be answered all the same.
  const calls = content.some((block) => block.type === 'toolCall');
  const stopReason = stopReasonOf(finish) ?? (calls ? 'toolCalls' : undefined);
  if (stopReason === undefined) throw brokenOff(finish);
  yield* finishReply({ content, stopReason });
}
