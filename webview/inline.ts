/**
 * The inline part of Markdown (a paragraph's text, a heading, a table cell) as HTML that can do nothing: no script, no
 * style, no class, no id, no address to load, no place to go. Links carry `data-href`, which a click handler reads.
 */
import DOMPurify from 'dompurify';
import { Parser, Renderer, type Token, type Tokens } from 'marked';
import { classifyLink, isFileReference } from './links.ts';

const inlineTags = 'a abbr b br code del em i ins kbd mark q s samp small span strong sub sup u var'.split(
  ' ',
);
const blockTags =
  'blockquote caption dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre summary table tbody td tfoot th thead tr ul';
const allowedTags = new Set([...inlineTags, ...blockTags.split(' ')]);

const sanitiser = DOMPurify();

sanitiser.addHook('afterSanitizeAttributes', (element) => {
  if (element.tagName !== 'A') return;
  const href = element.getAttribute('data-href') ?? element.getAttribute('href') ?? '';
  element.removeAttribute('href');
  element.removeAttribute('data-href');
  if (classifyLink(href) === undefined) return;
  // No real href: VS Code's own click handler would open it a second time, and nothing here may navigate.
  element.setAttribute('data-href', href);
  element.setAttribute('role', 'link');
  element.setAttribute('tabindex', '0');
  // Where it leads comes first: a title of the answer's own could name another place.
  const title = element.getAttribute('title') ?? '';
  element.setAttribute('title', title === '' || title === href ? href : `${href}\n${title}`);
});

const sanitise = (html: string): string =>
  sanitiser.sanitize(html, {
    ALLOWED_TAGS: [...allowedTags],
    ALLOWED_ATTR: ['href', 'data-href', 'title', 'align', 'colspan', 'rowspan', 'start', 'open'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_NAMESPACES: ['http://www.w3.org/1999/xhtml'],
  });

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

const anchor = (href: string, title: string | null | undefined, content: string): string =>
  `<a data-href="${escapeHtml(href)}"${title ? ` title="${escapeHtml(title)}"` : ''}>${content}</a>`;

/** A tag that is not plain formatting is shown as it was written, instead of vanishing. */
const isFormatting = (html: string): boolean =>
  [...html.matchAll(/<[/!?]?([A-Za-z][\w:-]*)?/g)].every((match) =>
    allowedTags.has((match[1] ?? '').toLowerCase()),
  );

class SafeRenderer extends Renderer {
  override link({ href, title, tokens }: Tokens.Link): string {
    return anchor(href, title, this.parser.parseInline(tokens));
  }
  // Pictures would be loaded from elsewhere, which tells that somewhere what is read here: a link stands for them.
  override image({ href, title, text }: Tokens.Image): string {
    return anchor(href, title, escapeHtml(text === '' ? 'picture' : text));
  }
  override codespan({ text }: Tokens.Codespan): string {
    const code = `<code>${escapeHtml(text)}</code>`;
    return isFileReference(text) ? anchor(text, undefined, code) : code;
  }
  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    return isFormatting(text) ? text : escapeHtml(text);
  }
}

const renderer = new SafeRenderer();

/** @returns HTML without anything active in it, for tokens of inline Markdown. */
export const renderInline = (tokens: readonly Token[]): string => {
  const html = Parser.parseInline([...tokens], { renderer });
  return html.includes('<') ? sanitise(html) : html;
};

/** @returns HTML without anything active in it, for a block that was written as HTML. */
export const renderHtmlBlock = (html: string): string =>
  isFormatting(html) ? sanitise(html) : escapeHtml(html.trimEnd());

const codeSanitiser = DOMPurify();

/** What the highlighter made: spans with its own classes, and nothing else. */
export const sanitiseHighlighted = (html: string): string =>
  codeSanitiser.sanitize(html, {
    ALLOWED_TAGS: ['span'],
    ALLOWED_ATTR: ['class'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
