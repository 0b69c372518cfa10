/** What the parts of one running bot are given, and how they reach each other. */
import type { Agents } from '../core/agents.ts';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Chats } from '../core/chats.ts';
import type { JobOrigin } from '../core/jobOrigin.ts';
import type { Jobs } from '../core/jobs.ts';
import type { ModelInfo } from '../core/provider.ts';
import type { Store } from '../core/store.ts';
import type { TelegramEntry, TelegramStore, TelegramThread } from '../core/telegramStore.ts';
import type { ImageBlock, ModelRef } from '../shared/message.ts';
import type { BotCounters, TelegramConfig } from '../shared/telegram.ts';
import type { Courier, IncomingMessage, Press, Upload } from './types.ts';

/** What bots use of the rest of the product; the same for all bots of a window. */
export interface BotPorts {
  readonly store: TelegramStore;
  readonly history: Pick<Store, 'readAll' | 'getSession' | 'audit'>;
  readonly chats: Pick<Chats, 'send' | 'goOn' | 'get' | 'list' | 'setAgent' | 'setModel'>;
  readonly jobs: Pick<Jobs, 'cancel' | 'runningIn' | 'running' | 'onEvent'>;
  readonly approvals: Pick<ApprovalBroker, 'pending' | 'answer' | 'listen'>;
  readonly agents: Pick<Agents, 'list' | 'get'>;
  /** Those of the same provider. @throws ProviderError */
  listModels(current: ModelRef): Promise<readonly ModelInfo[]>;
  /** @returns undefined where the model's provider cannot; @throws ProviderError */
  transcribe(
    audio: { readonly bytes: Uint8Array; readonly mediaType: string },
    model: ModelRef,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** A file of the open folder. @throws InputError for what is outside, secret, too large or not there */
  readWorkspaceFile(path: string): Promise<Upload>;
  /** Keeps a file that came in under `received/` in the open folder, under a free name. @returns its label */
  saveReceived(name: string, bytes: Uint8Array): Promise<string>;
  newId(): string;
  now(): number;
}

/** The same, of one bot. */
export interface BotContext extends BotPorts {
  /** As it is now: it may change while the bot runs. */
  config(): TelegramConfig;
  readonly courier: Courier;
  /** @param who as the chat shows it */
  origin(who: string): JobOrigin;
  count(counter: Exclude<keyof BotCounters, 'lastPollAt'>): void;
  /** A line of the bot's own log, without secrets and without what people wrote. */
  log(line: string): void;
  logError(error: unknown): void;
}

export interface Conversations {
  /** A message or an edit that was let in, and is no command. Resolves once it is kept; the work goes on behind. */
  receive(message: IncomingMessage): Promise<void>;
  /** Work that did not come as a message: of a schedule. Resolves once it is kept. @returns false: it was known */
  enqueue(entry: TelegramEntry): Promise<boolean>;
  /** Buttons whose data begins with `q1:`. */
  press(press: Press): Promise<void>;
  /** Ends what runs there and drops what waits. @returns a sentence for the person */
  stop(thread: TelegramThread): Promise<string>;
  /** What runs there, for how long, and what waits; lines for the person. */
  status(thread: TelegramThread): Promise<string>;
  /** The message that a job of this bot works on. */
  entryOf(jobId: string): TelegramEntry | undefined;
  /** Called once before updates come: what an earlier window left is gone on with, asked about, or told. */
  recover(): Promise<void>;
  /** Starts nothing more. What is not done stays as it is kept. Resolves once nothing is being sent. */
  close(): Promise<void>;
}

export interface ApprovalCards {
  /** Buttons whose data begins with `a1:`. */
  press(press: Press): Promise<void>;
  /** `/approve ID` and `/deny ID`, by the same checks. @returns a sentence for the person */
  answer(id: string, isApproved: boolean, message: IncomingMessage): Promise<string>;
  /** Questions of an earlier window are closed: they were denied when it ended. */
  recover(): Promise<void>;
  close(): void;
}

export interface BotCommands {
  /** Whether `run` takes it: asked first, so that an update is taken by one part only. */
  isOwn(text: string): boolean;
  /** @returns false: it is no command of ours (a skill's name, or no command at all) */
  run(message: IncomingMessage): Promise<boolean>;
  /** Buttons whose data begins with `c1:`. */
  press(press: Press): Promise<void>;
  /** The menu of commands, in the chats that are allowed and nowhere else. Does not throw. */
  publish(): Promise<void>;
}

/** Fetches what came with a message, as the model gets it. */
export interface Attachments {
  /**
   * Pictures become image blocks, text files and voice notes text, other files of approvers are saved in the folder.
   * What cannot be taken is said in a note.
   */
  take(entry: TelegramEntry, model: ModelRef, signal: AbortSignal): Promise<TakenFiles>;
}

export interface TakenFiles {
  readonly images: readonly ImageBlock[];
  /** Goes behind the text of the message, for the model. */
  readonly text: string;
  /** For the person: what could not be taken, and why. */
  readonly notes: readonly string[];
}
