import type { MarkedToken, Token, Tokens } from 'marked';
import { h } from 'preact';
import { useRef } from 'preact/hooks';
import { renderHtmlBlock } from '../inline.ts';
import { lexMarkdown, nothingLexed } from '../markdown.ts';
import { memo } from '../memo.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { Inline } from './Inline.tsx';

interface BlockProps {
  readonly token: Token;
  readonly isStreaming: boolean;
}

/** Every type the lexer makes; it has no extensions here that would make another. */
const isKnown = (token: Token): token is MarkedToken => 'raw' in token;

const Blocks = ({ tokens, isStreaming }: { tokens: readonly Token[]; isStreaming: boolean }) => (
  <>
    {tokens.map((token, index) => (
      <Block key={index} token={token} isStreaming={isStreaming && index === tokens.length - 1} />
    ))}
  </>
);

const ListItem = ({ item, isStreaming }: { item: Tokens.ListItem; isStreaming: boolean }) => {
  const tokens = item.tokens.filter((token) => token.type !== 'checkbox');
  if (!item.task) {
    return (
      <li>
        <Blocks tokens={tokens} isStreaming={isStreaming} />
      </li>
    );
  }
  return (
    <li class="task">
      <input type="checkbox" disabled checked={item.checked === true} aria-label={item.text} />
      <div>
        <Blocks tokens={tokens} isStreaming={isStreaming} />
      </div>
    </li>
  );
};

const List = ({ list, isStreaming }: { list: Tokens.List; isStreaming: boolean }) =>
  h(
    list.ordered ? 'ol' : 'ul',
    list.ordered && list.start !== '' && list.start !== 1 ? { start: list.start } : {},
    list.items.map((item, index) => (
      <ListItem key={index} item={item} isStreaming={isStreaming && index === list.items.length - 1} />
    )),
  );

const Row = ({ cells, tag }: { cells: readonly Tokens.TableCell[]; tag: 'td' | 'th' }) => (
  <tr>
    {cells.map((cell, index) => (
      <Inline key={index} tag={tag} raw={cell.text} tokens={cell.tokens} align={cell.align ?? undefined} />
    ))}
  </tr>
);

const Table = ({ table }: { table: Tokens.Table }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  <section class="table-scroll" tabIndex={0} aria-label="Table">
    <table>
      <thead>
        <Row cells={table.header} tag="th" />
      </thead>
      <tbody>
        {table.rows.map((cells, index) => (
          <Row key={index} cells={cells} tag="td" />
        ))}
      </tbody>
    </table>
  </section>
);

const drawBlock = (token: MarkedToken, isStreaming: boolean) => {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'hr':
      return <hr />;
    case 'heading':
      // The view's own headings come first in the page's outline.
      return <Inline tag={`h${Math.min(6, token.depth + 2)}`} raw={token.raw} tokens={token.tokens} />;
    case 'paragraph':
      return <Inline tag="p" raw={token.raw} tokens={token.tokens} />;
    case 'text':
      return <Inline tag="span" raw={token.raw} tokens={token.tokens ?? [token]} />;
    case 'code':
      return <CodeBlock code={token.text} info={token.lang ?? ''} isStreaming={isStreaming} />;
    case 'blockquote':
      return (
        <blockquote>
          <Blocks tokens={token.tokens} isStreaming={isStreaming} />
        </blockquote>
      );
    case 'list':
      return <List list={token} isStreaming={isStreaming} />;
    case 'table':
      return <Table table={token} />;
    case 'html':
      return <div dangerouslySetInnerHTML={{ __html: renderHtmlBlock(token.text) }} />;
    default:
      return <Inline tag="span" raw={token.raw} tokens={[token]} />;
  }
};

const Block = memo<BlockProps>(({ token, isStreaming }) =>
  isKnown(token) ? drawBlock(token, isStreaming) : null,
);

/** An answer's text. While it streams, only its last block is read and drawn again. */
export const Markdown = memo(({ text, isStreaming }: { text: string; isStreaming: boolean }) => {
  const lexed = useRef(nothingLexed);
  lexed.current = lexMarkdown(lexed.current, text, !isStreaming);
  const { blocks, version } = lexed.current;
  return (
    <div class="markdown">
      <Blocks key={version} tokens={blocks} isStreaming={isStreaming} />
    </div>
  );
});
