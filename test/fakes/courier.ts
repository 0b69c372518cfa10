import type { TelegramFile } from '../../extension/core/telegramStore.ts';
import {
  type Button,
  type Courier,
  type MenuCommand,
  type Outgoing,
  type Place,
  SendError,
  type SendFailure,
  type SentMessage,
  type Upload,
} from '../../extension/telegram/types.ts';

/** A message as the phone has it. */
export interface Arrived extends SentMessage, Place {
  /** As it stands there now, after its edits. */
  text: Outgoing;
  readonly upload?: Upload;
  readonly replyTo?: number;
  readonly isSilent: boolean;
  /** Every text it has had, the first one too. */
  readonly texts: Outgoing[];
  isDeleted: boolean;
}

export interface Acknowledged {
  readonly callbackId: string;
  readonly text?: string;
  readonly isAlert: boolean;
}

export type CourierMethod = 'send' | 'edit' | 'upload';

export interface FakeCourier extends Courier {
  /** In the order in which they arrived; deleted ones too. */
  readonly arrived: readonly Arrived[];
  readonly acknowledged: readonly Acknowledged[];
  readonly typings: readonly Place[];
  /** By chat; those of everyone under `undefined`. */
  readonly menus: ReadonlyMap<number | undefined, readonly MenuCommand[]>;
  /** By file id: what `download` gives. */
  readonly files: Map<string, Uint8Array>;
  /** Those that stand in a chat. */
  inChat(chatId: number): readonly Arrived[];
  /** The newest that stands in a chat. @throws where there is none */
  last(chatId: number): Arrived;
  /** Every button of a message as it stands now. */
  buttonsOf(message: SentMessage): readonly Button[];
  /** The next calls of a method fail. `unsure` ones arrive all the same where `arrives` says so. */
  failNext(method: CourierMethod, failure: SendFailure, more?: { times?: number; arrives?: boolean }): void;
  /** Called before each call; holds it until it resolves. */
  before: (method: CourierMethod, text: string) => Promise<void> | void;
  /** Resolves once the condition holds; looked at after each call. */
  until(condition: () => boolean): Promise<void>;
}

interface Failing {
  readonly method: CourierMethod;
  readonly failure: SendFailure;
  readonly arrives: boolean;
  left: number;
}

/** Keeps what was sent, in memory. Message ids count up from 1001. */
export const createFakeCourier = (): FakeCourier => {
  const arrived: Arrived[] = [];
  const acknowledged: Acknowledged[] = [];
  const typings: Place[] = [];
  const menus = new Map<number | undefined, readonly MenuCommand[]>();
  const files = new Map<string, Uint8Array>();
  const failing: Failing[] = [];
  const waiting = new Set<() => void>();
  let lastId = 1_000;

  const told = (): void => {
    for (const look of [...waiting]) look();
  };
  const keep = (message: Omit<Arrived, 'messageId' | 'texts' | 'isDeleted'>): SentMessage => {
    lastId += 1;
    arrived.push({ ...message, messageId: lastId, texts: [message.text], isDeleted: false });
    return { chatId: message.chatId, messageId: lastId };
  };
  const find = ({ chatId, messageId }: SentMessage): Arrived | undefined =>
    arrived.find((each) => each.chatId === chatId && each.messageId === messageId && !each.isDeleted);
  const inChat = (chatId: number): readonly Arrived[] =>
    arrived.filter((each) => each.chatId === chatId && !each.isDeleted);

  /** Does it, or fails as it was told to. */
  const run = async <T>(
    method: CourierMethod,
    text: string,
    signal: AbortSignal | undefined,
    work: () => T,
  ): Promise<T> => {
    await fake.before(method, text);
    try {
      if (signal?.aborted === true) throw new SendError('unsent', 'It was given up.');
      const next = failing.find((each) => each.method === method && each.left > 0);
      if (next === undefined) return work();
      next.left -= 1;
      if (next.failure === 'unsure' && next.arrives) work();
      throw new SendError(next.failure, `The fake courier was told to fail (${next.failure}).`);
    } finally {
      told();
    }
  };

  const fake: FakeCourier = {
    arrived,
    acknowledged,
    typings,
    menus,
    files,
    inChat,
    last: (chatId) => {
      const message = inChat(chatId).at(-1);
      if (message === undefined) throw new Error(`Nothing has arrived in chat ${chatId}.`);
      return message;
    },
    buttonsOf: (message) => find(message)?.text.buttons?.flat() ?? [],
    failNext: (method, failure, { times = 1, arrives = false } = {}) => {
      failing.push({ method, failure, arrives, left: times });
    },
    before: () => undefined,
    until: (condition) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    send: (to, text, options = {}) =>
      run('send', text.plain, options.signal, () =>
        keep({
          chatId: to.chatId,
          topicId: to.topicId,
          text,
          isSilent: options.isSilent ?? false,
          ...(options.replyTo === undefined ? {} : { replyTo: options.replyTo }),
        }),
      ),
    edit: (message, text, signal) =>
      run('edit', text.plain, signal, () => {
        const found = find(message);
        if (found === undefined) throw new SendError('refused', 'There is no such message.');
        found.text = text;
        found.texts.push(text);
      }),
    upload: (to, upload, options = {}) =>
      run('upload', upload.name, options.signal, () => {
        const caption = upload.caption ?? '';
        return keep({
          chatId: to.chatId,
          topicId: to.topicId,
          text: { html: caption, plain: caption },
          upload,
          isSilent: options.isSilent ?? false,
          ...(options.replyTo === undefined ? {} : { replyTo: options.replyTo }),
        });
      }),
    delete: async (message) => {
      const found = find(message);
      if (found !== undefined) found.isDeleted = true;
      told();
    },
    typing: async (to) => {
      typings.push(to);
      told();
    },
    acknowledge: async (callbackId, text, isAlert = false) => {
      acknowledged.push({ callbackId, isAlert, ...(text === undefined ? {} : { text }) });
      told();
    },
    publishCommands: async (chatId, commands) => {
      menus.set(chatId, commands);
      told();
    },
    download: async (file: TelegramFile, limit, signal) => {
      signal.throwIfAborted();
      const bytes = files.get(file.fileId);
      if (bytes === undefined) throw new SendError('refused', 'Telegram does not have this file any more.');
      if (bytes.length > limit) throw new SendError('refused', 'The file is too large.');
      return bytes;
    },
  };
  return fake;
};
