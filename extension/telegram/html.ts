/** What a model writes, as Telegram can show it. */
import { Lexer, type MarkedToken, type Token, type Tokens } from 'marked';
import { tableText } from './markdownTable.ts';
import { cleanText, type RichText, type Span, type Tag, toHtml, toPlain, toText } from './richText.ts';

/** Lists in lists and the like; what is deeper is shown as it was written. */
const deepest = 12;

const longestAddress = 2_000;

const addressKinds = new Set(['http:', 'https:', 'tg:', 'mailto:']);

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

const named = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|apos|nbsp);/g, (whole, name: string) => entities[name] ?? whole);

const isMarked = (token: Token): token is MarkedToken => 'raw' in token;

/** Within code nothing else can be marked, and outside of it only quotes can be; a link is worth more than code. */
const codeTags = (tags: readonly Tag[], own: Tag): readonly Tag[] =>
  tags.some(({ name }) => name === 'a') ? tags : [...tags.filter(({ name }) => name === 'blockquote'), own];

const withTag = (tags: readonly Tag[], own: Tag): readonly Tag[] =>
  tags.some(({ name }) => name === own.name) ? tags : [...tags, own];

const addressOf = (href: string): string | undefined => {
  const address = URL.parse(named(href))?.href;
  if (address === undefined || address.length > longestAddress) return undefined;
  return addressKinds.has(new URL(address).protocol) ? address : undefined;
};

/**
 * A link where it leads somewhere outside; else its text, with where it leads to.
 * @param label given the tags it is in
 */
const link = (href: string, tags: readonly Tag[], label: (tags: readonly Tag[]) => RichText): RichText => {
  const address = addressOf(href);
  if (address !== undefined) return label(withTag(tags, { name: 'a', value: address }));
  const target = cleanText(named(href));
  const text = label(tags);
  return toText(text) === target ? text : [...text, { text: ` (${target})`, tags }];
};

const inline = (tokens: readonly Token[], tags: readonly Tag[], depth: number): RichText =>
  tokens.flatMap((token) => {
    if (!isMarked(token)) return [];
    const marked = (own: Tag, children: readonly Token[]): RichText =>
      inline(children, withTag(tags, own), depth + 1);
    if (depth > deepest) return [{ text: token.raw, tags }];
    switch (token.type) {
      case 'strong':
        return marked({ name: 'b' }, token.tokens);
      case 'em':
        return marked({ name: 'i' }, token.tokens);
      case 'del':
        return marked({ name: 's' }, token.tokens);
      case 'codespan':
        return [{ text: token.text, tags: codeTags(tags, { name: 'code' }) }];
      case 'br':
        return [{ text: '\n', tags }];
      case 'checkbox':
        return [{ text: token.checked ? '☑ ' : '☐ ', tags }];
      case 'link':
        return link(token.href, tags, (inner) => inline(token.tokens, inner, depth + 1));
      case 'image':
        return link(token.href, tags, (inner) => [{ text: named(token.text) || 'picture', tags: inner }]);
      case 'text':
        return 'tokens' in token && token.tokens !== undefined
          ? inline(token.tokens, tags, depth + 1)
          : [{ text: named(token.text), tags }];
      case 'escape':
        return [{ text: token.text, tags }];
      default:
        return [{ text: token.raw, tags }];
    }
  });

const joined = (parts: readonly RichText[], separator: Span): RichText =>
  parts.flatMap((part, index) => (index === 0 ? part : [separator, ...part]));

const list = (token: Tokens.List, tags: readonly Tag[], indent: string, depth: number): RichText => {
  const first = typeof token.start === 'number' ? token.start : 1;
  const items = token.items.map((item, index): RichText => {
    const mark = token.ordered ? `${first + index}. ` : item.task ? '' : '• ';
    const content = blocksOf(item.tokens, tags, `${indent}   `, depth + 1);
    return [{ text: `${indent}${mark}`, tags }, ...joined(content, { text: '\n', tags })];
  });
  return joined(items, { text: '\n', tags });
};

const languageOf = (lang: string | undefined): string | undefined =>
  /^[A-Za-z0-9+#_.-]{1,30}/.exec(lang ?? '')?.[0];

/** One block, without a line break at its end. `undefined`: there is nothing to show. */
const block = (
  token: MarkedToken,
  tags: readonly Tag[],
  indent: string,
  depth: number,
): RichText | undefined => {
  if (depth > deepest) return [{ text: token.raw.trimEnd(), tags }];
  switch (token.type) {
    case 'space':
    case 'def':
      return undefined;
    case 'heading':
      return inline(token.tokens, withTag(tags, { name: 'b' }), depth + 1);
    case 'paragraph':
      return inline(token.tokens, tags, depth + 1);
    case 'code': {
      const language = languageOf(token.lang);
      const own: Tag = { name: 'pre', ...(language === undefined ? {} : { value: language }) };
      return [{ text: token.text, tags: codeTags(tags, own) }];
    }
    case 'blockquote': {
      const inner = withTag(tags, { name: 'blockquote' });
      return joined(blocksOf(token.tokens, inner, indent, depth + 1), { text: '\n', tags: inner });
    }
    case 'list':
      return list(token, tags, indent, depth);
    case 'hr':
      return [{ text: '———', tags }];
    case 'table': {
      const cells = (row: readonly Tokens.TableCell[]): string[] =>
        row.map((cell) => toText(inline(cell.tokens, [], depth + 1)).replaceAll('\n', ' '));
      const text = tableText([token.header, ...token.rows].map(cells), token.align);
      return [{ text, tags: codeTags(tags, { name: 'pre' }) }];
    }
    case 'html':
      return [{ text: token.raw.trimEnd(), tags }];
    default:
      return inline([token], tags, depth);
  }
};

/** A list that follows on the text of its item begins on a line of its own; the marks of tasks stand before theirs. */
const blocksOf = (
  tokens: readonly Token[],
  tags: readonly Tag[],
  indent: string,
  depth: number,
): readonly RichText[] => {
  const blocks: RichText[] = [];
  let mark: RichText = [];
  for (const token of tokens) {
    if (!isMarked(token)) continue;
    if (token.type === 'checkbox') {
      mark = inline([token], tags, depth);
      continue;
    }
    const rich = block(token, tags, indent, depth);
    if (rich === undefined || toText(rich) === '') continue;
    blocks.push([...mark, ...rich]);
    mark = [];
  }
  return mark.length === 0 ? blocks : [...blocks, mark];
};

const tokensOf = (markdown: string): readonly Token[] | undefined => {
  try {
    return new Lexer().lex(markdown);
  } catch {
    // Nested deeper than the parser can go.
    return undefined;
  }
};

/** The blocks of a text; all but the last end with the empty line that parts them. */
export const markdownBlocks = (markdown: string): readonly RichText[] => {
  const text = cleanText(markdown);
  const tokens = tokensOf(text);
  const blocks = tokens === undefined ? [[{ text, tags: [] }]] : blocksOf(tokens, [], '', 0);
  return blocks.map((rich, index) => {
    const clean = rich.map((span) => ({ ...span, text: cleanText(span.text) }));
    return index === blocks.length - 1 ? clean : [...clean, { text: '\n\n', tags: [] }];
  });
};

export const markdownToHtml = (markdown: string): string => toHtml(markdownBlocks(markdown).flat());

/** The same without any marks. */
export const markdownToPlain = (markdown: string): string => toPlain(markdownBlocks(markdown).flat());
