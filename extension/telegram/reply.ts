/** What a bot says: the texts of its messages. Pure. */
import { counted, cutText } from '../core/text.ts';
import type { FileDiff } from '../shared/event.ts';
import { markdownBlocks } from './html.ts';
import { diffTitle, note, oneLine, outgoing } from './replyWords.ts';
import { bold, plainSpan, type RichText, toText } from './richText.ts';
import { partLimit, splitBlocks } from './split.ts';
import type { Outgoing, Upload } from './types.ts';

export { answeredText, approvalText } from './approvalText.ts';
export { endText, statusText } from './statusText.ts';

export interface Answer {
  readonly messages: readonly Outgoing[];
  /** The whole of it, where the messages are only its beginning. Sent behind them. */
  readonly document?: Upload;
}

const mostMessages = 3;

/** Markdown is at least as long as what is shown of it, but for the fill of tables: more than this is not even parsed. */
const longestParsed = partLimit * (mostMessages + 1);

/** Characters of an answer that stand above its document. */
const beginningLimit = 3_000;

/** Telegram takes no message of nothing but spaces and what cannot be seen. */
const isEmpty = (rich: RichText): boolean => /^[\s\p{Default_Ignorable_Code_Point}]*$/u.test(toText(rich));

/** @param name of the document, without an ending; @returns no message for an answer without text */
export const answerParts = (markdown: string, name: string): Answer => {
  const blocks = markdownBlocks(markdown.slice(0, longestParsed));
  const parts = splitBlocks(blocks).filter((part) => !isEmpty(part));
  if (markdown.length <= longestParsed && parts.length <= mostMessages)
    return { messages: parts.map((part) => outgoing(part)) };
  const [beginning = []] = splitBlocks(blocks, beginningLimit);
  const size = counted(markdown.length, 'character');
  const says: RichText = [
    plainSpan('\n…\n'),
    bold(`This is the beginning. The whole answer (${size}) is in the document.`),
  ];
  return {
    messages: [outgoing([...beginning, ...says])],
    document: {
      name: `${fileName(name)}.md`,
      bytes: new TextEncoder().encode(markdown),
      kind: 'document',
      caption: `The whole answer, ${size}`,
    },
  };
};

/** A name that every system takes; `answer` where nothing is left. */
const fileName = (name: string): string =>
  name
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
    .toWellFormed() || 'answer';

const shownFiles = 40;

/** What a chat has changed so far. */
export const filesText = (diffs: readonly FileDiff[]): Outgoing => {
  const byPath = new Map<string, FileDiff>();
  for (const diff of diffs) {
    const before = byPath.get(diff.path);
    const sum =
      before === undefined
        ? diff
        : { ...diff, added: before.added + diff.added, removed: before.removed + diff.removed };
    byPath.set(
      diff.path,
      before?.kind === 'created' && diff.kind === 'changed' ? { ...sum, kind: 'created' } : sum,
    );
  }
  if (byPath.size === 0) return note('No file was changed in this chat.');
  const lines: string[] = [];
  let length = 0;
  for (const diff of byPath.values()) {
    const line = `• ${diffTitle(diff)}`;
    length += line.length + 1;
    if (lines.length === shownFiles || length > beginningLimit) break;
    lines.push(line);
  }
  const missing = byPath.size - lines.length;
  const more = missing === 0 ? '' : `\n… and ${counted(missing, 'more', 'more')}, in the chat in VS Code`;
  return note(`${counted(byPath.size, 'file')} changed in this chat`, `${lines.join('\n')}${more}`);
};

export interface NoticedJob {
  /** Of the chat. */
  readonly title: string;
  readonly agentName: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

const noticeLimit = 1_200;

/** Tells that a job at the desk is over. @param text the last answer, as Markdown, or why it failed */
export const noticeText = (kind: 'completed' | 'failed', job: NoticedJob, text: string): Outgoing => {
  const title = oneLine(job.title, 100) || 'Untitled chat';
  const head = `${kind === 'completed' ? '✅ Finished' : '❌ Failed'}: ${title}`;
  const minutes = Math.max(1, Math.round((job.endedAt - job.startedAt) / 60_000));
  const about = `\n${oneLine(job.agentName, 80)}, in VS Code, ${minutes} min\n\n`;
  const blocks = markdownBlocks(cutText(text, longestParsed).trim());
  const [beginning = [], ...rest] = splitBlocks(blocks, noticeLimit);
  const more = rest.length === 0 ? [] : [plainSpan('\n… the rest is in the chat in VS Code.')];
  return outgoing([bold(head), plainSpan(about), ...beginning, ...more]);
};
