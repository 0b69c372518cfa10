import { useState } from 'preact/hooks';
import { useHighlighted } from '../highlight.ts';
import { memo } from '../memo.ts';
import { useView } from '../view.ts';
import { CopyButton } from './CopyButton.tsx';
import { IconButton } from './IconButton.tsx';

/** Longer blocks show this many lines until they are opened. */
const foldAt = 30;

export interface CodeBlockProps {
  readonly code: string;
  /** What stands behind the opening fence. */
  readonly info: string;
  readonly isStreaming: boolean;
}

const countLines = (text: string): number => {
  let count = 1;
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) count += 1;
  return count;
};

export const CodeBlock = memo(({ code, info, isStreaming }: CodeBlockProps) => {
  const { post } = useView();
  const [isOpen, setOpen] = useState(false);
  const language = /^[\w+#-]+/.exec(info.trim())?.[0]?.toLowerCase() ?? '';
  const highlighted = useHighlighted(code, language, isStreaming);
  const lines = countLines(code);
  const isLong = lines > foldAt;
  return (
    <section class="code-block" aria-label={language === '' ? 'Code' : `Code, ${language}`}>
      <div class="code-bar">
        <span class="code-language">{language === '' ? 'text' : language}</span>
        <CopyButton text={code} label="Copy code" />
        <IconButton
          icon="insert"
          label="Insert at cursor"
          onPress={() => post({ type: 'insertAtCursor', text: code })}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre class={isLong && !isOpen ? 'folded' : ''} tabIndex={0}>
        <code>
          <Coloured html={highlighted.html} />
          {code.slice(highlighted.code.length)}
        </code>
      </pre>
      {isLong && (
        <button type="button" class="code-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show less' : `Show all ${lines} lines`}
        </button>
      )}
    </section>
  );
});

const Coloured = memo(({ html }: { html: string }) => <span dangerouslySetInnerHTML={{ __html: html }} />);
