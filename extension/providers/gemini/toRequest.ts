import type {
  Content,
  FunctionDeclaration,
  FunctionResponse,
  GenerateContentParameters,
  Part,
} from '@google/genai/web';
import * as z from 'zod';
import type { ModelRequest, ToolSpec } from '../../core/provider.ts';
import type { AssistantBlock, ImageBlock, TextBlock, ToolMessage, UserBlock } from '../../shared/message.ts';
import { failed, imagesOf, joinedText, type Turn, turnsOf } from '../turns.ts';

/** On tool calls and thinking: the signature of the part. */
export const partReplay = z.object({ thoughtSignature: z.string() });

/**
 * On text: which stretches came as parts with a signature. Parts with and without one must not be merged, but a text in
 * several blocks would read as several paragraphs; so the block is whole and this says where to cut it.
 */
export const textReplay = z.object({
  signed: z.array(z.object({ start: z.number(), end: z.number(), thoughtSignature: z.string() })),
});

/**
 * Gemini 3 and later answer 400 to a call of the current turn that has no signature. For calls made by another model
 * the documentation names this value: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
const foreignCall = 'skip_thought_signature_validator';

/** 2.5 for gemini-2.5-pro; aliases like gemini-flash-latest follow the newest. Undefined for Gemma and others. */
const versionOf = (model: string): number | undefined => {
  const version = /^gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1];
  if (version !== undefined) return Number(version);
  return /^gemini-.*latest$/.test(model) ? Number.POSITIVE_INFINITY : undefined;
};

const imageParts = (image: ImageBlock): Part =>
  image.mediaType === 'image/gif'
    ? { text: `(The image ${image.name ?? ''} was left out: Gemini takes no GIF.)` }
    : { inlineData: { mimeType: image.mediaType, data: image.data } };

const userPart = (block: UserBlock): Part =>
  block.type === 'text' ? { text: block.text } : imageParts(block);

/** From Gemini 3 on pictures go inside the result; before, beside it. */
const toolResult = (result: ToolMessage, picturesInside: boolean): Part[] => {
  const pictures = imagesOf(result.content).map(imageParts);
  const inside = picturesInside
    ? pictures.flatMap(({ inlineData }) => (inlineData ? [{ inlineData }] : []))
    : [];
  const beside = picturesInside ? pictures.filter(({ inlineData }) => inlineData === undefined) : pictures;
  const functionResponse: FunctionResponse = {
    id: result.callId,
    name: result.toolName,
    response: { [failed(result) ? 'error' : 'output']: joinedText(result.content) },
    ...(inside.length === 0 ? {} : { parts: inside }),
  };
  return [{ functionResponse }, ...beside];
};

const textParts = (block: TextBlock): Part[] => {
  const replay = textReplay.safeParse(block.replay?.data);
  if (!replay.success) return block.text === '' ? [] : [{ text: block.text }];
  const parts: Part[] = [];
  let at = 0;
  for (const { start, end, thoughtSignature } of replay.data.signed) {
    if (start > at) parts.push({ text: block.text.slice(at, start) });
    parts.push({ text: block.text.slice(start, end), thoughtSignature });
    at = end;
  }
  if (at < block.text.length) parts.push({ text: block.text.slice(at) });
  return parts;
};

const modelParts = (content: readonly AssistantBlock[], signsCalls: boolean): Part[] => {
  // Of parallel calls only the first is signed.
  const firstCall = content.find((block) => block.type === 'toolCall');
  const signed = content.some(
    (block) => block.type === 'toolCall' && partReplay.safeParse(block.replay?.data).success,
  );
  return content.flatMap((block): Part[] => {
    if (block.type === 'text') return textParts(block);
    const replay = partReplay.safeParse(block.replay?.data);
    if (block.type === 'thinking') {
      return replay.success ? [{ text: block.text, thought: true, ...replay.data }] : [];
    }
    const functionCall = { id: block.id, name: block.name, args: block.input };
    if (replay.success) return [{ functionCall, ...replay.data }];
    const stands = signsCalls && !signed && block === firstCall;
    return [{ functionCall, ...(stands ? { thoughtSignature: foreignCall } : {}) }];
  });
};

const contentOf = (turn: Turn, version: number): Content => {
  if (turn.role === 'assistant') return { role: 'model', parts: modelParts(turn.content, version >= 3) };
  const results = turn.results.flatMap((result) => toolResult(result, version >= 3));
  // Responses first and together: their number must match the calls of the turn before.
  const ordered = [
    ...results.filter((part) => part.functionResponse !== undefined),
    ...results.filter((part) => part.functionResponse === undefined),
  ];
  return { role: 'user', parts: [...ordered, ...turn.content.map(userPart)] };
};

const declaration = ({ name, description, inputSchema }: ToolSpec): FunctionDeclaration => ({
  name,
  description,
  parametersJsonSchema: inputSchema,
});

export const toRequest = (request: ModelRequest): GenerateContentParameters => {
  const { model } = request.model;
  const version = versionOf(model);
  const functionDeclarations = request.tools.map(declaration);
  return {
    model,
    contents: turnsOf(request)
      .map((turn) => contentOf(turn, version ?? 0))
      .filter(({ parts = [] }) => parts.length > 0),
    config: {
      ...(request.system === '' ? {} : { systemInstruction: request.system }),
      ...(functionDeclarations.length === 0 ? {} : { tools: [{ functionDeclarations }] }),
      ...(version !== undefined && version >= 2.5 ? { thinkingConfig: { includeThoughts: true } } : {}),
      // The SDK's own repetition of a broken stream, which would show text twice.
      automaticContinuation: false,
    },
  };
};
