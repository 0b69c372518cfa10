/** What tests see of the fake Bot API. */
import type { FakePayload, FakeUpload } from './botApiBody.ts';

export type FakeChat =
  | number
  | {
      readonly id: number;
      readonly type?: 'private' | 'group' | 'supergroup' | 'channel';
      readonly title?: string;
      readonly is_forum?: boolean;
    };

export type FakePerson =
  | number
  | {
      readonly id: number;
      readonly first_name?: string;
      readonly username?: string;
      readonly is_bot?: boolean;
    };

/** As a person sees it. */
export interface FakeContent {
  /** Without the tags. Of a file: its caption. */
  readonly text: string;
  /** As it was sent, with its tags where it is HTML. */
  readonly source: string;
  readonly isHtml: boolean;
  readonly buttons: readonly (readonly {
    readonly text: string;
    readonly data: string;
    readonly style?: string;
  }[])[];
}

export interface FakeSent extends FakeContent {
  readonly chatId: number;
  readonly messageId: number;
  readonly topicId?: number;
  readonly replyTo?: number;
  readonly isSilent: boolean;
  readonly file?: FakeUpload & { readonly kind: 'document' | 'photo' };
  readonly at: number;
  /** What it was before: the oldest first. What it is now stands in the message itself. */
  readonly earlier: readonly FakeContent[];
  readonly isDeleted: boolean;
  readonly fields: FakePayload['fields'];
}

export interface FakeCall {
  readonly method: string;
  readonly token: string;
  readonly at: number;
  readonly fields: FakePayload['fields'];
  /** Absent: none yet, or the connection was cut. */
  status?: number;
}

export interface FakeFailure {
  /** 429, 500 and so on. Absent: the connection is reset instead. */
  readonly status?: number;
  readonly description?: string;
  /** Seconds. */
  readonly retryAfter?: number;
  /** How many calls fail; 1 by default. */
  readonly count?: number;
  /** The call has its effect, and only its answer is lost. */
  readonly after?: 'accepted';
}

export interface FakeAnswer {
  readonly callbackId: string;
  readonly text?: string;
  readonly isAlert: boolean;
}

export type MessageRef = { readonly chatId: number; readonly messageId: number };

export interface FakeBot {
  readonly token: string;
  readonly botId: number;
  readonly username: string;
  /** Highest offset a poll has named: every update below it is gone. */
  committed(): number;
  /** Updates that no poll has confirmed. */
  pending(): readonly number[];
  /** A person writes. Mentions and commands in the text get their entities. @param more further fields of the message */
  say(chat: FakeChat, from: FakePerson, text: string, more?: object): { updateId: number; messageId: number };
  /** A person changes a message of theirs. */
  edit(message: MessageRef, from: FakePerson, text: string, more?: object): number;
  /** A person presses a button. @returns the ids of update and query */
  press(message: MessageRef, data: string, from: FakePerson): { updateId: number; callbackId: string };
  /** Any update. @returns its id */
  update(content: object): number;
  /** Gives an update out once more, whatever the offset. */
  redeliver(updateId: number): void;
  /** Telegram forgets what was not fetched in a day. */
  expire(): void;
  /** A file that a person can send: goes into `more` of `say`. */
  file(bytes: Uint8Array, name?: string): { file_id: string; file_unique_id: string; file_size: number };
  /** From now on the token is unknown. */
  revoke(): void;
  /** Everything the bot has sent, oldest first, as it is now. */
  sent(chatId?: number): readonly FakeSent[];
  answers(): readonly FakeAnswer[];
  /** By the JSON of their scope; the default one's is '{"type":"default"}'. */
  commands(): ReadonlyMap<string, readonly { readonly command: string; readonly description: string }[]>;
  /** How many polls hang. */
  polls(): number;
  /** The time of those that hang is over. */
  endPolls(): void;
}

/** The methods of the first bot stand here too. */
export interface FakeBotApi extends FakeBot {
  /** For grammY's `client.apiRoot`. */
  readonly url: string;
  bot(token: string): FakeBot;
  /** Every call, oldest first. */
  calls(method?: string): readonly FakeCall[];
  /** The next calls of a method (`*`: of any; `file`: downloads) fail. */
  failNext(method: string, failure: FakeFailure): void;
  /** Calls of a method (`*`: any) are never answered. @returns ends that, and cuts those that hang */
  hang(method: string, options?: { readonly after?: 'accepted' }): () => void;
  /**
   * Nothing gets through until `reconnect`, or for so many milliseconds. `refuse`: nobody listens; `reset`: connections
   * are taken and cut.
   */
  disconnect(ms?: number, how?: 'refuse' | 'reset'): Promise<void>;
  reconnect(): Promise<void>;
  /** Resolves as soon as `check` gives something; asked after each call and now and then. @param ms rejects after this long; 5 s */
  until<T>(check: () => T | undefined | false, what?: string, ms?: number): Promise<T>;
  close(): Promise<void>;
}
