import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import * as z from 'zod';
import type { ModelRequest, ToolSpec } from '../../core/provider.ts';
import type { AssistantBlock, ToolCallBlock, ToolMessage, UserBlock } from '../../shared/message.ts';
import { dataUrl, imagesOf, joinedText, type Turn, turnsOf } from '../turns.ts';

/**
 * `field`: under which name the server gave its reasoning, and wants it back. `details`: OpenRouter's reasoning_details,
 * which hold the signatures of the models behind it.
 */
export const thinkingReplay = z.object({
  field: z.enum(['reasoning_content', 'reasoning']).optional(),
  details: z.array(z.record(z.string(), z.json())).optional(),
});

/** Gemini behind this format keeps its thought signature in `extra_content` of the tool call. */
export const toolCallReplay = z.object({ extra_content: z.json() });

const part = (block: UserBlock): ChatCompletionContentPart =>
  block.type === 'text'
    ? { type: 'text', text: block.text }
    : { type: 'image_url', image_url: { url: dataUrl(block) } };

/** A plain string where it will do: not every server takes parts. */
const content = (blocks: readonly UserBlock[]): string | ChatCompletionContentPart[] =>
  imagesOf(blocks).length === 0 ? joinedText(blocks) : blocks.map(part);

const toolResult = (result: ToolMessage): ChatCompletionMessageParam => ({
  role: 'tool',
  tool_call_id: result.callId,
  content: joinedText(result.content) || (imagesOf(result.content).length > 0 ? 'See the image below.' : ''),
});

/** Tool messages hold text only, so pictures follow as if the person had sent them. */
const picturesOf = (results: readonly ToolMessage[]): UserBlock[] =>
  results.flatMap((result) => {
    const images = imagesOf(result.content);
    return images.length === 0 ? [] : [{ type: 'text', text: `Image from ${result.toolName}:` }, ...images];
  });

const toolCall = (block: ToolCallBlock): ChatCompletionMessageFunctionToolCall => {
  const replay = toolCallReplay.safeParse(block.replay?.data);
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: JSON.stringify(block.input) },
    ...(replay.success ? replay.data : {}),
  };
};

const reasoningOf = (blocks: readonly AssistantBlock[], calls: boolean): object => {
  const thinking = blocks.findLast((block) => block.type === 'thinking');
  const replay = thinkingReplay.safeParse(thinking?.replay?.data);
  if (thinking === undefined || !replay.success) return {};
  const { field, details } = replay.data;
  return {
    // DeepSeek, Kimi and GLM want it back with the tool calls it led to; behind a plain answer it only costs tokens.
    ...(field !== undefined && calls && thinking.text !== '' ? { [field]: thinking.text } : {}),
    ...(details === undefined ? {} : { reasoning_details: details }),
  };
};

const assistant = (blocks: readonly AssistantBlock[]): ChatCompletionAssistantMessageParam => {
  const text = blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n\n');
  const calls = blocks.flatMap((block) => (block.type === 'toolCall' ? [toolCall(block)] : []));
  return {
    role: 'assistant',
    content: text === '' ? null : text,
    ...reasoningOf(blocks, calls.length > 0),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
};

const messages = (turn: Turn): ChatCompletionMessageParam[] => {
  if (turn.role === 'assistant') {
    const says = turn.content.some((block) => block.type !== 'thinking');
    return says ? [assistant(turn.content)] : [];
  }
  const said = [...picturesOf(turn.results), ...turn.content];
  const user: ChatCompletionMessageParam[] =
    said.length === 0 ? [] : [{ role: 'user', content: content(said) }];
  return [...turn.results.map(toolResult), ...user];
};

const tool = ({ name, description, inputSchema }: ToolSpec): ChatCompletionFunctionTool => ({
  type: 'function',
  function: { name, description, parameters: inputSchema },
});

export interface CompatibleOptions {
  /** Ask for token counts; older servers answer 400 to the word. */
  readonly includeUsage: boolean;
}

export const toRequest = (
  request: ModelRequest,
  options: CompatibleOptions,
): ChatCompletionCreateParamsStreaming => {
  const system: ChatCompletionMessageParam[] =
    request.system === '' ? [] : [{ role: 'system', content: request.system }];
  return {
    model: request.model.model,
    stream: true,
    ...(options.includeUsage ? { stream_options: { include_usage: true } } : {}),
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(tool) }),
    messages: [...system, ...turnsOf(request).flatMap(messages)],
  };
};
