import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseInputImage,
  ResponseInputItem,
  ResponseInputText,
} from 'openai/resources/responses/responses';
import * as z from 'zod';
import type { ModelRequest, ToolSpec } from '../../core/provider.ts';
import type { AssistantBlock, ToolMessage, UserBlock } from '../../shared/message.ts';
import { dataUrl, imagesOf, joinedText, portableId, type Turn, turnsOf } from '../turns.ts';

/** A reasoning item, without which the model would think anew at each step. */
export const reasoningReplay = z.object({
  id: z.string(),
  summary: z.array(z.object({ type: z.literal('summary_text'), text: z.string() })),
  encrypted_content: z.string(),
});

/** "Preserve and resend phase on all assistant messages — dropping it can degrade performance." (openai 7 types) */
export const textReplay = z.object({ phase: z.enum(['commentary', 'final_answer']) });

/** Only these take `reasoning` and `include`; older and chat-tuned models answer 400. */
const reasons = (model: string): boolean =>
  /^(?:o\d|gpt-(?:[5-9]|\d\d)|codex)/.test(model) && !model.includes('chat');

const userContent = (block: UserBlock): ResponseInputText | ResponseInputImage =>
  block.type === 'text'
    ? { type: 'input_text', text: block.text }
    : { type: 'input_image', image_url: dataUrl(block), detail: 'auto' };

const toolResult = (result: ToolMessage): ResponseInputItem => ({
  type: 'function_call_output',
  call_id: portableId(result.callId),
  output:
    imagesOf(result.content).length === 0 ? joinedText(result.content) : result.content.map(userContent),
});

const assistantItems = (block: AssistantBlock): ResponseInputItem[] => {
  switch (block.type) {
    case 'text': {
      const replay = textReplay.safeParse(block.replay?.data);
      const phase = replay.success ? { phase: replay.data.phase } : {};
      return block.text.trim() === '' ? [] : [{ role: 'assistant', content: block.text, ...phase }];
    }
    case 'toolCall':
      return [
        {
          type: 'function_call',
          call_id: portableId(block.id),
          name: block.name,
          arguments: JSON.stringify(block.input),
        },
      ];
    case 'thinking': {
      const replay = reasoningReplay.safeParse(block.replay?.data);
      return replay.success ? [{ type: 'reasoning', ...replay.data }] : [];
    }
  }
};

const items = (turn: Turn): ResponseInputItem[] => {
  if (turn.role === 'user') {
    const content = turn.content.map(userContent);
    const said: ResponseInputItem[] = content.length === 0 ? [] : [{ role: 'user', content }];
    return [...turn.results.map(toolResult), ...said];
  }
  // A reasoning item with nothing behind it is an error ("provided without its required following item").
  const last = turn.content.findLastIndex((block) => block.type !== 'thinking');
  return turn.content.slice(0, last + 1).flatMap(assistantItems);
};

const tool = ({ name, description, inputSchema }: ToolSpec): FunctionTool => ({
  type: 'function',
  name,
  description,
  parameters: inputSchema,
  // Strict mode takes only schemas in which every property is required.
  strict: false,
});

export interface OpenAiOptions {
  /** Reasoning summaries are refused to organisations that are not verified. */
  readonly summaries: boolean;
}

export const toRequest = (request: ModelRequest, options: OpenAiOptions): ResponseCreateParamsStreaming => {
  const { model } = request.model;
  const reasoning: Partial<ResponseCreateParamsStreaming> = reasons(model)
    ? {
        include: ['reasoning.encrypted_content'],
        ...(options.summaries ? { reasoning: { summary: 'auto' } } : {}),
      }
    : {};
  return {
    model,
    stream: true,
    // Nothing is kept there: the whole conversation goes along each time, reasoning items included.
    store: false,
    prompt_cache_key: request.sessionId,
    ...reasoning,
    ...(request.system === '' ? {} : { instructions: request.system }),
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(tool) }),
    input: turnsOf(request).flatMap(items),
  };
};
