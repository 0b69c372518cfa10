import {
  type ChatCompletionRequest,
  type ChatMessage,
  type FixtureResponse,
  LLMock,
} from '@copilotkit/aimock';

const textOf = (message: ChatMessage | undefined): string => {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
};

/**
 * A model that does what the message says. Each line is one reply: `call NAME {json}` (several with ` ;; ` between
 * them) or `say TEXT`. Past the last line it says `finished:` and the last result.
 */
export const puppetReply = (request: ChatCompletionRequest): FixtureResponse => {
  const { messages } = request;
  const lastQuestion = messages.findLastIndex(
    (message) => message.role === 'user' && /^(call|say) /.test(textOf(message)),
  );
  const lines = textOf(messages[lastQuestion]).split('\n');
  const replies = messages.slice(lastQuestion + 1).filter((message) => message.role === 'assistant').length;
  const line = lines[replies];
  if (line?.startsWith('call ')) {
    const toolCalls = line
      .slice('call '.length)
      .split(' ;; ')
      .map((part) => {
        const space = part.indexOf(' ');
        return { name: part.slice(0, space), arguments: part.slice(space + 1) };
      });
    return { content: '', toolCalls };
  }
  if (line?.startsWith('say ')) return { content: line.slice('say '.length) };
  const result = messages.findLast((message) => message.role === 'tool');
  return { content: `finished: ${textOf(result)}` };
};

/** @param tokensPerSecond how fast it streams */
export const startPuppetModel = async (tokensPerSecond = 2_000): Promise<LLMock> => {
  const model = new LLMock({ port: 0, host: '127.0.0.1' });
  const streamingProfile = { ttft: 5, tps: tokensPerSecond };
  model.on({ predicate: () => true, endpoint: 'chat' }, puppetReply, { chunkSize: 5, streamingProfile });
  await model.start();
  return model;
};
