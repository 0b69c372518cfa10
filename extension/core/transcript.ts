/** A chat as Markdown, for people to read elsewhere. Pure. */
import type { ChatItem, Notice, StepRecord } from '../shared/chat.ts';
import type { FileDiff } from '../shared/event.ts';
import { type ImageBlock, textOf, type UserBlock } from '../shared/message.ts';
import type { Session } from '../shared/session.ts';

/** Where the reader is: `2026-11-24 14:05`. */
const moment = (at: number): string => {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
};

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Text that stands for itself within a line. */
const plain = (text: string): string => oneLine(text).replaceAll(/[\\`*_[\]<>#|~]/g, '\\$&');

const longestRun = (text: string, mark: string): number =>
  (text.match(new RegExp(`${mark}+`, 'g')) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);

const inlineCode = (text: string): string => {
  const line = oneLine(text);
  if (line === '') return '';
  const mark = '`'.repeat(longestRun(line, '`') + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${mark}${space}${line}${space}${mark}`;
};

/** A fence that nothing in the text can close. */
const fenced = (text: string, language: string): string => {
  const fence = '`'.repeat(Math.max(3, longestRun(text, '`') + 1));
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
};

/** A reply that was cut off within a code block must not swallow what follows it. */
const withClosedFence = (text: string): string => {
  let open = '';
  for (const line of text.split('\n')) {
    const [, fence = '', rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === '') continue;
    if (open === '') {
      if (fence.startsWith('~') || !rest.includes('`')) open = fence;
    } else if (fence[0] === open[0] && fence.length >= open.length && rest.trim() === '') open = '';
  }
  return open === '' ? text : `${text}\n${open}`;
};

/** What the person wrote is shown as it is, and whatever it opens ends with it. */
const quoted = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');

const pictureNote = ({ name, mediaType, data }: ImageBlock): string => {
  const size = Math.max(1, Math.round((data.length * 3) / 4 / 1_000));
  return `*Picture${name === undefined ? '' : ` ${plain(name)}`} (${mediaType}, ${size} kB), not included.*`;
};

const pictures = (content: readonly UserBlock[]): readonly string[] =>
  content.flatMap((block) => (block.type === 'image' ? [pictureNote(block)] : []));

const folded = (summary: string, content: string): string =>
  `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;

const diffTitle = ({ path, kind, movedTo, added, removed }: FileDiff): string => {
  const target = movedTo === undefined ? '' : ` to ${inlineCode(movedTo)}`;
  return `${inlineCode(path)} ${kind}${target}, +${added} -${removed}`;
};

const diffBlocks = (diff: FileDiff): readonly string[] => {
  if (diff.patch === '') return [diffTitle(diff)];
  const omitted = diff.omittedLines === 0 ? [] : [`*${diff.omittedLines} more lines are not shown.*`];
  return [diffTitle(diff), fenced(diff.patch, 'diff'), ...omitted];
};

const outcome = ({ status, summary, decision }: StepRecord): string => {
  const words = plain(summary);
  switch (status) {
    case 'completed':
      return words === '' ? 'done' : words;
    case 'failed':
      return words === '' ? 'failed' : `failed: ${words}`;
    case 'rejected': {
      const reason = plain(decision?.reason ?? '');
      return reason === '' ? 'rejected' : `rejected: ${reason}`;
    }
    case 'waiting':
      return 'waits for an answer';
    default:
      return status;
  }
};

const stepBlocks = (record: StepRecord): readonly string[] => {
  const { step, result, diffs, undo } = record;
  const text = result === undefined ? '' : textOf(result.content);
  const title = inlineCode(step.title);
  const taken = undo?.undoneAt === undefined ? '' : ', undone later';
  return [
    `- **${plain(step.tool)}** ${title}${title === '' ? '' : ' '}— ${outcome(record)}${taken}`,
    ...diffs.flatMap(diffBlocks),
    ...(text === '' ? [] : [folded('Result', fenced(text, 'text'))]),
    ...(result === undefined ? [] : pictures(result.content)),
  ];
};

const noticeText = (notice: Notice): string => {
  switch (notice.kind) {
    case 'cancelled':
      return '*Stopped.*';
    case 'failed':
      return `*Failed: ${plain(notice.error.message)}*`;
    case 'interrupted':
      return `*Interrupted: ${plain(notice.error.message)}*`;
  }
};

const itemBlocks = (item: ChatItem, agentName: string): readonly string[] => {
  switch (item.kind) {
    case 'user': {
      const { content, createdAt, via } = item.message;
      const text = textOf(content);
      const who = via === undefined ? 'You' : plain(via);
      return [
        `## ${who}, ${moment(createdAt)}`,
        ...(text === '' ? [] : [quoted(text)]),
        ...pictures(content),
      ];
    }
    case 'assistant': {
      const text = textOf(item.message.content);
      // Steps alone speak for themselves.
      return text === ''
        ? []
        : [`## ${plain(agentName)}, ${moment(item.message.createdAt)}`, withClosedFence(text)];
    }
    case 'step':
      return stepBlocks(item.record);
    case 'notice':
      return [noticeText(item.notice)];
  }
};

/** The whole chat, oldest first, in parts. What the model only thought is left out. */
export function* markdownParts(
  session: Session,
  items: readonly ChatItem[],
  agentName = 'Agent',
): Generator<string, void> {
  const { title, createdAt, model, folder } = session;
  const facts = [
    moment(createdAt),
    plain(agentName),
    plain(`${model.provider}/${model.model}`),
    ...(folder === '' ? [] : [inlineCode(folder)]),
  ];
  yield `# ${plain(title)}\n\n${facts.join(' · ')}\n`;
  for (const item of items)
    yield itemBlocks(item, agentName)
      .map((block) => `\n${block}\n`)
      .join('');
}
