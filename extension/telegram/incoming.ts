import type { CallbackQuery, Chat, Message, MessageEntity, Update, User } from 'grammy/types';
import type { TelegramFile } from '../core/telegramStore.ts';
import type { Incoming, Sender, Where } from './types.ts';

/** The bot that reads. */
export interface Me {
  readonly botId: number;
  /** Without the @. */
  readonly username: string;
}

/** Topic 1 is the general one: messages in it are sent without a topic. */
const generalTopic = 1;

const chatTitle = (chat: Chat): string =>
  chat.title ?? [chat.first_name, chat.last_name].filter((part) => part !== undefined).join(' ');

/** A thread without `is_topic_message` is only a chain of replies. */
const topicOf = (message: Partial<Message>): number =>
  message.is_topic_message === true && message.message_thread_id !== generalTopic
    ? (message.message_thread_id ?? 0)
    : 0;

const whereOf = (chat: Chat, message: Partial<Message>): Where => ({
  chatId: chat.id,
  chatKind:
    chat.type === 'private'
      ? 'private'
      : chat.type === 'group' || chat.type === 'supergroup'
        ? 'group'
        : 'other',
  chatTitle: chatTitle(chat),
  topicId: topicOf(message),
});

const senderOf = (user: User): Sender => ({
  userId: user.id,
  name: [user.first_name, user.last_name].filter((part) => part !== undefined && part !== '').join(' '),
  ...(user.username === undefined ? {} : { username: user.username }),
});

/** Who writes as a group or a channel comes with a stand-in for `from`, and a bot is nobody to let in. */
const personOf = (message: Message): Sender | undefined =>
  message.sender_chat !== undefined || message.from === undefined || message.from.is_bot
    ? undefined
    : senderOf(message.from);

const filesOf = (message: Message): readonly TelegramFile[] => {
  const { photo, document, voice, audio } = message;
  const largest = photo?.reduce((best, each) =>
    each.width * each.height > best.width * best.height ? each : best,
  );
  const describe = (
    kind: TelegramFile['kind'],
    file: { file_id: string; file_name?: string; mime_type?: string; file_size?: number },
  ): TelegramFile => ({
    kind,
    fileId: file.file_id,
    ...(file.file_name === undefined ? {} : { name: file.file_name }),
    ...(file.mime_type === undefined ? {} : { mediaType: file.mime_type }),
    ...(file.file_size === undefined ? {} : { size: file.file_size }),
  });
  return [
    ...(largest === undefined ? [] : [describe('photo', { mime_type: 'image/jpeg', ...largest })]),
    ...(document === undefined ? [] : [describe('document', document)]),
    ...(voice === undefined ? [] : [describe('voice', { mime_type: 'audio/ogg', ...voice })]),
    ...(audio === undefined ? [] : [describe('voice', audio)]),
  ];
};

/** Offsets of entities count UTF-16 units, as strings do here. */
const wordsOf = (text: string, entity: MessageEntity): string =>
  text.slice(entity.offset, entity.offset + entity.length);

const isMentionOf = (text: string, entity: MessageEntity, me: Me): boolean =>
  (entity.type === 'mention' && wordsOf(text, entity).toLowerCase() === `@${me.username.toLowerCase()}`) ||
  (entity.type === 'text_mention' && entity.user.id === me.botId);

/** @returns the name behind the @ of a command, in lower case; undefined where it is for whoever listens */
const botOfCommand = (text: string, entity: MessageEntity): string | undefined =>
  entity.type === 'bot_command' ? wordsOf(text, entity).split('@')[1]?.toLowerCase() : undefined;

/** The first message of a topic is what its other messages seem to answer. */
const isReplyTo = (message: Message, me: Me): boolean =>
  message.reply_to_message?.from?.id === me.botId &&
  message.reply_to_message.forum_topic_created === undefined;

const startsAt = (text: string, entity: MessageEntity): boolean => text.slice(0, entity.offset).trim() === '';

/** `@bot, do it` → `do it`; `/new@bot now` → `/new now`. */
const withoutName = (text: string, entities: readonly MessageEntity[], me: Me): string => {
  const first = entities.find(
    (entity) =>
      startsAt(text, entity) && (isMentionOf(text, entity, me) || botOfCommand(text, entity) !== undefined),
  );
  if (first === undefined) return text;
  const rest = text.slice(first.offset + first.length);
  if (first.type === 'bot_command') return `${wordsOf(text, first).split('@')[0]}${rest}`;
  return rest.replace(/^\s*[,:]?\s*/, '');
};

const messageOf = (
  updateId: number,
  kind: 'message' | 'edited',
  message: Message,
  me: Me,
): Incoming | undefined => {
  if (message.migrate_to_chat_id !== undefined)
    return { updateId, kind: 'moved', from: message.chat.id, to: message.migrate_to_chat_id };
  if (message.migrate_from_chat_id !== undefined)
    return { updateId, kind: 'moved', from: message.migrate_from_chat_id, to: message.chat.id };
  const text = message.text ?? message.caption ?? '';
  const entities = message.entities ?? message.caption_entities ?? [];
  const files = filesOf(message);
  if (text === '' && files.length === 0) return undefined;
  const named = entities
    .filter((entity) => startsAt(text, entity))
    .map((entity) => botOfCommand(text, entity))
    .find((name) => name !== undefined);
  const isNamed = named === me.username.toLowerCase();
  if (named !== undefined && !isNamed) return undefined;
  const from = personOf(message);
  const where = whereOf(message.chat, message);
  return {
    updateId,
    kind,
    ...where,
    messageId: message.message_id,
    ...(from === undefined ? {} : { from }),
    sentAt: (message.edit_date ?? message.date) * 1000,
    text: withoutName(text, entities, me),
    files,
    ...(message.media_group_id === undefined ? {} : { albumId: message.media_group_id }),
    // What comes through an inline bot was chosen by the sender and written by somebody else, too.
    isForwarded: message.forward_origin !== undefined || message.via_bot !== undefined,
    isForBot:
      where.chatKind === 'private' ||
      isNamed ||
      entities.some((entity) => isMentionOf(text, entity, me)) ||
      isReplyTo(message, me),
  };
};

const pressOf = (updateId: number, query: CallbackQuery): Incoming | undefined => {
  const { message, data } = query;
  if (message === undefined || data === undefined) return undefined;
  return {
    updateId,
    kind: 'press',
    ...whereOf(message.chat, message),
    callbackId: query.id,
    from: senderOf(query.from),
    messageId: message.message_id,
    data,
  };
};

/** What an update means to this bot. @returns undefined where it means nothing */
export const toIncoming = (update: Update, me: Me): Incoming | undefined => {
  const id = update.update_id;
  const message = update.message ?? update.channel_post;
  if (message !== undefined) return messageOf(id, 'message', message, me);
  const edited = update.edited_message ?? update.edited_channel_post;
  if (edited !== undefined) return messageOf(id, 'edited', edited, me);
  return update.callback_query === undefined ? undefined : pressOf(id, update.callback_query);
};
