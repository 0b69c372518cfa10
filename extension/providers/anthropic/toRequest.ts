import type {
  ContentBlockParam,
  ImageBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  TextBlockParam,
  ThinkingConfigParam,
  Tool,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import * as z from 'zod';
import type { ModelRequest, ToolSpec } from '../../core/provider.ts';
import type { AssistantBlock, ToolMessage, UserBlock } from '../../shared/message.ts';
import { failed, portableId, type Turn, turnsOf } from '../turns.ts';

/** What a thinking block is sent back with. */
export const thinkingReplay = z.union([
  z.object({ signature: z.string() }),
  z.object({ redacted: z.string() }),
]);

const cached = { cache_control: { type: 'ephemeral' } } as const;

/** Within what every model since Claude 3.7 may write; those before wrote less. */
const maxTokens = (model: string): number => (/^claude-3(?!-7)/.test(model) ? 8_192 : 32_000);

/** Of the reply's tokens; the API wants it below `max_tokens`. */
const thinkingBudget = 10_000;

type ThinkingForm = 'adaptive' | 'manual' | 'none';

/**
 * Claude 4.6 and later take `adaptive` (5 and later nothing else), 3.7 to 4.5 only a token budget; servers that speak
 * this format for models of others know neither. https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 */
const thinkingForm = (model: string): ThinkingForm => {
  if (!model.startsWith('claude-')) return 'none';
  if (model.startsWith('claude-3')) return model.startsWith('claude-3-7') ? 'manual' : 'none';
  const version = /^claude-[a-z]+-(\d+)(?:-(\d{1,2})(?!\d))?/.exec(model);
  if (version === null) return 'adaptive';
  const [, major = '0', minor = '0'] = version;
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) >= 6) ? 'adaptive' : 'manual';
};

const thinkingFor = (model: string, turns: readonly Turn[]): { thinking?: ThinkingConfigParam } => {
  const form = thinkingForm(model);
  if (form === 'none') return {};
  if (form === 'adaptive') return { thinking: { type: 'adaptive', display: 'summarized' } };
  // With a budget, a reply that called tools has to begin with its thinking, which another model's reply does not have.
  const answered = turns.at(-1);
  const calling = turns.at(-2);
  const inToolLoop = answered?.role === 'user' && answered.results.length > 0;
  const thought = calling?.role === 'assistant' && calling.content[0]?.type === 'thinking';
  return inToolLoop && !thought ? {} : { thinking: { type: 'enabled', budget_tokens: thinkingBudget } };
};

const userBlock = (block: UserBlock): TextBlockParam | ImageBlockParam =>
  block.type === 'text'
    ? { type: 'text', text: block.text }
    : { type: 'image', source: { type: 'base64', media_type: block.mediaType, data: block.data } };

const toolResult = (result: ToolMessage): ToolResultBlockParam => {
  const content = result.content.filter((block) => block.type !== 'text' || block.text !== '').map(userBlock);
  return {
    type: 'tool_result',
    tool_use_id: portableId(result.callId),
    ...(content.length === 0 ? {} : { content }),
    ...(failed(result) ? { is_error: true } : {}),
  };
};

const assistantBlocks = (block: AssistantBlock): ContentBlockParam[] => {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: block.text }];
    case 'toolCall':
      return [{ type: 'tool_use', id: portableId(block.id), name: block.name, input: block.input }];
    case 'thinking': {
      const replay = thinkingReplay.safeParse(block.replay?.data);
      if (!replay.success) return [];
      return 'redacted' in replay.data
        ? [{ type: 'redacted_thinking', data: replay.data.redacted }]
        : [{ type: 'thinking', thinking: block.text, signature: replay.data.signature }];
    }
  }
};

type UserContent = TextBlockParam | ImageBlockParam | ToolResultBlockParam;

const userContent = (turn: Extract<Turn, { role: 'user' }>, mark: boolean): UserContent[] => {
  // Results come first: the API wants them right behind their calls.
  const blocks: UserContent[] = [...turn.results.map(toolResult), ...turn.content.map(userBlock)];
  const last = blocks.at(-1);
  return mark && last !== undefined ? blocks.with(-1, { ...last, ...cached }) : blocks;
};

const messages = (turns: readonly Turn[]): MessageParam[] => {
  // The last user message is marked to write the cache, and the one before, where the last request wrote it.
  const marks = new Set(turns.filter(({ role }) => role === 'user').slice(-2));
  return turns
    .map((turn): MessageParam & { content: ContentBlockParam[] } =>
      turn.role === 'user'
        ? { role: 'user', content: userContent(turn, marks.has(turn)) }
        : { role: 'assistant', content: turn.content.flatMap(assistantBlocks) },
    )
    .filter(({ content }) => content.length > 0);
};

const tool = ({ name, description, inputSchema }: ToolSpec): Tool => ({
  name,
  description,
  input_schema: { ...inputSchema, type: 'object' },
});

export const toRequest = (request: ModelRequest): MessageCreateParamsStreaming => {
  const turns = turnsOf(request);
  const { model } = request.model;
  const tools = request.tools.map(tool);
  const system: TextBlockParam[] =
    request.system === '' ? [] : [{ type: 'text', text: request.system, ...cached }];
  // Tools come before the system prompt in the prefix, so its mark covers them; without one they carry it themselves.
  const lastTool = tools.at(-1);
  if (system.length === 0 && lastTool !== undefined) tools[tools.length - 1] = { ...lastTool, ...cached };
  return {
    model,
    max_tokens: maxTokens(model),
    stream: true,
    ...(tools.length === 0 ? {} : { tools }),
    ...(system.length === 0 ? {} : { system }),
    ...thinkingFor(model, turns),
    messages: messages(turns),
  };
};
