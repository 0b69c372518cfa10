/** Markdown cut into blocks that keep their identity while a reply grows. */
import { Lexer, type Token, type TokensList } from 'marked';

export interface Lexed {
  readonly text: string;
  readonly blocks: readonly Token[];
  readonly links: TokensList['links'];
  /** Read in one go: a link whose address is defined further down leads there. */
  readonly isWhole: boolean;
  /** Grows when blocks with the same source mean something else now, so that all of them are to be drawn again. */
  readonly version: number;
}

export const nothingLexed: Lexed = { text: '', blocks: [], links: {}, isWhole: false, version: 0 };

const lex = (text: string, links: TokensList['links']): TokensList => {
  const lexer = new Lexer({ gfm: true });
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(text);
};

/** Tokens that are the same as before stay the same objects, so that what they draw is not drawn again. */
const reuse = (before: readonly Token[], after: readonly Token[]): readonly Token[] =>
  after.map((token, index) => {
    const old = before[index];
    return old !== undefined && old.raw === token.raw && old.type === token.type ? old : token;
  });

/** Only the last block can still change; blank lines after it belong to nothing yet. */
const openBlockIndex = (blocks: readonly Token[]): number =>
  blocks.findLastIndex((block) => block.type !== 'space');

/**
 * The blocks of `text`. When it continues `previous.text`, only the last block is read again: a block that another
 * one follows is finished in Markdown, save for link definitions further down (`isFinal` reads those too).
 */
export const lexMarkdown = (previous: Lexed, text: string, isFinal: boolean): Lexed => {
  if (previous.text === text && (previous.isWhole || !isFinal)) return previous;
  // The lexer reads \r\n as \n, which would shift the offsets below.
  const source = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
  const open = openBlockIndex(previous.blocks);
  if (isFinal || open <= 0 || !source.startsWith(previous.text)) {
    const tokens = lex(source, {});
    const { links } = tokens;
    const isRead = { text: source, links, isWhole: isFinal };
    return isFinal && Object.keys(links).length > 0
      ? { ...isRead, blocks: tokens, version: previous.version + 1 }
      : { ...isRead, blocks: reuse(previous.blocks, tokens), version: previous.version };
  }
  const kept = previous.blocks.slice(0, open);
  const offset = kept.reduce((length, block) => length + block.raw.length, 0);
  const tokens = lex(source.slice(offset), previous.links);
  return {
    text: source,
    blocks: [...kept, ...reuse(previous.blocks.slice(open), tokens)],
    links: tokens.links,
    isWhole: false,
    version: previous.version,
  };
};
