/** One bot of the fake Bot API: what people do to it, and what its program asks for. */
import type { FakePayload } from './botApiBody.ts';
import { BotApiError, createMessages, numberOf, objectOf } from './botApiMessages.ts';
import type { FakeAnswer, FakeBot, FakeChat, FakePerson, FakeSent } from './botApiTypes.ts';
import { createUpdates } from './botApiUpdates.ts';

const chatOf = (chat: FakeChat, from?: FakePerson): Readonly<Record<string, unknown>> & { id: number } => {
  const given = typeof chat === 'number' ? { id: chat } : chat;
  if (given.id > 0) return { type: 'private', ...(from === undefined ? {} : personOf(from)), ...given };
  return { type: 'supergroup', title: 'Group', ...given };
};

const personOf = (from: FakePerson): Readonly<Record<string, unknown>> & { id: number } => {
  const given = typeof from === 'number' ? { id: from } : from;
  return { is_bot: false, first_name: `Person ${given.id}`, ...given };
};

const entitiesOf = (text: string): object[] =>
  [...text.matchAll(/(?<!\S)(?:(\/\w+(?:@\w+)?)|@\w{4,})/g)].map((match) => ({
    type: match[1] === undefined ? 'mention' : 'bot_command',
    offset: match.index,
    length: match[0].length,
  }));

const messageOf = (text: string, more: object): object => {
  const field =
    'caption' in more || !/photo|document|voice|audio|video|sticker/.test(Object.keys(more).join(' '));
  const entities = entitiesOf(text);
  if (text === '') return more;
  return {
    ...(field ? { text } : { caption: text }),
    ...(entities.length === 0 ? {} : { [field ? 'entities' : 'caption_entities']: entities }),
    ...more,
  };
};

export const createFakeBot = (token: string) => {
  const botId = Number(token.split(':')[0]);
  const username = `test_${botId}_bot`;
  const me = { id: botId, is_bot: true, first_name: `Test ${botId}`, username };
  let lastMessageId = 0;
  let lastCallback = 0;
  let isRevoked = false;
  const nextMessageId = (): number => {
    lastMessageId += 1;
    return lastMessageId;
  };
  const updates = createUpdates(botId * 1000 + 1);
  const messages = createMessages(nextMessageId);
  const answers: FakeAnswer[] = [];
  const callbacks = new Set<string>();
  const commands = new Map<string, { command: string; description: string }[]>();
  const files = new Map<string, { path: string; bytes: Uint8Array }>();
  const origins = new Map<string, FakeChat>();

  const asMessage = (message: FakeSent): object => ({
    message_id: message.messageId,
    date: Math.floor(message.at / 1000),
    chat: chatOf(origins.get(String(message.chatId)) ?? message.chatId),
    from: me,
    ...(message.topicId === undefined ? {} : { message_thread_id: message.topicId, is_topic_message: true }),
    ...(message.file === undefined
      ? { text: message.text }
      : {
          caption: message.text,
          [message.file.kind]: message.file.kind === 'photo' ? [] : { file_name: message.file.name },
        }),
  });

  const bot: FakeBot = {
    token,
    botId,
    username,
    committed: updates.committed,
    pending: updates.pending,
    polls: updates.polls,
    endPolls: updates.endPolls,
    say: (chat, from, text, more = {}) => {
      const messageId = nextMessageId();
      const known = chatOf(chat, from);
      origins.set(String(known.id), chat);
      messages.know(known.id, messageId);
      const date = Math.floor(Date.now() / 1000);
      const head = { message_id: messageId, date, chat: known, from: personOf(from) };
      return { updateId: updates.add({ message: { ...head, ...messageOf(text, more) } }), messageId };
    },
    edit: (message, from, text, more = {}) => {
      const date = Math.floor(Date.now() / 1000);
      const chat = chatOf(origins.get(String(message.chatId)) ?? message.chatId, from);
      const head = { message_id: message.messageId, date, edit_date: date, chat, from: personOf(from) };
      return updates.add({ edited_message: { ...head, ...messageOf(text, more) } });
    },
    press: (message, data, from) => {
      lastCallback += 1;
      const callbackId = `callback-${botId}-${lastCallback}`;
      callbacks.add(callbackId);
      const found = messages.sent.find(
        (each) => each.chatId === message.chatId && each.messageId === message.messageId,
      );
      const head = { message_id: message.messageId, date: 0, chat: chatOf(message.chatId, from) };
      const query = { id: callbackId, from: personOf(from), chat_instance: String(message.chatId), data };
      const updateId = updates.add({
        callback_query: { ...query, message: found === undefined ? head : asMessage(found) },
      });
      return { updateId, callbackId };
    },
    update: updates.add,
    redeliver: updates.redeliver,
    expire: updates.expire,
    file: (bytes, name = 'file.bin') => {
      const id = `file-${botId}-${files.size + 1}`;
      files.set(id, { path: `documents/${files.size + 1}/${name}`, bytes });
      return { file_id: id, file_unique_id: `u${id}`, file_size: bytes.length };
    },
    revoke: () => {
      isRevoked = true;
    },
    sent: (chatId) => messages.sent.filter((each) => chatId === undefined || each.chatId === chatId),
    answers: () => answers,
    commands: () => commands,
  };

  const scopeOf = (fields: FakePayload['fields']): string =>
    JSON.stringify(fields.scope ?? { type: 'default' });

  /** @returns the result; undefined where there is no such method */
  const call = (method: string, payload: FakePayload): unknown => {
    const { fields } = payload;
    if (method === 'getMe')
      return {
        ...me,
        can_join_groups: true,
        can_read_all_group_messages: false,
        supports_inline_queries: false,
      };
    if (method === 'sendMessage') return asMessage(messages.sendMessage(payload));
    if (method === 'sendDocument') return asMessage(messages.sendFile('document', payload));
    if (method === 'sendPhoto') return asMessage(messages.sendFile('photo', payload));
    if (method === 'editMessageText') return asMessage(messages.editText(payload));
    if (method === 'editMessageReplyMarkup') return asMessage(messages.editMarkup(payload));
    if (method === 'deleteMessage') return messages.remove(payload);
    if (method === 'deleteWebhook') return true;
    if (method === 'sendChatAction') return true;
    if (method === 'answerCallbackQuery') {
      const callbackId = String(fields.callback_query_id);
      if (!callbacks.delete(callbackId))
        throw new BotApiError(
          400,
          'Bad Request: query is too old and response timeout expired or query ID is invalid',
        );
      const text = fields.text;
      answers.push({
        callbackId,
        ...(typeof text === 'string' ? { text } : {}),
        isAlert: fields.show_alert === true,
      });
      return true;
    }
    if (method === 'setMyCommands') {
      const list = Array.isArray(fields.commands) ? fields.commands : [];
      const parsed = list.map((each) => {
        const { command, description } = objectOf(each);
        if (!/^[a-z0-9_]{1,32}$/.test(String(command)))
          throw new BotApiError(400, 'Bad Request: BOT_COMMAND_INVALID');
        return { command: String(command), description: String(description) };
      });
      commands.set(scopeOf(fields), parsed);
      return true;
    }
    if (method === 'getMyCommands') return commands.get(scopeOf(fields)) ?? [];
    if (method === 'deleteMyCommands') {
      commands.delete(scopeOf(fields));
      return true;
    }
    if (method === 'getFile') {
      const id = String(fields.file_id);
      const file = files.get(id);
      if (file === undefined)
        throw new BotApiError(400, 'Bad Request: wrong file_id or the file is temporarily unavailable');
      if (file.bytes.length > 20 * 1024 * 1024) throw new BotApiError(400, 'Bad Request: file is too big');
      return { file_id: id, file_unique_id: `u${id}`, file_size: file.bytes.length, file_path: file.path };
    }
    return undefined;
  };

  return {
    bot,
    call,
    isRevoked: () => isRevoked,
    download: (path: string) => [...files.values()].find((file) => file.path === path)?.bytes,
    /** getUpdates. */
    poll: (
      fields: FakePayload['fields'],
      handlers: Pick<Parameters<typeof updates.poll>[0], 'answer' | 'conflict'>,
    ): (() => void) => {
      const allowed = fields.allowed_updates;
      return updates.poll({
        offset: numberOf(fields.offset) ?? 0,
        limit: Math.min(numberOf(fields.limit) ?? 100, 100),
        ...(Array.isArray(allowed) ? { allowed: allowed.map(String) } : {}),
        ...handlers,
      });
    },
  };
};
