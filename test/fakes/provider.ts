import type { ModelEvent, ModelRequest, Provider } from '../../extension/core/provider.ts';
import type { AssistantBlock, JsonObject } from '../../extension/shared/message.ts';

/** One reply: events in order; a thrown value breaks the stream there; a function may look at the request. */
export type ScriptedReply =
  | readonly (ModelEvent | Error)[]
  | ((request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent>);

export interface FakeProvider extends Provider {
  readonly requests: ModelRequest[];
  /** What it answers next, behind the replies it has. */
  add(...more: readonly ScriptedReply[]): void;
}

export const usage = { input: 10, output: 5, cachedInput: 0, cacheWrite: 0, reasoning: 0 };

export const textReply = (text: string): ModelEvent[] => [
  { type: 'text', text },
  { type: 'usage', usage },
  { type: 'done', content: [{ type: 'text', text }], stopReason: 'end' },
];

export const call = (id: string, name: string, input: JsonObject = {}): AssistantBlock => ({
  type: 'toolCall',
  id,
  name,
  input,
});

export const callReply = (...calls: readonly AssistantBlock[]): ModelEvent[] => [
  { type: 'usage', usage },
  { type: 'done', content: calls, stopReason: 'toolCalls' },
];

/** Answers the n-th request with the n-th reply; past the end with `ok`. */
export const fakeProvider = (scripted: readonly ScriptedReply[]): FakeProvider => {
  const requests: ModelRequest[] = [];
  const replies = [...scripted];
  return {
    requests,
    add: (...more) => void replies.push(...more),
    listModels: async () => [],
    async *stream({ ready, ...request }, signal) {
      await ready;
      requests.push(structuredClone(request));
      const reply = replies[requests.length - 1] ?? textReply('ok');
      if (typeof reply === 'function') {
        yield* reply(request, signal);
        return;
      }
      for (const event of reply) {
        await Promise.resolve();
        signal.throwIfAborted();
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  };
};
