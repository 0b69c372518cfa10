import { useState } from 'preact/hooks';
import { duration } from '../format.ts';
import { Icon } from './Icon.tsx';
import { Markdown } from './Markdown.tsx';

export interface ThinkingProps {
  readonly text: string;
  readonly isStreaming: boolean;
  /** In milliseconds, where it was seen live. */
  readonly time: number | undefined;
}

/** One folded line; the text is only drawn, and only streams, while it is open. */
export const Thinking = ({ text, isStreaming, time }: ThinkingProps) => {
  const [isOpen, setOpen] = useState(false);
  const label = isStreaming ? 'Thinking' : time === undefined ? 'Thought' : `Thought for ${duration(time)}`;
  if (text.trim() === '') {
    // Redacted or encrypted reasoning: there is nothing to open.
    return <div class="thinking thinking-line">{label}</div>;
  }
  return (
    <div class="thinking">
      <button type="button" class="thinking-line" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        <span>{label}</span>
      </button>
      {isOpen && (
        <div class="thinking-text">
          <Markdown text={text} isStreaming={isStreaming} />
        </div>
      )}
    </div>
  );
};
