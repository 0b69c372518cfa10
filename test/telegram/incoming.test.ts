import assert from 'node:assert/strict';
import type { Update } from 'grammy/types';
import { toIncoming } from '../../extension/telegram/incoming.ts';
import type { Incoming } from '../../extension/telegram/types.ts';

const me = { botId: 7, username: 'Helper_bot' };
const ann = { id: 5, is_bot: false, first_name: 'Ann', last_name: 'Lee', username: 'ann' };
const group = { id: -100, type: 'supergroup', title: 'Team' };
const privateChat = { id: 5, type: 'private', first_name: 'Ann' };
const entity = (type: string, offset: number, length: number, more: object = {}) => ({
  type,
  offset,
  length,
  ...more,
});

/** As it comes from the network: grammY says its type, nothing checks it. */
const parse = (content: object): Update => JSON.parse(JSON.stringify({ update_id: 9, ...content }));

const read = (content: object): Incoming | undefined => toIncoming(parse(content), me);

const message = (more: object, chat: object = group): object => ({
  message_id: 3,
  date: 100,
  chat,
  from: ann,
  ...more,
});

const readMessage = (more: object, chat: object = group) => {
  const incoming = read({ message: message(more, chat) });
  assert.ok(incoming?.kind === 'message');
  return incoming;
};

describe('what updates mean', () => {
  it('reads a private message', () => {
    assert.deepEqual(read({ message: message({ text: 'hello' }, privateChat) }), {
      updateId: 9,
      kind: 'message',
      chatId: 5,
      chatKind: 'private',
      chatTitle: 'Ann',
      topicId: 0,
      messageId: 3,
      from: { userId: 5, name: 'Ann Lee', username: 'ann' },
      sentAt: 100_000,
      text: 'hello',
      files: [],
      isForwarded: false,
      isForBot: true,
    });
  });

  const forBot: [string, object, boolean, string][] = [
    ['plain words in a group', { text: 'hello' }, false, 'hello'],
    ['a mention', { text: '@helper_BOT, do it', entities: [entity('mention', 0, 11)] }, true, 'do it'],
    [
      'a mention behind emoji',
      { text: '😀😀 @helper_bot do', entities: [entity('mention', 5, 11)] },
      true,
      '😀😀 @helper_bot do',
    ],
    [
      'an offset that would hit only when code points were counted',
      { text: '😀 @helper_bot', entities: [entity('mention', 2, 11)] },
      false,
      '😀 @helper_bot',
    ],
    ['a mention in words only', { text: '@helper_bot do it' }, false, '@helper_bot do it'],
    [
      'a mention of another',
      { text: '@helper_bot2 do', entities: [entity('mention', 0, 12)] },
      false,
      '@helper_bot2 do',
    ],
    [
      'a mention without username',
      {
        text: 'Helper: go',
        entities: [entity('text_mention', 0, 6, { user: { id: 7, is_bot: true, first_name: 'H' } })],
      },
      true,
      'go',
    ],
    [
      'a command with its name',
      { text: '/new@helper_bot now', entities: [entity('bot_command', 0, 15)] },
      true,
      '/new now',
    ],
    [
      'a command without a name',
      { text: '/new now', entities: [entity('bot_command', 0, 4)] },
      false,
      '/new now',
    ],
    [
      'a mention and a command',
      { text: '@helper_bot /new', entities: [entity('mention', 0, 11), entity('bot_command', 12, 4)] },
      true,
      '/new',
    ],
    [
      'a mention in a caption',
      {
        caption: '@helper_bot see',
        caption_entities: [entity('mention', 0, 11)],
        document: { file_id: 'd' },
      },
      true,
      'see',
    ],
    [
      'an answer to the bot',
      { text: 'yes', reply_to_message: { message_id: 1, from: { id: 7 } } },
      true,
      'yes',
    ],
    [
      'an answer to another',
      { text: 'yes', reply_to_message: { message_id: 1, from: { id: 8 } } },
      false,
      'yes',
    ],
    [
      'a message in a topic the bot has made',
      {
        text: 'yes',
        reply_to_message: { message_id: 1, from: { id: 7 }, forum_topic_created: { name: 'x' } },
      },
      false,
      'yes',
    ],
  ];
  for (const [what, content, isForBot, text] of forBot) {
    it(`tells whether it is for the bot: ${what}`, () => {
      const incoming = readMessage(content);
      assert.deepEqual([incoming.isForBot, incoming.text], [isForBot, text]);
    });
  }

  it('leaves commands for other bots alone', () => {
    const content = { text: '/new@other_bot', entities: [entity('bot_command', 0, 14)] };
    assert.equal(read({ message: message(content) }), undefined);
    const reply = { ...content, reply_to_message: { message_id: 1, from: { id: 7 } } };
    assert.equal(read({ message: message(reply) }), undefined);
  });

  const nobody: [string, object][] = [
    [
      'an anonymous administrator',
      message({ text: 'a', sender_chat: group, from: { id: 1087968824, is_bot: true } }),
    ],
    ['a channel', message({ text: 'a', sender_chat: { id: -200, type: 'channel', title: 'News' } })],
    ['another bot', message({ text: 'a', from: { id: 8, is_bot: true, first_name: 'B' } })],
    ['nobody', message({ text: 'a', from: undefined })],
  ];
  for (const [what, content] of nobody) {
    it(`has no sender for what comes from ${what}`, () => {
      const incoming = read({ message: content });
      assert.ok(incoming?.kind === 'message');
      assert.ok(!('from' in incoming));
    });
  }

  it('reads posts of channels without a sender', () => {
    const chat = { id: -200, type: 'channel', title: 'News' };
    for (const [field, kind] of [
      ['channel_post', 'message'],
      ['edited_channel_post', 'edited'],
    ] as const) {
      const incoming = read({ [field]: { message_id: 3, date: 100, chat, text: 'a' } });
      assert.ok(incoming?.kind === kind);
      assert.deepEqual([incoming.chatKind, incoming.from, incoming.isForBot], ['other', undefined, false]);
    }
  });

  const topics: [object, number][] = [
    [{ message_thread_id: 12, is_topic_message: true }, 12],
    [{ message_thread_id: 1, is_topic_message: true }, 0],
    [{ message_thread_id: 12 }, 0],
    [{}, 0],
  ];
  for (const [content, topicId] of topics) {
    it(`finds topic ${topicId} in ${JSON.stringify(content)}`, () => {
      assert.equal(readMessage({ text: 'a', ...content }).topicId, topicId);
    });
  }

  const files: [string, object, object[]][] = [
    [
      'the largest photo',
      {
        photo: [
          { file_id: 's', width: 90, height: 90, file_size: 1 },
          { file_id: 'l', width: 900, height: 800, file_size: 3 },
          { file_id: 'm', width: 300, height: 300 },
        ],
      },
      [{ kind: 'photo', fileId: 'l', mediaType: 'image/jpeg', size: 3 }],
    ],
    [
      'a document',
      { document: { file_id: 'd', file_name: 'a.txt', mime_type: 'text/plain', file_size: 4 } },
      [{ kind: 'document', fileId: 'd', name: 'a.txt', mediaType: 'text/plain', size: 4 }],
    ],
    [
      'a voice note',
      { voice: { file_id: 'v', duration: 1 } },
      [{ kind: 'voice', fileId: 'v', mediaType: 'audio/ogg' }],
    ],
    [
      'music as a voice note',
      { audio: { file_id: 'a', mime_type: 'audio/mpeg', file_name: 'a.mp3' } },
      [{ kind: 'voice', fileId: 'a', name: 'a.mp3', mediaType: 'audio/mpeg' }],
    ],
  ];
  for (const [what, content, expected] of files) {
    it(`takes ${what}`, () => assert.deepEqual(readMessage(content).files, expected));
  }

  const dropped: [string, object][] = [
    ['a sticker', { message: message({ sticker: { file_id: 's' } }) }],
    ['who joined', { message: message({ new_chat_members: [ann] }) }],
    [
      'a press without its message',
      { callback_query: { id: 'c', from: ann, data: 'a1:x', inline_message_id: 'i' } },
    ],
    [
      'a press without data',
      { callback_query: { id: 'c', from: ann, message: message({}), game_short_name: 'g' } },
    ],
    ['anything else', { poll: { id: 'p' } }],
  ];
  for (const [what, content] of dropped) {
    it(`drops ${what}`, () => assert.equal(read(content), undefined));
  }

  it('marks what was forwarded, or written by an inline bot', () => {
    const origin = { type: 'hidden_user', sender_user_name: 'X', date: 1 };
    assert.equal(readMessage({ text: 'a', forward_origin: origin }).isForwarded, true);
    assert.equal(readMessage({ text: 'a', via_bot: { id: 8, is_bot: true } }).isForwarded, true);
    assert.equal(readMessage({ text: 'a', media_group_id: 'album' }).albumId, 'album');
  });

  it('reads edits at the time of the edit', () => {
    const incoming = read({ edited_message: message({ text: 'b', edit_date: 160 }) });
    assert.ok(incoming?.kind === 'edited');
    assert.deepEqual([incoming.text, incoming.sentAt], ['b', 160_000]);
  });

  it('tells that a group has moved, from either side', () => {
    const moved = { updateId: 9, kind: 'moved', from: -4, to: -100 };
    assert.deepEqual(
      read({ message: message({ migrate_to_chat_id: -100 }, { id: -4, type: 'group', title: 'T' }) }),
      moved,
    );
    assert.deepEqual(read({ message: message({ migrate_from_chat_id: -4 }) }), moved);
  });

  it('reads presses, of messages that are gone too', () => {
    const pressed = {
      updateId: 9,
      kind: 'press',
      chatId: -100,
      chatKind: 'group',
      chatTitle: 'Team',
      topicId: 0,
      callbackId: 'c',
      from: { userId: 5, name: 'Ann Lee', username: 'ann' },
      messageId: 3,
      data: 'a1:allow:x',
    };
    const query = { id: 'c', from: ann, chat_instance: '1', data: 'a1:allow:x' };
    assert.deepEqual(read({ callback_query: { ...query, message: message({ text: 'a' }) } }), pressed);
    const gone = { message_id: 3, date: 0, chat: group };
    assert.deepEqual(read({ callback_query: { ...query, message: gone } }), pressed);
    const inTopic = message({ text: 'a', message_thread_id: 12, is_topic_message: true });
    assert.deepEqual(read({ callback_query: { ...query, message: inTopic } }), { ...pressed, topicId: 12 });
  });
});
