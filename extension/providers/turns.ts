import type { ModelRequest } from '../core/provider.ts';
import {
  type AssistantBlock,
  type ImageBlock,
  type ModelRef,
  sameModel,
  type ToolMessage,
  type UserBlock,
} from '../shared/message.ts';

/** What one side says before the other answers; the vendors' formats know no finer grain. */
export type Turn =
  | {
      readonly role: 'user';
      readonly results: readonly ToolMessage[];
      readonly content: readonly UserBlock[];
    }
  | { readonly role: 'assistant'; readonly content: readonly AssistantBlock[] };

const withoutReplay = (block: AssistantBlock): AssistantBlock => {
  const { replay: _, ...rest } = block;
  return rest;
};

/** What of a block this model may see; undefined for nothing. Foreign signatures are errors to every vendor. */
const sendable = (block: AssistantBlock, model: ModelRef): AssistantBlock | undefined => {
  const usable = block.replay !== undefined && sameModel(block.replay.model, model);
  if (block.type === 'thinking') return usable ? block : undefined;
  if (block.type === 'text' && block.text.trim() === '' && !usable) return undefined;
  return usable ? block : withoutReplay(block);
};

const notEmpty = (block: UserBlock): boolean => block.type !== 'text' || block.text.trim() !== '';

/**
 * A history as alternating turns: neighbours of one side merged, replay data only where this model made it, thinking
 * only with its replay data, blank text left out (Anthropic answers 400 to it).
 */
export const turnsOf = (request: ModelRequest): readonly Turn[] => {
  const turns: Turn[] = [];
  for (const message of request.messages) {
    const last = turns.at(-1);
    if (message.role === 'assistant') {
      const content = message.content.flatMap((block) => sendable(block, request.model) ?? []);
      if (content.length === 0) continue;
      if (last?.role === 'assistant')
        turns[turns.length - 1] = { ...last, content: [...last.content, ...content] };
      else turns.push({ role: 'assistant', content });
      continue;
    }
    const results = message.role === 'tool' ? [message] : [];
    const content = message.role === 'user' ? message.content.filter(notEmpty) : [];
    if (last?.role === 'user') {
      turns[turns.length - 1] = {
        role: 'user',
        results: [...last.results, ...results],
        content: [...last.content, ...content],
      };
    } else if (results.length > 0 || content.length > 0) turns.push({ role: 'user', results, content });
  }
  return turns;
};

export const failed = (result: ToolMessage): boolean => result.outcome !== 'completed';

export const joinedText = (content: readonly UserBlock[]): string =>
  content.flatMap((block) => (block.type === 'text' && block.text !== '' ? [block.text] : [])).join('\n\n');

export const imagesOf = (content: readonly UserBlock[]): readonly ImageBlock[] =>
  content.filter((block) => block.type === 'image');

export const dataUrl = (image: ImageBlock): string => `data:${image.mediaType};base64,${image.data}`;

/** The id in letters that OpenAI and Anthropic take: calls of another provider keep their pairing, and their bytes. */
export const portableId = (id: string): string => {
  if (/^[\w-]{1,64}$/.test(id)) return id;
  // FNV-1a over the whole id, so that two long ids with one beginning stay two.
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `${id.replaceAll(/[^\w-]/g, '_').slice(0, 54)}_${hash.toString(36)}`;
};
