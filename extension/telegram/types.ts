/** What the parts of a bot hand each other. */
import type { TelegramFile } from '../core/telegramStore.ts';

export interface Sender {
  readonly userId: number;
  readonly name: string;
  readonly username?: string;
}

export interface Where {
  readonly chatId: number;
  readonly chatKind: 'private' | 'group' | 'other';
  readonly chatTitle: string;
  /** 0: none, or the general topic, which must not be named when one sends. */
  readonly topicId: number;
}

/** An update that means something to a bot; the others are dropped. Made by `toIncoming`. */
export type Incoming = { readonly updateId: number } & (
  | (Where & {
      readonly kind: 'message' | 'edited';
      readonly messageId: number;
      /** Absent: an anonymous administrator, or a channel. */
      readonly from?: Sender;
      readonly sentAt: number;
      /** Text or caption, without the mention of the bot that it began with. */
      readonly text: string;
      readonly files: readonly TelegramFile[];
      /** Parts of one album carry the same one. */
      readonly albumId?: string;
      readonly isForwarded: boolean;
      /** It mentions the bot, answers one of its messages, or is a command with its name. In a private chat always. */
      readonly isForBot: boolean;
    })
  | (Where & {
      readonly kind: 'press';
      readonly callbackId: string;
      readonly from: Sender;
      readonly messageId: number;
      readonly data: string;
    })
  | { readonly kind: 'moved'; readonly from: number; readonly to: number }
);

export type IncomingMessage = Extract<Incoming, { kind: 'message' | 'edited' }>;
export type Press = Extract<Incoming, { kind: 'press' }>;

export interface Place {
  readonly chatId: number;
  readonly topicId: number;
}

export interface Button {
  readonly text: string;
  /** 1 to 64 bytes. */
  readonly data: string;
  readonly style?: 'danger' | 'success' | 'primary';
}

/** A message as it is sent. `html` is Telegram's subset of it; `plain` is sent where Telegram cannot read that. */
export interface Outgoing {
  readonly html: string;
  readonly plain: string;
  /** Rows. */
  readonly buttons?: readonly (readonly Button[])[];
}

export interface SentMessage {
  readonly chatId: number;
  readonly messageId: number;
}

/**
 * `unsent`: it did not arrive, and may be sent again. `unsure`: it may have arrived. `refused`: Telegram will never take
 * it (blocked by the user, no such message, not allowed).
 */
export type SendFailure = 'unsent' | 'unsure' | 'refused';

export class SendError extends Error {
  override readonly name = 'SendError';
  readonly failure: SendFailure;

  constructor(failure: SendFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

export interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly kind: 'document' | 'photo';
  /** At most 1,024 characters, plain. */
  readonly caption?: string;
}

/** An entry of the menu of commands. */
export interface MenuCommand {
  /** Without the slash. */
  readonly command: string;
  readonly description: string;
}

/**
 * Sends for one bot. Waits as long as Telegram asks (429), tries again what has surely not arrived, for some minutes or
 * until the signal aborts; sends as plain text what Telegram cannot read as HTML. Links are not previewed.
 */
export interface Courier {
  /** @throws SendError */
  send(to: Place, message: Outgoing, options?: SendOptions): Promise<SentMessage>;
  /** "Not modified" is a success. @throws SendError */
  edit(message: SentMessage, text: Outgoing, signal?: AbortSignal): Promise<void>;
  /** @throws SendError */
  upload(to: Place, file: Upload, options?: SendOptions): Promise<SentMessage>;
  /** Does not throw. */
  delete(message: SentMessage): Promise<void>;
  /** "typing…", for five seconds. Does not throw. */
  typing(to: Place): Promise<void>;
  /** Ends the spinner on a pressed button. Does not throw. */
  acknowledge(callbackId: string, text?: string, isAlert?: boolean): Promise<void>;
  /**
   * The menu of commands in one chat; without a chat that of everyone. An empty one takes it away. Does not throw.
   */
  publishCommands(chatId: number | undefined, commands: readonly MenuCommand[]): Promise<void>;
  /** @param limit bytes @throws SendError with what to tell the person */
  download(file: TelegramFile, limit: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface SendOptions {
  /** The message it answers. */
  readonly replyTo?: number;
  /** Arrives without a sound. */
  readonly isSilent?: boolean;
  readonly signal?: AbortSignal;
}
