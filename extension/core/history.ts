/**
 * Pure projections of stored chat items into a model request. Rows are never changed: whatever was cancelled, rejected
 * or killed, the request that comes out is valid, and the same rows give the same bytes, so prompt caches hit.
 */
import type { ChatItem, StepRecord } from '../shared/chat.ts';
import {
  type AssistantMessage,
  type ContentBlock,
  type Message,
  noUsage,
  type TokenUsage,
  type ToolCallBlock,
  type ToolMessage,
  textOf,
  toolCallsOf,
} from '../shared/message.ts';
import type { ModelRequest } from './provider.ts';

export const interruptedText =
  'No result: the step was interrupted before it finished. It may or may not have taken effect; check before you repeat it.';

const interruptedResult = (call: ToolCallBlock, message: AssistantMessage): ToolMessage => ({
  role: 'tool',
  id: `missing-${call.id}`,
  callId: call.id,
  toolName: call.name,
  content: [{ type: 'text', text: interruptedText }],
  outcome: 'interrupted',
  createdAt: message.createdAt,
});

/** Behind the result of a step that was undone, so that the model does not go on from files that are not so any more. */
export const undoneText =
  '[The person undid this step later: the files are as they were before it. Read them again before you change them.]';

const resultOf = ({ result, undo }: StepRecord): ToolMessage | undefined =>
  result === undefined || undo?.undoneAt === undefined
    ? result
    : { ...result, content: [...result.content, { type: 'text', text: undoneText }] };

/** The messages that a chat's items stand for, as they were stored; what was undone says so. */
export const messagesOf = (items: readonly ChatItem[]): readonly Message[] => {
  const messages: Message[] = [];
  for (const item of items) {
    if (item.kind === 'user') messages.push(item.message);
    else if (item.kind === 'assistant' && !item.streaming) messages.push(item.message);
    else if (item.kind === 'step') {
      const result = resultOf(item.record);
      if (result !== undefined) messages.push(result);
    }
  }
  return messages;
};

/**
 * Every tool call gets exactly one result, right after its message and in the order of the calls: a missing one says
 * that the step was interrupted, a second one and one without its call are left out. Empty replies are left out.
 */
export const repairHistory = (messages: readonly Message[]): readonly Message[] => {
  const repaired: Message[] = [];
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index];
    if (message === undefined || message.role === 'tool') continue;
    if (message.role === 'user') {
      if (message.content.length > 0) repaired.push(message);
      continue;
    }
    if (message.content.length === 0) continue;
    const results = new Map<string, ToolMessage>();
    for (let next = index + 1; next < messages.length; next += 1) {
      const later = messages[next];
      if (later === undefined || later.role === 'assistant') break;
      // Behind a message of the person too, where two windows wrote into one chat.
      if (later.role === 'tool' && !results.has(later.callId)) results.set(later.callId, later);
    }
    repaired.push(message);
    for (const call of toolCallsOf(message)) {
      repaired.push(results.get(call.id) ?? interruptedResult(call, message));
    }
  }
  return repaired;
};

/** A request ends with something to answer; a chat that goes on after its last reply says so to the model. */
export const endWithInput = (messages: readonly Message[]): readonly Message[] => {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return messages;
  return [
    ...messages,
    {
      role: 'user',
      id: `continue-${last.id}`,
      content: [
        { type: 'text', text: 'Your last reply was cut off or the chat was paused. Go on from there.' },
      ],
      createdAt: last.createdAt,
    },
  ];
};

const imageTokens = 1_600;
const charactersPerToken = 3.5;

const estimateBlock = (block: ContentBlock): number => {
  switch (block.type) {
    case 'image':
      return imageTokens;
    case 'toolCall':
      return (JSON.stringify(block.input).length + block.name.length) / charactersPerToken;
    default:
      return block.text.length / charactersPerToken;
  }
};

/** A cautious guess: providers count differently, and the exact number comes back with the reply. */
export const estimateTokens = (messages: readonly Message[]): number =>
  Math.ceil(
    messages.reduce(
      (sum, message) => sum + 8 + message.content.reduce((inner, block) => inner + estimateBlock(block), 0),
      0,
    ),
  );

const isUndoneNote = (block: ContentBlock | undefined): boolean =>
  block?.type === 'text' && block.text === undoneText;

/** What it says of an undo stays: nothing else in the chat does. */
const estimateText = (text: string): number => text.length / charactersPerToken;

/**
 * What a request takes where the server does not say so, or broke off before it had said all.
 * @param content what came of it
 * @param told what the server has said so far
 */
export const estimateUsage = (
  { system, messages, tools }: Pick<ModelRequest, 'system' | 'messages' | 'tools'>,
  content: readonly ContentBlock[],
  told: TokenUsage = noUsage,
): TokenUsage => {
  const output = Math.ceil(content.reduce((sum, block) => sum + estimateBlock(block), 0));
  const input =
    told.input > 0
      ? told.input
      : estimateTokens(messages) + Math.ceil(estimateText(system) + estimateText(JSON.stringify(tools)));
  return { ...told, input, output: Math.max(told.output, output) };
};

const trimmedContent = (message: ToolMessage): ToolMessage => {
  const notes = message.content.slice(isUndoneNote(message.content.at(-1)) ? -1 : message.content.length);
  const text = textOf(message.content.slice(0, message.content.length - notes.length));
  const images = message.content.filter((block) => block.type === 'image').length;
  const was = images === 0 ? `${text.length} characters` : `${text.length} characters and ${images} images`;
  return {
    ...message,
    content: [
      { type: 'text', text: `[Removed to fit the context: ${was}. Run the tool again if you need it.]` },
      ...notes,
    ],
  };
};

/** Results shorter than this stay: taking them out would not help. In characters. */
const worthTrimming = 400;
/**
 * Part of the budget that is left once something had to be taken out, so that the next requests need not take out more:
 * each time one does, the provider's prompt cache is lost from there on.
 */
const trimmedPart = 0.7;

/**
 * Takes the contents of tool results out where the estimate is above `budget` tokens: the oldest first, and those that
 * the model has not seen yet only if nothing else is left. Goes through the requests of the chat one after another, so
 * that what was taken out of one stays out of all that follow. Returns the same array when everything fits; may end
 * above the budget when there is nothing left to take.
 */
export const fitToContext = (messages: readonly Message[], budget: number): readonly Message[] => {
  const fitted = [...messages];
  let total = 0;
  let seen = 0;

  const takeOut = (from: number, to: number, goal: number): void => {
    for (let index = from; index < to && total > goal; index += 1) {
      const message = fitted[index];
      if (message?.role !== 'tool') continue;
      const size = estimateTokens([message]);
      if (size * charactersPerToken <= worthTrimming) continue;
      const trimmed = trimmedContent(message);
      fitted[index] = trimmed;
      total -= size - estimateTokens([trimmed]);
    }
  };
  const fitRequest = (end: number): void => {
    if (total <= budget) return;
    takeOut(0, seen, budget * trimmedPart);
    takeOut(seen, end, budget);
  };

  for (const [index, message] of messages.entries()) {
    if (message.role === 'assistant') {
      fitRequest(index);
      seen = index;
    }
    total += estimateTokens([message]);
  }
  fitRequest(messages.length);
  return fitted.every((message, index) => message === messages[index]) ? messages : fitted;
};
