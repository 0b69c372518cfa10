/** The conversation as every part of the product speaks of it. Content is always an array of blocks. */

import type { AttachedContext } from './mcp.ts';
import type { AttachedSkill } from './skill.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

export const providerIds = ['gemini', 'openai', 'anthropic', 'openaiCompatible'] as const;
export type ProviderId = (typeof providerIds)[number];

export interface ModelRef {
  readonly provider: ProviderId;
  /** The provider's own model id, for example `gemini-3-flash`. */
  readonly model: string;
}

export const sameModel = (a: ModelRef, b: ModelRef): boolean =>
  a.provider === b.provider && a.model === b.model;

/**
 * Provider-opaque data (thinking signatures, Gemini thought signatures, OpenAI reasoning items) that has to be
 * sent back with its block, unchanged, and only to the model that made it.
 */
export interface Replay {
  readonly model: ModelRef;
  readonly data: JsonValue;
}

export interface TextBlock {
  readonly type: 'text';
  readonly text: string;
  readonly replay?: Replay;
}

export interface ThinkingBlock {
  readonly type: 'thinking';
  /** What may be shown; empty when the provider only gave redacted or encrypted reasoning. */
  readonly text: string;
  readonly replay?: Replay;
}

export const imageMediaTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
export type ImageMediaType = (typeof imageMediaTypes)[number];

/** Characters of one message; a longer text belongs into a file. */
export const messageTextLimit = 1_000_000;

/** A pasted or dropped picture is at most this many base64 characters (about 3.75 MB of bytes). */
export const imageDataLimit = 5_000_000;

export interface ImageBlock {
  readonly type: 'image';
  readonly mediaType: ImageMediaType;
  /** Base64, without a data: prefix. */
  readonly data: string;
  /** File name, when it came from a file. */
  readonly name?: string;
}

export interface ToolCallBlock {
  readonly type: 'toolCall';
  /** Unique within the chat; the provider's own id where it gives one. */
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  /** Set when the model's arguments were not a JSON object; `input` is then empty and the call is answered with this. */
  readonly inputError?: string;
  readonly replay?: Replay;
}

export type UserBlock = TextBlock | ImageBlock;
export type AssistantBlock = TextBlock | ThinkingBlock | ToolCallBlock;
export type ContentBlock = UserBlock | AssistantBlock;

export interface UserMessage {
  readonly role: 'user';
  readonly id: string;
  readonly content: readonly UserBlock[];
  /** Milliseconds since the epoch, as every time in this product. */
  readonly createdAt: number;
  /** Set where it did not come from the person of this window: `an imported chat`. */
  readonly taint?: string;
  /** Who sent it and by which way, where it was not typed in the editor: `Ann, on Telegram`. */
  readonly via?: string;
  /** What the person has the agent use for it; the model reads their texts behind the content. */
  readonly skills?: readonly AttachedSkill[];
  /** Resources and prompts of MCP servers that go with it; the model reads their texts behind the content too. */
  readonly attached?: readonly AttachedContext[];
}

/** Why a reply ended. `interrupted`: cancelled, or the stream broke; the blocks are what had arrived by then. */
export type StopReason = 'end' | 'toolCalls' | 'length' | 'refused' | 'interrupted';

export interface AssistantMessage {
  readonly role: 'assistant';
  readonly id: string;
  readonly model: ModelRef;
  readonly content: readonly AssistantBlock[];
  readonly stopReason: StopReason;
  readonly createdAt: number;
  /** As of a user's message. */
  readonly taint?: string;
}

/** How a tool call ended; only `completed` is a success. */
export type ToolOutcome = 'completed' | 'failed' | 'rejected' | 'cancelled' | 'interrupted';

export interface ToolMessage {
  readonly role: 'tool';
  readonly id: string;
  /** The id of the ToolCallBlock this answers. */
  readonly callId: string;
  readonly toolName: string;
  readonly content: readonly UserBlock[];
  readonly outcome: ToolOutcome;
  readonly createdAt: number;
  /** Who else than the person and their files speaks in it: `a web page (example.org)`. */
  readonly taint?: string;
}

export type Message = UserMessage | AssistantMessage | ToolMessage;

/** Tokens of one model request, or a sum of several. */
export interface TokenUsage {
  /** All input tokens, cached ones included. */
  readonly input: number;
  readonly output: number;
  /** Part of `input` that was read from the provider's prompt cache. */
  readonly cachedInput: number;
  /** Part of `input` that was written to the provider's prompt cache. */
  readonly cacheWrite: number;
  /** Part of `output` that was reasoning. */
  readonly reasoning: number;
}

export const noUsage: TokenUsage = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };

export const addUsage = (a: TokenUsage, b: TokenUsage): TokenUsage => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cachedInput: a.cachedInput + b.cachedInput,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  reasoning: a.reasoning + b.reasoning,
});

/** The text of a message's text blocks, joined by blank lines. Thinking is not text. */
export const textOf = (content: readonly ContentBlock[]): string =>
  content.flatMap((block) => (block.type === 'text' && block.text !== '' ? [block.text] : [])).join('\n\n');

export const toolCallsOf = (message: AssistantMessage): readonly ToolCallBlock[] =>
  message.content.filter((block) => block.type === 'toolCall');
