import type { ModelRequest } from '../../extension/core/provider.ts';
import type {
  AssistantBlock,
  Message,
  ModelRef,
  ToolOutcome,
  UserBlock,
} from '../../extension/shared/message.ts';
import { ask, say } from './wire.ts';

/** Vendor chunks as a stream. Test data stands for the SDK's types, of which it fills in only what is read. */
export async function* streamOf<T>(chunks: readonly T[]): AsyncGenerator<T, void> {
  yield* chunks;
}

export const said = (model: ModelRef, ...content: AssistantBlock[]): Message => ({
  role: 'assistant',
  id: 'a1',
  model,
  createdAt: 0,
  content,
  stopReason: 'end',
});

export const answered = (
  callId: string,
  content: readonly UserBlock[] = [{ type: 'text', text: 'the result' }],
  outcome: ToolOutcome = 'completed',
): Message => ({
  role: 'tool',
  id: `t-${callId}`,
  callId,
  toolName: 'read_file',
  content,
  outcome,
  createdAt: 0,
});

export const call = (id: string, replay?: AssistantBlock['replay']): AssistantBlock => ({
  type: 'toolCall',
  id,
  name: 'read_file',
  input: { path: `${id}.ts` },
  ...(replay === undefined ? {} : { replay }),
});

export const picture: UserBlock = { type: 'image', mediaType: 'image/png', data: 'AAAA' };

/** A conversation with two parallel calls, one of which failed with a picture, and a follow-up. */
export const conversation = (model: ModelRef, ...thought: AssistantBlock[]): ModelRequest =>
  ask(model, [
    say('read both'),
    said(model, ...thought, { type: 'text', text: 'I will.' }, call('a'), call('b')),
    answered('a'),
    answered('b', [{ type: 'text', text: 'no such file' }, picture], 'failed'),
    say('and now?', 'u2'),
  ]);
