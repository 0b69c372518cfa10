/** What became of a message, read off the chat that it was sent to. Pure: the same items always say the same. */
import { type ChatItem, type ChatState, emptyChat, type Notice } from '../shared/chat.ts';
import { type ImageBlock, type ModelRef, textOf } from '../shared/message.ts';
import { answerParts } from './reply.ts';
import type { Outgoing, Upload } from './types.ts';

export type MessageOutcome =
  /** The chat knows nothing of it. */
  | { readonly kind: 'unsent' }
  | { readonly kind: 'completed' | 'failed' | 'cancelled' | 'interrupted'; readonly jobId: string };

/** One message of an answer. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly message: Outgoing }
  | { readonly kind: 'file'; readonly upload: Upload };

/** Pictures of one answer that are sent. */
const mostPictures = 10;

const itemsOf = (items: readonly ChatItem[], jobIds: readonly string[]): readonly ChatItem[] =>
  items.filter(({ jobId }) => jobIds.includes(jobId));

/**
 * @param items of a chat in which none of these jobs runs any more
 * @param jobIds those that were begun for the message
 */
export const outcomeOf = (items: readonly ChatItem[], jobIds: readonly string[]): MessageOutcome => {
  const own = itemsOf(items, jobIds);
  const jobId = own.at(-1)?.jobId;
  if (jobId === undefined) return { kind: 'unsent' };
  const notice = noticeOf(own, jobId);
  return { kind: notice?.kind ?? 'completed', jobId };
};

export const noticeOf = (items: readonly ChatItem[], jobId: string): Notice | undefined => {
  const item = items.findLast((each) => each.kind === 'notice' && each.jobId === jobId);
  return item?.kind === 'notice' ? item.notice : undefined;
};

/** What whoever finds it interrupted writes says nothing about when it was: it may be found much later. */
const timesOf = (item: ChatItem): readonly number[] => {
  if (item.kind === 'user') return [item.message.createdAt];
  if (item.kind === 'assistant') {
    return item.message.stopReason === 'interrupted' ? [] : [item.message.createdAt];
  }
  if (item.kind === 'notice') return item.notice.kind === 'interrupted' ? [] : [item.at];
  const { status, startedAt, endedAt } = item.record;
  return [startedAt, ...(endedAt === undefined || status === 'interrupted' ? [] : [endedAt])];
};

/** When work on it was last heard of. */
export const lastWorkAt = (items: readonly ChatItem[], jobIds: readonly string[]): number | undefined => {
  const times = itemsOf(items, jobIds).flatMap(timesOf);
  return times.length === 0 ? undefined : Math.max(...times);
};

export const firstWorkAt = (items: readonly ChatItem[], jobId: string): number | undefined => {
  const first = items.find((item) => item.jobId === jobId);
  switch (first?.kind) {
    case 'user':
    case 'assistant':
      return first.message.createdAt;
    case 'step':
      return first.record.startedAt;
    case 'notice':
      return first.at;
    case undefined:
      return undefined;
  }
};

const picturesOf = (items: readonly ChatItem[]): readonly ImageBlock[] => {
  const blocks = items.flatMap((item) => (item.kind === 'step' ? (item.record.result?.content ?? []) : []));
  const pictures = blocks.filter((block) => block.type === 'image');
  return [...new Map(pictures.map((block) => [block.data, block])).values()].slice(0, mostPictures);
};

const uploadOf = ({ name, mediaType, data }: ImageBlock, index: number): Upload => ({
  name: name ?? `picture-${index + 1}.${mediaType.slice('image/'.length)}`,
  bytes: new Uint8Array(Buffer.from(data, 'base64')),
  // As a photo it would stand still.
  kind: mediaType === 'image/gif' ? 'document' : 'photo',
});

/** What the agent said last. */
const answerOf = (items: readonly ChatItem[], jobId: string): string | undefined => {
  const said = items.findLast(
    (item) =>
      item.kind === 'assistant' &&
      item.jobId === jobId &&
      !item.streaming &&
      textOf(item.message.content) !== '',
  );
  return said?.kind === 'assistant' ? textOf(said.message.content) : undefined;
};

/** The whole answer to a message, in the order in which it is sent. Never empty. */
export const partsOf = (
  items: readonly ChatItem[],
  jobId: string,
  jobIds: readonly string[],
): readonly AnswerPart[] => {
  const own = itemsOf(items, jobIds);
  const isGone = own.length === 0;
  const instead = isGone
    ? 'The answer is not in the chat any more: it was rewound or deleted in VS Code.'
    : 'It is done; there is nothing to say about it.';
  const said = answerParts(answerOf(own, jobId) ?? instead, 'answer');
  const messages = said.messages.length > 0 ? said.messages : answerParts(instead, 'answer').messages;
  const uploads = [...(said.document === undefined ? [] : [said.document]), ...picturesOf(own).map(uploadOf)];
  return [
    ...messages.map((message): AnswerPart => ({ kind: 'text', message })),
    ...uploads.map((upload): AnswerPart => ({ kind: 'file', upload })),
  ];
};

/** The chat as the texts about it want it, with what its jobs have made. */
export const chatOf = (
  items: readonly ChatItem[],
  jobIds: readonly string[],
  session: { readonly agentId: string; readonly model: ModelRef },
): ChatState => ({ ...emptyChat(session.agentId, session.model), items: itemsOf(items, jobIds) });
