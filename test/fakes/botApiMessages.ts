/** What one bot has sent, by Telegram's rules for texts, buttons and edits. */
import type { FakePayload } from './botApiBody.ts';
import type { FakeContent, FakeSent } from './botApiTypes.ts';
import { readTelegramHtml } from './telegramHtml.ts';

/** An answer with `ok: false`. */
export class BotApiError extends Error {
  readonly status: number;

  constructor(status: number, description: string) {
    super(description);
    this.status = status;
  }
}

const bad = (what: string): BotApiError => new BotApiError(400, `Bad Request: ${what}`);

export const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

export const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

const textOf = (value: unknown): string => (value === undefined ? '' : String(value));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const buttonsOf = (markup: unknown): FakeContent['buttons'] =>
  listOf(objectOf(markup).inline_keyboard).map((row) =>
    listOf(row).map((button) => {
      const { text, callback_data: data, style } = objectOf(button);
      const bytes = Buffer.byteLength(textOf(data));
      if (textOf(text) === '') throw bad("can't parse inline keyboard button: text is empty");
      if (bytes < 1 || bytes > 64) throw bad('BUTTON_DATA_INVALID');
      if (style !== undefined && !['danger', 'success', 'primary'].includes(textOf(style)))
        throw bad("can't parse inline keyboard button: invalid button style");
      return {
        text: textOf(text),
        data: textOf(data),
        ...(style === undefined ? {} : { style: textOf(style) }),
      };
    }),
  );

const contentOf = (fields: FakePayload['fields'], field: 'text' | 'caption'): FakeContent => {
  const source = textOf(fields[field]);
  if (!source.isWellFormed()) throw bad('strings must be encoded in UTF-8');
  const mode = fields.parse_mode;
  if (mode !== undefined && mode !== 'HTML') throw bad('unsupported parse_mode');
  const read = mode === 'HTML' ? readTelegramHtml(source) : { text: source };
  if ('error' in read) throw bad(`can't parse entities: ${read.error}`);
  const text = read.text.trim();
  if (field === 'text' && text === '') throw bad('message text is empty');
  if (text.length > (field === 'text' ? 4096 : 1024))
    throw bad(field === 'text' ? 'message is too long' : 'message caption is too long');
  return { text, source, isHtml: mode === 'HTML', buttons: buttonsOf(fields.reply_markup) };
};

const contentOnly = ({ text, source, isHtml, buttons }: FakeContent): FakeContent => ({
  text,
  source,
  isHtml,
  buttons,
});

export const createMessages = (nextMessageId: (chatId: number) => number) => {
  const sent: FakeSent[] = [];
  /** Everything there is to reply to, of people too. */
  const known = new Set<string>();

  const find = (fields: FakePayload['fields'], what: string): number => {
    const chatId = numberOf(fields.chat_id);
    const messageId = numberOf(fields.message_id);
    const at = sent.findIndex((each) => each.chatId === chatId && each.messageId === messageId);
    if (at < 0 || sent[at]?.isDeleted) throw bad(`message to ${what} not found`);
    return at;
  };

  const send = (fields: FakePayload['fields'], rest: FakeContent & Pick<FakeSent, 'file'>): FakeSent => {
    const chatId = numberOf(fields.chat_id);
    if (chatId === undefined || chatId === 0) throw bad('chat not found');
    const topicId = numberOf(fields.message_thread_id);
    if (topicId === 1) throw bad('message thread not found');
    const reply = objectOf(fields.reply_parameters);
    const replyTo = numberOf(reply.message_id);
    const isThere = replyTo !== undefined && known.has(`${chatId} ${replyTo}`);
    if (replyTo !== undefined && !isThere && reply.allow_sending_without_reply !== true)
      throw bad('message to be replied not found');
    const message: FakeSent = {
      ...rest,
      chatId,
      messageId: nextMessageId(chatId),
      ...(topicId === undefined ? {} : { topicId }),
      ...(isThere ? { replyTo } : {}),
      isSilent: fields.disable_notification === true,
      at: Date.now(),
      earlier: [],
      isDeleted: false,
      fields,
    };
    known.add(`${chatId} ${message.messageId}`);
    sent.push(message);
    return message;
  };

  const change = (at: number, content: FakeContent): FakeSent => {
    const before = sent[at];
    if (before === undefined) throw bad('message to edit not found');
    const isSame =
      before.text === content.text &&
      (before.isHtml ? before.source : before.text) === (content.isHtml ? content.source : content.text) &&
      JSON.stringify(before.buttons) === JSON.stringify(content.buttons);
    if (isSame)
      throw bad(
        'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
      );
    const after: FakeSent = { ...before, ...content, earlier: [...before.earlier, contentOnly(before)] };
    sent[at] = after;
    return after;
  };

  return {
    sent,
    /** A person's message, so that it can be replied to. */
    know: (chatId: number, messageId: number) => void known.add(`${chatId} ${messageId}`),
    sendMessage: ({ fields }: FakePayload): FakeSent => send(fields, contentOf(fields, 'text')),
    sendFile: (kind: 'document' | 'photo', { fields, files }: FakePayload): FakeSent => {
      const content = contentOf(fields, 'caption');
      const file = files[kind];
      if (file === undefined) throw bad(`there is no ${kind} in the request`);
      if (file.bytes.length === 0) throw bad('file must be non-empty');
      if (file.bytes.length > (kind === 'photo' ? 10 : 50) * 1024 * 1024)
        throw new BotApiError(413, 'Request Entity Too Large');
      return send(fields, { ...content, file: { ...file, kind } });
    },
    editText: ({ fields }: FakePayload): FakeSent => {
      const at = find(fields, 'edit');
      if (sent[at]?.file !== undefined) throw bad('there is no text in the message to edit');
      return change(at, contentOf(fields, 'text'));
    },
    editMarkup: ({ fields }: FakePayload): FakeSent => {
      const at = find(fields, 'edit');
      const before = sent[at];
      if (before === undefined) throw bad('message to edit not found');
      return change(at, { ...contentOnly(before), buttons: buttonsOf(fields.reply_markup) });
    },
    remove: ({ fields }: FakePayload): true => {
      const at = find(fields, 'delete');
      const message = sent[at];
      if (message !== undefined) sent[at] = { ...message, isDeleted: true };
      return true;
    },
  };
};
