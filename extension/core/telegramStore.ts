/** What bots keep. A port; every write resolves only once it would survive a power cut. */

import type { Schedule, TelegramConfig } from '../shared/telegram.ts';
import type { BotSpending } from './botBudget.ts';

/** A conversation of a bot: a chat, or one topic of a group that has topics. */
export interface TelegramThread {
  readonly configId: string;
  readonly chatId: number;
  /** 0: none, or the general topic. */
  readonly topicId: number;
}

/** Which chat of ours goes on there. */
export interface TelegramBinding extends TelegramThread {
  /** Absent: the next message begins a new one. */
  readonly sessionId?: string;
  /** Chosen for the next new chat; absent: the bot's. */
  readonly agentId?: string;
}

/** A file that came with a message, not fetched yet. */
export interface TelegramFile {
  readonly kind: 'photo' | 'document' | 'voice';
  readonly fileId: string;
  /** As the sender's client names it; not to be trusted. */
  readonly name?: string;
  readonly mediaType?: string;
  /** Bytes, where it is told. */
  readonly size?: number;
}

/**
 * `waiting`: in the queue. `asked`: it came long ago, and the person was asked whether it still counts. `working`: its
 * job runs, or ran when the window ended. `answering`: the answer is being sent. `unsure`: the window, or the network,
 * ended while a part of the answer was being sent, and it is not known whether that arrived. `done`: answered, or dropped.
 */
export type EntryState = 'waiting' | 'asked' | 'working' | 'answering' | 'unsure' | 'done';

/** A message that came right behind another one of the same person: both are one turn. */
export interface JoinedMessage {
  readonly updateId: number;
  readonly messageId: number;
  readonly text: string;
}

/** A message that was let in, and what became of it. Without text and files: the chat is to go on where it stopped. */
export interface TelegramEntry extends TelegramThread {
  /** Telegram's, unique for a bot; 0 and below for what did not come from there (schedules). */
  readonly updateId: number;
  readonly messageId: number;
  readonly userId: number;
  readonly userName: string;
  readonly text: string;
  readonly files: readonly TelegramFile[];
  /** What is answered together with it; their files stand among its own. */
  readonly joined?: readonly JoinedMessage[];
  /** It was forwarded, so the words are somebody else's. */
  readonly isForwarded: boolean;
  /** When it was sent, and when it came. Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly state: EntryState;
  readonly sessionId?: string;
  /** The job that works on it; after an interruption the one that goes on. */
  readonly jobId?: string;
  /** All of them, also one that was begun and never kept; `jobId` is the last. */
  readonly jobIds?: readonly string[];
  /** How often it was begun. */
  readonly attempts: number;
  /** The message that says how it goes. */
  readonly statusMessageId?: number;
  /** Parts of the answer that have arrived, and whether the next one is on its way. */
  readonly sentParts: number;
  readonly isSending: boolean;
}

/** A question on the phone. */
export interface TelegramCard {
  /** 16 characters, in the buttons. */
  readonly id: string;
  readonly configId: string;
  readonly stepId: string;
  readonly jobId: string;
  /** SHA-256 of what would run, hexadecimal. */
  readonly payloadHash: string;
  readonly chatId: number;
  readonly messageId: number;
  /** Their answers count. */
  readonly approvers: readonly number[];
  readonly expiresAt: number;
}

export interface TelegramStore {
  listBots(): Promise<readonly TelegramConfig[]>;
  /** Adds it, or puts it in the place of the one with its id. */
  saveBot(config: TelegramConfig): Promise<void>;
  /** With everything it keeps; chats stay, and its schedules too, switched off and without it. */
  deleteBot(id: string): Promise<void>;

  /**
   * Says of an update that it was taken, unless it was known already: in one write with the entry, where it is one.
   * Updates older than a week are forgotten on the way, and so are entries that are done and as old.
   * @returns whether it is new
   */
  takeUpdate(configId: string, updateId: number, at: number, entry?: TelegramEntry): Promise<boolean>;
  /** Puts it in the place of the one with its bot and update, unless that is done and this one is not. */
  saveEntry(entry: TelegramEntry): Promise<void>;
  /** Those that are not done, oldest first. */
  openEntries(configId: string): Promise<readonly TelegramEntry[]>;
  /** Messages of a user that came since then, by the clock here, and were taken up. */
  countEntries(configId: string, userId: number, since: number): Promise<number>;

  /** @returns without a session where there is none */
  getBinding(thread: TelegramThread): Promise<TelegramBinding>;
  saveBinding(binding: TelegramBinding): Promise<void>;
  /** Of every bot: where a chat of ours goes on. */
  bindingsOf(sessionId: string): Promise<readonly TelegramBinding[]>;
  /** A group has become a supergroup: whatever is kept of a chat is kept under its new id. */
  moveChat(configId: string, from: number, to: number): Promise<void>;

  saveCard(card: TelegramCard): Promise<void>;
  deleteCard(id: string): Promise<void>;
  listCards(configId: string): Promise<readonly TelegramCard[]>;

  /** A job counts for a bot's budget. Called before the job's first request. */
  countJob(configId: string, jobId: string, at: number): Promise<void>;
  /** What the jobs of a bot have spent since then. */
  botSpending(configId: string, since: number): Promise<BotSpending>;

  listSchedules(): Promise<readonly Schedule[]>;
  /** Never takes `doneThrough` back: another window may have moved it on meanwhile. */
  saveSchedule(schedule: Schedule): Promise<void>;
  deleteSchedule(id: string): Promise<void>;
  /**
   * Moves `doneThrough` on, unless another window was faster.
   * @returns whether this window is the one that deals with it
   */
  claimSchedule(id: string, from: number, through: number): Promise<boolean>;
}
