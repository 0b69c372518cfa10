/** Sends for one bot: in order, patiently, and nothing twice. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Api, InputFile } from 'grammy';
import { cutText, formatBytes } from '../core/text.ts';
import { downloadFile, tooLarge } from './downloadFile.ts';
import { createLanes } from './lanes.ts';
import {
  createPatientCalls,
  givenUp,
  patienceMs,
  type Sleep,
  shortPatienceMs,
  type Turned,
} from './patientCalls.ts';
import { type CleanMessage, type Redact, redactOutgoing, redactUpload } from './redactOutgoing.ts';
import { outcomeOf } from './sendOutcome.ts';
import {
  type Courier,
  type Place,
  SendError,
  type SendOptions,
  type SentMessage,
  type Upload,
} from './types.ts';

export interface CourierOptions {
  /** As it is now: it is made anew when the connection is. */
  api(): Api;
  /** For the addresses of downloads. */
  readonly token: string;
  /** Absent: Telegram's own. */
  readonly apiRoot?: string;
  readonly redact: Redact;
  now(): number;
  log(line: string): void;
  /** Absent: the real one. */
  readonly sleep?: Sleep;
  readonly fetch?: typeof fetch;
}

const uploadLimit = 50 * 1024 * 1024;
const photoLimit = 10 * 1024 * 1024;
const downloadLimit = 20 * 1024 * 1024;

const captionLimit = 1_024;
const alertLimit = 200;

const topic = ({ topicId }: Place) => (topicId > 1 ? { message_thread_id: topicId } : {});

const keyboard = ({ buttons }: CleanMessage) =>
  buttons === undefined
    ? {}
    : {
        reply_markup: {
          inline_keyboard: buttons.map((row) =>
            row.map(({ text, data, style }) => ({
              text,
              callback_data: data,
              ...(style === undefined ? {} : { style }),
            })),
          ),
        },
      };

const delivery = ({ replyTo, isSilent }: SendOptions) => ({
  ...(replyTo === undefined
    ? {}
    : { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
  ...(isSilent === true ? { disable_notification: true } : {}),
});

const noPreview = { link_preview_options: { is_disabled: true } };

const htmlMode = (isHtml: boolean) => (isHtml ? { parse_mode: 'HTML' as const } : {});

/** grammY knows signals by a type of its own. */
type ApiSignal = NonNullable<Parameters<Api['getFile']>[1]>;

const isApiSignal = (signal: unknown): signal is ApiSignal => signal instanceof AbortSignal;

const apiSignal = (signal: AbortSignal | undefined): ApiSignal | undefined =>
  isApiSignal(signal) ? signal : undefined;

export const createCourier = (options: CourierOptions): Courier => {
  const { api, now, log, fetch: fetchFile = fetch } = options;
  const {
    sleep = (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
  } = options;
  const redact: Redact = (text) => options.redact(text.replaceAll(options.token, '[redacted]'));
  const lanes = createLanes();
  const attempt = createPatientCalls({ sleep, now, log: (line) => log(redact(line)) });

  const inChat = <T>(chatId: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> =>
    lanes.run(`chat ${chatId}`, signal, givenUp, work);

  const send: Courier['send'] = (to, outgoing, options = {}) => {
    const { signal } = options;
    const message = redactOutgoing(outgoing, redact);
    const attemptAs = (html: string | undefined) =>
      attempt({ chatId: to.chatId, signal, isRepeatable: false, patience: patienceMs }, (chatId) =>
        api().sendMessage(
          chatId,
          html ?? message.plain,
          {
            ...htmlMode(html !== undefined),
            ...noPreview,
            ...topic(to),
            ...keyboard(message),
            ...delivery(options),
          },
          apiSignal(signal),
        ),
      );
    return inChat(to.chatId, signal, async () => {
      let sent = await attemptAs(message.html);
      if (sent === 'unreadable') {
        log('Telegram could not read the marks of a message: it is sent without them.');
        sent = await attemptAs(undefined);
      }
      return sentMessage(sent);
    });
  };

  const edit: Courier['edit'] = ({ chatId, messageId }, outgoing, signal) => {
    const message = redactOutgoing(outgoing, redact);
    const attemptAs = (html: string | undefined) =>
      attempt({ chatId, signal, isRepeatable: true, patience: patienceMs }, (id) =>
        api().editMessageText(
          id,
          messageId,
          html ?? message.plain,
          { ...htmlMode(html !== undefined), ...noPreview, ...keyboard(message) },
          apiSignal(signal),
        ),
      );
    return lanes.run(`message ${chatId} ${messageId}`, signal, givenUp, async () => {
      const edited = await attemptAs(message.html);
      const outcome = edited === 'unreadable' ? await attemptAs(undefined) : edited;
      if (outcome === 'unreadable' || outcome === 'noPicture') throw unreadable();
    });
  };

  const upload: Courier['upload'] = async (to, given, options = {}) => {
    const { signal } = options;
    const file = redactUpload(given, redact);
    if (file.bytes.byteLength === 0) throw new SendError('refused', `${file.name} is empty.`);
    if (file.bytes.byteLength > uploadLimit)
      throw new SendError(
        'refused',
        `${file.name} is larger than ${formatBytes(uploadLimit)}: Telegram does not take it.`,
      );
    const caption =
      file.caption === undefined ? {} : { caption: cutText(file.caption, captionLimit).toWellFormed() };
    const attemptAs = (kind: Upload['kind']) =>
      attempt({ chatId: to.chatId, signal, isRepeatable: false, patience: patienceMs }, async (chatId) => {
        const input = new InputFile(file.bytes, file.name);
        const other = { ...caption, ...topic(to), ...delivery(options) };
        return kind === 'photo'
          ? await api().sendPhoto(chatId, input, other, apiSignal(signal))
          : await api().sendDocument(chatId, input, other, apiSignal(signal));
      });
    return inChat(to.chatId, signal, async () => {
      const isPhoto = file.kind === 'photo' && file.bytes.byteLength <= photoLimit;
      const sent = await attemptAs(isPhoto ? 'photo' : 'document');
      return sentMessage(sent === 'noPicture' && isPhoto ? await attemptAs('document') : sent);
    });
  };

  /** Small things: once more or twice, and nobody is told when they fail. */
  const quietly = async (what: string, call: () => Promise<unknown>): Promise<void> => {
    try {
      await call();
    } catch (error) {
      const outcome = outcomeOf(error);
      const message =
        error instanceof SendError ? error.message : 'message' in outcome ? outcome.message : outcome.kind;
      log(`${what} failed: ${redact(message)}`);
    }
  };

  return {
    send,
    edit,
    upload,
    delete: ({ chatId, messageId }) =>
      quietly('Deleting a message', () =>
        lanes.run(`message ${chatId} ${messageId}`, undefined, givenUp, () =>
          attempt({ chatId, isRepeatable: true, patience: shortPatienceMs }, (id) =>
            api().deleteMessage(id, messageId),
          ),
        ),
      ),
    typing: (to) => quietly('Typing', () => api().sendChatAction(to.chatId, 'typing', topic(to))),
    acknowledge: (callbackId, text, isAlert = false) =>
      quietly('Answering a press', () =>
        api().answerCallbackQuery(callbackId, {
          ...(text === undefined ? {} : { text: cutText(redact(text), alertLimit).toWellFormed() }),
          show_alert: isAlert,
        }),
      ),
    publishCommands: (chatId, commands) => {
      const scope =
        chatId === undefined ? { type: 'default' as const } : { type: 'chat' as const, chat_id: chatId };
      return quietly('Publishing the menu', () =>
        attempt({ chatId: chatId ?? 0, isRepeatable: true, patience: shortPatienceMs }, () =>
          commands.length === 0
            ? api().deleteMyCommands({ scope })
            : api().setMyCommands(commands, { scope }),
        ),
      );
    },
    download: async (file, limit, signal) => {
      const bytes = Math.min(limit, downloadLimit);
      if ((file.size ?? 0) > bytes) throw tooLarge(bytes);
      // Of no chat: a wait for one must not hold it up.
      const how = { chatId: 0, signal, isRepeatable: true, patience: shortPatienceMs };
      const found = await attempt(how, () => api().getFile(file.fileId, apiSignal(signal))).catch(
        (error: unknown) => {
          throw error instanceof SendError && /file is too big/.test(error.message) ? tooLarge(bytes) : error;
        },
      );
      const path = typeof found === 'string' ? undefined : found.result.file_path;
      if (path === undefined)
        throw new SendError('refused', 'Telegram does not have the file any more. Send it again.');
      const root = options.apiRoot ?? 'https://api.telegram.org';
      return downloadFile(`${root}/file/bot${options.token}/${encodeURI(path)}`, bytes, signal, fetchFile);
    },
  };
};

const unreadable = (): SendError => new SendError('refused', 'Telegram cannot read the message.');

const sentMessage = (
  sent: { readonly result: { readonly message_id: number; readonly chat: { readonly id: number } } } | Turned,
): SentMessage => {
  if (typeof sent === 'string') throw unreadable();
  return { chatId: sent.result.chat.id, messageId: sent.result.message_id };
};
