/** Text with what Telegram can show of it, as pieces: tags are only written at the end, so nothing can break one. */

export interface Tag {
  readonly name: 'b' | 'i' | 's' | 'a' | 'code' | 'pre' | 'blockquote';
  /** The address of an `a`, the language of a `pre`. */
  readonly value?: string;
}

/** A piece of text in its tags, the outermost first. Neighbours share a tag by holding the same object. */
export interface Span {
  readonly text: string;
  readonly tags: readonly Tag[];
}

export type RichText = readonly Span[];

const controls = /[^\P{Cc}\n\t]/gu;

/** What Telegram would refuse or swallow: half surrogate pairs and controls, which become a replacement character. */
export const cleanText = (text: string): string =>
  text.toWellFormed().replaceAll(/\r\n?/g, '\n').replace(controls, '\ufffd');

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const opening = ({ name, value }: Tag): string => {
  if (name === 'a') return `<a href="${escapeHtml(value ?? '')}">`;
  if (name === 'pre' && value !== undefined) return `<pre><code class="language-${escapeHtml(value)}">`;
  return `<${name}>`;
};

const closing = ({ name, value }: Tag): string =>
  name === 'pre' && value !== undefined ? '</code></pre>' : `</${name}>`;

export const toHtml = (rich: RichText): string => {
  const open: Tag[] = [];
  let html = '';
  const closeTo = (depth: number): void => {
    for (const tag of open.splice(depth).reverse()) html += closing(tag);
  };
  for (const { text, tags } of rich) {
    if (text === '') continue;
    const differs = tags.findIndex((tag, index) => tag !== open[index]);
    closeTo(differs === -1 ? tags.length : differs);
    for (const tag of tags.slice(open.length)) {
      html += opening(tag);
      open.push(tag);
    }
    html += escapeHtml(text);
  }
  closeTo(0);
  return html;
};

/** As a person reads it; what Telegram counts. */
export const toText = (rich: RichText): string => rich.map(({ text }) => text).join('');

/** Longest message of Telegram, in UTF-16 units. */
const messageLimit = 4_096;

/** For where tags cannot be read: with the addresses of links behind their texts, as long as a message can hold them. */
export const toPlain = (rich: RichText): string => {
  const text = toText(rich);
  const withLinks = rich
    .map((span, index) => {
      const link = span.tags.find(({ name }) => name === 'a');
      const isLast = link !== undefined && rich[index + 1]?.tags.includes(link) !== true;
      if (!isLast) return span.text;
      const label = toText(rich.filter(({ tags }) => tags.includes(link)));
      const address = link.value ?? '';
      return [address, address.replace(/\/$/, ''), address.replace('mailto:', '')].includes(label)
        ? span.text
        : `${span.text} (${address})`;
    })
    .join('');
  return withLinks.length <= messageLimit ? withLinks : text;
};

/** @returns the pieces between two offsets of the text */
export const sliceRich = (rich: RichText, start: number, end: number): RichText => {
  const pieces: Span[] = [];
  let at = 0;
  for (const { text, tags } of rich) {
    const piece = text.slice(Math.max(0, start - at), Math.max(0, end - at));
    if (piece !== '') pieces.push({ text: piece, tags });
    at += text.length;
    if (at >= end) break;
  }
  return pieces;
};

export const plainSpan = (text: string): Span => ({ text: cleanText(text), tags: [] });
export const bold = (text: string): Span => ({ text: cleanText(text), tags: [{ name: 'b' }] });
export const code = (text: string): Span => ({ text: cleanText(text), tags: [{ name: 'code' }] });

/** @param language of letters and digits; absent: plain */
export const preformatted = (text: string, language?: string): Span => ({
  text: cleanText(text),
  tags: [{ name: 'pre', ...(language === undefined ? {} : { value: language }) }],
});
