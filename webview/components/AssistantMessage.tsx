import { textOf } from '../../extension/shared/message.ts';
import { useChat } from '../chatContext.ts';
import { messageContext } from '../context.ts';
import type { ItemOf } from '../rows.ts';
import { Markdown } from './Markdown.tsx';
import { MessageActions } from './MessageActions.tsx';
import { Thinking } from './Thinking.tsx';

const endings: Readonly<Record<string, string>> = {
  length: 'The answer stops here because it reached the length limit of the model.',
  refused: 'The model declined to go on.',
};

/** A reply: thinking and text in the order they came. Its tool calls are drawn as steps of their own. */
export const AssistantMessage = ({ item }: { item: ItemOf<'assistant'> }) => {
  const { id, message, streaming, thinkingMs } = item;
  const { sessionId } = useChat();
  const { content } = message;
  const firstThinking = content.findIndex((block) => block.type === 'thinking');
  const text = streaming ? '' : textOf(content);
  const ending = streaming ? undefined : endings[message.stopReason];
  return (
    <section
      class="assistant-message"
      data-test="assistant"
      data-item={id}
      data-vscode-context={streaming ? undefined : messageContext(sessionId, id, 'assistant')}
      aria-label="Answer"
    >
      {content.map((block, index) => {
        const isLast = streaming && index === content.length - 1;
        if (block.type === 'thinking') {
          return (
            <Thinking
              key={index}
              text={block.text}
              isStreaming={isLast}
              time={index === firstThinking ? thinkingMs : undefined}
            />
          );
        }
        if (block.type === 'toolCall') return null;
        return <Markdown key={index} text={block.text} isStreaming={isLast} />;
      })}
      {ending !== undefined && <p class="ending">{ending}</p>}
      {text !== '' && <MessageActions itemId={id} kind="assistant" text={text} />}
    </section>
  );
};
