/** Telegram's subset of HTML as its server reads it. */
const tags = new Set(
  'b strong i em u ins s strike del span tg-spoiler a tg-emoji code pre blockquote'.split(' '),
);

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

const decode = (text: string): string =>
  text.replace(/&(?:(lt|gt|amp|quot)|#(\d+)|#x([0-9a-f]+));/gi, (whole, name, decimal, hexadecimal) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    return String.fromCodePoint(
      decimal === undefined ? Number.parseInt(String(hexadecimal), 16) : Number(decimal),
    );
  });

/** @returns what a reader sees; `error` is the end of Telegram's own message */
export const readTelegramHtml = (html: string): { readonly text: string } | { readonly error: string } => {
  const open: string[] = [];
  let text = '';
  let at = 0;
  for (;;) {
    const start = html.indexOf('<', at);
    if (start < 0) break;
    text += decode(html.slice(at, start));
    const end = html.indexOf('>', start);
    if (end < 0) return { error: `Unclosed start tag at byte offset ${start}` };
    const tag = html.slice(start + 1, end);
    const closing = /^\/([a-z-]*)\s*$/.exec(tag)?.[1];
    if (closing !== undefined) {
      const last = open.pop();
      if (last === undefined) return { error: `Unexpected end tag at byte offset ${start}` };
      if (closing !== '' && closing !== last)
        return {
          error: `Unmatched end tag at byte offset ${start}, expected "</${last}>", found "</${closing}>"`,
        };
    } else {
      const match = /^([a-z-]+)((?:\s+[a-z-]+(?:=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*)\s*$/i.exec(tag);
      const name = match?.[1]?.toLowerCase() ?? tag;
      if (match === null || !tags.has(name))
        return { error: `Unsupported start tag "${name}" at byte offset ${start}` };
      if (name === 'span' && !/class=["']tg-spoiler["']/.test(match[2] ?? ''))
        return { error: `Tag "span" must have class "tg-spoiler" at byte offset ${start}` };
      if (name === 'blockquote' && open.includes(name))
        return { error: `Blockquotes cannot be nested at byte offset ${start}` };
      open.push(name);
    }
    at = end + 1;
  }
  text += decode(html.slice(at));
  const unclosed = open.at(-1);
  if (unclosed !== undefined) return { error: `Can't find end tag corresponding to start tag "${unclosed}"` };
  return { text };
};
