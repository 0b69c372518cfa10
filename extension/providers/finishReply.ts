import { type ModelEvent, ProviderError } from '../core/provider.ts';
import type { AssistantBlock, StopReason } from '../shared/message.ts';

export interface FinishedReply {
  readonly content: readonly AssistantBlock[];
  readonly stopReason: StopReason;
  /** The provider's own words on why it declined. */
  readonly refusal?: string | null | undefined;
}

const nothingSaid = ({ stopReason, refusal }: FinishedReply): ProviderError => {
  if (stopReason === 'refused') {
    const why = refusal ? ` It says: "${refusal}"` : '';
    return new ProviderError(
      'refused',
      `The model declined to answer this. Rephrase the request, or choose another model.${why}`,
    );
  }
  if (stopReason === 'length') {
    return new ProviderError(
      'emptyReply',
      'The model used up its output limit before it said anything. Ask for a smaller step, or choose another model.',
    );
  }
  return new ProviderError(
    'emptyReply',
    'The model answered with nothing. Try again, or choose another model.',
  );
};

/** The last event of a stream that reached its end. Thinking alone is not an answer. */
export function* finishReply(reply: FinishedReply): Generator<ModelEvent, void> {
  const calls = reply.content.some((block) => block.type === 'toolCall');
  const says = reply.content.some((block) => block.type === 'text' && block.text.trim() !== '');
  if (!calls && !says) throw nothingSaid(reply);
  // Several servers end a turn of tool calls with "stop".
  const stopReason = calls && reply.stopReason === 'end' ? 'toolCalls' : reply.stopReason;
  yield { type: 'done', content: reply.content, stopReason };
}

/** The stream closed in good order, but in the middle of the reply. */
export const cutOff = (): ProviderError =>
  new ProviderError('network', 'The reply broke off before it was complete. Try again.');
