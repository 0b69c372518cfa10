import type { Token } from 'marked';
import { h } from 'preact';
import { renderInline } from '../inline.ts';
import { memo } from '../memo.ts';

export interface InlineProps {
  readonly tag: string;
  /** The Markdown the tokens came from: the same source is not rendered twice. */
  readonly raw: string;
  readonly tokens: readonly Token[];
  readonly align?: string | undefined;
}

const InlineHtml = ({ tag, tokens, align }: InlineProps) =>
  h(tag, { dangerouslySetInnerHTML: { __html: renderInline(tokens) }, ...(align ? { align } : {}) });

export const Inline = memo(
  InlineHtml,
  (before, after) => before.raw !== after.raw || before.tag !== after.tag,
);
